import asyncio

import pytest

from roomgate.hub.channels import Kind
from roomgate.hub.relay.asked import Wish
from roomgate.hub.revocation import Cause, SubjectKind
from roomgate.link.messages import EffectEnded, Entries, RoomInfo, RoomState, State
from roomgate.xapi.call import Verb
from support.relay_rig import ADA, OSLO, FakeLink, rig
from support.waiting import until

DIAL = Wish(Verb.COMMAND, "Dial", {"Number": "1@example.com"})


async def dial(hub, group, count=1):
    asking = group.create_task(hub.relay.ask(ADA, "oslo", DIAL, wait_s=5))
    order = await hub.link.order(count)
    await hub.answer(order, result={"CallId": 12})
    await asking
    return order


@pytest.mark.asyncio
async def test_a_heartbeat_is_answered_with_what_lives(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call")
        order = await dial(hub, group)
        for _ in range(10):
            hub.clock.advance(10)
            await hub.beat(hub.effect(order))
            assert hub.link.leases.live(order.session, hub.clock.monotonic())
        await hub.say(EffectEnded(hub.effect(order).effect, "ended"))
        hub.clock.advance(10)
        await hub.beat()
        assert hub.link.renewals[-1].sessions == []
        assert not hub.link.refused


@pytest.mark.asyncio
async def test_what_outlives_its_grant_by_the_wall_clock_is_not_renewed(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call", minutes=1)
        order = await dial(hub, group)
        hub.clock.advance(61)
        await hub.beat(hub.effect(order))
        assert hub.link.renewals[-1].sessions == []


@pytest.mark.asyncio
async def test_a_room_that_the_connector_cut_falls_here_too_and_the_record_says_so(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "call")
        session = await hub.relay.open_session(ADA, "oslo", Kind.XAPI)
        causes = []

        async def close(why):
            causes.append(why.cause)

        with hub.parts.channels.open(Kind.XAPI, session, close):
            info = RoomInfo("device_oslo", "oslo", "quarantined", "The password was changed.")
            await hub.say(RoomState(info, cut=True, reason="device.credential-changed"))
        assert causes == ["device.credential-changed"]
        entry = (await hub.entries("revocation"))[0]
        assert (entry.cause, entry.subject) == ("device.credential-changed", f"room {OSLO.id}")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("policy.changed", "session.ended"),
        ("site.cut-all", "session.ended"),
        ("device.unproven", "device.credential-changed"),
        ("no.such-word", "session.ended"),
    ],
)
async def test_whatever_the_reason_a_cut_room_is_cut_outright(tmp_path, reason, cause):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "call")
        session = await hub.relay.open_session(ADA, "oslo", Kind.XAPI)
        await hub.say(RoomState(RoomInfo("device_oslo", "oslo", "locked"), cut=True, reason=reason))
        assert session.ended is not None
        assert session.ended.cause == cause


@pytest.mark.asyncio
async def test_a_room_that_only_went_away_cuts_nothing(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "call")
        session = await hub.relay.open_session(ADA, "oslo", Kind.XAPI)
        await hub.say(RoomState(RoomInfo("device_oslo", "oslo", "offline")))
        assert session.ended is None
        await until(lambda: getattr(hub.told.states[-1], "state", "") == "offline")


@pytest.mark.asyncio
async def test_state_and_ledger_entries_go_where_they_belong(tmp_path):
    async with rig(tmp_path) as hub:
        await hub.say(State("device_oslo", {"Status": {}}, True))
        await hub.say(State("device_strange", {"Status": {}}, True))
        assert hub.told.states[-1] == (OSLO.id, {"Status": {}}, True)
        await hub.say(Entries(5, [b"a", b"b"], "note"))
        await hub.say(Entries(7, [b"c"], "forked"))
        assert hub.link.kept == [7]


@pytest.mark.asyncio
async def test_after_a_restart_effects_whose_grant_lives_go_on(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call")
        order = await dial(hub, group)
        async with rig(tmp_path, keep=hub.db, given=hub.given) as again:
            await again.beat(hub.effect(order))
            await until(lambda: again.parts.book.find(order.session))
            await again.beat(hub.effect(order))
            assert again.link.renewals[-1].sessions == [order.session]
            assert again.link.cuts == []
            restored = again.parts.book.find(order.session)
            assert (restored.principal, restored.room) == (ADA, OSLO)


@pytest.mark.asyncio
@pytest.mark.parametrize("why", ["grant gone", "revoked and granted anew", "capability gone", "unknown session"])
async def test_after_a_restart_effects_without_cover_are_cut(tmp_path, why):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call")
        order = await dial(hub, group)
        effect = hub.effect(order)
        async with rig(tmp_path, keep=hub.db, given=hub.given) as again:
            match why:
                case "grant gone":
                    hub.given.take("grant_1")
                case "capability gone":
                    hub.given.narrow("grant_1", "observe")
                case "revoked and granted anew":
                    # A lock that came and went while nobody was told: what was issued before it stays dead.
                    await again.revoke(Cause.LOCK, SubjectKind.PERSON, ADA.id)
                case "unknown session":
                    effect = type(effect)("effect_9", "session_strange", ADA.id, "grant_1", "oslo", "call 12")
            await again.beat(effect)
            await until(lambda: again.link.cuts)
            assert again.link.cuts[0].sessions == [effect.session]
            await again.beat(effect)
            assert again.link.renewals[-1].sessions == []


@pytest.mark.asyncio
async def test_a_link_that_was_replaced_says_nothing_more(tmp_path):
    async with rig(tmp_path) as hub:
        old = hub.link
        await hub.connect(FakeLink(hub.clock))
        hub.link, new = old, hub.link
        await hub.beat()
        assert len(old.renewals) == 1
        assert new.renewals == []
        await hub.parts.events.gone(old)
        assert hub.parts.links.find(new.connector) is not None


@pytest.mark.asyncio
async def test_watches_are_subscribed_again_over_the_next_link(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "observe")
        session = await hub.relay.open_session(ADA, "oslo", Kind.XAPI)

        async def close(why):
            return None

        with hub.parts.channels.open(Kind.XAPI, session, close) as channel:
            watching = group.create_task(hub.relay.watch(channel, "Status/Audio/Volume"))
            first = await hub.link.order()
            await hub.answer(first)
            watch = await watching
            await hub.feed(first, "status", {"Status": {"Audio": {"Volume": 1}}})
            await hub.parts.events.gone(hub.link)
            await hub.connect()
            await hub.beat()
            again = await hub.link.order()
            assert again.id != first.id
            assert not hub.link.refused
            await hub.answer(again)
            await hub.feed(first, "status", {"Status": {"Audio": {"Volume": 2}}})  # of the old order: for nobody
            await hub.feed(again, "status", {"Status": {"Audio": {"Volume": 3}}})
            seen = [await anext(watch) for _ in range(3)]
            assert [(one.kind, one.present) for one in seen] == [("status", True), ("gap", False), ("status", True)]
            assert seen[2].document == {"Status": {"Audio": {"Volume": 3}}}
            watch.close()


@pytest.mark.asyncio
async def test_a_link_that_was_away_longer_than_a_lease_begins_with_new_sessions(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call")
        order = await dial(hub, group)
        await hub.parts.events.gone(hub.link)
        hub.clock.advance(16)
        hub.link.leases.lapsed(hub.clock.monotonic())
        await hub.connect()
        await hub.beat()
        again = await dial(hub, group)
        assert again.session != order.session
        assert not hub.link.refused


@pytest.mark.asyncio
async def test_a_session_that_the_connector_let_go_is_not_used_again(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call")
        asking = group.create_task(hub.relay.ask(ADA, "oslo", DIAL, wait_s=5))
        order = await hub.link.order()
        await hub.answer(order, "refused", rule="session.lease", words="late")
        assert (await asking).outcome == "refused"
        again = await dial(hub, group, 2)
        assert again.session != order.session


@pytest.mark.asyncio
async def test_what_was_told_of_a_room_before_it_was_cut_is_known_before(tmp_path):
    async with rig(tmp_path) as hub:
        for state in ("offline", "fine", "offline"):
            await hub.say(RoomState(RoomInfo("device_oslo", "oslo", state)))
        await hub.say(
            RoomState(RoomInfo("device_oslo", "oslo", "quarantined"), cut=True, reason="device.credential-changed")
        )
        told = [one.state for one in hub.told.states if hasattr(one, "state")]
        assert told == ["offline", "fine", "offline", "quarantined"]
