import asyncio

import pytest

from roomgate.access.capability import Capability
from roomgate.clock import HandClock
from roomgate.hub.channels import Cutoff, Kind
from roomgate.hub.relay.sessions import Book
from roomgate.hub.relay.watch import LONGEST, Seen, Watch
from roomgate.ids import OrderId
from roomgate.xapi.call import Verb
from roomgate.xapi.schema import Catalogue
from support.relay_rig import ADA, OSLO


def made(path="Status/Call", *capabilities):
    session = Book(HandClock()).open(ADA, OSLO, Kind.XAPI)
    session.capabilities = frozenset(capabilities or ("observe",))
    released = []
    call = Catalogue.shipped().canonical(Verb.SUBSCRIBE, path)
    return Watch(session, call, OrderId("order_1"), Catalogue.shipped(), released.append), released


def call(**leaves):
    return {"Status": {"Call": [{"id": 3, **leaves}]}}


async def take(watch, count):
    async with asyncio.timeout(2):
        return [await anext(watch) for _ in range(count)]


@pytest.mark.asyncio
async def test_only_permitted_leaves_come_through_and_the_first_is_the_present_value():
    watch, _ = made()
    watch.feed("status", call(Status="Connected", RemoteNumber="42"))
    watch.feed("status", call(RemoteNumber="43"))
    watch.feed("status", call(Duration=5))
    assert await take(watch, 2) == [
        Seen("status", call(Status="Connected"), present=True),
        Seen("status", call(Duration=5)),
    ]


@pytest.mark.asyncio
async def test_a_leaf_that_no_rule_classifies_comes_through_for_nobody():
    watch, _ = made("Configuration/Audio", *(capability.value for capability in Capability))
    watch.feed("configuration", {"Configuration": {"Audio": {"DefaultVolume": 50}, "Nonsense": {"Mode": "On"}}})
    assert [seen.document for seen in await take(watch, 1)] == [{"Configuration": {"Audio": {"DefaultVolume": 50}}}]


@pytest.mark.asyncio
async def test_rights_that_shrink_shrink_what_comes_through():
    watch, _ = made("Status/Call", "observe", "call")
    watch.feed("status", call(Status="Connected", RemoteNumber="42"))
    watch.session.capabilities = frozenset({"observe"})
    watch.feed("status", call(Status="OnHold", RemoteNumber="43"))
    assert (await take(watch, 2))[1].document == call(Status="OnHold")
    assert watch.present().document == call(Status="OnHold")


@pytest.mark.asyncio
async def test_nothing_present_is_said_too():
    watch, _ = made()
    watch.feed("status", {})
    watch.feed("status", call(Status="Dialling"))
    assert await take(watch, 2) == [Seen("status", {}, present=True), Seen("status", call(Status="Dialling"))]


@pytest.mark.asyncio
async def test_who_falls_behind_is_told_of_the_gap_and_then_the_present_value():
    watch, _ = made("Status/Audio/Volume")
    for volume in range(LONGEST + 1):
        watch.feed("status", {"Status": {"Audio": {"Volume": volume}}})
    watch.feed("status", {"Status": {"Audio": {"Volume": 7}}})
    gap, present, after = await take(watch, 3)
    assert (gap.kind, present.present) == ("gap", True)
    assert present.document == {"Status": {"Audio": {"Volume": LONGEST}}}
    assert after.document == {"Status": {"Audio": {"Volume": 7}}}


@pytest.mark.asyncio
async def test_after_a_gap_the_present_value_replaces_what_was_known():
    watch, _ = made()
    watch.feed("status", call(Status="Connected"))
    watch.feed("gap", {})
    watch.feed("status", {"Status": {"Call": [{"id": 4, "Status": "Dialling"}]}})
    assert [seen.kind for seen in await take(watch, 3)] == ["status", "gap", "status"]
    assert watch.present().document == {"Status": {"Call": [{"id": 4, "Status": "Dialling"}]}}


@pytest.mark.asyncio
async def test_an_event_has_no_present_value():
    watch, _ = made("Event/CallDisconnect", "observe", "call", "in-call")
    watch.feed("event", {"Event": {"CallDisconnect": {"CallId": 3}}})
    assert await take(watch, 1) == [Seen("event", {"Event": {"CallDisconnect": {"CallId": 3}}})]


@pytest.mark.asyncio
async def test_when_its_right_has_fallen_nothing_more_is_handed_over():
    watch, released = made()
    watch.feed("status", call(Status="Connected"))
    watch.end(Cutoff("grant.revoked", ""))
    watch.end(Cutoff("other", ""))
    watch.feed("status", call(Status="OnHold"))
    assert [seen async for seen in watch] == []
    assert (released, watch.ended.cause) == ([watch], "grant.revoked")


@pytest.mark.asyncio
async def test_closing_wakes_the_reader():
    watch, released = made()

    async def read():
        return [seen async for seen in watch]

    async with asyncio.timeout(2), asyncio.TaskGroup() as group:
        reading = group.create_task(read())
        await asyncio.sleep(0)
        watch.close()
        assert await reading == []
        watch.close()
    assert released == [watch]
