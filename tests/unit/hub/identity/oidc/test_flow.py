import base64
import hashlib
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.identity.oidc import flow
from roomgate.hub.identity.oidc.flow import Answered, Seal
from roomgate.hub.identity.oidc.metadata import Metadata
from roomgate.hub.identity.oidc.provider import Provider
from roomgate.hub.identity.oidc.unproven import Unproven

PROVIDER = Provider(
    name="corp", words="C", issuer="https://i", client_id="c/1", client_secret_file="s", form_post=True,
)  # fmt: skip
METADATA = Metadata("https://i/a?x=1", "https://i/t", "https://i/k", "https://i/e", names_itself=False, basic=True)
SEAL = Seal()


def test_what_is_asked_for_binds_the_answer() -> None:
    begun = flow.begin(PROVIDER, 5.0, "/rooms")
    asked = parse_qs(urlsplit(flow.authorization_url(PROVIDER, METADATA, begun, "https://hub/c")).query)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(begun.verifier.encode()).digest()).rstrip(b"=").decode()
    assert {key: value for key, (value,) in asked.items()} == {
        "x": "1", "response_type": "code", "client_id": "c/1", "redirect_uri": "https://hub/c",
        "scope": "openid profile", "state": begun.state, "nonce": begun.nonce, "code_challenge": challenge,
        "code_challenge_method": "S256", "response_mode": "form_post",
    }  # fmt: skip
    again = flow.begin(PROVIDER, 5.0, "/rooms")
    assert len({begun.state, begun.nonce, begun.verifier, again.state, again.nonce, again.verifier}) == 6


def test_signing_out_there_leads_back() -> None:
    url = flow.sign_out_url(PROVIDER, METADATA, "https://hub/signin")
    assert url == "https://i/e?client_id=c%2F1&post_logout_redirect_uri=https%3A%2F%2Fhub%2Fsignin"


def test_the_cookie_is_ours_alone_and_tells_nothing() -> None:
    begun = flow.begin(PROVIDER, 5.0, "/rooms/oslo")
    cookie = SEAL.close(begun)
    assert SEAL.open(cookie) == begun
    assert begun.verifier not in cookie
    with pytest.raises(Unproven):
        Seal().open(cookie)  # another process: the hub was started anew


@given(st.text(max_size=80) | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_rubbish_is_no_cookie(text: str) -> None:
    with pytest.raises(Unproven):
        SEAL.open(text)


def test_an_answer_holds_or_says_why_not() -> None:
    begun = flow.begin(PROVIDER, 5.0, "/")
    right = Answered(begun.state, "code")
    assert flow.check_answered(right, begun, PROVIDER, METADATA, 605.0) == "code"
    assert flow.check_answered(replace(right, iss="https://i"), begun, PROVIDER, METADATA, 5.0) == "code"
    named = replace(METADATA, names_itself=True)
    for answered, metadata, now in (
        (replace(right, state="x"), METADATA, 5.0), (replace(right, state="é"), METADATA, 5.0),
        (right, METADATA, 605.1), (right, METADATA, 4.9), (replace(right, iss="https://j"), METADATA, 5.0),
        (right, named, 5.0), (replace(right, code=""), METADATA, 5.0), (replace(right, error="x"), METADATA, 5.0),
    ):  # fmt: skip
        with pytest.raises(Unproven):
            flow.check_answered(answered, begun, PROVIDER, metadata, now)


def test_the_secret_goes_where_the_provider_takes_it() -> None:
    begun = flow.begin(PROVIDER, 5.0, "/")
    form, headers = flow.token_request(PROVIDER, METADATA, "s:1", begun, "code", "https://hub/c")
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"c%2F1:s%3A1"
    assert "client_secret" not in form
    form, headers = flow.token_request(PROVIDER, replace(METADATA, basic=False), "s:1", begun, "code", "https://hub/c")
    assert (form["client_id"], form["client_secret"], form["code_verifier"], headers) == (
        "c/1",
        "s:1",
        begun.verifier,
        {},
    )
