"""What a provider says of itself (OpenID Connect Discovery 1.0), as far as we believe it. Pure."""

from dataclasses import dataclass
from typing import Any

import msgspec

from roomgate.hub.identity.oidc.provider import Provider
from roomgate.hub.identity.oidc.unproven import Unproven


@dataclass(frozen=True, slots=True)
class Metadata:
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str  # "" where it is not to be asked
    names_itself: bool  # RFC 9207: its answers carry `iss`
    basic: bool  # whether the client's secret goes into a header, else into the form


def discovery_url(provider: Provider) -> str:
    return provider.issuer.rstrip("/") + "/.well-known/openid-configuration"


def parse_object(body: bytes) -> dict[str, Any]:
    """Raises Unproven for anything but a JSON object."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as bad:
        raise Unproven("json") from bad


def parse_metadata(body: bytes, provider: Provider) -> Metadata:
    """Raises Unproven where it is another issuer's, or names an address that is not this provider's."""
    said = parse_object(body)
    if said.get("issuer") != provider.issuer:
        raise Unproven("metadata.issuer")

    def address(key: str) -> str:
        url = said.get(key)
        if not isinstance(url, str) or not provider.allows(url):
            raise Unproven(f"metadata.{key}")
        return url

    methods = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    if not isinstance(methods, list) or not {"client_secret_basic", "client_secret_post"} & {*map(str, methods)}:
        raise Unproven("metadata.token_endpoint_auth_methods_supported")
    return Metadata(
        address("authorization_endpoint"),
        address("token_endpoint"),
        address("jwks_uri"),
        address("end_session_endpoint") if provider.end_session else "",
        said.get("authorization_response_iss_parameter_supported") is True,
        "client_secret_basic" in methods,
    )


def parse_keys(body: bytes) -> list[dict[str, Any]]:
    """The keys of a JWK set, unread; raises Unproven."""
    keys = parse_object(body).get("keys")
    if not isinstance(keys, list) or len(keys) > 100:
        raise Unproven("keys")
    return [key for key in keys if isinstance(key, dict)]
