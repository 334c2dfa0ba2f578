"""Many rooms behind one door: each is itself, and none costs anything before somebody comes."""

import asyncio
import base64
import hashlib
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from roomgate.errors import BadInput
from roomgate.sim.app import RoomConfig, RoomReady, SimConfig, serve
from roomgate.sim.fleet import MOST, address_of, number_of
from roomgate.sim.journal import read_journal
from roomgate.sim.restless import read_unrest
from support.simulated import tls_of, touch
from support.waiting import until


@given(st.integers(0, MOST - 1))
def test_every_room_has_an_address_of_loopback_and_it_is_its_own(number: int) -> None:
    address = address_of(number)
    assert address.startswith("127.")
    assert not address.startswith("127.0.")
    assert number_of(address) == number


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.1.0.0", "127.1.0.251", "127.1.250.1", "10.1.0.1", "::1", "127.x.0.1", ""]
)
def test_no_other_address_is_anybodys(address: str) -> None:
    assert number_of(address) is None


@asynccontextmanager
async def fleet(folder: Path, count: int = 60, **how: Any) -> AsyncIterator[list[RoomReady]]:
    started: asyncio.Future[list[RoomReady]] = asyncio.get_running_loop().create_future()
    rooms = tuple(RoomConfig(f"room-{n + 1}") for n in range(count))
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        running = group.create_task(serve(SimConfig(folder, rooms, shared=True, **how), started.set_result))
        yield await started
        running.cancel()


def dial(room: RoomReady, **how: Any) -> Any:
    address = f"wss://{room.host}:{room.port}/ws"
    packed = base64.b64encode(f"{room.user}:{room.password}".encode()).decode()
    headers = {"Authorization": f"Basic {packed}"}
    return connect(address, ssl=tls_of(room), additional_headers=headers, open_timeout=10, proxy=None, **how)


async def rpc(socket: Any, method: str, **params: Any) -> Any:
    await socket.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
    return json.loads(await socket.recv())["result"]


@pytest.mark.asyncio
async def test_rooms_share_a_port_and_are_told_apart_by_their_address(tmp_path: Path) -> None:
    async with fleet(tmp_path) as rooms:
        first, last = rooms[0], rooms[-1]
        assert {room.port for room in rooms} == {first.port}
        assert len({room.host for room in rooms}) == len(rooms)
        async with dial(first) as one, dial(last) as other:
            await rpc(one, "xCommand/Audio/Volume/Set", Level=7)
            assert await rpc(one, "xGet", Path=["Status", "Audio", "Volume"]) == 7
            assert await rpc(other, "xGet", Path=["Status", "Audio", "Volume"]) == 50
            assert await rpc(other, "xGet", Path=["Configuration", "SystemUnit", "Name"]) == last.name
        assert "command" in [line["what"] for line in read_journal(first.journal)]
        assert "command" not in [line["what"] for line in read_journal(last.journal)]


@pytest.mark.asyncio
async def test_pins_are_right_and_the_authority_vouches_for_each_address_alone(tmp_path: Path) -> None:
    async with fleet(tmp_path) as rooms:
        assert len({room.pin for room in rooms}) == 2  # a certificate for fifty
        for room in (rooms[0], rooms[49], rooms[50]):
            _, writer = await asyncio.open_connection(room.host, room.port, ssl=tls_of(room))
            shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            assert hashlib.sha256(shown).hexdigest() == room.pin
            writer.close()
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.open_connection(
                rooms[0].host, rooms[0].port, ssl=tls_of(rooms[0]), server_hostname=rooms[50].host
            )


@pytest.mark.asyncio
async def test_an_address_that_is_no_rooms_is_closed_unanswered(tmp_path: Path) -> None:
    async with fleet(tmp_path, 3) as rooms:
        for address in ("127.0.0.1", "127.1.0.4", "127.9.9.9"):
            for port in (rooms[0].port, rooms[0].ssh_port):
                reader, writer = await asyncio.open_connection(address, port)
                assert await reader.read() == b""
                writer.close()


@pytest.mark.asyncio
async def test_a_room_that_nobody_came_to_is_nothing_on_disk(tmp_path: Path) -> None:
    async with fleet(tmp_path, 3) as rooms:
        async with dial(rooms[1]):
            pass
        assert sorted(one.name for one in tmp_path.iterdir() if one.name.startswith("room-")) == ["room-2"]


@pytest.mark.asyncio
async def test_screens_share_a_listener_by_path(tmp_path: Path) -> None:
    async with fleet(tmp_path, 3) as rooms:
        assert (await touch(rooms[2], "/mute", {}))["microphones"] == "On"
        assert (await touch(rooms[1], "/mute", {}))["room"] == "room-2"
        async with httpx.AsyncClient(trust_env=False) as client:
            page = await client.get(rooms[0].panel)
            assert page.status_code == 200
            assert (await client.get(rooms[0].panel + "panel.js")).status_code == 200
            assert (await client.get(rooms[0].panel.rstrip("/"))).headers["location"] == "/room-1/"
            assert (await client.get(rooms[0].panel.replace("room-1", "room-9"))).status_code == 404


@pytest.mark.asyncio
async def test_ssh_is_told_apart_too(tmp_path: Path) -> None:
    async with fleet(tmp_path, 3) as rooms:
        room = rooms[1]
        known = asyncssh.import_known_hosts(f"[{room.host}]:{room.ssh_port} {room.ssh_host_key}\n")
        who = {"username": room.user, "password": room.password, "known_hosts": known, "config": None}
        dialled = asyncssh.connect(room.host, room.ssh_port, client_keys=None, agent_path=None, **who)
        async with dialled as line, line.create_process() as shell:
            assert await shell.stdout.readline() == "Welcome to room-2\n"


@pytest.mark.asyncio
async def test_a_fault_everywhere_is_one_of_rooms_that_wake_later_as_well(tmp_path: Path) -> None:
    async with fleet(tmp_path, 3, faults="reboot=600@0; drop@0:room-3") as rooms:
        for room in rooms:
            with pytest.raises(InvalidStatus) as refused:
                await dial(room)
            assert refused.value.response.status_code == 502
        lines = {room.name: [line.get("kind") for line in read_journal(room.journal)] for room in rooms}
        assert "drop" in lines["room-3"]
        assert "drop" not in lines["room-1"]


@pytest.mark.asyncio
async def test_what_never_rests_tells_who_listens(tmp_path: Path) -> None:
    async with fleet(tmp_path, 3, unrest=read_unrest("Status/Audio/Volume=0.05")) as rooms, dial(rooms[0]) as socket:
        await rpc(socket, "xFeedback/Subscribe", Query=["Status", "Audio", "Volume"])
        heard = [json.loads(await socket.recv())["params"]["Status"]["Audio"]["Volume"] for _ in range(3)]
        assert len(set(heard)) == 3


@pytest.mark.asyncio
async def test_after_a_restart_all_is_where_it_was(tmp_path: Path) -> None:
    async with fleet(tmp_path, 3) as before, dial(before[0]) as socket:
        await rpc(socket, "xCommand/Audio/Volume/Set", Level=7)
    async with fleet(tmp_path, 3) as after:
        assert after == before
        async with dial(after[0]) as socket:
            assert await rpc(socket, "xGet", Path=["Status", "Audio", "Volume"]) == 7


@pytest.mark.asyncio
async def test_a_socket_is_cut_by_a_schedule(tmp_path: Path) -> None:
    async with (
        fleet(tmp_path, 3, faults="drop@0.5/0.5:room-2") as rooms,
        dial(rooms[0]) as spared,
        dial(rooms[1]) as socket,
    ):
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert await rpc(spared, "xGet", Path=["Status", "Audio", "Volume"]) == 50
        await until(lambda: "fault" in [line["what"] for line in read_journal(rooms[1].journal)])


@pytest.mark.asyncio
async def test_too_many_rooms_and_a_schedule_with_a_typo_are_refused(tmp_path: Path) -> None:
    for config in (
        SimConfig(tmp_path, tuple(RoomConfig(f"r{n}") for n in range(MOST + 1))),
        SimConfig(tmp_path, (RoomConfig("a"),), faults="dorp@1"),
        SimConfig(tmp_path, (RoomConfig("certificates"),)),
    ):
        with pytest.raises(BadInput):
            await serve(config, lambda _: None)
