"""The record: appended with its cause, never changed, provable."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from roomgate import log
from roomgate.errors import Conflict, NotFound
from roomgate.ledger.checkpoint import COSIGNATURE, Note, VerifierKey, cosign, open_checkpoint
from roomgate.ledger.event import LinkDown, Permitted, RoomSeen
from roomgate.ledger.tree import BadProof, leaf_hash, root_of, verify_consistency, verify_inclusion
from roomgate.storage import record as module
from roomgate.storage.database import Database, StorageBusy, StorageFailed
from roomgate.storage.record import Record, entries, metadata
from support.waiting import until

AT = "2026-03-10T09:00:00.000Z"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ORIGIN = "roomgate.hub/main"


def permit(order="o1", room="oslo", principal="ada"):
    return Permitted(at=AT, ask="a", order=order, principal=principal, room=room, call="c", digest="d", grant="g")


def down(number):
    return LinkDown(at=AT, session=f"s{number}")


@pytest.mark.asyncio
async def test_entries_come_back_in_order_byte_for_byte(tmp_path):
    db = Database.open(tmp_path / "hub.db", metadata)
    record = Record(db, ORIGIN, KEY)
    events = [down(n) for n in range(5)]
    assert [await record.add(e) for e in events] == [0, 1, 2, 3, 4]
    got = await record.entries()
    assert [e.index for e in got] == [0, 1, 2, 3, 4]
    assert [e.event for e in got] == events
    assert [e.raw for e in got] == [e.encode() for e in events]
    assert await record.size() == 5
    await db.aclose()


@pytest.mark.asyncio
async def test_an_entry_falls_with_the_work_that_it_told_of(tmp_path):
    db = Database.open(tmp_path / "hub.db", metadata)
    record = Record(db, ORIGIN, KEY)

    def unit(conn):
        record.append(conn, down(1))
        raise LookupError("the work failed")

    with pytest.raises(LookupError):
        await db.write(unit)
    assert await record.size() == 0
    assert await record.add(down(2)) == 0
    assert await record.root(1) == root_of([down(2).encode()])
    await db.aclose()


@pytest.mark.asyncio
async def test_nothing_is_changed_or_taken_away(tmp_path):
    db = Database.open(tmp_path / "hub.db", metadata)
    record = Record(db, ORIGIN, KEY)
    await record.add(down(1))
    for statement in (update(entries).values(bytes=b"{}"), delete(entries)):
        with pytest.raises(DBAPIError, match="only added to"):
            await db.write(lambda conn, statement=statement: conn.execute(statement))
    assert (await record.entries())[0].event == down(1)
    await db.aclose()


@pytest.mark.asyncio
async def test_every_entry_and_every_growth_can_be_proven(tmp_path):
    db = Database.open(tmp_path / "hub.db", metadata)
    record = Record(db, ORIGIN, KEY)
    events = [down(n) for n in range(11)]
    for e in events:
        record.add_soon(e)
    checkpoint = open_checkpoint(await record.checkpoint(), record.verifier)
    assert checkpoint.size == 11
    assert checkpoint.root == root_of([e.encode() for e in events])
    for index, e in enumerate(events):
        proof = await record.inclusion(index)
        verify_inclusion(leaf_hash(e.encode()), index, 11, proof, checkpoint.root)
        proof = await record.consistency(index, 11)
        verify_consistency(index, await record.root(index), 11, checkpoint.root, proof)
    with pytest.raises(BadProof):
        await record.inclusion(11)
    with pytest.raises(NotFound):
        await record.consistency(3, 12)
    await db.aclose()


@pytest.mark.asyncio
async def test_the_same_size_is_signed_once(tmp_path):
    db = Database.open(tmp_path / "hub.db", metadata)
    record = Record(db, ORIGIN, KEY)
    await record.add(down(1))
    first = await record.checkpoint()
    assert await record.checkpoint() == first
    await record.add(down(2))
    assert await record.checkpoint() != first
    await db.aclose()


@pytest.mark.asyncio
async def test_the_record_goes_on_after_reopening(tmp_path):
    db = Database.open(tmp_path / "hub.db", metadata)
    for n in range(5):
        await Record(db, ORIGIN, KEY).add(down(n))
    await db.aclose()
    db = Database.open(tmp_path / "hub.db", metadata)
    record = Record(db, ORIGIN, KEY)
    assert await record.add(down(5)) == 5
    assert await record.root(6) == root_of([down(n).encode() for n in range(6)])
    await db.aclose()


@pytest.mark.asyncio
async def test_entries_are_found_by_what_they_are_about(tmp_path):
    db = Database.open(tmp_path / "hub.db", metadata)
    record = Record(db, ORIGIN, KEY)
    await record.add(permit("o1", "oslo", "ada"))
    await record.add(permit("o2", "bergen", "bob"))
    await record.add(RoomSeen(at=AT, room="oslo", name="Oslo ø", site="s", connector="c"))
    await record.add(down(1))

    async def indices(**what):
        return [e.index for e in await record.entries(**what)]

    assert await indices(kind="permit") == [0, 1]
    assert await indices(room="oslo") == [0, 2]
    assert await indices(person="bob") == [1]
    assert await indices(contains="Oslo ø") == [2]
    assert await indices(contains="%") == []
    assert await indices(start=1, limit=2) == [1, 2]
    assert await indices(newest_first=True, limit=2) == [3, 2]
    assert await indices(newest_first=True, before=2) == [1, 0]
    assert [e.index for e in await record.find(["o2"])] == [1]
    assert [e.index for e in await record.find(["o3", "o2", "o1"])] == [0, 1]
    assert await record.find(["o3"]) == []
    await db.aclose()


@pytest.mark.asyncio
async def test_cosignatures_are_kept_with_their_checkpoint(tmp_path):
    db = Database.open(tmp_path / "hub.db", metadata)
    record = Record(db, ORIGIN, KEY)
    await record.add(down(1))
    note = Note.parse(await record.checkpoint())
    assert await record.witnessed() == (0, "")
    kept = await record.cosigned(1, [cosign(note.text, "w.example.com", KEY, 9)])
    assert await record.witnessed() == (1, kept)
    assert Note.parse(kept).cosigned_at(VerifierKey.of("w.example.com", KEY, COSIGNATURE)) == 9
    assert await record.checkpoint() == kept
    with pytest.raises(NotFound):
        await record.cosigned(2, [])
    await db.aclose()


@pytest.mark.asyncio
async def test_an_export_is_complete_and_never_overwrites(tmp_path):
    db = Database.open(tmp_path / "hub.db", metadata)
    record = Record(db, ORIGIN, KEY)
    for n in range(3):
        await record.add(down(n))
    assert await record.export(tmp_path / "out") == 3
    lines = (tmp_path / "out" / "entries.jsonl").read_bytes().splitlines()
    assert lines == [down(n).encode() for n in range(3)]
    key = VerifierKey.parse((tmp_path / "out" / "key").read_text())
    assert open_checkpoint((tmp_path / "out" / "checkpoint").read_text(), key).root == root_of(lines)
    assert len(json.loads((tmp_path / "out" / "checkpoints.json").read_bytes())) == 1
    with pytest.raises(Conflict):
        await record.export(tmp_path / "out")
    await db.aclose()


@pytest.mark.asyncio
async def test_what_is_told_soon_stands_after_what_was_durable_and_before_what_comes_later(tmp_path):
    db = Database.open(tmp_path / "hub.db", metadata)
    record = Record(db, ORIGIN, KEY)
    for n in (1, 2):
        record.add_soon(down(n))
    await record.add(down(3))
    record.add_soon(down(4))  # the first batch is gone: this one is another
    await record.add(down(5))
    assert [entry.event for entry in await record.entries()] == [down(n) for n in (1, 2, 3, 4, 5)]
    await db.aclose()


@pytest.mark.asyncio
async def test_an_entry_that_cannot_be_spelled_takes_no_other_with_it(tmp_path, capsys):
    log.setup()
    db = Database.open(tmp_path / "hub.db", metadata)
    record = Record(db, ORIGIN, KEY)
    record.add_soon(down(1))
    record.add_soon(permit("\ud800", "oslo", "ada"))
    record.add_soon(down(2))
    await record.add(down(3))
    assert [entry.event for entry in await record.entries()] == [down(n) for n in (1, 2, 3)]
    assert "record.not-written" in capsys.readouterr().err
    await db.aclose()


@pytest.mark.asyncio
async def test_what_must_not_happen_unrecorded_is_refused_and_what_has_happened_is_let_go(
    tmp_path, capsys, monkeypatch
):
    log.setup()
    monkeypatch.setattr(module, "_MOST_SOON", 2)
    db = Database.open(tmp_path / "hub.db", metadata)
    record = Record(db, ORIGIN, KEY)
    record.add_with_next(down(1))
    record.add_with_next(down(2))
    with pytest.raises(StorageBusy):
        record.add_with_next(down(3))
    record.add_soon(down(4))
    assert "record.not-written" in capsys.readouterr().err
    assert await record.add(down(5)) == 2
    await db.aclose()
    with pytest.raises(StorageFailed):
        record.add_with_next(down(6))
    record.add_soon(down(7))


@pytest.mark.asyncio
async def test_after_the_disk_failed_what_is_told_soon_is_written_again(tmp_path):
    db = Database.open(tmp_path / "hub.db", metadata, again_s=0.01)
    record = Record(db, ORIGIN, KEY)

    def full(conn):  # as a full disk does it, until the connection is opened anew
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar()
        conn.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        conn.exec_driver_sql("CREATE TABLE big AS SELECT zeroblob(100000) AS filling")

    failing = db.write_soon(full)  # first in the commit: the unit after it never has its turn
    record.add_soon(down(1))
    with pytest.raises(StorageFailed):
        await failing
    await until(lambda: db.failed is None)
    record.add_soon(down(2))
    await record.add(down(3))
    assert [entry.event for entry in await record.entries()] == [down(2), down(3)]
    await db.aclose()
