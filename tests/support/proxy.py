"""A network of our own between any two parts: it delays, narrows, stalls, cuts and loses what passes.

`Proxy` moves bytes and knows nothing of them. `OpeningProxy` is a company's proxy that opens the outer TLS with a
certificate of its own, and keeps what it then sees.
"""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

CHUNK = 16 * 1024


@dataclass(slots=True)
class Weather:
    """How the network is now. All of it may be changed while bytes pass."""

    delay_s: float = 0.0
    bytes_per_s: float = 0.0  # 0: as many as come
    lose: int = 0  # this many of the next bytes vanish
    shut: bool = False  # new connections are reset
    passed: int = 0
    _flowing: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._flowing.set()

    def stall(self) -> None:
        """Nothing passes, and nobody is told: a black hole."""
        self._flowing.clear()

    def flow(self) -> None:
        self._flowing.set()

    async def let_through(self, data: bytes) -> bytes:
        """What is left of it, once the weather has had its way."""
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if self.bytes_per_s:
            await asyncio.sleep(len(data) / self.bytes_per_s)
        await self._flowing.wait()
        lost, self.lose = self.lose, max(0, self.lose - len(data))
        self.passed += len(data)
        return data[lost:]


class Proxy:
    """Listens on a free port of loopback and passes all on to ``port``. See `running`."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.weather = Weather()
        self.port = 0
        self.connections = 0  # that there ever were
        self._ways: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", 0, ssl=self._inbound(), limit=CHUNK)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.weather.flow()
        self.cut()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def cut(self, *, reset: bool = True) -> int:
        """End every connection that there is, with RST or with FIN; gives how many."""
        ways = list(self._ways)
        for way in ways:
            for writer in way:
                if reset:
                    _reset(writer)
                else:
                    writer.close()
        return len(ways)

    def _inbound(self) -> ssl.SSLContext | None:
        return None

    async def _outbound(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.target, limit=CHUNK)

    def _saw(self, data: bytes, *, up: bool) -> None:
        """For a proxy that looks."""

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        ends = [writer]
        try:
            if self.weather.shut:
                return
            far_reader, far_writer = await self._outbound()
            ends.append(far_writer)
            way = (writer, far_writer)
            self._ways.add(way)
            try:
                async with asyncio.TaskGroup() as group:
                    up = group.create_task(self._move(reader, far_writer, up=True))
                    down = group.create_task(self._move(far_reader, writer, up=False))
                    await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
                    up.cancel()
                    down.cancel()
            finally:
                self._ways.discard(way)
        except (OSError, asyncio.CancelledError):
            pass  # the far side is not there, or the test is over
        finally:
            for end in ends:
                if self.weather.shut:
                    _reset(end)
                end.close()
            self._tasks.discard(task)

    async def _move(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                self._saw(data, up=up)
                writer.write(await self.weather.let_through(data))
                await writer.drain()


class OpeningProxy(Proxy):
    """Opens the outer TLS: shows a certificate of its own, and trusts the real one behind it."""

    def __init__(self, port: int, inbound: ssl.SSLContext, outbound: ssl.SSLContext) -> None:
        super().__init__(port)
        self._own, self._trust = inbound, outbound
        self.seen = bytearray()  # all plaintext, both ways

    def _inbound(self) -> ssl.SSLContext:
        return self._own

    async def _outbound(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(
            "127.0.0.1", self.target, ssl=self._trust, server_hostname="localhost", limit=CHUNK
        )

    def _saw(self, data: bytes, *, up: bool) -> None:
        self.seen += data


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close so that the other side gets RST: nothing that waits is sent any more."""
    handle = writer.get_extra_info("socket")
    if handle is not None:
        with suppress(OSError):
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def running(*proxies: Proxy) -> AsyncIterator[None]:
    try:
        for one in proxies:
            await one.start()
        yield
    finally:
        for one in proxies:
            await one.stop()
