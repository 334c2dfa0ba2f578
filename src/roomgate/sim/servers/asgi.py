"""A few lines of HTTP over ASGI: a request read whole, a response sent whole. The device needs no framework."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs

from roomgate.design.sheets import SHEETS, load_sheet
from roomgate.errors import BadInput

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_BODY_LIMIT = 1 << 20
_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_GUARDS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
        b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    ),
)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """``headers`` have lower-case names; of a repeated one the last counts."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""
    query: str = ""

    def asked(self, name: str) -> str:
        """A value of the address's query; empty where it has none."""
        try:
            return parse_qs(self.query, keep_blank_values=True, max_num_fields=50).get(name, [""])[-1]
        except ValueError:
            return ""

    def form(self) -> dict[str, str]:
        """The fields of a posted form; raises BadInput for something else."""
        try:
            read = parse_qs(self.body.decode("utf-8"), keep_blank_values=True, max_num_fields=50)
        except ValueError as bad:
            raise BadInput("not a form") from bad
        return {name: values[-1] for name, values in read.items()}

    def cookie(self, name: str) -> str:
        try:
            found = SimpleCookie(self.headers.get("cookie", "")).get(name)
        except CookieError:
            return ""
        return found.value if found else ""

    @property
    def is_same_origin(self) -> bool:
        """False if a browser says that another origin's page sent this. Scripts say nothing, and pass."""
        origin, site = self.headers.get("origin"), self.headers.get("sec-fetch-site", "same-origin")
        host = self.headers.get("host", "")
        return site in ("same-origin", "none") and (origin is None or origin.partition("://")[2] == host)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    status: int
    body: bytes = b""
    type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = field(default=())


def text(status: int, words: str) -> HttpResponse:
    return HttpResponse(status, words.encode() + b"\n")


def page(status: int, markup: str) -> HttpResponse:
    return HttpResponse(status, markup.encode(), _TYPES["html"])


def as_json(status: int, value: Any) -> HttpResponse:
    return HttpResponse(status, json.dumps(value).encode(), "application/json")


def see_other(place: str, *headers: tuple[str, str]) -> HttpResponse:
    return HttpResponse(303, b"", headers=(("location", place), *headers))


def load_file(name: str) -> bytes:
    """A file of the simulator's own pages, or a sheet that they share with the console."""
    if name in SHEETS:
        return load_sheet(name)
    return (files("roomgate.sim") / "static" / name).read_bytes()


def static(name: str) -> HttpResponse:
    return HttpResponse(200, load_file(name), _TYPES[name.rpartition(".")[2]])


def read_headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


async def read_request(scope: Scope, receive: Receive, limit: int = _BODY_LIMIT) -> HttpRequest:
    """The whole request; raises BadInput for a body over the limit (1 MiB) or one that was not sent to its end."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise BadInput("the request was not sent to its end")
        body += message.get("body", b"")
        if len(body) > limit:
            raise BadInput("the request is too long")
        if not message.get("more_body", False):
            query = scope.get("query_string", b"").decode("latin-1")
            return HttpRequest(scope["method"], scope["path"], read_headers(scope), body, query)


def head(response: HttpResponse) -> MutableMapping[str, Any]:
    """The ASGI message that begins a response, with the headers that every page here has."""
    own = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    return {
        "type": "http.response.start",
        "status": response.status,
        "headers": [(b"content-type", response.type.encode()), *_GUARDS, *own],
    }


async def send_response(send: Send, response: HttpResponse) -> None:
    started = head(response)
    started["headers"].append((b"content-length", str(len(response.body)).encode()))
    await send(started)
    await send({"type": "http.response.body", "body": response.body})


def origin_of(scope: Scope) -> str:
    """Where a request came from, as the journal and the table of sessions have it."""
    client: Any = scope.get("client")
    return f"{client[0]}:{client[1]}" if client else ""
