"""What a stranger may cost before the door has looked at them: bytes, seconds and places are bounded here.

The web server bounds neither the head of a request nor the time that it may take. Theory: a connection *waits*
from its beginning, or from the first byte of its next request, until that request's head is complete. Whoever
waits too long, or sends a head that is too large, is shed; and when too many wait, the one that has waited
longest. A client that does not read its answer is shed too. WebSockets take small messages until whoever
authenticates them says that the peer has proved who they are.
"""

import asyncio
from collections import OrderedDict
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Response

LARGEST_HEAD = 32 * 1024  # bytes of one request's line and headers
MOST_PIPELINED = 8  # requests that wait behind one another on a connection
HEAD_WITHIN_S = 10.0
READ_WITHIN_S = 30.0  # an answer that waits to be read
CLOSE_WITHIN_S = 1.0  # after a refusal
MOST_WAITING = 4096
UNPROVEN_MESSAGE = 64 * 1024  # of a WebSocket, before its peer is known
PROVEN = "roomgate.proven"  # in the scope's extensions: a function to be called then


# What the door puts on its answers, for those that never reach it.
GUARDS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=63072000"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
_REFUSED = b"This is no request.\n"
_REFUSAL = b"\r\n".join(
    [
        b"HTTP/1.1 400 Bad Request",
        b"content-type: text/plain; charset=utf-8",
        b"content-length: %d" % len(_REFUSED),
        b"connection: close",
        *(name + b": " + value for name, value in GUARDS),
        b"",
        _REFUSED,
    ]
)


class _TooMuch(Exception):
    """Raised inside the parser: this request is not read any further."""


class Waiting:
    """The connections that have not completed a request's head, the one that has waited longest first."""

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._waiting: OrderedDict[asyncio.Transport, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, transport: asyncio.Transport) -> None:
        self._waiting[transport] = None
        if len(self._waiting) > self._most:
            oldest, _ = self._waiting.popitem(last=False)
            oldest.abort()

    def drop(self, transport: asyncio.Transport) -> None:
        self._waiting.pop(transport, None)


class Reception(HttpToolsProtocol):
    """One HTTP connection."""

    waiting = Waiting()  # of the whole process: there is one server in it

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the base class has it
        super().connection_made(transport)
        self._head = 0  # bytes that came while a head was incomplete: the parser holds them
        self._given = 0  # bytes of headers that the parser gave out
        self._in_head = False
        self._timer: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        self._done()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._timer is None and (self.cycle is None or self.cycle.response_complete):
            self._begin()
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            self._head += len(data)
            if self._head > LARGEST_HEAD:
                self.send_400_response("The head of this request is too large.")

    def handle_websocket_upgrade(self) -> None:
        self._done()
        self.resume_writing()
        super().handle_websocket_upgrade()

    def on_headers_complete(self) -> None:
        self._done()
        self._in_head = False
        if len(self.pipeline) >= MOST_PIPELINED or len(self.url) > LARGEST_HEAD:
            raise _TooMuch
        super().on_headers_complete()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._given += len(name) + len(value) + 4
        if self._given > LARGEST_HEAD:
            raise _TooMuch
        super().on_header(name, value)

    def on_message_begin(self) -> None:
        self._head = self._given = 0
        self._in_head = True
        super().on_message_begin()

    def send_400_response(self, msg: str) -> None:
        """The one answer to what is no request; it says nothing of what was sent."""
        self._done()
        if not self.transport.is_closing():
            self.transport.write(_REFUSAL)
            self.transport.close()
            # Closing waits for the peer to agree, and reads on until then: not for long.
            self.loop.call_later(CLOSE_WITHIN_S, self.transport.abort)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._reading is None:
            self._reading = self.loop.call_later(READ_WITHIN_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _begin(self) -> None:
        self._head = 0
        self._timer = self.loop.call_later(HEAD_WITHIN_S, self.transport.abort)
        self.waiting.add(self.transport)

    def _done(self) -> None:
        self.waiting.drop(self.transport)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Sockets(WebSocketsSansIOProtocol):
    """One WebSocket connection."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._full = self.conn.max_message_size
        self.conn.max_message_size = UNPROVEN_MESSAGE
        self.default_headers = list(GUARDS)
        plain = self.conn.reject

        def reject(status: Any, text: str) -> Response:
            """The refusal before the handshake is the library's own answer: it gets the guards too."""
            response = plain(status, text)
            for name, value in GUARDS:
                response.headers[name.decode()] = value.decode()
            return response

        self.conn.reject = reject  # type: ignore[method-assign]  # this one connection's

    async def run_asgi(self) -> None:
        self.scope.setdefault("extensions", {})[PROVEN] = {"tell": self._proven}
        await super().run_asgi()

    def data_received(self, data: bytes) -> None:
        try:
            super().data_received(data)
        except Exception:  # the outermost edge: the framework has asserts for what no honest peer sends
            self.transport.abort()

    async def send(self, message: Any) -> None:
        try:
            await super().send(message)
        except AssertionError:  # the peer broke the protocol before its handshake was answered
            self.handshake_complete = True  # as far as it will be: there is nobody to be answered
            self.transport.abort()

    def _proven(self) -> None:
        self.conn.max_message_size = self._full


def proven(scope: Any) -> None:
    """Say that the WebSocket's peer is known: it may send large messages from now on."""
    told = (scope.get("extensions") or {}).get(PROVEN)
    if told is not None:
        told["tell"]()
