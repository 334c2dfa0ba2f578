"""Many people's open channels in one process: xAPI sockets and event streams, and when each fell silent.

A program of its own; `bench/measurements/cut.py` starts it. It reads JSON lines and answers each with one.

    {"do": "open", "channels": [{"id", "kind": "socket" or "events", "room", "token"}], "port", "ca"}
    {"do": "ended", "within_s", "ids"}   waits until these (all) have ended; gives {"ends": [{"id", "news", "last",
    "end", "why"}], "open": n}

Times are seconds of the wall clock, since that is what a ledger has, on one machine. `news`: the last that said
anything of a room; `last`: the last frame or the last data; `end`: the end of the socket, or of the stream.
"""

import asyncio
import base64
import ssl
import time
from dataclasses import dataclass, field
from typing import Any, cast

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from bench.program import serve_lines

_SUBSCRIBE = (
    b'{"jsonrpc":"2.0","id":1,"method":"xFeedback/Subscribe",'
    b'"params":{"Query":["Status","Audio"],"NotifyCurrentValue":true}}'
)
_CHUNK_HEAD = 8  # bytes before what a chunk says
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_OPEN_S = 30.0
_AT_ONCE = 16  # handshakes under way: people do not come in the same millisecond


def now() -> float:
    return time.clock_gettime(time.CLOCK_REALTIME)


@dataclass
class Held:
    """One channel. ``opened`` is set once something was heard, ``gone`` once it is over."""

    id: str
    news: float = 0.0
    last: float = 0.0
    end: float = 0.0
    why: str = ""
    heard: int = 0
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, *, goodbye: bool = False) -> None:
        self.last = now()
        if not goodbye:
            self.news = self.last
        self.heard += 1
        self.opened.set()

    def over(self, why: str) -> None:
        self.end = self.end or now()
        self.why = self.why or why
        self.opened.set()
        self.gone.set()


class Socket(WSListener):
    def __init__(self, held: Held) -> None:
        self.held = held

    def on_ws_connected(self, transport: WSTransport) -> None:
        transport.send(WSMsgType.TEXT, _SUBSCRIBE)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self.held.hear(goodbye=frame.msg_type == WSMsgType.CLOSE)
        if frame.msg_type == WSMsgType.CLOSE:
            self.held.why = str(int(frame.get_close_code() or 0))  # type: ignore[call-overload]  # an int at run time
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.held.over("lost")


class Stream(asyncio.Protocol):
    """A stream of server-sent events, as far as its bytes tell when it lives and when it was cut."""

    def __init__(self, held: Held, request: bytes) -> None:
        self._held = held
        self._request = request
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one only by its manners
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._tail = (self._tail + data)[-400:]
        # The answer's last chunk comes by itself, after the goodbye.
        if b"event: cut" in self._tail and not self._held.why:
            self._held.why = "cut"
            said_more = data.find(b"event: cut") > _CHUNK_HEAD
        else:
            said_more = not self._held.why
        if b"event:" in self._tail:
            self._held.hear(goodbye=not said_more)
        if self._tail.endswith(_LAST_CHUNK):  # the answer is complete; the connection would take another request
            self._held.over("ended without a cut")
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._held.over(f"lost: {self._tail[:60]!r}")


class Holder:
    def __init__(self) -> None:
        self._held: list[Held] = []

    async def open(self, channels: list[dict[str, str]], port: int, ca: str) -> dict[str, Any]:
        trust = ssl.create_default_context(cafile=ca)
        few = asyncio.Semaphore(_AT_ONCE)
        self._held = [Held(one["id"]) for one in channels]

        async def one(held: Held, words: dict[str, str]) -> None:
            async with few, asyncio.timeout(_OPEN_S):
                if words["kind"] == "socket":
                    await self._socket(held, words, port, trust)
                else:
                    await self._stream(held, words, port, trust)
                await held.opened.wait()

        async with asyncio.TaskGroup() as group:
            for held, words in zip(self._held, channels, strict=True):
                group.create_task(one(held, words))
        lost = [held.why for held in self._held if held.gone.is_set()]
        if lost:
            raise ConnectionError(f"{len(lost)} channels did not stay open: {lost[0]}")
        return {"open": len(self._held)}

    async def _socket(self, held: Held, words: dict[str, str], port: int, trust: ssl.SSLContext) -> None:
        pair = base64.b64encode(f"{words['room']}:{words['token']}".encode()).decode()
        await ws_connect(
            lambda: Socket(held), f"wss://localhost:{port}/ws", ssl_context=trust,
            extra_headers={"Authorization": f"Basic {pair}"}, websocket_handshake_timeout=_OPEN_S,
        )  # fmt: skip

    async def _stream(self, held: Held, words: dict[str, str], port: int, trust: ssl.SSLContext) -> None:
        request = (
            f"GET /api/v1/rooms/{words['room']}/events?path=Status/Audio HTTP/1.1\r\nHost: localhost:{port}\r\n"
            f"Authorization: Bearer {words['token']}\r\nAccept: text/event-stream\r\n\r\n"
        ).encode()
        await asyncio.get_running_loop().create_connection(
            lambda: Stream(held, request), "127.0.0.1", port, ssl=trust, server_hostname="localhost"
        )

    async def ended(self, within_s: float, ids: list[str] | None = None) -> dict[str, Any]:
        wanted = None if ids is None else set(ids)
        these = [held for held in self._held if wanted is None or held.id in wanted]
        try:
            async with asyncio.timeout(within_s):
                for held in these:
                    await held.gone.wait()
        except TimeoutError:
            pass  # those that are still open are counted
        ends = [
            {"id": held.id, "news": held.news, "last": held.last, "end": held.end, "why": held.why}
            for held in these
            if held.gone.is_set()
        ]
        heard = sum(held.heard for held in these)
        return {"ends": ends, "open": len(these) - len(ends), "heard": heard}


async def main() -> None:
    holder = Holder()
    await serve_lines({"open": holder.open, "ended": holder.ended})


if __name__ == "__main__":
    uvloop.run(main())
