import asyncio
import threading

import pytest

from roomgate.access.capability import Capability
from roomgate.hub.fleet import store
from roomgate.hub.fleet.plan import Mark, RoomState, State
from roomgate.link.messages import Outcome
from support.plans import plans

pytestmark = pytest.mark.asyncio

VOLUME = '[everything.settings]\n"Audio/DefaultVolume" = 50\n'
MANY = [f"r{n}" for n in range(14)]


async def told(world, id, room):
    return (await world.fleet.room(id, room, world.ada)).row


async def test_rooms_are_changed_in_waves_of_one_ten_and_all(tmp_path):
    async with plans(tmp_path, *MANY) as world:
        shown = await world.plan(VOLUME)
        assert world.rooms.sent == []
        assert shown.counts == {RoomState.WAITING: 14}
        done = await world.apply(shown.plan.id)
        rows = await world.fleet.rooms(shown.plan.id, world.ada, limit=100)
    assert done.plan.state is State.DONE
    assert done.counts == {RoomState.DONE: 14}
    assert sorted(one.row.wave for one in rows) == [1] + [2] * 10 + [3] * 3
    waves = {one.name: one.row.wave for one in rows}
    order = [waves[room] for room, _ in world.rooms.sent]
    assert order == sorted(order)
    assert set(world.rooms.volume.values()) == {50}


async def test_what_is_right_already_is_not_touched(tmp_path):
    async with plans(tmp_path, "oslo", "rome") as world:
        world.rooms.volume["oslo"] = 50
        shown = await world.plan(VOLUME)
        await world.apply(shown.plan.id)
        assert (await told(world, shown.plan.id, "oslo")).state is RoomState.UNCHANGED
    assert [room for room, _ in world.rooms.sent] == ["rome"]


async def test_a_failure_in_the_first_room_keeps_it_from_all_others(tmp_path):
    async with plans(tmp_path, *MANY) as world:
        shown = await world.plan(VOLUME)
        world.rooms.fails.add("r0")
        done = await world.apply(shown.plan.id)
        assert (done.plan.state, done.plan.words) == (State.HALTED, "1 room failed.")
        row = await told(world, shown.plan.id, "r0")
        assert row.words == "0 of 1 done. Audio/DefaultVolume: The device says no."
        assert len(world.rooms.sent) == 1
        # Somebody mends it, and has it gone on with, that room too.
        world.rooms.fails.clear()
        await world.fleet.resume(shown.plan.id, world.ada, again=True)
        done = await world.until(shown.plan.id, State.DONE)
    assert done.counts == {RoomState.DONE: 14}


async def test_a_share_of_failures_is_looked_at_after_each_wave(tmp_path):
    async with plans(tmp_path, *MANY) as world:
        world.rooms.fails |= set(MANY[1:7])
        shown = await world.plan(VOLUME, most_failures=100, most_share=0.5)
        done = await world.apply(shown.plan.id)
    assert (done.plan.state, done.plan.words) == (State.HALTED, "6 of 11 rooms failed.")
    assert done.counts == {RoomState.DONE: 5, RoomState.FAILED: 6, RoomState.WAITING: 3}


async def test_a_room_that_is_away_is_told_tried_again_and_changed_when_it_is_back(tmp_path):
    async with plans(tmp_path, "oslo", "rome") as world:
        world.rooms.away.add("rome")
        shown = await world.plan(VOLUME)
        assert shown.counts == {RoomState.WAITING: 1, RoomState.OFFLINE: 1}
        await world.fleet.start(shown.plan.id, world.ada)
        async with asyncio.timeout(10):
            while not (await told(world, shown.plan.id, "rome")).tries:
                await asyncio.sleep(0)
        world.rooms.away.clear()
        done = await world.until(shown.plan.id, State.DONE)
    assert done.counts == {RoomState.DONE: 2}
    assert world.waits[0] == 5.0


async def test_a_room_that_stays_away_is_given_up_and_counted_as_no_failure(tmp_path):
    async with plans(tmp_path, "oslo", "rome") as world:
        world.rooms.away.add("rome")
        shown = await world.plan(VOLUME, tries=3)
        done = await world.apply(shown.plan.id)
    assert done.plan.state is State.DONE
    assert done.counts == {RoomState.DONE: 1, RoomState.OFFLINE: 1}
    assert sum(world.waits) == pytest.approx(30 + 60)


@pytest.mark.parametrize(("what", "sent"), [("loses", 1), ("drops", 2)])
async def test_what_became_of_a_lost_answer_is_read_from_the_device(tmp_path, what, sent):
    """Done and not told: not sent again. Not done: sent once more, since the reading says so."""
    async with plans(tmp_path, "oslo") as world:
        shown = await world.plan(VOLUME)
        getattr(world.rooms, what).add("oslo")
        done = await world.apply(shown.plan.id)
    assert done.counts == {RoomState.DONE: 1}
    assert len(world.rooms.sent) == sent
    assert world.rooms.volume == {"oslo": 50}


async def test_a_lost_answer_that_no_reading_tells_of_is_never_sent_twice(tmp_path):
    text = '[everything.settings]\n"SIP/Authentication/Password" = "abc"\n'
    async with plans(tmp_path, "oslo") as world:
        shown = await world.plan(text, tries=2)
        world.rooms.loses.add("oslo")
        done = await world.apply(shown.plan.id)
        row = await told(world, shown.plan.id, "oslo")
    assert (done.plan.state, row.state, row.marks) == (State.HALTED, RoomState.FAILED, (Mark.UNKNOWN,))
    assert len(world.rooms.sent) == 1


async def test_what_the_site_refuses_is_said_before_and_never_asked(tmp_path):
    text = VOLUME + '[everything.macros]\nhello = { code = "1;", active = true }\n'
    async with plans(tmp_path, "oslo") as world:
        world.rooms.refuses["Command/Macros/Macro/Save"] = "never"
        shown = await world.plan(text)
        row = await told(world, shown.plan.id, "oslo")
        assert [(one.what, one.verdict, one.rule) for one in row.steps] == [
            ("Audio/DefaultVolume", "allowed", ""),
            ("hello", "refused", "never"),
            ("hello active", "allowed", ""),
        ]
        await world.apply(shown.plan.id)
        row = await told(world, shown.plan.id, "oslo")
    assert row.marks == (Mark.DONE, Mark.LEFT, Mark.REFUSED)
    assert row.words.endswith("hello active: Its text was not saved.")
    assert [call for _, call in world.rooms.sent] == ["Configuration/Audio/DefaultVolume Value=50"]


async def test_a_strict_plan_leaves_such_a_room_out_whole(tmp_path):
    text = VOLUME + '[everything.macros]\nhello = { code = "1;" }\n'
    async with plans(tmp_path, "oslo") as world:
        world.rooms.refuses["Command/Macros/Macro/Save"] = "never"
        shown = await world.plan(text, strict=True)
        assert shown.counts == {RoomState.SKIPPED: 1}
        await world.apply(shown.plan.id)
    assert world.rooms.sent == []


async def test_what_a_grant_does_not_give_is_said_before(tmp_path):
    async with plans(tmp_path, "oslo", capabilities=("observe", "av-control")) as world:
        shown = await world.plan(VOLUME)
        row = await told(world, shown.plan.id, "oslo")
    assert (row.state, row.steps[0].rule) == (RoomState.SKIPPED, "capability")


async def test_it_halts_when_the_access_of_its_person_ends(tmp_path):
    """The token ends while the first room is being changed: that one is told, and no other is asked."""
    async with plans(tmp_path, *MANY) as world:
        hub = world.console.hub
        signed, _ = await hub.token("ada")
        shown = await world.plan(VOLUME, by=signed)
        world.rooms.held.clear()
        await world.fleet.start(shown.plan.id, signed)
        await hub.parts.identity.end_token(signed.principal.credential, world.ada)
        world.rooms.held.set()
        done = await world.until(shown.plan.id, State.HALTED)
        entry = (await hub.events())[-1]
    assert done.plan.words
    assert done.plan.words in ("This account or credential is no longer valid.", entry.why)
    assert len(world.rooms.sent) <= 1


async def test_a_grant_that_ends_halts_the_plan(tmp_path):
    async with plans(tmp_path, *MANY) as world:
        shown = await world.plan(VOLUME)
        grants = world.console.hub.parts.grants
        grant = next(one.grant.id for one in await grants.of_person(world.ada.person.id))
        await grants.narrow(grant, world.ada, capabilities=frozenset({Capability.OBSERVE}))
        done = await world.apply(shown.plan.id)
    assert done.plan.state is State.HALTED
    assert done.plan.words.startswith("Configuration/Audio/DefaultVolume needs av-control, configure; ")
    assert world.rooms.sent == []


async def test_the_next_hub_goes_on_where_the_last_was_killed(tmp_path):
    """Killed while a step is under way at the first device: what became of it is read, the rest is done once."""
    async with plans(tmp_path, *MANY) as world:
        shown = await world.plan(VOLUME)
        world.rooms.held.clear()
        await world.fleet.start(shown.plan.id, world.ada)
        async with asyncio.timeout(10):
            await world.rooms.asked.wait()
        assert (await told(world, shown.plan.id, "r0")).state is RoomState.DOING
        world.rooms.volume["r0"] = 50  # it was done, and nobody was told
        world.rooms.held.set()
        await world.begin(world.fleet.engine._wait)
        done = await world.until(shown.plan.id, State.DONE)
    assert done.counts == {RoomState.DONE: 14}
    assert sorted(room for room, _ in world.rooms.sent if room != "r0") == sorted(MANY[1:])


async def test_what_failed_before_the_hub_was_killed_still_halts_the_plan(tmp_path):
    """Killed after a room's failure was written down, and before the plan was halted for it."""
    async with plans(tmp_path, *MANY) as world:
        shown = await world.plan(VOLUME)
        world.rooms.fails.add("r0")
        await world.apply(shown.plan.id)

        def unit(conn):
            store.change(conn, shown.plan.id, (State.HALTED,), state=State.RUNNING.value, words="")

        await world.console.hub.parts.db.write(unit)
        await world.begin(world.fleet.engine._wait)
        done = await world.until(shown.plan.id, State.HALTED)
        assert (done.plan.words, len(world.rooms.sent)) == ("1 room failed.", 1)
        # Somebody goes on in spite of it: then it counts no more.
        world.console.hub.clock.advance(1)
        await world.fleet.resume(shown.plan.id, world.ada)
        done = await world.until(shown.plan.id, State.DONE, State.HALTED)
    assert done.counts == {RoomState.DONE: 13, RoomState.FAILED: 1}


async def test_what_somebody_changed_since_the_plan_looked_is_not_overwritten_unseen(tmp_path):
    async with plans(tmp_path, "oslo", "rome") as world:
        shown = await world.plan(VOLUME)
        world.rooms.volume.update(oslo=50, rome=40)
        world.console.hub.clock.advance(700)
        done = await world.apply(shown.plan.id)
        assert done.counts == {RoomState.DONE: 1, RoomState.FAILED: 1}
        assert (await told(world, shown.plan.id, "rome")).words.startswith("Audio/DefaultVolume was changed since")
        assert world.rooms.sent == []
        await world.fleet.resume(shown.plan.id, world.ada, again=True)
        await world.until(shown.plan.id, State.DONE)
    assert world.rooms.volume == {"oslo": 50, "rome": 50}


async def test_what_was_changed_while_a_room_was_away_is_not_overwritten_unseen_either(tmp_path):
    async with plans(tmp_path, "oslo") as world:
        shown = await world.plan(VOLUME, tries=100)
        world.rooms.away.add("oslo")
        await world.fleet.start(shown.plan.id, world.ada)
        async with asyncio.timeout(10):
            while not (await told(world, shown.plan.id, "oslo")).tries:
                await asyncio.sleep(0)
        world.rooms.volume["oslo"] = 40
        world.rooms.away.clear()
        done = await world.until(shown.plan.id, State.HALTED, State.DONE)
        row = await told(world, shown.plan.id, "oslo")
    assert (done.counts, world.rooms.sent) == ({RoomState.FAILED: 1}, [])
    assert row.words.startswith("Audio/DefaultVolume was changed since")


async def test_a_halt_lets_what_is_under_way_end_and_asks_for_nothing_more(tmp_path):
    async with plans(tmp_path, *MANY) as world:
        shown = await world.plan(VOLUME)
        world.rooms.held.clear()
        await world.fleet.start(shown.plan.id, world.ada)
        async with asyncio.timeout(10):
            await world.rooms.asked.wait()
        assert (await told(world, shown.plan.id, "r0")).state is RoomState.DOING
        over = world.fleet.engine.over(shown.plan.id)
        await world.fleet.halt(shown.plan.id, world.ada, "Lunch.")
        world.rooms.held.set()
        async with asyncio.timeout(10):
            await over.wait()
        halted = await world.fleet.get(shown.plan.id, world.ada)
        assert (halted.plan.state, halted.plan.words) == (State.HALTED, "Lunch.")
        assert len(world.rooms.sent) == 1
        await world.fleet.resume(shown.plan.id, world.ada)
        done = await world.until(shown.plan.id, State.DONE)
        kinds = await world.console.hub.kinds()
    assert done.counts == {RoomState.DONE: 14}
    assert len(world.rooms.sent) == 14
    assert [one for one in kinds if one.startswith("plan.")] == [
        "plan.made", "plan.started", "plan.halted", "plan.started", "plan.ended",
    ]  # fmt: skip


async def test_a_step_that_waits_for_the_disk_while_its_plan_is_stopped_is_neither_permitted_nor_marked(tmp_path):
    async with plans(tmp_path, "oslo") as world:
        slow, asked = threading.Event(), asyncio.Event()
        relay = world.fleet.looks.relay

        class Told:
            async def ask(self, *what, **how):
                asked.set()
                return await relay.ask(*what, **how)

        shown = await world.plan(VOLUME)
        world.fleet.looks.relay = Told()
        over = world.fleet.engine.over(shown.plan.id)
        await world.fleet.start(shown.plan.id, world.ada)
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            group.create_task(world.console.hub.parts.db.write(lambda conn: slow.wait(10)))
            await asked.wait()
            world.fleet.engine.stop(shown.plan.id, "Lunch.")
            slow.set()
            await over.wait()
        row = await told(world, shown.plan.id, "oslo")
        kinds = await world.console.hub.kinds()
    assert (row.state, row.marks, world.rooms.sent) == (RoomState.DOING, (Mark.TO_DO,), [])
    assert kinds.count("permit") == 2  # to read, and to ask the site beforehand


async def test_the_sites_rate_is_waited_for(tmp_path):
    async with plans(tmp_path, "oslo") as world:
        answers = iter(["cap", "cap", ""])
        change = world.rooms.change

        def capped(order, room, text):
            if rule := next(answers):
                return Outcome(order.id, "refused", rule=rule, words="Too many.")
            return change(order, room, text)

        world.rooms.change = capped
        shown = await world.plan(VOLUME)
        done = await world.apply(shown.plan.id)
    assert done.counts == {RoomState.DONE: 1}
    assert sum(world.waits) == pytest.approx(30)


async def test_outside_its_night_it_waits(tmp_path):
    async with plans(tmp_path, "oslo") as world:
        now = world.console.hub.clock.now()
        shown = await world.plan(VOLUME, night=f"{now.hour:02}:10-{now.hour + 1:02}:00")
        done = await world.apply(shown.plan.id)
        later = world.console.hub.clock.now()
    assert done.counts == {RoomState.DONE: 1}
    assert (later.hour, later.minute) == (now.hour, 10)
    assert world.waits == pytest.approx([60] * 10, abs=1)  # it begins ten minutes from now


async def test_a_night_that_is_far_is_waited_for_a_minute_at_a_time(tmp_path):
    async with plans(tmp_path, "oslo") as world:
        hub = world.console.hub
        signed, _ = await hub.token("ada", minutes=300)  # a sign-in that nobody uses would end before
        now = hub.clock.now()
        shown = await world.plan(VOLUME, by=signed, night=f"{now.hour + 2:02}:30-{now.hour + 3:02}:00")
        await world.fleet.start(shown.plan.id, signed)
        done = await world.until(shown.plan.id, State.DONE, State.HALTED)
    assert done.counts == {RoomState.DONE: 1}
    assert set(world.waits[:-1]) == {60.0}
    assert sum(world.waits) == pytest.approx(2.5 * 3600, abs=1)


async def test_who_loses_their_access_before_the_night_changes_nothing_in_it(tmp_path):
    async with plans(tmp_path, "oslo") as world:
        hub, grants = world.console.hub, world.console.hub.parts.grants
        now = hub.clock.now()
        shown = await world.plan(VOLUME, night=f"{now.hour:02}:10-{now.hour + 1:02}:00")

        async def wait(seconds, news):
            for grant in await grants.of_person(hub.admin.person.id):
                await grants.end(grant.id, hub.admin)
            hub.clock.advance(seconds)

        await world.begin(wait)
        done = await world.apply(shown.plan.id)
    assert world.rooms.sent == []
    assert done.plan.state is State.HALTED


async def test_an_upgrade_waits_until_each_room_is_back_with_the_new_software(tmp_path):
    text = '[upgrade]\nurl = "https://files.example.com/ce12.1.pkg"\nversion = "ce12.1"\n'
    async with plans(tmp_path, "oslo", "rome") as world:
        world.rooms.software["rome"] = "ce12.1"
        looks = iter(range(100))
        read = world.rooms.read

        def after_three(room, path):
            if path.startswith("Status/SystemUnit") and room == "oslo" and world.rooms.sent and next(looks) >= 2:
                return "ce12.1"
            return read(room, path)

        world.rooms.read = after_three
        shown = await world.plan(text)
        assert shown.counts == {RoomState.WAITING: 1, RoomState.UNCHANGED: 1}
        done = await world.apply(shown.plan.id)
    assert done.counts == {RoomState.DONE: 1, RoomState.UNCHANGED: 1}
    assert [room for room, _ in world.rooms.sent] == ["oslo"]
    assert len(world.waits) == 3


async def test_what_a_room_complained_of_before_its_upgrade_is_known_after_the_hub_was_killed(tmp_path):
    text = '[upgrade]\nurl = "https://files.example.com/ce12.1.pkg"\nversion = "ce12.1"\n'
    async with plans(tmp_path, "oslo", "rome") as world:
        world.rooms.troubles["oslo"] = ["TouchPanelConnection"]
        shown = await world.plan(text)
        world.rooms.held.clear()
        await world.fleet.start(shown.plan.id, world.ada)
        async with asyncio.timeout(10):
            await world.rooms.asked.wait()
        world.rooms.software.update(oslo="ce12.1.0", rome="ce12.1.0")
        world.rooms.troubles["rome"] = ["NetworkQuality"]
        world.rooms.held.set()
        await world.begin(world.fleet.engine._wait)
        done = await world.until(shown.plan.id, State.DONE, State.HALTED)
        oslo = await told(world, shown.plan.id, "oslo")
    assert (done.plan.state, oslo.state, oslo.marks) == (State.DONE, RoomState.DONE, (Mark.DONE,))


async def test_a_room_that_is_back_and_complains_of_something_new_halts_the_others(tmp_path):
    text = '[upgrade]\nurl = "https://files.example.com/ce12.1.pkg"\n'
    async with plans(tmp_path, "oslo", "rome") as world:
        change = world.rooms.change

        def upgraded(order, room, text):
            world.rooms.software[room], world.rooms.troubles[room] = "ce12.1", ["NetworkQuality"]
            return change(order, room, text)

        world.rooms.change = upgraded
        shown = await world.plan(text)
        done = await world.apply(shown.plan.id)
        row = await told(world, shown.plan.id, "oslo")
    assert done.plan.state is State.HALTED
    assert row.words.endswith("It is back, and complains: NetworkQuality.")
    assert len(world.rooms.sent) == 1


async def test_an_upgrade_that_does_not_come_back_in_time_halts_the_others(tmp_path):
    text = '[upgrade]\nurl = "https://files.example.com/ce12.1.pkg"\nversion = "ce12.1"\nminutes = 2\n'
    async with plans(tmp_path, "oslo", "rome") as world:
        shown = await world.plan(text)
        done = await world.apply(shown.plan.id)
        row = await told(world, shown.plan.id, "oslo")
    assert done.plan.state is State.HALTED
    assert row.words.endswith("It was not back with the new software within 2 minutes.")
    assert [room for room, _ in world.rooms.sent] == ["oslo"]


async def test_two_plans_do_not_change_the_same_room_at_the_same_time(tmp_path):
    async with plans(tmp_path, "oslo", "rome") as world:
        first, second = await world.plan(VOLUME), await world.plan(VOLUME.replace("50", "60"))
        world.rooms.held.clear()
        await world.fleet.start(first.plan.id, world.ada)
        with pytest.raises(Exception, match="Another plan that runs is about to change 2 of these rooms"):
            await world.fleet.start(second.plan.id, world.ada)
        world.rooms.held.set()
        await world.until(first.plan.id, State.DONE)
        await world.apply(second.plan.id)
    assert set(world.rooms.volume.values()) == {60}
