"""Where devices post their feedback to (HttpFeedback): a small web server that takes documents, and nothing else.

A device proves nothing about itself when it posts. So each connection has an address that cannot be guessed, known to
its device alone, and over TLS nobody on the way reads it. Where there is a choice, a WebSocket needs none of this.
"""

import asyncio
import hmac
import logging
import secrets
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import h11

from roomgate.xapi.errors import BadArgument

MAX_POST_BYTES = 1024 * 1024
POST_WITHIN_S = 10.0
_MAX_HEADER_BYTES = 16 * 1024
_MAX_CONNECTIONS = 64
_READ_BYTES = 64 * 1024
_log = logging.getLogger("roomgate.xapi")

# Takes a slot's number and the document; False where it cannot take more now.
Hear = Callable[[int, bytes], bool]


class FeedbackReceiver:
    """Listens for devices; one serves many. Made by `listening`."""

    def __init__(self, url: str, *, within_s: float = POST_WITHIN_S) -> None:
        """``url`` is how devices reach it, such as ``https://192.0.2.1:8443``."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
            raise BadArgument("A receiver's address is https://host:port")
        self._url = url.rstrip("/")
        self._within_s = within_s
        self._hearers: dict[str, Hear] = {}
        self._writers: set[asyncio.StreamWriter] = set()

    @classmethod
    @asynccontextmanager
    async def listening(
        cls,
        host: str,
        port: int,
        url: str | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        within_s: float = POST_WITHIN_S,
    ) -> "AsyncGenerator[FeedbackReceiver, None]":
        """Listen at a host's address and port (0 takes a free one) to the end of the block.

        ``url`` is how devices reach it, if not by that address. Without ``tls`` what devices say, and the address
        itself, can be read on the way, which is logged.
        """
        receiver = cls(url or "http://unknown", within_s=within_s)
        server = await asyncio.start_server(receiver._serve, host, port, ssl=tls, limit=_READ_BYTES)
        if url is None:
            shown, bound = server.sockets[0].getsockname()[:2]
            shown = f"[{shown}]" if ":" in shown else shown
            receiver._url = f"{'http' if tls is None else 'https'}://{shown}:{bound}"
        if tls is None:
            _log.warning("feedback is received unencrypted at %s: it can be read and forged on the way", receiver._url)
        try:
            yield receiver
        finally:
            server.close()
            for writer in list(receiver._writers):
                writer.transport.abort()
            await server.wait_closed()

    def open(self, hear: Hear) -> str:
        """A new address for one device; ``hear`` is called with what is posted to it."""
        word = secrets.token_urlsafe(32)
        self._hearers[word] = hear
        return f"{self._url}/{word}"

    def shut(self, address: str) -> None:
        """The address is no more."""
        self._hearers.pop(address.rpartition("/")[2], None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._writers) >= _MAX_CONNECTIONS:
            writer.transport.abort()
            return
        self._writers.add(writer)
        talk = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEADER_BYTES)
        try:
            async with asyncio.timeout(self._within_s):
                try:
                    status = await self._take(talk, reader, writer)
                except h11.RemoteProtocolError:
                    status = 400
                if talk.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                    head = h11.Response(status_code=status, headers=[("Content-Length", "0"), ("Connection", "close")])
                    writer.write((talk.send(head) or b"") + (talk.send(h11.EndOfMessage()) or b""))
                    await writer.drain()
                writer.close()
                await writer.wait_closed()
        except (OSError, TimeoutError, h11.ProtocolError):
            writer.transport.abort()
        finally:
            self._writers.discard(writer)

    async def _take(self, talk: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        """Read one request; the status of its answer. An address that is nobody's is told nothing more."""
        slot, hear, body = 0, None, bytearray()
        while True:
            match talk.next_event():
                case h11.NEED_DATA:
                    if talk.they_are_waiting_for_100_continue:
                        go_on = h11.InformationalResponse(status_code=100, headers=[])
                        writer.write(talk.send(go_on) or b"")
                    talk.receive_data(await reader.read(_READ_BYTES))
                case h11.Request() as request:
                    slot, hear = self._hearer(request.target)
                    if hear is None:
                        return 404
                    if request.method != b"POST":
                        return 405
                case h11.Data() as data:
                    body += data.data
                    if len(body) > MAX_POST_BYTES:
                        return 413
                case h11.EndOfMessage():
                    return 200 if hear is not None and hear(slot, bytes(body)) else 503
                case _:
                    raise ConnectionResetError("hung up in the middle")

    def _hearer(self, target: bytes) -> tuple[int, Hear | None]:
        word, _, number = target.decode("latin-1").removeprefix("/").partition("/")
        found = None
        for known, hear in self._hearers.items():  # each is compared, in the same time
            if hmac.compare_digest(known.encode(), word.encode()):
                found = hear
        return (int(number), found) if number in ("1", "2", "3", "4") else (0, None)
