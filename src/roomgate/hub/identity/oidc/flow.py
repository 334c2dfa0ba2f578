"""The way through the provider and back: what is sent along, and what must hold of the answer. Pure.

What we must know again at the answer travels in a cookie of the browser that began, sealed under a key that lives
as long as this process: so a stranger who begins a million sign-ins takes no room here, and an answer that is
brought by another browser opens nothing. Code flow with PKCE (RFC 7636), `state`, `nonce`, and `iss` (RFC 9207).
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from roomgate.hub.identity.oidc.metadata import Metadata
from roomgate.hub.identity.oidc.provider import Provider
from roomgate.hub.identity.oidc.unproven import Unproven
from roomgate.ids import PersonId, WebSessionId

COOKIE = "__Host-roomgate-signin"
WITHIN_S = 600.0
_NONCE = 12


class Begun(msgspec.Struct, frozen=True):
    """A sign-in under way. ``at`` is monotonic. ``person`` and ``web``: who, signed in already, links their own."""

    provider: str
    state: str
    nonce: str
    verifier: str
    at: float
    back: str
    person: PersonId | None = None
    web: WebSessionId | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What the browser brings back from the provider; "" for what is missing or was there twice."""

    state: str = ""
    code: str = ""
    iss: str = ""
    error: str = ""


def begin(
    provider: Provider, at: float, back: str, person: PersonId | None = None, web: WebSessionId | None = None
) -> Begun:
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Begun(provider.name, state, nonce, verifier, at, back, person, web)


class Seal:
    """Makes a cookie of what began, and reads it again."""

    def __init__(self) -> None:
        self._key = AESGCM(AESGCM.generate_key(256))

    def close(self, begun: Begun) -> str:
        nonce = secrets.token_bytes(_NONCE)
        sealed = self._key.encrypt(nonce, msgspec.msgpack.encode(begun), None)
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, cookie: str) -> Begun:
        """Raises Unproven for one that we did not make."""
        try:
            raw = base64.urlsafe_b64decode(cookie.encode("ascii"))
            return msgspec.msgpack.decode(self._key.decrypt(raw[:_NONCE], raw[_NONCE:], None), type=Begun)
        except (ValueError, InvalidTag, msgspec.MsgspecError) as bad:
            raise Unproven("answer.cookie") from bad


def authorization_url(provider: Provider, metadata: Metadata, begun: Begun, redirect_uri: str) -> str:
    """Where the browser is sent."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(begun.verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(provider.scopes),
        "state": begun.state,
        "nonce": begun.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    } | ({"response_mode": "form_post"} if provider.form_post else {})
    endpoint = metadata.authorization_endpoint
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"


def sign_out_url(provider: Provider, metadata: Metadata, back: str) -> str:
    """Where a browser signs out at the provider (OpenID Connect RP-Initiated Logout 1.0), and is led back from."""
    endpoint = metadata.end_session_endpoint
    asked = urlencode({"client_id": provider.client_id, "post_logout_redirect_uri": back})
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{asked}"


def check_answered(answered: Answered, begun: Begun, provider: Provider, metadata: Metadata, now: float) -> str:
    """The code, if this is the answer to what this browser began, from the provider that it was sent to."""
    if begun.provider != provider.name:
        raise Unproven("answer.provider")
    if not hmac.compare_digest(answered.state.encode(), begun.state.encode()):
        raise Unproven("answer.state")
    if not 0 <= now - begun.at <= WITHIN_S:
        raise Unproven("answer.late")
    if answered.iss != provider.issuer and (answered.iss or metadata.names_itself):
        raise Unproven("answer.iss")
    if answered.error or not answered.code:
        raise Unproven("answer.error")
    return answered.code


def token_request(
    provider: Provider, metadata: Metadata, secret: str, begun: Begun, code: str, redirect_uri: str
) -> tuple[dict[str, str], dict[str, str]]:
    """The form, and the headers, with which the code is exchanged."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": begun.verifier,
    }
    if not metadata.basic:
        return form | {"client_id": provider.client_id, "client_secret": secret}, {}
    both = ":".join(urlencode({"": part})[1:] for part in (provider.client_id, secret))  # RFC 6749, 2.3.1
    return form, {"Authorization": f"Basic {base64.b64encode(both.encode()).decode()}"}


def check_token_answer(said: Mapping[str, object]) -> tuple[str, str | None]:
    """ID token and access token; raises Unproven."""
    id_token, access_token = said.get("id_token"), said.get("access_token")
    if not isinstance(id_token, str) or not isinstance(said.get("token_type"), str):
        raise Unproven("answer.tokens")
    if str(said["token_type"]).lower() != "bearer":
        raise Unproven("answer.tokens")
    return id_token, access_token if isinstance(access_token, str) else None
