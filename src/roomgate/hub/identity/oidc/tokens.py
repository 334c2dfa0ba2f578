"""Signed tokens of a provider: whether the signature holds, and what an ID token must say. Pure.

The header of a token is its sender's word, so it chooses nothing here but one of the keys that we fetched
ourselves: no key inside it or behind an address in it is looked at, and the algorithm is one that the
configuration allows and the key is made for. OpenID Connect Core 1.0, 3.1.3.7; RFC 8725.
"""

import base64
import hashlib
import hmac
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roomgate.hub.identity.oidc.metadata import parse_object
from roomgate.hub.identity.oidc.provider import Provider
from roomgate.hub.identity.oidc.unproven import Unproven

LEEWAY_S = 60
LARGEST_TOKEN = 64 * 1024
LEAST_RSA_BITS = 2048
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
# They would let the sender bring the key, or change what the signature is over.
_NEVER = ("jku", "jwk", "x5u", "x5c", "crit", "b64", "zip", "enc")
_KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "EdDSA": "Ed25519", "Ed25519": "Ed25519"}


@dataclass(frozen=True, slots=True)
class Header:
    alg: str
    kid: str | None
    typ: str


@dataclass(frozen=True, slots=True)
class Identified:
    """Whom an ID token names."""

    subject: str
    session: str | None  # `sid`
    strong: bool
    groups: tuple[str, ...]
    called: str  # what to call them, if anything; no proof of anything


def parse_header(token: str, allowed: Sequence[str]) -> Header:
    """Raises Unproven for an algorithm that is not allowed, and for a header that brings a key."""
    if len(token) > LARGEST_TOKEN or token.count(".") != 2 or not token.isascii():
        raise Unproven("token.form")
    said = parse_object(_unpadded(token.partition(".")[0]))
    alg, kid, typ = said.get("alg"), said.get("kid"), said.get("typ", "")
    if alg not in allowed:
        raise Unproven("token.alg")
    if any(name in said for name in _NEVER):
        raise Unproven("token.header")
    if not (kid is None or isinstance(kid, str)) or not isinstance(typ, str):
        raise Unproven("token.header")
    return Header(str(alg), kid, typ.lower())


def find_key(keys: Sequence[Mapping[str, Any]], header: Header) -> Mapping[str, Any] | None:
    """The one key that the header means and that is made for its algorithm. Without a name, only where one fits."""
    fitting = [
        key
        for key in keys
        if key.get("kty") == _KEY_TYPES[header.alg[:2]]
        and key.get("crv") == _CURVES.get(header.alg)
        and key.get("use", "sig") == "sig"
        and key.get("alg", header.alg) == header.alg
        and (header.kid is None or key.get("kid") == header.kid)
    ]
    return fitting[0] if len(fitting) == 1 else None


def read_claims(token: str, header: Header, key: Mapping[str, Any]) -> dict[str, Any]:
    """What the token says, once its signature holds; raises Unproven."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from joserfc import jws
    from joserfc.errors import JoseError, SecurityWarning
    from joserfc.jwk import import_key

    public = {name: value for name, value in key.items() if name in ("kty", "n", "e", "crv", "x", "y")}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # "EdDSA" is an old name of what OpenID Connect says
            known = import_key(public, key["kty"])
            bare = known.public_key
            if isinstance(bare, RSAPublicKey) and bare.key_size < LEAST_RSA_BITS:
                raise Unproven("key.size")
            registry = jws.JWSRegistry(algorithms=[header.alg], strict_check_header=False)
            registry.max_header_length = LARGEST_TOKEN
            body = jws.deserialize_compact(token, known, registry=registry).payload
    except (JoseError, ValueError, TypeError, KeyError) as bad:
        raise Unproven("token.signature") from bad
    return parse_object(body)


def check_common(claims: Mapping[str, Any], provider: Provider, now: datetime) -> None:
    """Issuer, audience and times, alike for ID tokens and logout tokens; raises Unproven."""
    if claims.get("iss") != provider.issuer:
        raise Unproven("token.iss")
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    # We trust no other audience: a token that is somebody else's too can be played by them to us.
    if named != [provider.client_id]:
        raise Unproven("token.aud")
    if claims.get("azp", provider.client_id) != provider.client_id:
        raise Unproven("token.azp")
    at = now.timestamp()
    if at >= moment(claims, "exp") + LEEWAY_S:
        raise Unproven("token.exp")
    if moment(claims, "iat") > at + LEEWAY_S:
        raise Unproven("token.iat")
    if "nbf" in claims and moment(claims, "nbf") > at + LEEWAY_S:
        raise Unproven("token.nbf")


def check_id_token(
    claims: Mapping[str, Any], header: Header, provider: Provider, nonce: str, access_token: str | None, now: datetime
) -> Identified:
    """Whom it names, if it was made for us and for this very sign-in; raises Unproven."""
    if header.typ not in ("", "jwt") or "events" in claims:
        raise Unproven("token.typ")
    check_common(claims, provider, now)
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        raise Unproven("token.nonce")
    if "at_hash" in claims and (access_token is None or claims["at_hash"] != at_hash(access_token, header.alg)):
        raise Unproven("token.at_hash")
    for name, value in provider.require.items():
        if claims.get(name) != value:
            raise Unproven("token.require")
    methods = claims.get("amr") if isinstance(claims.get("amr"), list) else []
    shown = {claims.get("acr") if isinstance(claims.get("acr"), str) else None, *map(str, methods or [])}
    return Identified(
        text(claims, "sub"),
        text(claims, "sid") if "sid" in claims else None,
        bool(shown & set(provider.strong)),
        _groups(claims.get(provider.groups_claim)),
        next((str(claims[key]) for key in ("preferred_username", "name", "email") if claims.get(key)), ""),
    )


def at_hash(access_token: str, alg: str) -> str:
    """The left half of the access token's hash, by the hash function of the signature."""
    size = "512" if alg.startswith("Ed") else alg[-3:]
    whole = hashlib.new(f"sha{size}", access_token.encode()).digest()
    return base64.urlsafe_b64encode(whole[: len(whole) // 2]).rstrip(b"=").decode()


def text(claims: Mapping[str, Any], name: str) -> str:
    """A claim that must be a short text; raises Unproven."""
    value = claims.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= 255 or not value.isprintable():
        raise Unproven(f"token.{name}")
    return value


def moment(claims: Mapping[str, Any], name: str) -> float:
    """A claim that must be a time; raises Unproven."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Unproven(f"token.{name}")
    return float(value)


def _groups(value: object) -> tuple[str, ...]:
    """Groups as a list of texts, or one text; anything else is none."""
    if isinstance(value, str):
        return (value,)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _unpadded(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except ValueError as bad:
        raise Unproven("token.form") from bad
