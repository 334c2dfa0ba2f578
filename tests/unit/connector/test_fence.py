"""A change that may cut our own way to the device is proven, or taken back."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.access.offered import offered
from roomgate.clock import HandClock
from roomgate.connector.fence import Fence, NotTakenBack, NoWayBack, TakenBack
from roomgate.connector.room import RoomCondition
from roomgate.connector.unproven import Unproven
from roomgate.connector.unproven import metadata as unproven_table
from roomgate.storage.database import Database
from roomgate.storage.record import Record, metadata
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import CommandFailed, DeviceGone
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
        await db.write(unproven_table.create_all)
        record = Record(db, "roomgate.connector/x", Ed25519PrivateKey.generate())
        book = await Unproven.open(db)
        made = Fence(record, HandClock(), offered(), book, within_s=within_s, settle_s=0.0, again_s=0.005)

        async def reverted():
            """What the site's ledger says, and the book has nothing more (as the next run would find it)."""
            await record.checkpoint()
            assert (await Unproven.open(db)).all() == book.all()
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


# ---- what is left to the next run ------------------------------------------------------------------


class Killed(BaseException):
    """kill -9: nothing more is done, not even the way back."""


async def killed_before_the_proof(tmp_path, oslo):
    """One run of the connector up to there; what it wrote is on the disk."""

    async def never():
        raise Killed

    proves, oslo.prove = oslo.prove, never
    async with fence(tmp_path, within_s=60.0) as (made, _):
        with pytest.raises(Killed):
            await made.set("ord_1", oslo, change("192.0.2.7"), privileged=True)
    oslo.prove = proves


@asynccontextmanager
async def next_run(tmp_path, oslo):
    """The connector once more; gives what it tells of orders, and its ledger."""

    class One:
        def by_device(self, device):
            return oslo if device == oslo.device else None

    told = []
    async with fence(tmp_path) as (made, reverted), asyncio.TaskGroup() as group:
        running = group.create_task(made.run(One(), lambda room, outcome: told.append((room.name, outcome))))
        yield made, told, reverted
        running.cancel()


@pytest.mark.parametrize(
    ("lets_in", "outcome", "rule", "value", "noted"),
    [(True, "done", "", "192.0.2.7", []), (False, "failed", "fence.reverted", "", [("ord_1", ALLOW, "reverted")])],
)
async def test_a_killed_connector_proves_the_change_afterwards_or_takes_it_back(
    tmp_path, lets_in, outcome, rule, value, noted
):
    oslo = room()
    await killed_before_the_proof(tmp_path, oslo)
    oslo.lets_in = lets_in
    async with next_run(tmp_path, oslo) as (made, told, reverted):
        await until(lambda: told)
        [(name, seen)] = told
        assert (name, seen.order, seen.outcome, seen.rule) == ("oslo", "ord_1", outcome, rule)
        assert await oslo.call(offered().canonical(Verb.GET, ALLOW)) == value
        assert oslo.privileged == [True] * (len(oslo.calls) - 1) + [False]
        assert await reverted() == noted
        assert made.unproven.all() == []


@pytest.mark.parametrize(("value", "words"), [("", "it has its old value “”"), ("198.51.100.1", "set anew since")])
async def test_what_is_not_in_force_after_a_restart_is_left_as_it_is(tmp_path, value, words):
    """Killed before the device did it, or somebody at the site was faster."""
    oslo = room()
    await killed_before_the_proof(tmp_path, oslo)
    await oslo.call(change(value))
    oslo.lets_in = False
    async with next_run(tmp_path, oslo) as (made, told, reverted):
        await until(lambda: told)
        assert (told[0][1].outcome, told[0][1].rule, words in told[0][1].words) == ("failed", "fence.interrupted", True)
        assert oslo.calls[-1].verb is Verb.GET
        assert (await reverted(), made.unproven.all()) == ([], [])


async def test_a_device_that_lets_nobody_in_is_told_once_and_seen_to_as_soon_as_it_does(tmp_path):
    oslo = room()
    await killed_before_the_proof(tmp_path, oslo)
    oslo.failure = DeviceGone("nobody gets in")
    async with next_run(tmp_path, oslo) as (made, told, reverted):
        await until(lambda: told)
        assert [one.rule for _, one in told] == ["fence.not-reverted"]
        oslo.failure, oslo.lets_in = None, False
        await until(lambda: len(told) == 2)
        assert [one.rule for _, one in told] == ["fence.not-reverted", "fence.reverted"]
        assert await reverted() == [("ord_1", ALLOW, "not-reverted"), ("ord_1", ALLOW, "reverted")]
        assert made.unproven.all() == []


async def test_a_device_that_is_lost_in_the_middle_is_looked_at_without_a_restart(tmp_path):
    """Whether the change was made is unknown; so it was, and it would have stayed."""
    oslo = room()

    def lost(call):
        if call.verb is Verb.SET:
            oslo.document = {"Configuration": {"Network": [{"id": 1, "RemoteAccess": {"Allow": "192.0.2.7"}}]}}
            oslo.before, oslo.lets_in = None, False
            raise DeviceGone("the link ended")

    oslo.before = lost
    async with next_run(tmp_path, oslo) as (made, told, reverted):
        with pytest.raises(DeviceGone):
            await made.set("ord_1", oslo, change("192.0.2.7"), privileged=True)
        await until(lambda: told)
        assert told[0][1].rule == "fence.reverted"
        assert await reverted() == [("ord_1", ALLOW, "reverted")]


async def test_a_quarantined_device_is_not_spoken_to_and_a_change_that_it_refuses_is_not_kept(tmp_path):
    oslo = room()

    def refuse(call):
        if call.verb is Verb.SET:
            raise CommandFailed("no such network")

    oslo.before = refuse
    async with next_run(tmp_path, oslo) as (made, told, _):
        with pytest.raises(CommandFailed):
            await made.set("ord_1", oslo, change("192.0.2.7"), privileged=True)
        assert made.unproven.all() == []
    oslo.before = None
    await killed_before_the_proof(tmp_path, oslo)
    oslo.condition, known = RoomCondition.QUARANTINED, len(oslo.calls)
    async with next_run(tmp_path, oslo) as (made, told, _):
        for _ in range(20):
            await asyncio.sleep(0)
        assert (told, len(oslo.calls), len(made.unproven.all())) == ([], known, 1)
