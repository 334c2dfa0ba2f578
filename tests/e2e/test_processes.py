"""Four programs, four processes: what each listens on and talks to, and that each can be killed alone."""

import asyncio
import json
from datetime import timedelta

import httpx
import pytest

from roomgate.cli.demo import invitations
from roomgate.cli.demo.inside import Inside
from roomgate.cli.demo.people import Caller
from roomgate.clock import SystemClock
from support.sockets import tcp_sockets
from support.waiting import until
from support.world import PROGRAMS, RunningWorld, in_world

pytestmark = in_world()


async def test_four_programs_run_as_four_processes(world: RunningWorld) -> None:
    assert len({world.pid(program) for program in PROGRAMS}) == len(PROGRAMS)
    assert all(world.alive(program) for program in PROGRAMS)
    assert len({world.data(program) for program in PROGRAMS if world.data(program).is_dir()}) == len(PROGRAMS)


async def test_a_guest_asks_the_room_of_their_grant_and_no_other(world: RunningWorld) -> None:
    async with world.room() as room, world.room() as other:
        who = await world.guest(room.name)
        async with world.caller(who.token) as caller:
            status, answer = await caller.ask(room.name, {"get": "Status/Audio/Volume"})
            assert (status, answer["outcome"], answer["result"]) == (200, "done", 50)
            assert (await caller.ask(other.name, {"get": "Status/Audio/Volume"}))[0] == 404


async def test_the_connector_listens_on_no_network_and_dials_the_hub(world: RunningWorld) -> None:
    held = tcp_sockets(world.pid("connector"))
    assert [one for one in held if one.state == "listening"] == []
    assert [one for one in held if one.peer_port == world.world.port and one.state == "established"]
    devices = {world.world.inside[name].port for name in set(world.rooms) - world.spent}
    assert devices <= {one.peer_port for one in held}


async def test_the_hub_has_no_socket_to_a_device(world: RunningWorld) -> None:
    async with world.room() as room:
        who = await world.guest(room.name)
        async with world.caller(who.token) as caller:
            await caller.ask(room.name, {"get": "Status/Audio/Volume"})
            held = tcp_sockets(world.pid("hub"))
    assert [one.port for one in held if one.state == "listening"] == [world.world.port]
    devices = {inside.port for inside in world.world.inside.values()}
    assert [one for one in held if one.peer_port in devices] == []
    # What it dials itself is the witness and nothing else.
    witness = httpx.URL(world.world.witness["witness"]).port
    assert {one.peer_port for one in held if one.port != world.world.port and one.state == "established"} <= {witness}


def others_live(world: RunningWorld, killed: str) -> None:
    assert not world.alive(killed)
    assert [program for program in PROGRAMS if not world.alive(program)] == [killed]


async def book(world: RunningWorld, room: Inside) -> None:
    """An invitation in the room's calendar, and the room's panel shows it with a join button."""
    folder = world.folder / "calendar" / room.name
    (folder / ".new").write_text(invitations.sip(SystemClock().now() + timedelta(minutes=2)), "utf-8", newline="")
    (folder / ".new").rename(folder / "sip.ics")
    await room.shows(lambda state: [one for one in state["bookings"] if one["joinable"]])


async def unbook(world: RunningWorld, room: Inside) -> None:
    (world.folder / "calendar" / room.name / "sip.ics").unlink()
    await room.shows(lambda state: not state["bookings"])


async def test_the_hub_killed_keeps_what_it_accepted(world: RunningWorld) -> None:
    async with world.room() as room:
        who = await world.guest(room.name, ["observe", "configure", "av-control"])
        async with world.caller(who.token) as caller:
            wish = {"set": "Configuration/Audio/DefaultVolume", "value": 41}
            assert (await caller.ask(room.name, wish))[1]["outcome"] == "done"
            late = await world.grant(who.id, room.name, ["observe"])
            async with world.killed("hub"):  # nothing lies between this and the answer that said "made"
                others_live(world, "hub")
                assert (await room.state())["room"] == room.name
            await world.answers(caller, room.name)
            kept = await world.admin.call("GET", f"/api/v1/grants?person={who.id}")
            assert {one["id"] for one in kept["items"]} == {who.grant, late["id"]}
            _, answer = await caller.ask(room.name, {"get": "Configuration/Audio/DefaultVolume"})
            assert answer["result"] == 41
        code, verdict = await world.verify("hub")
        assert (code, verdict["problems"]) == (0, [])


async def test_a_revocation_survives_a_kill_of_the_hub(world: RunningWorld) -> None:
    async with world.room() as room:
        who = await world.guest(room.name)
        other = await world.guest(room.name)
        async with world.caller(who.token) as caller, world.caller(other.token) as control:
            await world.answers(caller, room.name)
            await world.admin.call("DELETE", f"/api/v1/grants/{who.grant}")
            async with world.killed("hub"):
                others_live(world, "hub")
            await world.answers(control, room.name)
            assert (await caller.ask(room.name, {"get": "Status/Audio/Volume"}))[0] == 404


async def test_the_connector_killed_comes_back_with_its_bookings_and_its_record(world: RunningWorld) -> None:
    async with world.room() as room:
        who = await world.guest(room.name)
        async with world.caller(who.token) as caller:
            await world.answers(caller, room.name)
            await book(world, room)
            async with world.killed("connector"):
                others_live(world, "connector")
                status, answer = await caller.ask(room.name, {"get": "Status/Audio/Volume"})
                assert (status, answer["code"]) == (503, "unreachable")
            await world.answers(caller, room.name)
            bookings = (await room.state())["bookings"]
            assert [one["title"] for one in bookings] == ["Weekly stand-up"]
            await unbook(world, room)  # it still knows this booking as its own
        code, verdict = await world.verify("connector")
        assert (code, verdict["problems"]) == (0, [])


async def test_a_command_in_flight_when_the_hub_is_killed_is_done_once_at_most(world: RunningWorld) -> None:
    async with world.room() as room:
        who = await world.guest(room.name)
        dialled = room.count("call.dialled")
        async with world.caller(who.token) as caller, asyncio.TaskGroup() as group:
            asking = group.create_task(dial_into_the_void(caller, room))
            question = await room.question()
            async with world.killed("hub"):
                assert await asking == "cut off"
            # Whoever touches Yes now answers a question of a hub that is gone. The connector may know that or not;
            # what must never be is two calls.
            await room.touch("answer", feedback=question["feedback"], option=1)
            await world.answers(caller, room.name)
            assert room.count("call.dialled") - dialled <= 1


async def dial_into_the_void(caller: Caller, room: Inside) -> str:
    try:
        await caller.ask(room.name, {"command": "Dial", "arguments": {"Number": "friend@example.com"}}, wait_s=20)
    except httpx.TransportError:
        return "cut off"
    return "answered"


async def test_the_simulator_killed_is_offline_and_then_as_it_was(world: RunningWorld) -> None:
    async with world.room() as room:
        who = await world.guest(room.name, ["observe", "call", "configure", "av-control"])
        async with world.caller(who.token) as caller:
            wish = {"set": "Configuration/Audio/DefaultVolume", "value": 33}
            assert (await caller.ask(room.name, wish))[1]["outcome"] == "done"
            await book(world, room)
            async with world.killed("sim"):
                others_live(world, "sim")
                status, answer = await caller.ask(room.name, {"get": "Status/Audio/Volume"})
                assert (status, answer["code"]) == (503, "unreachable")
            await world.answers(caller, room.name)
            _, answer = await caller.ask(room.name, {"get": "Configuration/Audio/DefaultVolume"})
            assert answer["result"] == 33
            await room.shows(lambda state: [one["title"] for one in state["bookings"]] == ["Weekly stand-up"])
            await unbook(world, room)
        await world.fine()


def times_missed(world: RunningWorld) -> int:
    """How often the hub has said that it does not reach the witness."""
    lines = world.log("hub").read_text().splitlines()
    return sum('"service.down"' in line and '"hub.witness"' in line for line in lines)


async def test_the_witness_killed_stops_nobody_and_catches_up(world: RunningWorld) -> None:
    async with world.room() as room:
        who = await world.guest(room.name)
        async with world.caller(who.token) as caller:
            missed = times_missed(world)
            async with world.killed("witness"):
                await until(lambda: times_missed(world) > missed)  # the hub has tried, and found nobody
                others_live(world, "witness")
                status, answer = await caller.ask(room.name, {"get": "Status/Audio/Volume"})
                assert (status, answer["outcome"]) == (200, "done")
                sizes = {program: (await world.verify(program))[1]["size"] for program in ("hub", "connector")}
            seen: dict[str, int] = {}
            async with asyncio.timeout(40):
                while any(seen.get(program, 0) < size for program, size in sizes.items()):
                    seen = {program: (await world.verify(program))[1]["witnessed_size"] for program in sizes}


@pytest.mark.parametrize("program", ["hub", "connector", "witness", "sim"])
async def test_a_log_says_nothing_of_a_fault(world: RunningWorld, program: str) -> None:
    lines = world.log(program).read_text().splitlines()
    told = [json.loads(line) for line in lines if line.startswith("{")]
    assert [line for line in lines if line.startswith("Traceback") or "Traceback (most" in line] == []
    assert [line for line in told if line.get("level") in ("error", "critical")] == []


async def test_everything_works_after_all_of_that(world: RunningWorld) -> None:
    await world.fine()
    await until(lambda: all(map(world.alive, PROGRAMS)))
