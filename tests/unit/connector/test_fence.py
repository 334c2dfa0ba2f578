"""A change that may cut our own way to the device is proven, or taken back."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.access.offered import offered
from roomgate.clock import HandClock
from roomgate.connector.fence import Fence, NotTakenBack, NoWayBack, TakenBack
from roomgate.storage.database import Database
from roomgate.storage.record import Record, metadata
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import DeviceGone
from support.rooms import MemoryRoom
from support.waiting import until

pytestmark = pytest.mark.asyncio

ALLOW = "Configuration/Network/1/RemoteAccess/Allow"


def change(value, path=ALLOW):
    return offered().canonical(Verb.SET, path, {"Value": value})


def room(value="", path=("Network", "RemoteAccess", "Allow")):
    first, *middle, last = path
    node = {last: value}
    for name in reversed(middle):
        node = {name: node}
    return MemoryRoom(document={"Configuration": {first: [{"id": 1, **node}]}})


def told(room):
    return [(call.verb.value, call.argument("Value")) for call in room.calls]


@asynccontextmanager
async def fence(tmp_path, within_s=0.02):
    db = Database.open(tmp_path / "c.db", metadata)
    try:
        record = Record(db, "roomgate.connector/x", Ed25519PrivateKey.generate())
        made = Fence(record, HandClock(), offered(), within_s=within_s, settle_s=0.0, again_s=0.005)

        async def reverted():
            await record.checkpoint()
            return [(e.event.order, e.event.path, e.event.outcome) for e in await record.entries(0, 10)]

        yield made, reverted
    finally:
        await db.aclose()


async def test_what_is_proven_stays(tmp_path):
    async with fence(tmp_path) as (made, reverted):
        oslo = room()
        await made.set("ord_1", oslo, change("192.0.2.7"), privileged=True)
        assert told(oslo) == [("get", None), ("set", "192.0.2.7")]
        assert oslo.privileged == [True, True]
        assert await reverted() == []


async def test_what_is_not_proven_in_time_is_set_back_over_the_connection_that_was_held(tmp_path):
    async with fence(tmp_path) as (made, reverted):
        oslo = room("198.51.100.0/24")
        oslo.lets_in = False
        with pytest.raises(TakenBack, match=r"set back to “198\.51\.100\.0/24”"):
            await made.set("ord_1", oslo, change("192.0.2.7"), privileged=True)
        assert told(oslo)[1:] == [("set", "192.0.2.7"), ("set", "198.51.100.0/24")]
        assert await reverted() == [("ord_1", ALLOW, "reverted")]


async def test_a_way_back_that_is_gone_is_told(tmp_path):
    async with fence(tmp_path) as (made, reverted):
        oslo = room()
        oslo.lets_in = False

        def lost(call):
            if call == change(""):
                raise DeviceGone("the link ended")

        oslo.before = lost
        with pytest.raises(NotTakenBack, match="Somebody at the site has to"):
            await made.set("ord_1", oslo, change("192.0.2.7"), privileged=True)
        assert await reverted() == [("ord_1", ALLOW, "not-reverted")]


@pytest.mark.parametrize("value", ["***", None, {"id": 1}])
async def test_without_a_way_back_nothing_is_changed(tmp_path, value):
    async with fence(tmp_path) as (made, reverted):
        oslo = room(value)
        with pytest.raises(NoWayBack):
            await made.set("ord_1", oslo, change("192.0.2.7"), privileged=True)
        assert told(oslo) == [("get", None)]
        assert await reverted() == []


async def test_an_old_value_that_nobody_could_set_again_is_no_way_back(tmp_path):
    async with fence(tmp_path) as (made, _):
        path = "Configuration/Network/1/IPv4/Assignment"
        oslo = room("Magic!", ("Network", "IPv4", "Assignment"))
        with pytest.raises(NoWayBack):
            await made.set("ord_1", oslo, change("Static", path), privileged=False)


async def test_the_same_value_again_needs_no_proof(tmp_path):
    async with fence(tmp_path) as (made, _):
        oslo = room("192.0.2.7")
        oslo.lets_in = False
        await made.set("ord_1", oslo, change("192.0.2.7"), privileged=True)
        assert told(oslo)[-1] == ("set", "192.0.2.7")


async def test_a_connector_that_stops_before_the_proof_takes_it_back(tmp_path):
    async with fence(tmp_path, within_s=60.0) as (made, reverted):
        oslo = room()
        oslo.lets_in = False
        async with asyncio.TaskGroup() as group:
            task = group.create_task(made.set("ord_1", oslo, change("192.0.2.7"), privileged=True))
            await until(lambda: len(oslo.calls) == 2)
            task.cancel()
        assert told(oslo)[-1] == ("set", "")
        assert await reverted() == [("ord_1", ALLOW, "reverted")]
