"""Several rooms in one program, and what of them is there after a restart."""

import asyncio
import socket
from pathlib import Path

import httpx
import pytest

from roomgate.errors import BadInput
from roomgate.sim.app import RoomConfig, RoomReady, SimConfig, serve
from roomgate.sim.journal import read_journal
from support.simulated import simulator, tls_of, touch
from support.waiting import until


@pytest.mark.asyncio
async def test_each_room_is_its_own_device(tmp_path: Path) -> None:
    async with simulator(tmp_path, "Birch", "Oslo") as rooms:
        assert [room.name for room in rooms] == ["Birch", "Oslo"]
        assert len({room.port for room in rooms} | {room.panel for room in rooms}) == 4
        assert len({room.pin for room in rooms}) == len({room.password for room in rooms}) == 2
        state = await touch(rooms[0], "/mute", {})
        assert (state["room"], state["microphones"]) == ("Birch", "On")
        async with httpx.AsyncClient(verify=tls_of(rooms[1]), trust_env=False) as client:
            page = await client.get(f"https://localhost:{rooms[1].port}/web/signin")
            assert page.status_code == 200
            with pytest.raises(httpx.ConnectError):
                await client.get(f"https://localhost:{rooms[0].port}/web/signin")


@pytest.mark.asyncio
async def test_a_restart_keeps_the_certificate_and_a_changed_passphrase(tmp_path: Path) -> None:
    async with simulator(tmp_path) as (room,):
        base = f"https://127.0.0.1:{room.port}"
        async with httpx.AsyncClient(verify=tls_of(room), trust_env=False, base_url=base) as client:
            await client.post("/web/signin", data={"user": room.admin_user, "passphrase": room.admin_password})
            changed = await client.post("/web/users", data={"username": room.user, "passphrase": "changed here"})
            assert "is changed" in changed.text
    async with simulator(tmp_path) as (again,):
        assert again.pin == room.pin
        base = f"https://127.0.0.1:{again.port}"
        async with httpx.AsyncClient(verify=tls_of(again), trust_env=False, base_url=base) as client:
            for passphrase, status in ((room.password, 403), ("changed here", 303)):
                form = {"user": room.user, "passphrase": passphrase}
                assert (await client.post("/web/signin", data=form)).status_code == status


@pytest.mark.asyncio
async def test_a_room_is_found_again_where_it_was(tmp_path: Path) -> None:
    async with simulator(tmp_path, "Birch", "Oslo") as rooms:
        before = [(room.port, room.panel) for room in rooms]
    async with simulator(tmp_path, "Birch", "Oslo") as rooms:
        assert [(room.port, room.panel) for room in rooms] == before


@pytest.mark.asyncio
async def test_a_port_that_is_somebody_elses_by_now_is_no_obstacle(tmp_path: Path) -> None:
    async with simulator(tmp_path) as (room,):
        before = room.port
    with socket.socket() as other:
        other.bind(("127.0.0.1", before))
        other.listen()
        async with simulator(tmp_path) as (room,):
            assert room.port != before
            assert (await touch(room, "/mute", {}))["room"] == "Birch"


@pytest.mark.parametrize("names", [(), ("a", "A"), ("../x",), ("",), ("a/b",)])
@pytest.mark.asyncio
async def test_rooms_that_cannot_be_are_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(BadInput):
        await serve(SimConfig(tmp_path, tuple(map(RoomConfig, names))), lambda _: None)
    with pytest.raises(BadInput):
        await serve(SimConfig(tmp_path, (RoomConfig("x", profile="1999"),)), lambda _: None)


@pytest.mark.asyncio
async def test_a_schedule_breaks_the_room_that_it_names(tmp_path: Path) -> None:
    started: asyncio.Future[list[RoomReady]] = asyncio.get_running_loop().create_future()
    rooms = (RoomConfig("Birch"), RoomConfig("Oslo"))
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = group.create_task(
            serve(SimConfig(tmp_path, rooms, faults="delay=1@0:Oslo; silent@0.1"), started.set_result)
        )
        birch, oslo = await started

        def broken(room: RoomReady) -> list[str]:
            return [line["kind"] for line in read_journal(room.journal) if line["what"] == "fault"]

        await until(lambda: broken(birch) and len(broken(oslo)) == 2)
        assert (broken(birch), broken(oslo)) == (["silent"], ["delay", "silent"])
        running.cancel()
