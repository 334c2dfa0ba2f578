import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from roomgate.access.decision import Denied
from roomgate.errors import BadInput
from roomgate.hub.channels import Kind
from roomgate.hub.relay.streams import LONGEST_LAG, RESUME_S
from roomgate.hub.revocation import Cause, SubjectKind
from roomgate.xapi.errors import InvalidPath
from support.relay_rig import ADA, BOB, OSLO, rig

VOLUME = "Status/Audio/Volume"


def volume(number):
    return {"Status": {"Audio": {"Volume": number}}}


class Client:
    """Reads a stream, event by event."""

    def __init__(self, chunks):
        self.chunks = chunks

    async def event(self):
        async with asyncio.timeout(5):
            text = (await anext(self.chunks)).decode()
        fields = dict(line.split(": ", 1) for line in text.strip().splitlines())
        return fields.get("id"), fields["event"], json.loads(fields["data"])

    async def leave(self):
        await self.chunks.aclose()


@asynccontextmanager
async def reading(hub, *paths, last=None, count=0, who=ADA):
    """A client whose subscriptions the connector took."""
    async with asyncio.TaskGroup() as group:
        opening = group.create_task(hub.parts.streams.read(who, "oslo", list(paths), last))
        for number in range(len(paths) if count is not None else 0):
            await hub.answer(await hub.link.order(count + number + 1))
        client = Client(await opening)
        yield client
        await client.leave()


@pytest.mark.asyncio
async def test_events_come_with_ids_relative_values_and_times(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "observe")
        async with reading(hub, VOLUME, "Status/Call") as client:
            one, two = hub.link.orders
            await hub.feed(one, "status", volume(1))
            first = await client.event()
            await hub.feed(two, "status", {"Status": {"Call": [{"id": 3, "Status": "Connected", "RemoteNumber": "x"}]}})
            second = await client.event()
            assert first[1:] == ("status", {"path": VOLUME, "value": 1, "at": "2026-03-10T09:00:00.000Z"})
            assert second[2]["value"] == [{"id": 3, "Status": "Connected"}]
            assert int(second[0]) > int(first[0])
            assert [channel.kind for channel in hub.parts.channels.of_room(OSLO.id)] == [Kind.EVENTS]
        assert len(hub.parts.channels) == 0


@pytest.mark.asyncio
async def test_the_last_event_before_a_cut_says_why(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "observe")
        async with reading(hub, VOLUME) as client:
            next_event = group.create_task(client.event())
            await asyncio.sleep(0)
            await hub.revoke(Cause.LOCK, SubjectKind.ROOM, OSLO.id)
            number, kind, data = await next_event
            assert (number, kind, data["reason"]) == (None, "cut", "lock")
            with pytest.raises(StopAsyncIteration):
                await anext(client.chunks)


@pytest.mark.asyncio
async def test_a_client_that_comes_back_in_time_goes_on_where_it_was(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "observe")
        async with reading(hub, VOLUME) as client:
            order = hub.link.orders[0]
            await hub.feed(order, "status", volume(1))
            last, _, _ = await client.event()
        for number in (2, 3):
            await hub.feed(order, "status", volume(number))
        async with reading(hub, VOLUME, last=int(last), count=None) as client:
            assert [(await client.event())[2]["value"] for _ in range(2)] == [2, 3]
        assert len(hub.link.orders) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("why", ["too late", "somebody else", "made up"])
async def test_whoever_cannot_go_on_is_told_of_the_gap_and_then_the_present_values(tmp_path, why):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "observe")
        hub.given.give(BOB, "observe", id="grant_2")
        async with reading(hub, VOLUME) as client:
            await hub.feed(hub.link.orders[0], "status", volume(1))
            last = int((await client.event())[0])
        if why == "too late":
            hub.clock.advance(RESUME_S + 1)
        who = BOB if why == "somebody else" else ADA
        async with reading(hub, VOLUME, last=5 if why == "made up" else last, count=1, who=who) as client:
            assert (await client.event())[1] == "gap"
            await hub.feed(hub.link.orders[1], "status", volume(7))
            assert (await client.event())[2]["value"] == 7


@pytest.mark.asyncio
async def test_who_reads_too_slowly_is_told_of_the_gap_and_then_the_present_values(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "observe")
        async with reading(hub, VOLUME) as client:
            order = hub.link.orders[0]
            await hub.feed(order, "status", volume(0))
            await client.event()
            for number in range(LONGEST_LAG + 1):
                await hub.feed(order, "status", volume(number))
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            assert (await client.event())[1] == "gap"
            assert (await client.event())[2]["value"] == LONGEST_LAG


@pytest.mark.asyncio
async def test_a_second_reader_of_one_stream_takes_it_over(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "observe")
        async with reading(hub, VOLUME) as client:
            order = hub.link.orders[0]
            await hub.feed(order, "status", volume(1))
            last = int((await client.event())[0])
            async with reading(hub, VOLUME, last=last, count=None) as other:
                await hub.feed(order, "status", volume(2))
                assert (await other.event())[2]["value"] == 2
                with pytest.raises(StopAsyncIteration):
                    await anext(client.chunks)


@pytest.mark.asyncio
async def test_after_a_cut_a_stream_is_not_taken_up_again(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "observe")
        async with reading(hub, VOLUME) as client:
            await hub.feed(hub.link.orders[0], "status", volume(1))
            last = int((await client.event())[0])
        hub.given.take("grant_1")
        await hub.revoke(Cause.GRANT_REVOKED, SubjectKind.GRANT, "grant_1")
        with pytest.raises(Denied):
            await hub.parts.streams.read(ADA, "oslo", [VOLUME], last)


@pytest.mark.asyncio
async def test_nobody_comes_back_and_the_stream_is_let_go(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "observe")
        async with reading(hub, VOLUME):
            order = hub.link.orders[0]
        hub.clock.advance(RESUME_S + 1)
        hub.parts.streams.sweep()
        assert hub.link.unsubscribed == [order.id]


@pytest.mark.asyncio
async def test_what_is_refused_is_refused_before_anything_is_sent(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "observe")
        for room, paths, error in (
            ("rome", [VOLUME], Denied),
            ("nowhere", [VOLUME], Denied),
            ("oslo", ["Status/Call/RemoteNumber"], Denied),
            ("oslo", [], BadInput),
            ("oslo", ["nonsense"], InvalidPath),
        ):
            with pytest.raises(error):
                await hub.parts.streams.read(ADA, room, paths, None)
        assert hub.link.orders == []


@pytest.mark.asyncio
async def test_a_subscription_whose_class_fell_is_the_cut_of_a_stream_that_had_only_it(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "observe", "call")
        async with reading(hub, "Status/Call/RemoteNumber") as client:
            hub.given.narrow("grant_1", "observe")
            await hub.revoke(Cause.GRANT_NARROWED, SubjectKind.GRANT, "grant_1")
            assert (await client.event())[1:2] == ("cut",)
