"""What the doubles of Microsoft's and Google's services share: an HTTP application with tokens, faults and a memory.

Each is an ASGI application: served over real TLS in the contract suite, and asked in memory, with a clock wound by
hand, where time matters. They check what the services' references say that a service checks, and answer with 400 what
no real one would take.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx

from roomgate.clock import Clock, HandClock


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), strict_parsing=True))


@dataclass
class Given:
    """What is answered; ``body`` becomes JSON unless it is bytes already."""

    status: int
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)


Rule = Callable[[Asked], Given | None]


@dataclass
class CloudDouble:
    """``faults``: looked at in turn for each request but a sign-in's; one that answers is taken away."""

    clock: Clock = field(default_factory=HandClock)
    origin: str = "https://cloud.example"
    life_s: int = 3600
    faults: list[Rule] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    signed_in: int = 0
    _tokens: dict[str, tuple[datetime, str]] = field(default_factory=dict)  # token → its end, its scope

    @property
    def transport(self) -> httpx.AsyncBaseTransport:
        return httpx.ASGITransport(self)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        query = scope["query_string"].decode()
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
        assert len(dict(pairs)) == len(pairs), f"a parameter stands twice: {query}"
        asked = Asked(
            scope["method"],
            unquote(scope["raw_path"].decode().split("?")[0]),
            dict(pairs),
            {name.decode().lower(): value.decode() for name, value in scope["headers"]},
            body,
        )
        given = self._answer(asked)
        raw = given.body if isinstance(given.body, bytes) else json.dumps(given.body).encode()
        headers = [(b"content-length", str(len(raw)).encode()), (b"content-type", b"application/json")]
        headers += [(name.encode(), value.encode()) for name, value in given.headers.items()]
        await send({"type": "http.response.start", "status": given.status, "headers": headers})
        await send({"type": "http.response.body", "body": raw})

    def _answer(self, asked: Asked) -> Given:
        self.asked.append(asked)
        if (given := self.sign_in(asked)) is not None:
            return given
        for fault in self.faults:
            if (given := fault(asked)) is not None:
                self.faults.remove(fault)
                return given
        kind, _, token = asked.headers.get("authorization", "").partition(" ")
        end, scope = self._tokens.get(token, (self.clock.now(), ""))
        if kind != "Bearer" or end <= self.clock.now():
            return self.unauthorized()
        return self.answer(asked, scope)

    def grant(self, scope: str) -> Given:
        token = secrets.token_urlsafe(32)
        self._tokens[token] = (self.clock.now() + timedelta(seconds=self.life_s), scope)
        self.signed_in += 1
        return Given(200, {"token_type": "Bearer", "expires_in": self.life_s, "access_token": token})

    def end_tokens(self) -> None:
        """As when an administrator ends all sessions."""
        self._tokens.clear()

    def count(self, part: str) -> int:
        return sum(part in one.path or part in "&".join(one.query) for one in self.asked)

    # -- what each service does in its own way: a double that forgets one of them fails at its first request

    def sign_in(self, asked: Asked) -> Given | None:
        """None: this is no sign-in."""
        raise NotImplementedError

    def unauthorized(self) -> Given:
        raise NotImplementedError

    def answer(self, asked: Asked, scope: str) -> Given:
        raise NotImplementedError


def once(status: int, body: Any = b"", **headers: str) -> Rule:
    """A fault for whatever request comes next."""
    return lambda asked: Given(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def once_for(part: str, given: Given) -> Rule:
    """A fault for the next request whose path or parameters hold this."""
    return lambda asked: given if part in asked.path or part in "&".join(asked.query) else None
