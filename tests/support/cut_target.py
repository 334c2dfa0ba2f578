"""A small connector in memory, with sessions, live channels and causes that end access: for the checks of cut-off.

Its time is handed over; its flaws are sets of kinds of causes that do not cut this or that.
"""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import httpx

from roomgate.checks.sockets import Pairs, SocketClosed, SocketRefused
from support.followed_time import WatchedTime

HEAD = """
[target]
name = "A target"
urls = ["https://target.example/"]

[authorisation]
text = "The owner allows it."
by = "The owner"

[[accounts]]
name = "ada"
user = "ada"
password = "correct horse"
[accounts.sign_in.request]
url = "https://target.example/signin"
method = "POST"
form = { user = "{user}", password = "{password}" }
"""
NAME = """
[[channels]]
name = "name"
request = { url = "https://target.example/name", account = "ada" }
expects = "room-4711"
"""
SOCKET = """
[[channels]]
name = "socket"
kind = "websocket"
request = { url = "wss://target.example/ws", account = "ada" }
send = '{"get": "name"}'
expects = "room-4711"
"""
EVENTS = """
[[channels]]
name = "events"
kind = "events"
request = { url = "https://target.example/events", account = "ada" }
"""
POLL = """
[[channels]]
name = "poll"
kind = "long-poll"
request = { url = "https://target.example/poll", account = "ada" }
expects = "room-4711"
"""
DOWNLOAD = """
[[channels]]
name = "download"
kind = "download"
request = { url = "https://target.example/download", account = "ada" }
"""
LIVE = SOCKET + EVENTS + POLL + DOWNLOAD


SHORT = "watch_s = 20.0\nwithin_s = 20.0"  # shorter than the default, so that tests are


def cause(kind: str, more: str = SHORT, *, deed: bool = True) -> str:
    said = f'deed.request.url = "https://target.example/do/{kind}"\ndeed.request.method = "POST"\n' if deed else ""
    undo = f'undo.request.url = "https://target.example/undo/{kind}"\nundo.request.method = "POST"\n' if deed else ""
    return f'\n[[causes]]\nname = "{kind}"\nkind = "{kind}"\naccount = "ada"\n{said}{undo}{more}\n'


@dataclass
class Site:
    """``requests``, ``live``, ``sign_ins``: the kinds of causes that these outlive. ``slow_s``: cuts take so long."""

    time: WatchedTime = field(default_factory=WatchedTime)
    requests: Sequence[str] = ()
    live: Sequence[str] = ()
    sign_ins: Sequence[str] = ()
    silent: bool = False  # a socket is not closed at the cut, and answers nothing any more
    slow_s: float = 0.0
    after: int = 401
    origins: Sequence[str] | None = ("https://target.example",)
    open_to_all: bool = False
    sessions: set[str] = field(default_factory=set)
    done: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    cut_at: float | None = None
    kind: str = ""
    count: int = 0

    def do(self, kind: str) -> None:
        self.done.append(kind)
        self.kind, self.cut_at = kind, self.time.mono + self.slow_s
        self.time.stir()

    def undo(self, kind: str) -> None:
        self.done.append(f"undo {kind}")
        self.kind, self.cut_at = "", None
        self.sessions.clear()
        self.time.stir()

    def over(self, outlived: Sequence[str]) -> bool:
        return self.cut_at is not None and self.time.mono >= self.cut_at and self.kind not in outlived

    def lets_in(self, cookie: str) -> bool:
        return self.open_to_all or any(f"sid={one}" in cookie for one in self.sessions)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        cookie = request.headers.get("cookie", "")
        if path.startswith(("/do/", "/undo/")):
            (self.do if path.startswith("/do/") else self.undo)(path.rpartition("/")[2])
            return httpx.Response(204)
        if path == "/signin":
            given = parse_qs(request.content.decode())
            if given.get("password") != ["correct horse"] or self.over(self.sign_ins):
                return httpx.Response(401, text="no")
            self.count += 1
            self.sessions.add(f"session-{self.count}")
            return httpx.Response(200, headers={"set-cookie": f"sid=session-{self.count}; Path=/"}, text="welcome")
        if not self.lets_in(cookie) or self.over(self.requests):
            return httpx.Response(self.after if self.cut_at is not None else 401, text="no")
        match path:
            case "/name":
                return httpx.Response(200, json={"name": "room-4711"})
            case "/events":
                return httpx.Response(
                    200, headers={"content-type": "text/event-stream"}, stream=_Stream(self._events())
                )
            case "/poll":
                return httpx.Response(200, stream=_Stream(self._poll()))
            case "/download":
                return httpx.Response(200, stream=_Stream(self._download()))
        return httpx.Response(404)

    async def _wait(self, seconds: float) -> bool:
        """Whether it is still allowed then."""
        until = self.time.mono + seconds
        while self.time.mono < until:
            if self.over(self.live):
                return False
            await self.time.moved()
        return not self.over(self.live)

    async def _events(self) -> AsyncIterator[bytes]:
        number = 0
        while await self._wait(1.0):
            number += 1
            yield f": beat\n\ndata: {json.dumps({'volume': number})}\n\n".encode()

    async def _poll(self) -> AsyncIterator[bytes]:
        if await self._wait(4.0):
            yield b'{"name": "room-4711"}'

    async def _download(self) -> AsyncIterator[bytes]:
        while await self._wait(0.5):
            yield b"x" * 1000

    async def open_socket(self, url: str, headers: Pairs, subprotocols: Sequence[str]) -> "SiteSocket":
        given = {name.lower(): value for name, value in headers}
        if self.origins is not None and given.get("origin") not in (*self.origins, None):
            raise SocketRefused("the answer was 403", 403)
        if not self.lets_in(given.get("cookie", "")) or self.over(self.requests):
            raise SocketRefused("the answer was 401", 401)
        return SiteSocket(self)


class SiteSocket:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._replies: list[str] = []
        self.closed = False

    async def send(self, text: str) -> None:
        if self.closed:
            raise SocketClosed("over", 1000)
        if not self._site.over(self._site.live):
            self._replies.append(json.dumps({"name": "room-4711"}))
            self._site.time.stir()

    async def recv(self) -> str:
        while not self._replies:
            if self._site.over(self._site.live) and not self._site.silent:
                self.closed = True
                raise SocketClosed("access has ended", 1008)
            await self._site.time.moved()
        return self._replies.pop(0)

    async def close(self) -> None:
        self.closed = True


class _Stream(httpx.AsyncByteStream):
    def __init__(self, parts: AsyncIterator[bytes]) -> None:
        self._parts = parts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._parts:
            yield part

    async def aclose(self) -> None:
        return None
