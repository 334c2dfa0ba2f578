import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.identity.oidc.provider import ALGORITHMS, Provider
from roomgate.hub.identity.oidc.tokens import (
    Header,
    at_hash,
    check_id_token,
    find_key,
    parse_header,
    read_claims,
)
from roomgate.hub.identity.oidc.unproven import Unproven
from support.hostile_provider import b64, number, public_jwk, sign

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
PROVIDER = Provider(name="corp", words="C", issuer="https://i", client_id="c", client_secret_file="s")
RIGHT: dict[str, Any] = {
    "iss": "https://i", "aud": ["c"], "sub": "s", "nonce": "n", "iat": NOW.timestamp(), "exp": NOW.timestamp() + 1,
}  # fmt: skip


def read(token: str, keys: list[Mapping[str, Any]]) -> dict[str, Any]:
    header = parse_header(token, ALGORITHMS)
    key = find_key(keys, header)
    assert key is not None
    return read_claims(token, header, key)


def test_rsa_ec_and_edwards_signatures_are_read() -> None:
    for alg, name in (("RS256", "rsa"), ("ES256", "one")):
        token = sign({"a": 1}, {"alg": alg, "kid": name, "x5t": "a thumbprint says nothing", "extra": "x" * 600}, name)
        assert read(token, [public_jwk("rsa"), public_jwk("one")]) == {"a": 1}
    key = Ed25519PrivateKey.generate()
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64(key.public_key().public_bytes_raw())}
    for alg in ("EdDSA", "Ed25519"):
        signed = f"{b64(json.dumps({'alg': alg}).encode())}.{b64(b'{}')}"
        assert read(f"{signed}.{b64(key.sign(signed.encode()))}", [jwk]) == {}


def test_a_signature_holds_for_what_was_signed_alone() -> None:
    token = sign({"a": 1}, {"alg": "ES256", "kid": "one"}, "one")
    head, _, made = token.split(".")
    for changed in (f"{head}.{b64(b'{}')}.{made}", f"{head}..{made}", f"{token[:-4]}AAAA"):
        with pytest.raises(Unproven):
            read(changed, [public_jwk("one")])


def test_a_short_rsa_key_is_none() -> None:
    both = rsa.generate_private_key(65537, 1024).public_key().public_numbers()  # noqa: S505 (that is the point)
    with pytest.raises(Unproven) as no:
        read(
            sign({}, {"alg": "RS256"}, "rsa"),
            [{"kty": "RSA", "n": number(both.n), "e": number(both.e)}],
        )  # fmt: skip
    assert no.value.why == "key.size"


def test_a_key_is_taken_for_what_it_is_made_for() -> None:
    header, right = Header("ES256", "one", ""), public_jwk("one")
    assert find_key([right, public_jwk("two"), public_jwk("rsa")], header) == right
    for wrong in ({"use": "enc"}, {"alg": "ES384"}, {"crv": "P-384"}, {"kty": "RSA"}, {"kid": "One"}):
        assert find_key([right | wrong], header) is None
    assert find_key([right, right], header) is None  # two of a name: which is meant?
    assert find_key([right], Header("ES256", None, "")) == right
    assert find_key([right, public_jwk("two")], Header("ES256", None, "")) is None
    assert find_key([{"kty": "oct", "k": "AAAA"}], Header("RS256", None, "")) is None


def test_whom_an_id_token_names() -> None:
    found = check_id_token(RIGHT, Header("ES256", None, "jwt"), PROVIDER, "n", None, NOW)
    assert (found.subject, found.session, found.strong, found.groups, found.called) == ("s", None, False, (), "")
    more = {"sid": "i", "groups": ["a", 7, "b"], "preferred_username": "", "name": "Bob", "azp": "c"}
    found = check_id_token(RIGHT | more, Header("ES256", None, ""), PROVIDER, "n", None, NOW)
    assert (found.session, found.groups, found.called) == ("i", ("a", "b"), "Bob")


def test_the_access_tokens_hash_is_the_left_half() -> None:
    whole = hashlib.sha256(b"at").digest()
    assert at_hash("at", "RS256") == base64.urlsafe_b64encode(whole[:16]).rstrip(b"=").decode()
    right = RIGHT | {"at_hash": at_hash("at", "ES384")}
    assert check_id_token(right, Header("ES384", None, ""), PROVIDER, "n", "at", NOW).subject == "s"
    for given_token, alg in ((None, "ES384"), ("other", "ES384"), ("at", "ES256"), ("at", "EdDSA")):
        with pytest.raises(Unproven):
            check_id_token(right, Header(alg, None, ""), PROVIDER, "n", given_token, NOW)


_values = st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.lists(st.text(max_size=3), max_size=2)


@given(
    st.dictionaries(
        st.sampled_from([*RIGHT, "nbf", "azp", "sid", "amr", "acr", "groups", "at_hash", "events"]), _values
    )
)
def test_whatever_it_says_it_holds_or_is_refused_with_our_own_error(more: dict[str, Any]) -> None:
    try:
        found = check_id_token(RIGHT | more, Header("ES256", None, ""), PROVIDER, "n", "at", NOW)
    except Unproven:
        return
    assert found.subject == (RIGHT | more)["sub"]


@given(st.text(max_size=60) | st.binary(max_size=40).map(lambda raw: f"{b64(raw)}.{b64(raw)}.{b64(raw)}"))
def test_rubbish_is_no_token(text: str) -> None:
    with pytest.raises(Unproven):
        parse_header(text, ALGORITHMS)
