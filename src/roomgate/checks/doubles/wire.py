"""What a request is, what an answer is, and ASGI on both sides of them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
BODY = 64 * 1024
HTML = "text/html; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, whole."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    query: Mapping[str, str] = field(default_factory=dict)
    where: str = ""  # from which address

    @property
    def words(self) -> list[str]:
        return self.path.strip("/").split("/")

    @property
    def origin(self) -> str:
        """This host's own, as a browser would write it."""
        return f"https://{self.headers.get('host', '')}"

    def cookie(self, name: str) -> str:
        try:
            found = SimpleCookie(self.headers.get("cookie", "")).get(name)
        except CookieError:
            return ""
        return found.value if found else ""

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace")))

    def json(self) -> dict[str, Any]:
        """Empty for whatever is no JSON object."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def is_from_elsewhere(self) -> bool:
        """Whether a browser says that another site's page sent this. A program says nothing, and is not meant."""
        origin, site = self.headers.get("origin"), self.headers.get("sec-fetch-site", "none")
        return site not in ("none", "same-origin") or (origin is not None and origin != self.origin)


@dataclass(frozen=True, slots=True)
class Answer:
    """``parts`` makes a body that takes its time."""

    status: int = 200
    body: str = ""
    kind: str = HTML
    headers: tuple[tuple[str, str], ...] = ()
    parts: AsyncIterator[bytes] | None = None


def plain(text: str, status: int = 200) -> Answer:
    return Answer(status, text, PLAIN)


def as_json(value: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value, ensure_ascii=False), JSON)


def see_other(place: str, *headers: tuple[str, str]) -> Answer:
    return Answer(303, "", HTML, (("location", place), *headers))


def asked_of(scope: Scope, body: bytes = b"") -> Asked:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True))
    client = scope.get("client")
    return Asked(scope.get("method", "GET"), scope["path"], headers, body, query, str(client[0]) if client else "")


async def read_body(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        part = await receive()
        body += part.get("body", b"")
        if not part.get("more_body") or len(body) > BODY:
            return body


async def send_answer(answer: Answer, receive: Receive, send: Send, extra: Mapping[str, str]) -> None:
    """Send it all; a body that takes its time ends early when nobody listens any more."""
    given = {"content-type": answer.kind} | dict(extra)
    pairs = [*given.items(), *answer.headers]
    headers = [(name.encode(), value.encode("latin-1", "replace")) for name, value in pairs]
    body = answer.body.encode()
    if answer.parts is None:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if answer.parts is not None:
        async with asyncio.TaskGroup() as group:
            gone = group.create_task(_until_gone(receive), name="double.gone")
            async for part in answer.parts:
                if gone.done():
                    return
                await send({"type": "http.response.body", "body": part, "more_body": True})
            gone.cancel()
    await send({"type": "http.response.body", "body": body})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
