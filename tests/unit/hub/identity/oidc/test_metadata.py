import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.identity.oidc.metadata import discovery_url, parse_keys, parse_metadata
from roomgate.hub.identity.oidc.provider import Provider
from roomgate.hub.identity.oidc.unproven import Unproven

ISSUER = "https://id.example.com/tenant/"
PROVIDER = Provider(name="corp", words="Corp", issuer=ISSUER, client_id="c", client_secret_file="s")
RIGHT = {
    "issuer": ISSUER, "authorization_endpoint": f"{ISSUER}a", "token_endpoint": f"{ISSUER}t", "jwks_uri": f"{ISSUER}k",
}  # fmt: skip

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def test_it_is_at_the_well_known_place() -> None:
    assert discovery_url(PROVIDER) == "https://id.example.com/tenant/.well-known/openid-configuration"


def test_what_is_right_is_read() -> None:
    found = parse_metadata(json.dumps(RIGHT).encode(), PROVIDER)
    assert (found.jwks_uri, found.basic, found.names_itself) == (f"{ISSUER}k", True, False)
    more = {"token_endpoint_auth_methods_supported": ["client_secret_post", "x"]}
    assert not parse_metadata(json.dumps(RIGHT | more).encode(), PROVIDER).basic


def test_the_issuer_is_compared_as_it_is_written() -> None:
    for issuer in (ISSUER.rstrip("/"), ISSUER.upper(), None):
        with pytest.raises(Unproven):
            parse_metadata(json.dumps(RIGHT | {"issuer": issuer}).encode(), PROVIDER)


def test_a_provider_that_takes_no_secret_is_none_for_us() -> None:
    for methods in ([], ["private_key_jwt"], "client_secret_basic", None):
        body = json.dumps(RIGHT | {"token_endpoint_auth_methods_supported": methods}).encode()
        with pytest.raises(Unproven):
            parse_metadata(body, PROVIDER)


@given(
    st.binary(max_size=80)
    | st.dictionaries(st.sampled_from([*RIGHT, "keys"]), _json).map(lambda d: json.dumps(d).encode())
)
def test_rubbish_is_refused_with_our_own_error(body: bytes) -> None:
    for read in (lambda: parse_metadata(body, PROVIDER), lambda: parse_keys(body)):
        try:
            read()
        except Unproven:
            continue
