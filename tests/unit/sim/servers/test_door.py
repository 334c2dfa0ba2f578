"""Who comes in by a door, and who does not."""

import asyncio
import errno
import socket

import pytest

from roomgate.listening import PortTaken
from roomgate.sim.servers.door import Door, is_loopback


class Guests:
    """Notes who came, and lets them go."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[str] = asyncio.Queue()

    async def welcome(self, come: socket.socket, address: str) -> None:
        come.close()
        await self.came.put(address)


def own_address() -> str:
    """An address of this machine that is not of loopback, if it has one; no packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])


async def dial(address: str, port: int) -> bytes:
    """What somebody hears who dials this; empty for a connection that is closed unanswered."""
    reader, writer = await asyncio.open_connection(address, port)
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


@pytest.mark.asyncio
async def test_all_of_loopback_comes_in_by_one_door_and_is_told_apart() -> None:
    guests = Guests()
    door = Door.on_loopback(0, guests.welcome)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = group.create_task(door.run())
        for address in ("127.0.0.1", "127.1.0.1", "127.41.249.250"):
            await dial(address, door.port)
            assert await guests.came.get() == address
        running.cancel()


@pytest.mark.parametrize("bound", [True, False])
@pytest.mark.asyncio
async def test_nothing_but_loopback_is_served(bound: bool) -> None:
    """By the kernel, which refuses; and by the door itself, where a kernel would not: then it is closed unanswered."""
    guests = Guests()
    door = Door.on_loopback(0, guests.welcome) if bound else Door(everywhere(), guests.welcome, shared=True)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = group.create_task(door.run())
        mine = own_address()
        if mine and not is_loopback(mine):  # a machine without a network has no other address to be dialled at
            try:
                assert await dial(mine, door.port) == b""
            except ConnectionRefusedError:
                assert bound
        await dial("127.0.0.9", door.port)
        assert await guests.came.get() == "127.0.0.9"
        assert guests.came.empty()
        running.cancel()


def everywhere() -> socket.socket:
    """A socket that listens at every address, as the shared door's would without its interface."""
    return socket.create_server(("0.0.0.0", 0))


def test_the_kernel_gives_the_shared_door_nothing_of_another_interface() -> None:
    door = Door.on_loopback(0, Guests().welcome)
    try:
        named = door._socket.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16)
        assert named.rstrip(b"\0") == b"lo"
    finally:
        door.close()


def test_a_port_is_had_once() -> None:
    door = Door.on_loopback(0, Guests().welcome)
    with pytest.raises(PortTaken):
        Door.on_loopback(door.port, Guests().welcome)
    with pytest.raises(PortTaken):
        Door.at("127.0.0.1", door.port, Guests().welcome)
    door.close()
    Door.on_loopback(door.port, Guests().welcome).close()


@pytest.mark.asyncio
async def test_a_guest_who_cannot_be_welcomed_costs_the_door_nothing() -> None:
    came: asyncio.Queue[str] = asyncio.Queue()

    async def welcome(come: socket.socket, address: str) -> None:
        await came.put(address)
        raise ConnectionResetError(address)

    door = Door.at("127.0.0.1", 0, welcome)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = group.create_task(door.run())
        for _ in range(3):
            assert await dial("127.0.0.1", door.port) == b""
            assert await came.get() == "127.0.0.1"
        running.cancel()
    with pytest.raises(ConnectionRefusedError):
        await dial("127.0.0.1", door.port)


@pytest.mark.parametrize(
    ("address", "so"), [("127.0.0.1", True), ("127.255.1.2", True), ("128.0.0.1", False), ("12.7.0.0", False)]
)
def test_what_loopback_is(address: str, so: bool) -> None:
    assert is_loopback(address) is so


@pytest.mark.asyncio
async def test_a_door_without_descriptors_rests_and_opens_again() -> None:
    guests = Guests()
    door = Door(Poor(), guests.welcome)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = group.create_task(door.run())
        assert await dial("127.0.0.1", door.port) == b""
        assert await guests.came.get() == "127.0.0.1"
        running.cancel()


class Poor(socket.socket):
    """A listening socket that has no descriptor for its first guest."""

    def __init__(self) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_STREAM)
        self.bind(("127.0.0.1", 0))
        self.listen()
        self.refusals = 1

    def accept(self):  # type: ignore[no-untyped-def]  # as the socket's own
        if self.refusals:
            self.refusals -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()
