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
        assert "Nothing has drifted" not in words(await ada.post(f"/fleet/{id}/drift"))  # the macro was refused
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


async def test_files_are_chosen_with_a_document_and_what_has_drifted_is_told_with_by_whom(tmp_path):
    async with plans(tmp_path, "oslo", "rome", pages=True) as world:
        ada = await world.console.as_("ada")
        text = '[everything.settings]\n"Audio/DefaultVolume" = 50\n[everything.macros]\nhello = { file = "hello.js" }\n'
        missing = await ada.send("/fleet", {"document": text}, [])
        assert missing.status_code == 400
        assert "hello.js: the document names this file. Choose it too." in words(missing)
        assert "hello.js" in missing.text.partition("<textarea")[2].partition("</textarea")[0]  # it is not lost

        files = [("autumn.toml", text.encode()), ("hello.js", b"1;" * 200_000)]  # more than other forms may be
        await ada.send("/fleet", {"document": "", "waves": "all"}, files)
        [shown] = await world.fleet.newest(world.ada, 10)
        await world.until(shown.plan.id, State.PLANNED)
        assert "hello Macro not there 400000 characters" in words(await ada.get(f"/fleet/{shown.plan.id}/rooms/oslo"))
        assert "What has drifted" not in words(await ada.get(f"/fleet/{shown.plan.id}"))
        await world.apply(shown.plan.id)
        world.rooms.macros["hello"] = {"Content": "1;" * 200_000, "Active": "True"}
        page = words(await ada.post(f"/fleet/{shown.plan.id}/drift"))
        assert "Nothing has drifted" in page

        world.rooms.volume["oslo"] = 20
        world.rooms.away.add("rome")
        page = words(await ada.post(f"/fleet/{shown.plan.id}/drift"))
        assert "2 things are not as they should be" in page
        assert "oslo Audio/DefaultVolume Setting 20 50 at the device, or by another tool" in page
        assert "rome not read Room" in page
        world.rooms.away.clear()
        await ada.post(f"/fleet/{shown.plan.id}/again")
        [fresh] = [one.plan for one in await world.fleet.newest(world.ada, 9) if one.plan.id != shown.plan.id]
        assert (fresh.digest, fresh.options) == (shown.plan.digest, shown.plan.options)
        await world.until(fresh.id, State.PLANNED)
        assert "1 waiting 1 as it should be" in words(await ada.get(f"/fleet/{fresh.id}"))
        # The same of a document, without a plan.
        page = await ada.send("/fleet/drift", {"document": DOCUMENT.partition("[everything.macros]")[0]}, [])
        assert "1 thing is not as it should be" in words(page)
        assert "oslo Audio/DefaultVolume Setting 20 50 ada" in words(page)  # whose plan set it last
        assert (await ada.send("/fleet/drift", {"document": "[evrything]"}, [])).status_code == 400
