"""The world that other tests stand on."""

import pytest

from support.world import PROGRAMS, RunningWorld, in_world

pytestmark = in_world()


async def test_four_programs_run_as_four_processes(world: RunningWorld) -> None:
    assert len({world.pid(program) for program in PROGRAMS}) == len(PROGRAMS)
    assert all(world.alive(program) for program in PROGRAMS)


async def test_a_guest_asks_a_room_of_their_own(world: RunningWorld) -> None:
    async with world.room() as room, world.room() as other:
        assert room.name != other.name
        who = await world.guest(room.name)
        async with world.caller(who.token) as caller:
            status, answer = await caller.ask(room.name, {"get": "Status/Audio/Volume"})
            assert (status, answer["outcome"], answer["result"]) == (200, "done", 50)
            status, _ = await caller.ask(other.name, {"get": "Status/Audio/Volume"})
            assert status == 404


@pytest.mark.parametrize("program", ["hub", "connector"])
async def test_the_record_holds(world: RunningWorld, program: str) -> None:
    code, verdict = await world.verify(program)
    assert (code, verdict["ok"], verdict["problems"]) == (0, True, [])
