"""Every entry reaches the hub, in order, however often the link is lost."""

import asyncio
import random

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.connector.spool import BATCH, Spool
from roomgate.ledger.checkpoint import open_checkpoint
from roomgate.ledger.event import DeviceGone
from roomgate.storage.database import Database
from roomgate.storage.record import Record, metadata
from support.waiting import until


@pytest_asyncio.fixture
async def record(tmp_path):
    db = Database.open(tmp_path / "connector.db", metadata)
    yield Record(db, "connector.example.com/1", Ed25519PrivateKey.generate())
    await db.aclose()


async def fill(record, count):
    def unit(conn):
        for _ in range(count):
            record.append(conn, DeviceGone(at="2026-03-10T09:00:00.000Z", room="oslo"))

    await record._db.write(unit)


class Hub:
    """Keeps what fits on what it has; loses messages and links as the dice fall."""

    def __init__(self, record, dice=None):
        self.record, self.dice = record, dice
        self.kept = []
        self.batches = []
        self.spool = Spool(record, self.send, confirm_within_s=0.05)

    def send(self, message):
        chance = self.dice.random() if self.dice else 1.0
        if chance < 0.1:
            return False
        if chance < 0.2:
            return True  # lost on the way
        assert message.start == len(self.kept) or self.dice
        if message.start == len(self.kept):
            assert open_checkpoint(message.checkpoint, self.record.verifier).size >= message.start + len(
                message.entries
            )
            self.kept += message.entries
            self.batches.append(len(message.entries))
        if chance < 0.3:  # the confirmation is lost, and the link with it
            self.spool.welcomed(len(self.kept))
        elif chance >= 0.4:
            self.spool.kept(len(self.kept))
        return True


async def run(hub, size):
    async with asyncio.TaskGroup() as group:
        task = group.create_task(hub.spool.run())
        await until(lambda: len(hub.kept) == size, within_s=20)
        task.cancel()


@pytest.mark.asyncio
async def test_all_entries_go_in_order_in_bounded_batches(record):
    await fill(record, 2 * BATCH + 50)
    hub = Hub(record)
    hub.spool.welcomed(0)

    await run(hub, 2 * BATCH + 50)

    assert hub.batches == [BATCH, BATCH, 50]
    assert hub.kept == [entry.raw for entry in await record.entries(0, 1000)]


@pytest.mark.asyncio
async def test_it_goes_on_from_what_the_hub_has(record):
    await fill(record, 30)
    hub = Hub(record)
    hub.kept = [entry.raw for entry in await record.entries(0, 10)]
    hub.spool.welcomed(10)

    await run(hub, 30)

    assert hub.batches == [20]


@pytest.mark.asyncio
@pytest.mark.parametrize("seed", range(5))
async def test_lost_messages_and_links_lose_nothing(record, seed):
    await fill(record, 90)
    hub = Hub(record, random.Random(seed))
    hub.spool.welcomed(0)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(hub.spool.run())
        await until(lambda: len(hub.kept) == 90, within_s=20)
        await fill(record, 30)
        hub.spool.kept(len(hub.kept))
        await until(lambda: len(hub.kept) == 120, within_s=20)
        task.cancel()

    assert hub.kept == [entry.raw for entry in await record.entries(0, 1000)]


@pytest.mark.asyncio
async def test_without_a_link_nothing_is_sent_and_a_hub_that_has_more_than_we_gets_nothing(record):
    await fill(record, 3)
    hub = Hub(record)

    assert not await hub.spool._step()
    hub.spool.welcomed(9)
    assert not await hub.spool._step()
    assert (hub.batches, hub.spool.held) == ([], None)


@pytest.mark.asyncio
async def test_what_a_full_link_did_not_take_goes_the_next_time(record):
    await fill(record, 3)
    hub = Hub(record)
    starts, full = [], True

    def send(message):
        starts.append(message.start)
        return False if full else hub.send(message)

    hub.spool = Spool(record, send, confirm_within_s=0.05)
    hub.spool.welcomed(0)
    assert not await hub.spool._step()
    full = False
    await run(hub, 3)
    assert starts == [0, 0]
