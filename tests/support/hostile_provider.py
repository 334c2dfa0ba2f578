"""An identity provider in memory that can be told to lie, and the sign-in's browser beside it.

It answers our HTTP client through a transport of its own, so what is tested is the client as it is, with its
limits. What it signs is put together by hand here: a library would refuse to.
"""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from roomgate.clock import HandClock
from roomgate.hub.identity.oidc.flow import Answered
from roomgate.hub.identity.oidc.provider import Provider
from roomgate.hub.identity.oidc.service import Finished, SignOn
from roomgate.hub.identity.oidc.tokens import LOGOUT_EVENT
from support.hub import Hub, running

CLIENT, SECRET = "roomgate", "a secret: of/two parts"
HUB = "https://hub.example.com"
SOURCE = "198.51.100.7"


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    """A key for each name."""
    return ec.generate_private_key(ec.SECP256R1())


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def number(value: int, size: int = 0) -> str:
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def public_jwk(name: str) -> dict[str, Any]:
    if name == "rsa":
        both = rsa_key().public_key().public_numbers()
        return {"kty": "RSA", "kid": "rsa", "use": "sig", "n": number(both.n), "e": number(both.e)}
    point = ec_key(name).public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "kid": name, "x": number(point.x, 32), "y": number(point.y, 32)}


def sign(claims: dict[str, Any], header: dict[str, Any], key: str) -> str:
    """A JWS as its header says, right or wrong. HS256 takes the RSA key's public half for a secret."""
    signed = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
    match header["alg"]:
        case "none":
            made = b""
        case "HS256":
            pem = rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            made = hmac.digest(pem, signed.encode(), "sha256")
        case "RS256":
            made = rsa_key().sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        case _:
            r, s = decode_dss_signature(ec_key(key).sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
            made = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return f"{signed}.{b64(made)}"


@dataclass
class Double:
    """``claims`` and ``header`` are laid over what is right; None takes a member away."""

    clock: HandClock
    host: str = "id.example.com"
    subject: str = "sub-1"
    sid: str | None = "sid-1"
    signer: str = "one"
    published: list[str] = field(default_factory=lambda: ["one"])
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=dict)  # over the token endpoint's answer
    instead: dict[str, httpx.Response] = field(default_factory=dict)  # by path
    slow: set[str] = field(default_factory=set)  # paths that never answer
    asked: list[str] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"https://{self.host}"

    @property
    def transport(self) -> httpx.AsyncBaseTransport:
        return _Wire(self)

    def now(self) -> int:
        return int(self.clock.now().timestamp())

    def made(self, claims: dict[str, Any], typ: str | None = None) -> str:
        header = {"alg": "ES256", "kid": self.signer, "typ": typ} | self.header
        whole = {"iss": self.issuer, "aud": CLIENT, "iat": self.now(), "exp": self.now() + 300} | claims | self.claims
        kept = ({k: v for k, v in one.items() if v is not None} for one in (whole, header))
        return sign(next(kept), next(kept), self.signer)

    def logout_token(self, **claims: Any) -> str:
        right = {"jti": f"jti-{len(self.asked)}-{self.now()}", "sub": self.subject, "events": {LOGOUT_EVENT: {}}}
        return self.made(right | claims, "logout+jwt")

    def authorize(self, url: str) -> Answered:
        """What the browser brings back, once somebody signed in here."""
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.issuer}/authorize"
        asked = {key: value[0] for key, value in parse_qs(parts.query).items()}
        assert (asked["client_id"], asked["response_type"], asked["code_challenge_method"]) == (CLIENT, "code", "S256")
        code = f"code-{len(self.asked)}-{asked['state']}"
        self._codes[code] = asked
        return Answered(asked["state"], code)

    async def handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        assert request.url.host == self.host
        if path in self.slow:
            await asyncio.Event().wait()
        if path in self.instead:
            return self.instead[path]
        match path:
            case "/.well-known/openid-configuration":
                right = {
                    "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
                    "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys",
                }  # fmt: skip
                return httpx.Response(200, json=right | self.metadata)
            case "/keys":
                return httpx.Response(200, json={"keys": [public_jwk(name) for name in self.published]})
            case "/token":
                return self._token(request)
        return httpx.Response(404)

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = {key: value[0] for key, value in parse_qs(request.content.decode()).items()}
        asked = self._codes.pop(form["code"], None)
        if asked is None:
            return httpx.Response(400, json={"error": "invalid_grant"})
        assert b64(hashlib.sha256(form["code_verifier"].encode()).digest()) == asked["code_challenge"]
        assert form["redirect_uri"] == asked["redirect_uri"]
        if "client_secret" in form:
            assert (form["client_id"], form["client_secret"]) == (CLIENT, SECRET)
        else:
            given = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
            assert given == f"{CLIENT}:a+secret%3A+of%2Ftwo+parts"
        claims = {"sub": self.subject, "nonce": asked["nonce"]} | ({"sid": self.sid} if self.sid else {})
        right = {"access_token": "at", "token_type": "Bearer", "id_token": self.made(claims)}
        return httpx.Response(200, json=right | self.answer)


class _Body(httpx.AsyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self._body), 65536):
            yield self._body[at : at + 65536]


class _Wire(httpx.AsyncBaseTransport):
    """Gives each answer part by part, as a network does."""

    def __init__(self, double: Double) -> None:
        self._double = double

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        said = await self._double.handle(request)
        return httpx.Response(said.status_code, headers=said.headers, stream=_Body(said.content))


@dataclass
class Rig:
    """A hub, a provider, and a browser that signs in by it."""

    hub: Hub
    double: Double
    sign_on: SignOn
    others: dict[str, Double]

    async def begin(self, name: str = "corp", back: str = "/rooms") -> tuple[Answered, str]:
        """The answer that the provider gives, and the browser's cookie."""
        url, cookie = await self.sign_on.begin(name, back)
        return (self.double if name == "corp" else self.others[name]).authorize(url), cookie

    async def finish(self, answered: Answered, cookie: str, name: str = "corp") -> Finished:
        return await self.sign_on.finish(name, answered, cookie, SOURCE, "a browser")

    async def sign_in(self, name: str = "corp") -> Finished:
        return await self.finish(*await self.begin(name), name)

    async def linked(self, person: str, *roles: str) -> None:
        """Somebody who is linked with the provider's subject."""
        await self.hub.person(person, *roles)
        await self.sign_on.link(person, self.double.issuer, self.double.subject, self.hub.admin)


def provider(folder: Path, name: str = "corp", host: str = "id.example.com", **more: Any) -> Provider:
    secret = folder / "client-secret"
    secret.write_text(SECRET + "\n")
    return Provider(
        name=name, words="Corp", issuer=f"https://{host}", client_id=CLIENT, client_secret_file=str(secret), **more
    )


@asynccontextmanager
async def rig(folder: Path, *more_hosts: str, within_s: float = 10.0, **more: Any) -> AsyncIterator[Rig]:
    """``more`` is for the first provider, ``corp``; each further host is one more, of that name."""
    async with running(folder) as hub:
        double = Double(hub.clock)
        others = {host: Double(hub.clock, host=f"{host}.example.com") for host in more_hosts}
        every = {"corp": double} | others
        providers = [
            provider(folder, **more), *(provider(folder, name=host, host=f"{host}.example.com") for host in more_hosts)
        ]  # fmt: skip
        parts = hub.parts
        sign_on = SignOn(
            providers, HUB, parts.db, parts.changes, hub.clock, parts.identity,
            way=lambda one: every[one.name].transport, within_s=within_s,
        )  # fmt: skip
        yield Rig(hub, double, sign_on, others)
