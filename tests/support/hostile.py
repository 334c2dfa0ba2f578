"""A web server that lies and attacks: it writes whatever bytes a test says, on a real socket of this machine."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from roomgate.checks.addresses import Addresses
from roomgate.checks.pace import HandTime, Pace
from roomgate.checks.recorder import Masks, Recorder
from roomgate.checks.web import Web
from support.checks import ONE, target_of

Write = Callable[[bytes], Awaitable[None]]
Speech = Callable[[str, Write], Awaitable[None]]  # what is said to a request for this path


@asynccontextmanager
async def saying(speech: Speech) -> AsyncIterator[int]:
    """Gives the port. Whoever hangs up is not spoken to any longer."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def write(raw: bytes) -> None:
            writer.write(raw)
            await writer.drain()

        task = asyncio.current_task()
        assert task is not None
        speakers.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            await speech(head.split(b" ")[1].decode(), write)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            speakers.discard(task)
            writer.close()

    speakers: set[asyncio.Task[None]] = set()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for one in list(speakers):
            one.cancel()
        if speakers:
            await asyncio.wait(speakers)


@asynccontextmanager
async def real_web(**found: str) -> AsyncIterator[tuple[Web, Recorder, HandTime]]:
    """The outside client on real sockets; its one host is this machine, whatever else a test lets it know."""
    time = HandTime()
    recorder = Recorder(time, Masks())
    addresses = Addresses({"target.example": "127.0.0.1"} | {name.replace("_", "."): at for name, at in found.items()})
    async with Web(target_of(ONE), recorder, addresses, Pace(2.0, time)) as web:
        yield web, recorder, time
