import asyncio
from dataclasses import replace

import pytest

from roomgate.access.decision import Denied
from roomgate.errors import NotFound, RoomgateError, Unreachable
from roomgate.hub.channels import Kind
from roomgate.hub.relay import service
from roomgate.hub.relay.asked import Wish
from roomgate.hub.relay.service import LOST_READING_WORDS
from roomgate.hub.revocation import Cause, SubjectKind
from roomgate.link.messages import Outcome
from roomgate.storage.database import StorageFailed
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import UnknownPath
from support.relay_rig import ADA, BOB, OSLO, FakeLink, rig

DIAL = Wish(Verb.COMMAND, "Dial", {"Number": "1@example.com"}, reason="a test")
VOLUME = Wish(Verb.GET, "Status/Audio/Volume")


@pytest.mark.asyncio
async def test_an_ask_becomes_an_order_and_its_outcome_the_answer(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call")
        asking = group.create_task(hub.relay.ask(ADA, "oslo", DIAL, wait_s=5))
        order = await hub.link.order()
        assert (order.room, order.device, order.principal, order.grant) == ("oslo", "device_oslo", ADA.id, "grant_1")
        assert (order.verb, order.path, order.arguments) == (
            "command",
            ["Command", "Dial"],
            [("Number", "1@example.com")],
        )
        assert not hub.link.refused
        await hub.answer(order, result={"CallId": 3})
        answer = await asking
        assert (answer.outcome, answer.result) == ("done", {"CallId": 3})
        permit = (await hub.entries("permit"))[0]
        assert (permit.order, permit.grant, permit.digest) == (order.id, "grant_1", order.digest)
        assert answer.receipt["entry"] == (await hub.record.find([order.id]))[0].index
        outcome = (await hub.entries("outcome"))[0]
        assert (outcome.order, outcome.outcome) == (order.id, "done")


@pytest.mark.asyncio
async def test_a_command_s_permit_is_durable_before_its_order_is_sent(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call")
        asking = group.create_task(hub.relay.ask(ADA, "oslo", DIAL, wait_s=5))
        order = await hub.link.order()
        assert [e.event.kind for e in await hub.record.find([order.id])] == ["permit"]
        await hub.answer(order)
        await asking


@pytest.mark.asyncio
async def test_nothing_is_sent_when_the_permit_cannot_be_recorded(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "call")
        await hub.db.aclose()
        with pytest.raises(StorageFailed):
            await hub.relay.ask(ADA, "oslo", DIAL, wait_s=0.2)
        assert hub.link.orders == []


@pytest.mark.asyncio
async def test_a_refusal_is_recorded_and_nothing_is_sent(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "observe")
        with pytest.raises(Denied) as no:
            await hub.relay.ask(ADA, "oslo", DIAL)
        assert (no.value.rule, no.value.some_grant) == ("capability", True)
        for room in ("rome", "nowhere"):
            with pytest.raises(Denied) as no:
                await hub.relay.ask(ADA, room, DIAL)
            assert not no.value.some_grant
        assert hub.link.orders == []
        rules = [(entry.room, entry.rule) for entry in await hub.entries("denied", 3)]
        assert rules == [("oslo", "capability"), ("rome", "no-grant"), ("nowhere", "no-room")]


@pytest.mark.asyncio
async def test_what_the_catalogue_does_not_know_is_not_asked(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "call")
        with pytest.raises(UnknownPath):
            await hub.relay.ask(ADA, "oslo", Wish(Verb.COMMAND, "Explode"))
        assert hub.link.orders == []


@pytest.mark.asyncio
async def test_a_result_carries_only_permitted_leaves_and_no_secrets(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "observe")
        asking = group.create_task(hub.relay.ask(ADA, "oslo", Wish(Verb.GET, "Status/Call"), wait_s=5))
        order = await hub.link.order()
        await hub.answer(order, result=[{"id": 3, "Status": "Connected", "RemoteNumber": "42@example.com"}])
        assert (await asking).result == [{"id": 3, "Status": "Connected"}]
        hub.given.give(BOB, "call", "system")
        asking = group.create_task(hub.relay.ask(BOB, "oslo", DIAL, wait_s=5))
        order = await hub.link.order(2)
        await hub.answer(order, result={"CallId": 3, "Webex": {"Password": "secret", "HostKey": "1"}})
        assert (await asking).result == {"CallId": 3, "Webex": {"Password": "***", "HostKey": "***"}}


@pytest.mark.asyncio
async def test_a_pattern_is_answered_with_the_permitted_leaves_alone(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "observe")
        asking = group.create_task(hub.relay.ask(ADA, "oslo", Wish(Verb.GET, "Status/Call/*"), wait_s=5))
        order = await hub.link.order()
        call = {"id": 3, "Status": "Connected", "RemoteNumber": "42@example.com"}
        await hub.answer(order, result={"Status": {"Call": [call]}, "Configuration": {"Nonsense": {"Secret": "1"}}})
        assert (await asking).result == {"Status": {"Call": [{"id": 3, "Status": "Connected"}]}}


@pytest.mark.asyncio
async def test_a_channel_opens_only_where_a_live_grant_lets_it(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "observe")
        session = await hub.relay.open_session(ADA, "oslo", Kind.XAPI)
        assert session.capabilities == {"observe"}
        hub.given.inactive.add(BOB.id)
        hub.given.give(BOB, "observe", id="grant_2")
        for who, room in ((ADA, "rome"), (ADA, "nowhere"), (BOB, "oslo")):
            with pytest.raises(Denied):
                await hub.relay.open_session(who, room, Kind.XAPI)
        assert list(hub.parts.book) == [session]


@pytest.mark.asyncio
async def test_secret_arguments_are_not_written_down(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "configure", "call", "users", "security", "system", "network", "in-call")
        wish = Wish(Verb.SET, "Configuration/SIP/Authentication/Password", {"Value": "hunter2"})
        asking = group.create_task(hub.relay.ask(ADA, "oslo", wish, wait_s=5))
        order = await hub.link.order()
        await hub.answer(order, result=True)
        await asking
        for entry in await hub.record.entries():
            assert b"hunter2" not in entry.raw
        assert b"hunter2" not in (tmp_path / "hub.db").read_bytes() + (tmp_path / "hub.db-wal").read_bytes()


@pytest.mark.asyncio
async def test_a_lost_link_leaves_the_outcome_unknown_and_the_order_is_never_sent_again(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call")
        asking = group.create_task(hub.relay.ask(ADA, "oslo", DIAL, wait_s=5))
        old = hub.link
        order = await old.order()
        await hub.parts.events.gone(old)
        answer = await asking
        assert (answer.outcome, answer.rule) == ("unknown", "link.lost")
        await hub.connect()
        await hub.beat()
        await hub.beat()
        assert hub.link.orders == []
        # The connector delivers the outcome over the next link: the record and the asker learn better.
        await hub.answer(order, result={"CallId": 3})
        later = await hub.relay.answer(answer.ask, ADA, may_see=False)
        assert later.outcome == "done"
        assert [entry.outcome for entry in await hub.entries("outcome", 2)] == ["unknown", "done"]


@pytest.mark.asyncio
async def test_a_reading_lost_with_its_link_changed_nothing_and_may_be_asked_again(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "observe")
        asking = group.create_task(hub.relay.ask(ADA, "oslo", VOLUME, wait_s=5))
        await hub.link.order()
        await hub.parts.events.gone(hub.link)
        answer = await asking
        assert (answer.outcome, answer.rule, answer.words) == ("failed", Unreachable.code, LOST_READING_WORDS)
        assert [entry.outcome for entry in await hub.entries("outcome", 1)] == ["unknown"]


@pytest.mark.asyncio
async def test_without_a_link_nothing_is_sent_later(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "call")
        await hub.parts.events.gone(hub.link)
        answer = await hub.relay.ask(ADA, "oslo", DIAL, wait_s=5)
        assert (answer.outcome, answer.rule) == ("failed", Unreachable.code)
        await hub.connect()
        await hub.beat()
        assert hub.link.orders == []


@pytest.mark.asyncio
async def test_a_full_link_refuses_the_ask_and_leaves_no_gap(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call")
        hub.link.full = True
        assert (await hub.relay.ask(ADA, "oslo", DIAL, wait_s=5)).outcome == "failed"
        hub.link.full = False
        asking = group.create_task(hub.relay.ask(ADA, "oslo", DIAL, wait_s=5))
        await hub.answer(await hub.link.order())
        assert (await asking).outcome == "done"
        assert not hub.link.refused


@pytest.mark.asyncio
async def test_a_new_session_is_vouched_for_before_its_first_order_and_reused(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "observe")
        for count in (1, 2):
            asking = group.create_task(hub.relay.ask(ADA, "oslo", VOLUME, wait_s=5))
            await hub.answer(await hub.link.order(count), result=50)
            assert (await asking).result == 50
        assert hub.link.orders[0].session == hub.link.orders[1].session
        assert [r.sessions for r in hub.link.renewals] == [[], [hub.link.orders[0].session]]
        assert not hub.link.refused


@pytest.mark.asyncio
async def test_waiting_for_the_room_is_said_and_the_outcome_is_fetched_later(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call")
        asking = group.create_task(hub.relay.ask(ADA, "oslo", DIAL, wait_s=0.05))
        order = await hub.link.order()
        await hub.answer(order, "waiting")
        waiting = await asking
        assert (waiting.outcome, waiting.order) == ("waiting", order.id)
        fetching = group.create_task(hub.relay.answer(waiting.ask, ADA, may_see=False, wait_s=5))
        await asyncio.sleep(0)
        await hub.answer(order, "refused", rule="consent.no", words="Somebody in the room said no.")
        answer = await fetching
        assert (answer.outcome, answer.rule) == ("refused", "consent.no")
        with pytest.raises(NotFound):
            await hub.relay.answer(waiting.ask, BOB, may_see=False)
        assert (await hub.relay.answer(waiting.ask, BOB, may_see=True)).outcome == "refused"


@pytest.mark.asyncio
async def test_an_answer_that_does_not_come_in_time_is_unknown_and_its_session_is_let_go(tmp_path, monkeypatch):
    monkeypatch.setattr(service, "ANSWER_WITHIN_S", 0.0)
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "call")
        session = await hub.relay.open_session(ADA, "oslo", Kind.XAPI)
        answer = await hub.relay.ask(ADA, "oslo", DIAL, session=session, wait_s=5)
        assert (answer.outcome, answer.rule, session.pending) == ("unknown", "answer.late", 0)
        await hub.answer(hub.link.orders[0], result={"CallId": 3})
        assert [entry.outcome for entry in await hub.entries("outcome", 2)] == ["unknown", "done"]


@pytest.mark.asyncio
async def test_an_outcome_that_cannot_be_told_spoils_neither_its_link_nor_the_next_ask(tmp_path, monkeypatch):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "observe")
        session = await hub.relay.open_session(ADA, "oslo", Kind.XAPI)

        def broken(value):
            raise RecursionError("too deep")

        with monkeypatch.context() as patched:
            patched.setattr(service, "mask_result", broken)
            asking = group.create_task(hub.relay.ask(ADA, "oslo", VOLUME, session=session, wait_s=5))
            await hub.answer(await hub.link.order(), result=50)
        answer = await asking
        assert (answer.outcome, answer.rule, answer.result, session.pending) == ("unknown", "internal", None, 0)
        asking = group.create_task(hub.relay.ask(ADA, "oslo", VOLUME, session=session, wait_s=5))
        await hub.answer(await hub.link.order(2), result=50)
        assert (await asking).result == 50
        assert [entry.outcome for entry in await hub.entries("outcome", 2)] == ["done", "done"]


@pytest.mark.asyncio
async def test_an_order_waits_for_its_link_to_beat_and_is_forgotten_if_the_hub_stops_meanwhile(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "observe")
        session = await hub.relay.open_session(ADA, "oslo", Kind.XAPI)
        await hub.connect()
        asking = group.create_task(hub.relay.ask(ADA, "oslo", VOLUME, session=session, wait_s=5))
        await hub.entries("permit", 1)
        assert (hub.link.orders, session.pending) == ([], 1)
        await hub.beat()
        await hub.answer(await hub.link.order(), result=50)
        assert ((await asking).result, session.pending) == (50, 0)

        await hub.connect()
        asking = group.create_task(hub.relay.ask(ADA, "oslo", VOLUME, session=session, wait_s=0.01))
        await hub.entries("permit", 2)
        hub.running.cancel()
        await asyncio.wait([hub.running])
        assert ((await asking).outcome, session.pending) == ("waiting", 0)
        await hub.beat()
        assert hub.link.orders == []


@pytest.mark.asyncio
async def test_what_changed_while_the_link_was_waited_for_is_not_sent(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "observe")
        session = await hub.relay.open_session(ADA, "oslo", Kind.XAPI)
        await hub.connect()
        asking = group.create_task(hub.relay.ask(ADA, "oslo", VOLUME, session=session, wait_s=5))
        await hub.entries("permit", 1)
        hub.given.take("grant_1")
        await hub.revoke(Cause.GRANT_REVOKED, SubjectKind.GRANT, "grant_1", rooms=frozenset({OSLO.id}))
        await hub.beat()
        assert (await asking).outcome == "refused"
        assert hub.link.orders == []


@pytest.mark.asyncio
async def test_an_asker_who_hangs_up_stops_nothing(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call")
        asking = group.create_task(hub.relay.ask(ADA, "oslo", DIAL, wait_s=5))
        order = await hub.link.order()
        asking.cancel()
        await asyncio.wait([asking])
        await hub.answer(order, result={"CallId": 3})
        await asyncio.sleep(0)
        assert [entry.outcome for entry in await hub.entries("outcome", 1)] == ["done"]


@pytest.mark.asyncio
async def test_what_was_revoked_between_decision_and_send_is_not_sent(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "call")

        async def meanwhile():
            hub.given.pause = None
            hub.given.take("grant_1")
            await hub.revoke(Cause.GRANT_REVOKED, SubjectKind.GRANT, "grant_1", rooms=frozenset({OSLO.id}))

        hub.given.pause = meanwhile
        with pytest.raises(RoomgateError) as no:
            await hub.relay.ask(ADA, "oslo", DIAL)
        assert no.value.code == "denied"
        assert hub.link.orders == []


@pytest.mark.asyncio
async def test_join_lists_the_bookings_and_dials_the_next(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call", "bookings")
        joining = group.create_task(hub.relay.join(ADA, "oslo", "next", "stand-up", wait_s=5))
        listing = await hub.link.order()
        assert listing.path == ["Command", "Bookings", "List"]
        booking = {
            "Id": "b-17",
            "Title": "Stand-up",
            "Time": {"StartTime": "2026-03-10T09:00:00Z", "EndTime": "2026-03-10T09:30:00Z"},
            "DialInfo": {"Calls": {"Call": [{"Number": "standup@example.com", "Protocol": "SIP"}]}},
        }
        await hub.answer(listing, result={"Booking": [booking]})
        dial = await hub.link.order(2)
        assert dict(dial.arguments) == {"BookingId": "b-17", "Number": "standup@example.com"}
        await hub.answer(dial, result={"CallId": 9})
        answer = await joining
        assert answer.result["joined"]["id"] == "b-17"
        assert answer.result["CallId"] == 9


@pytest.mark.asyncio
async def test_an_outcome_from_another_connector_answers_nothing(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call")
        asking = group.create_task(hub.relay.ask(ADA, "oslo", DIAL, wait_s=5))
        order = await hub.link.order()
        mine, other = hub.link, FakeLink(hub.clock)
        other.connector = "connector_2"
        await hub.connect(other)
        await hub.answer(order, result={"CallId": 1})
        assert not asking.done()
        hub.link = mine
        await hub.answer(order, result={"CallId": 3})
        assert (await asking).result == {"CallId": 3}


@pytest.mark.asyncio
async def test_after_a_restart_an_ask_that_was_under_way_is_unknown(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call")
        asking = group.create_task(hub.relay.ask(ADA, "oslo", DIAL, wait_s=0.05))
        await hub.link.order()
        waiting = await asking
        async with rig(tmp_path, keep=hub.db, given=hub.given) as again:
            answer = await again.relay.answer(waiting.ask, ADA, may_see=False)
            assert answer.outcome == "unknown"
            with pytest.raises(NotFound):
                await again.relay.answer(waiting.ask, BOB, may_see=False)


@pytest.mark.asyncio
async def test_what_a_restart_left_open_is_called_unknown_and_learns_better_from_its_own_connector(tmp_path):
    async with rig(tmp_path) as before:
        before.given.give(ADA, "call")
        asked = await before.relay.ask(ADA, "oslo", DIAL, wait_s=0)
        assert asked.outcome == "waiting"
        order = await before.link.order()
        async with rig(tmp_path, keep=before.db, given=before.given) as hub:
            (outcome,) = await hub.entries("outcome", 1)
            assert (outcome.order, outcome.outcome, outcome.connector) == (order.id, "unknown", "connector_1")
            answer = await hub.relay.answer(asked.ask, ADA, may_see=False)
            assert (answer.outcome, answer.rule) == ("unknown", "hub.restarted")

            hub.relay.late_outcome(Outcome(order.id, "failed"), "connector_2")
            await hub.entries("outcome", 2)
            assert (await hub.relay.answer(asked.ask, ADA, may_see=False)).outcome == "unknown"

            await hub.answer(order, result={"CallId": 3})
            await hub.entries("outcome", 3)
            answer = await hub.relay.answer(asked.ask, ADA, may_see=False)
            assert (answer.outcome, answer.receipt["order"]) == ("done", order.id)


@pytest.mark.asyncio
async def test_a_counted_grant_carries_as_many_commands_as_it_says_however_many_come_at_once(tmp_path):
    async with rig(tmp_path) as hub:
        grant = replace(hub.given.give(ADA, "call", "observe"), most_uses=2)
        hub.given.grants = [grant]
        answers = []

        async def dial():
            try:
                answers.append((await hub.relay.ask(ADA, "oslo", DIAL, wait_s=0)).outcome)
            except Denied as no:
                answers.append((no.rule, no.some_grant))

        async with asyncio.TaskGroup() as group:  # all of them are decided before the first one is counted
            for _ in range(5):
                group.create_task(dial())
        assert sorted(answers, key=str) == [("uses", True)] * 3 + ["waiting"] * 2
        assert len(hub.link.orders) == 2
        assert len(await hub.entries("permit")) == 2
        assert [e.rule for e in await hub.entries("denied", 3)] == ["uses"] * 3
        for wish in (VOLUME, Wish(Verb.COMMAND, "Call Disconnect", {"CallId": 3})):
            await hub.relay.ask(ADA, "oslo", wish, wait_s=0)
        assert len(hub.link.orders) == 4
        with pytest.raises(Denied):
            await hub.relay.ask(ADA, "oslo", DIAL)


@pytest.mark.asyncio
async def test_what_was_watched_is_heard_again_after_the_site_has_let_its_session_go(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "observe")
        session = await hub.relay.open_session(ADA, "oslo", Kind.EVENTS)

        async def close(why):
            raise AssertionError(why)

        with hub.parts.channels.open(Kind.EVENTS, session, close) as channel:
            watching = [group.create_task(hub.relay.watch(channel, path)) for path in ("Status/Audio", "Status/Video")]
            for count in (1, 2):
                await hub.answer(await hub.link.order(count))
            watches = [await one for one in watching]
            before = session.id
            await hub.parts.events.gone(hub.link)
            hub.link.leases.cut(before)
            link = await hub.connect()
            await hub.beat()
            for count in (1, 2):
                await hub.answer(await link.order(count), "refused", rule="session.cut")
            again = [await link.order(count) for count in (3, 4)]
            assert {order.session for order in again} == {session.id}, "one new id, though both were refused"
            assert session.id != before
            for order in again:
                await hub.answer(order)
                await hub.feed(order, "status", {"Status": {order.path[1]: {"Volume": 7}}})
            for watch in watches:
                assert [(await anext(watch)).kind for _ in range(2)] == ["gap", "status"]
                watch.close()
