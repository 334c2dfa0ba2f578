"""One end of a tunnel: connections in, frames out, and the other way round. Nothing here knows what the bytes are."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from roomgate import log
from roomgate.tunnel.frames import (
    MOST_CONNECTIONS,
    PIECE,
    TunnelBroken,
    What,
    Windows,
    build_frame,
    build_taken,
    parse_frame,
)

DIAL_S = 5.0

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_log = log.get("tunnel")


class _Gone(Exception):
    """The other end of a connection is gone."""


@dataclass(slots=True, eq=False)
class _Connection:
    number: int
    windows: Windows = field(default_factory=Windows)
    came: deque[bytes | None] = field(default_factory=deque)  # None: nothing more comes
    news: asyncio.Event = field(default_factory=asyncio.Event)  # something came
    room: asyncio.Event = field(default_factory=asyncio.Event)  # something may be sent
    gone: asyncio.Event = field(default_factory=asyncio.Event)  # the other end has lost it
    finished: bool = False  # the other end says no more
    task: asyncio.Task[None] | None = None

    async def next(self) -> bytes | None:
        while not self.came:
            self.news.clear()
            await self.news.wait()
        return self.came.popleft()

    async def allowance(self) -> int:
        while not self.windows.may_send:
            self.room.clear()
            await self.room.wait()
        return min(self.windows.may_send, PIECE)

    async def watch(self) -> None:
        """Raises _Gone, once it is: also where somebody reads nothing more, and so nothing more is written."""
        await self.gone.wait()
        raise _Gone


class End:
    """Its tasks live in the group that it is given; `close` ends them all, at once."""

    def __init__(
        self,
        group: asyncio.TaskGroup,
        put: Callable[[bytes], Coroutine[Any, Any, None]],
        dial: Callable[[], Coroutine[Any, Any, Streams]] | None = None,
    ) -> None:
        """``put`` sends a frame and waits while there is no room for it. ``dial`` is the far end's: only there
        may the other end open connections."""
        self._group = group
        self._put = put
        self._dial = dial
        self._connections: dict[int, _Connection] = {}
        self._last = 0
        self._closed = False
        self.sent = 0  # bytes of all connections, out into the tunnel
        self.passed_on = 0  # and out of it

    def __len__(self) -> int:
        return len(self._connections)

    def feed(self, raw: bytes) -> None:
        """Take in a frame; never waits. Raises TunnelBroken: then the tunnel is to be closed."""
        if self._closed:
            return
        frame = parse_frame(raw)
        if frame.what is What.OPEN:
            self._open(frame.connection)
            return
        one = self._connections.get(frame.connection)
        if one is None:
            return  # it has just ended here, and the other end did not know
        match frame.what:
            case What.DATA:
                one.windows.came(len(frame.payload))
                if one.finished or not frame.payload:
                    raise TunnelBroken("A connection went on after its end.")
                one.came.append(frame.payload)
                one.news.set()
            case What.TAKEN:
                one.windows.taken(frame.number)
                one.room.set()
            case What.FINISHED:
                one.finished = True
                one.came.append(None)
                one.news.set()
            case What.BROKEN:
                one.gone.set()

    def _open(self, number: int) -> None:
        if self._dial is None or number <= self._last:
            raise TunnelBroken("The other end opened what it may not open.")
        self._last = number
        if len(self._connections) >= MOST_CONNECTIONS:
            self._group.create_task(self._put(build_frame(What.BROKEN, number)), name="tunnel.full")
            return
        one = self._connections[number] = _Connection(number)
        one.task = self._group.create_task(self._reach(one, self._dial), name=f"tunnel.{number}")

    async def _reach(self, one: _Connection, dial: Callable[[], Coroutine[Any, Any, Streams]]) -> None:
        try:
            async with asyncio.timeout(DIAL_S):
                reader, writer = await dial()
        except (OSError, TimeoutError) as away:
            _log.info("tunnel.not-reached", error=type(away).__name__)
            del self._connections[one.number]
            await self._put(build_frame(What.BROKEN, one.number))
            return
        await self._hold(one, reader, writer)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The near end: what its server does with a connection. One that came while all is ending is hung up: the group
        takes no task any more.
        """
        if self._closed:
            writer.transport.abort()
        else:
            self._group.create_task(self.carry(reader, writer))

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The near end: carry a connection that was accepted, until it is over. One too many is hung up."""
        if self._closed or len(self._connections) >= MOST_CONNECTIONS:
            writer.transport.abort()
            return
        self._last += 1
        one = self._connections[self._last] = _Connection(self._last)
        one.task = asyncio.current_task()
        await self._hold(one, reader, writer)

    async def _hold(self, one: _Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        clean = False
        try:
            if self._dial is None:
                await self._put(build_frame(What.OPEN, one.number))
            async with asyncio.TaskGroup() as all_of_it:
                watch = all_of_it.create_task(one.watch())
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._outward(one, reader))
                    both.create_task(self._inward(one, writer))
                watch.cancel()
            clean = True
        except* (OSError, _Gone) as ended:
            _log.debug("tunnel.connection-broken", count=len(ended.exceptions))
        finally:
            self._connections.pop(one.number, None)
            if clean:
                writer.close()
            else:
                writer.transport.abort()
        if not clean and not one.gone.is_set():
            await self._put(build_frame(What.BROKEN, one.number))

    async def _outward(self, one: _Connection, reader: asyncio.StreamReader) -> None:
        while True:
            data = await reader.read(await one.allowance())
            if not data:
                await self._put(build_frame(What.FINISHED, one.number))
                return
            one.windows.sent(len(data))
            self.sent += len(data)
            await self._put(build_frame(What.DATA, one.number, data))

    async def _inward(self, one: _Connection, writer: asyncio.StreamWriter) -> None:
        while (data := await one.next()) is not None:
            writer.write(data)
            await writer.drain()
            self.passed_on += len(data)
            if back := one.windows.passed_on(len(data)):
                await self._put(build_taken(one.number, back))
        writer.write_eof()

    def close(self) -> None:
        """End every connection now. Safe to repeat."""
        self._closed = True
        for one in list(self._connections.values()):
            if one.task is not None:
                one.task.cancel()
