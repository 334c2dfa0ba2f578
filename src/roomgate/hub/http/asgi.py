"""The few ASGI moves that the door needs: read a body within a limit, hand it on again, answer by itself."""

from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from roomgate.hub.http.problem import MEDIA_TYPE, Refusal, TooLarge

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]


class Receive(Protocol):
    async def __call__(self) -> Message: ...


class Send(Protocol):
    async def __call__(self, message: Message, /) -> None: ...


class App(Protocol):
    async def __call__(self, scope: Any, receive: Any, send: Any, /) -> None: ...


def header(scope: Scope, name: str) -> str:
    """The header's value, or nothing. One that is sent twice counts as not sent: we do not guess which is meant."""
    found = [value for key, value in scope["headers"] if key == name.encode()]
    return str(found[0].decode("latin-1")) if len(found) == 1 else ""


def source_of(scope: Scope) -> str:
    """The address that the request came from, as the connection has it; no header is believed."""
    return scope["client"][0] if scope.get("client") else "unknown"


def cookie(scope: Scope, name: str) -> str:
    for key, value in scope["headers"]:
        if key == b"cookie":
            for part in value.decode("latin-1").split(";"):
                found, _, text = part.strip().partition("=")
                if found == name:
                    return str(text)
    return ""


def wants_page(scope: Scope) -> bool:
    """Whether a browser asks for something to show; scripts and the API's users do not."""
    return "text/html" in header(scope, "accept") and not scope["path"].startswith(("/api/", "/scim/"))


async def read_body(receive: Receive, limit: int) -> bytes:
    """All of it; raises TooLarge."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return body
        body += bytes(message.get("body", b""))
        if len(body) > limit:
            raise TooLarge(f"A body has at most {limit} bytes.")
        if not message.get("more_body", False):
            return body


@dataclass(slots=True)
class Replay:
    """A receive() that gives a body which was read already, then whatever comes."""

    body: bytes
    receive: Receive
    _given: bool = False

    async def __call__(self) -> Message:
        if self._given:
            return await self.receive()
        self._given = True
        return {"type": "http.request", "body": self.body, "more_body": False}


@dataclass(slots=True)
class Captured:
    """A send() that keeps the answer."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def __call__(self, message: Message, /) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", []))
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")


async def answer(
    send: Send, status: int, body: bytes, media_type: str, headers: Iterable[tuple[str, str]] = ()
) -> None:
    raw = [(key.lower().encode(), value.encode("latin-1")) for key, value in headers]
    raw += [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def refuse(send: Send, refusal: Refusal) -> None:
    await answer(send, refusal.status, refusal.body, MEDIA_TYPE, refusal.headers)
