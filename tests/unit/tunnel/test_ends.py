import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomgate.tunnel.ends import End, Streams
from roomgate.tunnel.frames import LARGEST, MOST_CONNECTIONS, WINDOW, TunnelBroken, What, build_frame, build_taken
from support.waiting import until


@dataclass
class Wire:
    """What lies between two ends: frames in their order, each as late as chance has it, within a bound."""

    chance: random.Random
    to: list[End] = field(default_factory=list)
    frames: "asyncio.Queue[bytes]" = field(default_factory=lambda: asyncio.Queue(4))
    most_held: int = 0
    silent: bool = False

    async def put(self, frame: bytes) -> None:
        await self.frames.put(frame)

    async def run(self) -> None:
        while True:
            frame = await self.frames.get()
            for _ in range(self.chance.randrange(4)):
                await asyncio.sleep(0)
            if not self.silent:
                self.to[0].feed(frame)
                held = sum(one.windows.unread for one in self.to[0]._connections.values())
                self.most_held = max(self.most_held, held)


@dataclass
class Pair:
    near: End
    far: End
    out: Wire
    back: Wire
    dialled: list[Streams]

    async def connect(self, group: asyncio.TaskGroup) -> tuple[Streams, Streams]:
        """A new connection: what a browser holds, and what the device holds."""
        mine, theirs = socket.socketpair()
        browser = await asyncio.open_connection(sock=mine)
        accepted = await asyncio.open_connection(sock=theirs)
        before = len(self.dialled)
        group.create_task(self.near.carry(*accepted))
        await until(lambda: len(self.dialled) > before)
        return browser, self.dialled[-1]


@asynccontextmanager
async def pair(seed: int = 0) -> AsyncIterator[tuple[Pair, asyncio.TaskGroup]]:
    chance = random.Random(seed)
    out, back = Wire(chance), Wire(chance)
    dialled: list[Streams] = []

    async def dial() -> Streams:
        mine, theirs = socket.socketpair()
        dialled.append(await asyncio.open_connection(sock=theirs))
        return await asyncio.open_connection(sock=mine)

    async with asyncio.TaskGroup() as group:
        near, far = End(group, out.put), End(group, back.put, dial)
        out.to.append(far)
        back.to.append(near)
        wires = [group.create_task(wire.run()) for wire in (out, back)]
        try:
            yield Pair(near, far, out, back, dialled), group
        finally:
            near.close()
            far.close()
            for wire in wires:
                wire.cancel()
            for _, writer in dialled:
                writer.transport.abort()


async def read_all(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(10):
        return await reader.read(-1)


@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 2**32), st.lists(st.tuples(st.integers(0, 3 * WINDOW), st.integers(0, WINDOW)), min_size=1, max_size=3)
)  # fmt: skip
def test_every_byte_arrives_in_order_whatever_comes_between(seed: int, sizes: list[tuple[int, int]]) -> None:
    async def run() -> None:
        chance = random.Random(seed)
        async with pair(seed) as (both, group):

            async def send(writer: asyncio.StreamWriter, data: bytes) -> None:
                writer.write(data)
                await writer.drain()
                writer.write_eof()

            async def one(up: bytes, down: bytes, browser: Streams, device: Streams) -> None:
                async with asyncio.TaskGroup() as ways:
                    ways.create_task(send(browser[1], up))
                    ways.create_task(send(device[1], down))
                    came_up, came_down = (ways.create_task(read_all(each[0])) for each in (device, browser))
                assert came_up.result() == up
                assert came_down.result() == down
                browser[1].close()

            async with asyncio.TaskGroup() as connections:
                for up, down in sizes:
                    ends = await both.connect(group)
                    connections.create_task(one(chance.randbytes(up), chance.randbytes(down), *ends))
            await until(lambda: len(both.near) == len(both.far) == 0)
            assert both.near.sent == both.far.passed_on == sum(up for up, _ in sizes)
            assert both.far.sent == both.near.passed_on == sum(down for _, down in sizes)
            assert max(both.out.most_held, both.back.most_held) <= WINDOW * len(sizes)

    asyncio.run(run())


@pytest.mark.asyncio
async def test_whoever_does_not_read_holds_up_nobody_else_and_no_more_than_a_window() -> None:
    async with pair() as (both, group):
        lazy, lazy_device = await both.connect(group)
        lazy_device[1].write(b"x" * (8 * WINDOW))
        await until(lambda: both.back.most_held > 0 and not next(iter(both.far._connections.values())).windows.may_send)
        busy, busy_device = await both.connect(group)
        busy_device[1].write(b"quick")
        assert await busy[0].readexactly(5) == b"quick"
        assert both.back.most_held <= WINDOW + 5
        lazy[1].transport.abort()
        busy[1].transport.abort()


@pytest.mark.asyncio
async def test_a_device_that_hangs_up_is_hung_up_on_the_other_side() -> None:
    async with pair() as (both, group):
        (reader, writer), device = await both.connect(group)
        device[1].transport.abort()
        writer.write(b"x")
        assert await read_all(reader) == b""
        writer.close()
        await until(lambda: len(both.near) == len(both.far) == 0)


@pytest.mark.asyncio
async def test_a_device_that_cannot_be_reached_breaks_that_connection_alone() -> None:
    said: list[bytes] = []

    async def put(frame: bytes) -> None:
        said.append(frame)

    async def dial() -> Streams:
        raise ConnectionRefusedError

    async with asyncio.TaskGroup() as group:
        far = End(group, put, dial)
        far.feed(build_frame(What.OPEN, 1))
        await until(lambda: said)
        assert said == [build_frame(What.BROKEN, 1)]
        assert len(far) == 0


@pytest.mark.asyncio
async def test_closing_ends_every_connection_at_once_and_takes_no_more() -> None:
    async with pair() as (both, group):
        (reader, writer), device = await both.connect(group)
        both.near.close()
        both.far.close()
        assert await read_all(reader) == b""
        assert await read_all(device[0]) == b""
        both.far.feed(b"rubbish that nobody reads any more")
        mine, theirs = socket.socketpair()
        late = await asyncio.open_connection(sock=mine)
        await both.near.carry(*await asyncio.open_connection(sock=theirs))
        assert await read_all(late[0]) == b""
        late[1].close()
        writer.close()


@pytest.mark.asyncio
async def test_one_connection_too_many_is_hung_up() -> None:
    async with pair() as (both, group):
        held = [await both.connect(group) for _ in range(MOST_CONNECTIONS)]
        mine, theirs = socket.socketpair()
        late = await asyncio.open_connection(sock=mine)
        await both.near.carry(*await asyncio.open_connection(sock=theirs))
        assert await read_all(late[0]) == b""
        both.far.feed(build_frame(What.OPEN, 1000))
        assert len(both.far) == MOST_CONNECTIONS
        for (_, writer), _ in held:
            writer.transport.abort()
        late[1].close()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "frame",
    [
        build_frame(What.OPEN, 1),  # a second time
        build_frame(What.DATA, 1),  # with nothing in it
        build_taken(1, 1),
        build_frame(What.TAKEN, 1, b"x"),
        b"x" * (LARGEST + 1),
    ],
)
async def test_a_peer_that_keeps_to_no_rule_is_found_out(frame: bytes) -> None:
    async with pair() as (both, group):
        (_, writer), _ = await both.connect(group)
        with pytest.raises(TunnelBroken):
            both.far.feed(frame)
        writer.transport.abort()


@pytest.mark.asyncio
async def test_nobody_opens_anything_at_the_near_end() -> None:
    async with pair() as (both, _):
        with pytest.raises(TunnelBroken):
            both.near.feed(build_frame(What.OPEN, 1))


@pytest.mark.asyncio
async def test_nothing_comes_after_the_end_of_a_direction() -> None:
    async with pair() as (both, group):
        (_, writer), _ = await both.connect(group)
        both.far.feed(build_frame(What.FINISHED, 1))
        with pytest.raises(TunnelBroken, match="after its end"):
            both.far.feed(build_frame(What.DATA, 1, b"x"))
        both.far.feed(build_frame(What.DATA, 99, b"of a connection that is over"))
        writer.transport.abort()


@pytest.mark.asyncio
async def test_a_connection_that_comes_while_all_is_ending_is_hung_up():
    """The group takes no task any more, and what a server's callback raises would be a traceback on the screen."""
    mine, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=mine)
    accepted = await asyncio.open_connection(sock=theirs)
    async with asyncio.TaskGroup() as group:
        end = End(group, Wire(random.Random(0)).put)
        end.close()
    end.accept(*accepted)
    with suppress(ConnectionResetError):
        assert await read_all(reader) == b""
    writer.transport.abort()
