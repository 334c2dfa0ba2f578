import asyncio
from contextlib import ExitStack

import pytest

from roomgate.access.decision import Denied
from roomgate.access.grant import Lock
from roomgate.hub.channels import Kind
from roomgate.hub.cuts import store
from roomgate.hub.relay.asked import Wish
from roomgate.hub.revocation import Cause, SubjectKind
from roomgate.ids import GrantId, LockId
from roomgate.xapi.call import Verb
from support.relay_rig import ADA, BOB, OSLO, ROME, rig

DIAL = Wish(Verb.COMMAND, "Dial", {"Number": "1@example.com"})

# Every cause, with what the facts say after it and whom it names.
CAUSES = [
    (Cause.GRANT_REVOKED, SubjectKind.GRANT, "grant_1"),
    (Cause.GRANT_EXPIRED, SubjectKind.GRANT, "grant_1"),
    (Cause.GRANT_NARROWED, SubjectKind.GRANT, "grant_1"),
    (Cause.PERSON_DISABLED, SubjectKind.PERSON, ADA.id),
    (Cause.PERSON_DELETED, SubjectKind.PERSON, ADA.id),
    (Cause.PASSWORD_CHANGED, SubjectKind.PERSON, ADA.id),
    (Cause.ROLE_CHANGED, SubjectKind.PERSON, ADA.id),
    (Cause.SIGNED_OUT, SubjectKind.CREDENTIAL, ADA.credential),
    (Cause.TOKEN_REVOKED, SubjectKind.CREDENTIAL, ADA.credential),
    (Cause.TOKEN_EXPIRED, SubjectKind.CREDENTIAL, ADA.credential),
    (Cause.LOCK, SubjectKind.PERSON, ADA.id),
    (Cause.LOCK, SubjectKind.ROOM, OSLO.id),
    (Cause.LOCK, SubjectKind.SITE, OSLO.site),
    (Cause.LOCK, SubjectKind.CONNECTOR, OSLO.connector),
    (Cause.ROOM_REMOVED, SubjectKind.ROOM, OSLO.id),
    (Cause.DEVICE_CREDENTIAL, SubjectKind.ROOM, OSLO.id),
    (Cause.CONNECTOR_DISABLED, SubjectKind.CONNECTOR, OSLO.connector),
    (Cause.POLICY_CHANGED, SubjectKind.SITE, OSLO.site),
]


async def measured(hub):
    await hub.db.write(lambda conn: None)  # what was handed over before is committed with it
    return await hub.db.read(lambda conn: store.page(conn, None, 10))


class Heard:
    """A channel's other end."""

    def __init__(self):
        self.causes = []

    async def close(self, why):
        self.causes.append(why.cause)


async def permitted(hub, group, session, count=1):
    asking = group.create_task(hub.relay.ask(ADA, "oslo", DIAL, session=session, wait_s=5))
    order = await hub.link.order(count)
    await hub.answer(order, result={"CallId": 12})
    await asking
    return order


@pytest.mark.asyncio
@pytest.mark.parametrize(("cause", "named", "subject"), CAUSES)
async def test_each_cause_closes_each_kind_of_channel_and_tells_the_connector(tmp_path, cause, named, subject):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call")
        heard, orders = Heard(), []
        with ExitStack() as stack:
            channels = []
            for count, kind in enumerate(Kind, 1):
                session = await hub.relay.open_session(ADA, "oslo", kind)
                channels.append(stack.enter_context(hub.parts.channels.open(kind, session, heard.close)))
                orders.append(await permitted(hub, group, session, count))
            hub.given.take("grant_1")  # none is left: what is judged anew falls too
            await hub.revoke(cause, named, subject)
            assert heard.causes == [cause.value] * len(Kind)
            assert not any(channel.open for channel in channels)
        ids = {order.session for order in orders}
        assert {session for cut in hub.link.cuts for session in cut.sessions} == ids
        assert {cut.reason for cut in hub.link.cuts} == {cause.value}
        assert not any(hub.link.leases.live(id, hub.clock.monotonic()) for id in ids)
        await hub.beat(*map(hub.effect, orders))
        await hub.beat()
        assert not ids & set(hub.link.renewals[-1].sessions)
        assert [e.cause for e in await hub.entries("revocation")] == [cause.value]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("cause", "named", "subject"),
    [
        (Cause.PERSON_DISABLED, SubjectKind.PERSON, ADA.id),
        (Cause.SIGNED_OUT, SubjectKind.CREDENTIAL, ADA.credential),
        (Cause.GRANT_REVOKED, SubjectKind.GRANT, "grant_1"),
    ],
)
async def test_a_page_about_no_room_falls_too_and_nobody_else_s(tmp_path, cause, named, subject):
    async with rig(tmp_path) as hub:
        mine, theirs, channels = Heard(), Heard(), hub.parts.channels
        with (
            channels.open_page(ADA, mine.close, frozenset({GrantId("grant_1")})),
            channels.open_page(BOB, theirs.close, frozenset({GrantId("grant_2")})),
        ):
            await hub.revoke(cause, named, subject)
            assert (mine.causes, theirs.causes) == ([cause.value], [])


@pytest.mark.asyncio
async def test_what_a_subscription_heard_before_the_cut_is_not_handed_over_after_it(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "observe")
        session = await hub.relay.open_session(ADA, "oslo", Kind.XAPI)
        with hub.parts.channels.open(Kind.XAPI, session, Heard().close) as channel:
            watching = group.create_task(hub.relay.watch(channel, "Status/Audio/Volume"))
            order = await hub.link.order()
            await hub.answer(order)
            watch = await watching
            await hub.feed(order, "status", {"Status": {"Audio": {"Volume": 40}}})
            await hub.revoke(Cause.LOCK, SubjectKind.ROOM, OSLO.id)
            await hub.feed(order, "status", {"Status": {"Audio": {"Volume": 50}}})
            async with asyncio.timeout(5):
                assert [seen async for seen in watch] == []
            assert watch.ended is not None
            assert watch.ended.cause == "lock"


@pytest.mark.asyncio
async def test_what_is_somebody_else_s_stays(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "call")
        hub.given.give(BOB, "call", id="grant_2")
        hub.given.give(ADA, "call", room=ROME, id="grant_3")
        heard = Heard()
        others = [
            await hub.relay.open_session(BOB, "oslo", Kind.XAPI),
            await hub.relay.open_session(ADA, "rome", Kind.XAPI),
        ]
        channels = hub.parts.channels
        with channels.open(Kind.XAPI, others[0], heard.close), channels.open(Kind.XAPI, others[1], heard.close):
            await hub.revoke(Cause.GRANT_REVOKED, SubjectKind.GRANT, "grant_1")
            await hub.revoke(Cause.LOCK, SubjectKind.PERSON, "person_eve")
            await hub.revoke(Cause.PERSON_DELETED, SubjectKind.PERSON, ADA.id, rooms=frozenset({OSLO.id}))
            assert heard.causes == []


@pytest.mark.asyncio
async def test_the_web_session_that_changed_the_password_is_spared(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "call")
        session = await hub.relay.open_session(ADA, "oslo", Kind.PAGE)
        heard = Heard()
        with hub.parts.channels.open(Kind.PAGE, session, heard.close):
            await hub.revoke(Cause.PASSWORD_CHANGED, SubjectKind.PERSON, ADA.id, spared=ADA.credential)
            assert heard.causes == []
            await hub.revoke(Cause.PASSWORD_CHANGED, SubjectKind.PERSON, ADA.id)
            assert heard.causes == ["password.changed"]


@pytest.mark.asyncio
async def test_another_live_grant_keeps_the_session_but_not_the_subscription_that_it_does_not_cover(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "observe", "call")
        hub.given.give(ADA, "observe", id="grant_2")
        session = await hub.relay.open_session(ADA, "oslo", Kind.XAPI)
        heard = Heard()
        with hub.parts.channels.open(Kind.XAPI, session, heard.close) as channel:
            watches = []
            for count, path in enumerate(("Status/Audio/Volume", "Status/Call/RemoteNumber"), 1):
                watching = group.create_task(hub.relay.watch(channel, path))
                await hub.answer(await hub.link.order(count))
                watches.append(await watching)
            hub.given.take("grant_1")
            await hub.revoke(Cause.GRANT_REVOKED, SubjectKind.GRANT, "grant_1")
            assert heard.causes == []
            assert [watch.ended is None for watch in watches] == [True, False]
            assert hub.link.unsubscribed == [watches[1].order]
            assert session.capabilities == {"observe"}


@pytest.mark.asyncio
async def test_effects_fall_when_no_live_grant_covers_them_any_more(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call")
        hub.given.give(ADA, "observe", id="grant_2")
        order = await permitted(hub, group, None)
        await hub.beat(hub.effect(order))
        hub.given.take("grant_1")
        await hub.revoke(Cause.GRANT_EXPIRED, SubjectKind.GRANT, "grant_1")
        assert [cut.sessions for cut in hub.link.cuts] == [[order.session]]


@pytest.mark.asyncio
async def test_effects_that_the_connector_has_not_reported_yet_fall_too(tmp_path):
    """A dial was answered "done" a moment ago; the next heartbeat, which tells of the call, is still to come."""
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call")
        hub.given.give(ADA, "observe", id="grant_2")
        order = await permitted(hub, group, None)
        hub.given.take("grant_1")
        await hub.revoke(Cause.GRANT_NARROWED, SubjectKind.GRANT, "grant_1")
        assert [cut.sessions for cut in hub.link.cuts] == [[order.session]]


@pytest.mark.asyncio
async def test_a_dial_that_waits_for_the_room_falls_with_its_grant(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call")
        hub.given.give(ADA, "observe", id="grant_2")
        asking = group.create_task(hub.relay.ask(ADA, "oslo", DIAL, wait_s=5))
        order = await hub.link.order()
        await hub.answer(order, "waiting")
        await asking
        await hub.beat()
        hub.given.take("grant_1")
        await hub.revoke(Cause.GRANT_NARROWED, SubjectKind.GRANT, "grant_1")
        assert [cut.sessions for cut in hub.link.cuts] == [[order.session]]
        await hub.answer(order, "refused", rule="session.cut")


@pytest.mark.asyncio
async def test_what_a_session_once_did_and_is_over_does_not_end_it(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call")
        hub.given.give(ADA, "observe", id="grant_2")
        await permitted(hub, group, None)
        await hub.beat()  # no effect of it lasts
        hub.given.take("grant_1")
        await hub.revoke(Cause.GRANT_NARROWED, SubjectKind.GRANT, "grant_1")
        assert hub.link.cuts == []


@pytest.mark.asyncio
async def test_without_a_verdict_the_answer_is_no(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "call")
        hub.given.give(ADA, "call", id="grant_2")
        session = await hub.relay.open_session(ADA, "oslo", Kind.XAPI)
        heard = Heard()

        async def broken():
            raise OSError("the disk is gone")

        with hub.parts.channels.open(Kind.XAPI, session, heard.close):
            hub.given.pause = broken
            await hub.revoke(Cause.GRANT_REVOKED, SubjectKind.GRANT, "grant_1")
            assert heard.causes == ["grant.revoked"]


@pytest.mark.asyncio
async def test_a_lock_falls_on_what_is_judged_anew_too(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "call")
        session = await hub.relay.open_session(ADA, "oslo", Kind.XAPI)
        heard = Heard()
        with hub.parts.channels.open(Kind.XAPI, session, heard.close):
            hub.given.locks.append(Lock(LockId("lock_1"), "person", ADA.id, "test"))
            await hub.revoke(Cause.ROLE_CHANGED, SubjectKind.PERSON, ADA.id)
            assert heard.causes == ["role.changed"]


@pytest.mark.asyncio
async def test_an_ask_that_waits_for_the_room_is_refused_at_the_cut(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call")
        asking = group.create_task(hub.relay.ask(ADA, "oslo", DIAL, wait_s=20))
        order = await hub.link.order()
        await hub.answer(order, "waiting")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        hub.given.take("grant_1")
        await hub.revoke(Cause.GRANT_REVOKED, SubjectKind.GRANT, "grant_1")
        async with asyncio.timeout(5):  # long before the asker's own patience is over
            answer = await asking
        assert (answer.outcome, answer.rule) == ("refused", "grant.revoked")
        assert hub.link.cuts[0].sessions == [order.session]
        await hub.answer(order, "refused", rule="session.cut")
        assert (await hub.entries("outcome", 1))[0].outcome == "refused"


@pytest.mark.asyncio
async def test_a_result_that_comes_after_the_cut_is_not_handed_over(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "observe")
        asking = group.create_task(hub.relay.ask(ADA, "oslo", Wish(Verb.GET, "Status/Audio"), wait_s=20))
        order = await hub.link.order()
        await hub.revoke(Cause.LOCK, SubjectKind.ROOM, OSLO.id)
        await hub.answer(order, result={"Volume": 50})
        answer = await asking
        assert answer.result is None
        later = await hub.relay.answer(answer.ask, ADA, may_see=False)
        assert (later.result, later.rule) == (None, "lock")


@pytest.mark.asyncio
async def test_the_time_of_a_cut_runs_to_the_connector_s_last_word(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call")
        await permitted(hub, group, None)
        await hub.revoke(Cause.LOCK, SubjectKind.ROOM, OSLO.id)
        assert await measured(hub) == []
        hub.clock.advance(0.25)
        await hub.cut_done()
        [cut] = await measured(hub)
        assert (cut.sessions, cut.connectors, cut.took_ms) == (1, {"connector_1": 250.0}, 250)


@pytest.mark.asyncio
async def test_what_each_cut_let_go_is_counted_by_kind(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call", "observe")
        session = await hub.relay.open_session(ADA, "oslo", Kind.XAPI)

        async def close(why):
            hub.clock.advance(0.02)

        with hub.parts.channels.open(Kind.XAPI, session, close) as channel:
            watching = group.create_task(hub.relay.watch(channel, "Status/Audio/Volume"))
            await hub.answer(await hub.link.order(1))
            await watching
            asking = [
                group.create_task(hub.relay.ask(ADA, "oslo", wish, session=session, wait_s=20))
                for wish in (DIAL, Wish(Verb.GET, "Status/Audio"))
            ]
            for order in [await hub.link.order(2), await hub.link.order(3)]:
                if order.call().verb is Verb.COMMAND:
                    await hub.answer(order, "waiting")
            await hub.revoke(Cause.LOCK, SubjectKind.ROOM, OSLO.id)
            await asyncio.gather(*asking)
        await hub.cut_done()
        [cut] = await measured(hub)
        assert cut.channels == {"ask": [0.0], "consent": [0.0], "subscription": [0.0], "xapi": [20.0]}
        assert hub.link.unsubscribed == []  # the connector lets go by itself of what it is told to cut


@pytest.mark.asyncio
async def test_one_channel_that_hangs_does_not_hold_up_the_others(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "call")
        session = await hub.relay.open_session(ADA, "oslo", Kind.XAPI)
        heard = Heard()

        async def hang(why):
            await asyncio.Event().wait()

        channels = hub.parts.channels
        with channels.open(Kind.XAPI, session, hang) as stuck, channels.open(Kind.XAPI, session, heard.close):
            async with asyncio.timeout(2):
                await hub.revoke(Cause.LOCK, SubjectKind.ROOM, OSLO.id)
            assert heard.causes == ["lock"]
            assert not stuck.open


@pytest.mark.asyncio
async def test_an_ask_on_its_way_is_judged_anew_with_its_session(tmp_path):
    volume, calls = Wish(Verb.GET, "Status.Audio.Volume"), Wish(Verb.GET, "Status.Call")
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "observe", "call")
        session = await hub.relay.open_session(ADA, "oslo", Kind.XAPI)
        lost = group.create_task(hub.relay.ask(ADA, "oslo", volume, session=session, wait_s=5))
        await hub.link.order(1)
        goes_on = group.create_task(hub.relay.ask(ADA, "oslo", calls, session=session, wait_s=5))
        first, second = hub.link.orders[0], await hub.link.order(2)

        hub.given.narrow("grant_1", "call")
        await hub.revoke(Cause.GRANT_NARROWED, SubjectKind.GRANT, "grant_1")
        assert session.ended is None
        told = await lost
        assert (told.outcome, told.rule) == ("unknown", "grant.narrowed")
        await hub.answer(first, result=50)
        assert (await hub.relay.answer(told.ask, ADA, False)).result is None
        await hub.answer(second, result=[{"id": 1, "RemoteNumber": "1@example.com"}])
        assert (await goes_on).outcome == "done"


@pytest.mark.asyncio
async def test_a_reading_on_its_way_tells_what_the_grants_give_when_it_comes(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "observe", "call")
        session = await hub.relay.open_session(ADA, "oslo", Kind.XAPI)
        asking = group.create_task(hub.relay.ask(ADA, "oslo", Wish(Verb.GET, "Status"), session=session, wait_s=5))
        order = await hub.link.order(1)
        hub.given.narrow("grant_1", "call")
        await hub.revoke(Cause.GRANT_NARROWED, SubjectKind.GRANT, "grant_1")
        calls = [{"id": 1, "RemoteNumber": "1@example.com"}]
        await hub.answer(order, result={"Audio": {"Volume": 50}, "Call": calls})
        assert (await asking).result == {"Call": calls}


@pytest.mark.asyncio
async def test_a_subscription_that_falls_while_it_is_made_is_refused(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "observe", "call")
        session = await hub.relay.open_session(ADA, "oslo", Kind.XAPI)
        with hub.parts.channels.open(Kind.XAPI, session, Heard().close) as channel:
            asking = asyncio.ensure_future(hub.relay.watch(channel, "Status/Audio"))
            order = await hub.link.order(1)
            hub.given.narrow("grant_1", "call")
            await hub.revoke(Cause.GRANT_NARROWED, SubjectKind.GRANT, "grant_1")
            await hub.answer(order)
            with pytest.raises(Denied, match="narrowed"):
                await asking
            assert channel.open
