import pytest

from roomgate.hub.fleet.plan import State
from support.console import words
from support.plans import plans

pytestmark = pytest.mark.asyncio

DOCUMENT = (
    'name = "Autumn"\n[everything.settings]\n"Audio/DefaultVolume" = 50\n[everything.macros]\nhello = { code = "1;" }\n'
)


async def test_a_plan_is_pasted_looked_at_applied_and_looked_at_again(tmp_path):
    async with plans(tmp_path, "oslo", "rome", pages=True) as world:
        ada = await world.console.as_("ada")
        assert "No plans yet" in words(await ada.get("/fleet"))
        bad = await ada.post("/fleet", document="[evrything]")
        assert bad.status_code == 400
        assert "evrything (did you mean everything?)" in words(bad)
        assert "[evrything]" in bad.text  # what was pasted is not lost

        world.rooms.refuses["Command/Macros"] = "never"
        world.rooms.away.add("rome")
        await ada.post("/fleet", document=DOCUMENT, waves="all", most_failures="3", reason="autumn")
        [shown] = await world.fleet.newest(world.ada, 10)
        id = shown.plan.id
        await world.until(id, State.PLANNED)
        page = words(await ada.get(f"/fleet/{id}"))
        assert "Planned by ada" in page
        assert "1 offline 1 waiting" in page
        assert "Macro" not in page
        room = words(await ada.get(f"/fleet/{id}/rooms/oslo"))
        assert "Audio/DefaultVolume Setting 30 50" in room
        assert "refused, not asked for Command/Macros/Macro/Save is not done here." in room

        world.rooms.away.clear()
        await ada.post(f"/fleet/{id}/start")
        await world.until(id, State.DONE)
        page = words(await ada.get(f"/fleet/{id}"))
        assert "2 of 2 rooms are at their end" in page
        assert "2 done" in page
        assert "No room is in this state" in words(await ada.get(f"/fleet/{id}?only=failed"))
        # What cannot be done any more is said, and nothing else happens.
        for what in ("start", "resume", "halt", "cancel"):
            assert "This plan is done." in words(await ada.post(f"/fleet/{id}/{what}"))
        assert "Autumn" in words(await ada.get("/fleet"))


async def test_a_plan_is_halted_and_gone_on_with_by_its_page_and_seen_by_nobody_else(tmp_path):
    async with plans(tmp_path, "oslo", "rome", pages=True) as world:
        ada = await world.console.as_("ada")
        bob = await world.console.guest("bob", "oslo", "observe")
        shown = await world.plan(DOCUMENT, waves=(1, 0))
        id = shown.plan.id
        theirs, nobodys = [await bob.get(f"/fleet/{one}") for one in (id, "plan_x")]
        assert theirs.status_code == nobodys.status_code == 404
        world.rooms.fails |= {"oslo", "rome"}
        await world.apply(id)
        page = await ada.get(f"/fleet/{id}")
        assert "Halted" in words(page)
        assert "1 room failed." in words(page)
        world.rooms.fails.clear()
        await ada.post(f"/fleet/{id}/resume", again="on")
        done = await world.until(id, State.DONE)
        assert len(done.counts) == 1
        await ada.post("/fleet", document=DOCUMENT)
        [fresh] = [one for one in await world.fleet.newest(world.ada, 10) if one.plan.id != id]
        await world.until(fresh.plan.id, State.PLANNED)
        assert "The plan is over" in words(await ada.post(f"/fleet/{fresh.plan.id}/cancel"))
