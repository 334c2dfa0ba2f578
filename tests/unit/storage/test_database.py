"""The one writer: what is durable, what is undone, and what happens when the disk fails."""

import asyncio
import json
import sqlite3
import stat
import threading

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from roomgate import log
from roomgate.errors import BadInput
from roomgate.storage.database import DamagedData, Database, StorageBusy, StorageFailed
from support.waiting import until

metadata = MetaData()
things = Table("things", metadata, Column("id", Integer, primary_key=True))


def put(number):
    return lambda conn: conn.execute(insert(things), {"id": number}).rowcount


def ids(conn):
    return list(conn.execute(select(things.c.id).order_by(things.c.id)).scalars())


def on_disk(path):
    other = sqlite3.connect(path)
    try:
        return [i for (i,) in other.execute("SELECT id FROM things ORDER BY id")]
    finally:
        other.close()


@pytest.mark.asyncio
async def test_a_write_that_returned_is_committed(tmp_path):
    db = Database.open(tmp_path / "x.db", metadata)
    assert await db.write(put(1)) == 1
    assert on_disk(db.path) == [1]
    assert await db.read(ids) == [1]
    await db.aclose()


@pytest.mark.asyncio
async def test_nobody_is_answered_while_the_commit_is_under_way(tmp_path):
    db = Database.open(tmp_path / "x.db", metadata)
    reached, go_on = threading.Event(), threading.Event()

    def hold(statement):
        if statement == "COMMIT":
            reached.set()
            go_on.wait(10)

    def unit(conn):
        conn.connection.driver_connection.set_trace_callback(hold)
        return put(1)(conn)

    async with asyncio.TaskGroup() as group:
        writing = group.create_task(db.write(unit))
        assert await asyncio.to_thread(reached.wait, 10)
        for _ in range(10):
            await asyncio.sleep(0)
        assert not writing.done()
        assert on_disk(db.path) == []
        go_on.set()
    assert (writing.result(), on_disk(db.path)) == (1, [1])
    await db.aclose()


@pytest.mark.asyncio
async def test_the_file_is_the_owners_alone_and_durable(tmp_path):
    (tmp_path / "x.db").touch(0o644)
    db = Database.open(f"sqlite:///{tmp_path}/x.db", metadata)
    await db.write(put(1))
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    settings = await db.write(
        lambda conn: [
            conn.exec_driver_sql(f"PRAGMA {p}").scalar() for p in ("journal_mode", "synchronous", "foreign_keys")
        ]
    )
    assert settings == ["wal", 2, 1]
    await db.aclose()


@pytest.mark.asyncio
async def test_a_failing_unit_is_undone_alone(tmp_path):
    db = Database.open(tmp_path / "x.db", metadata)

    def half(conn):
        put(2)(conn)
        raise LookupError("after the first half")

    async with asyncio.TaskGroup() as group:
        first = group.create_task(db.write(put(1)))
        second = group.create_task(_fault(db.write(half)))
        third = group.create_task(db.write(put(3)))
        fourth = group.create_task(_fault(db.write(put(1))))
    assert first.result() == third.result() == 1
    assert isinstance(second.result(), LookupError)
    assert isinstance(fourth.result(), IntegrityError)
    assert on_disk(db.path) == [1, 3]
    await db.aclose()


@pytest.mark.asyncio
async def test_a_failing_unit_that_is_alone_is_undone_and_the_next_is_done(tmp_path):
    db = Database.open(tmp_path / "x.db", metadata)

    def half(conn):
        put(2)(conn)
        raise LookupError("after the first half")

    def half_at_the_driver(conn):
        conn.connection.driver_connection.execute("INSERT INTO things VALUES (3)")
        raise LookupError("after the first half")

    for failing in (half, half_at_the_driver):
        assert isinstance(await _fault(db.write(failing)), LookupError)
    assert await db.write(put(4)) == 1
    assert (db.failed, on_disk(db.path)) == (None, [4])
    await db.aclose()


@pytest.mark.asyncio
async def test_a_unit_whose_transaction_was_ended_under_it_is_not_called_written(tmp_path):
    db = Database.open(tmp_path / "x.db", metadata)

    def swallowing(conn):
        put(1)(conn)
        conn.connection.driver_connection.execute("ROLLBACK")  # as SQLite itself does it after some faults
        return "all is well"

    assert isinstance(await _fault(db.write(swallowing)), StorageFailed)
    await db.aclose()


async def _fault(work):
    try:
        await work
    except Exception as fault:
        return fault
    return None


@pytest.mark.asyncio
async def test_units_that_wait_together_share_a_commit(tmp_path):
    db = Database.open(tmp_path / "x.db", metadata)
    gate = threading.Event()
    held = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(conn):
        loop.call_soon_threadsafe(held.set)
        gate.wait(5)

    transactions = []

    def note(number):
        def unit(conn):
            put(number)(conn)
            transactions.append(conn.get_transaction())

        return unit

    async with asyncio.TaskGroup() as group:
        group.create_task(db.write(hold))
        await held.wait()
        for number in range(20):
            group.create_task(db.write(note(number)))
        await asyncio.sleep(0)
        gate.set()
    assert len(transactions) == 20
    assert len(set(transactions)) == 1
    assert on_disk(db.path) == list(range(20))
    await db.aclose()


@pytest.mark.asyncio
async def test_soon_comes_with_the_next_commit_in_order(tmp_path):
    db = Database.open(tmp_path / "x.db", metadata)
    soon = db.write_soon(put(1))
    assert not soon.done()
    assert await db.write(ids) == [1]
    assert await soon == 1
    await db.aclose()


@pytest.mark.asyncio
async def test_soon_comes_by_itself_within_a_second(tmp_path):
    db = Database.open(tmp_path / "x.db", metadata)
    async with asyncio.timeout(1):
        assert await db.write_soon(put(1)) == 1
    assert on_disk(db.path) == [1]
    await db.aclose()


@pytest.mark.asyncio
async def test_closing_writes_what_waits_and_then_refuses(tmp_path):
    db = Database.open(tmp_path / "x.db", metadata)
    db.write_soon(put(1))
    await db.aclose()
    await db.aclose()
    assert on_disk(db.path) == [1]
    with pytest.raises(StorageFailed):
        await db.write(put(2))
    with pytest.raises(StorageFailed):
        db.write_soon(put(2))
    with pytest.raises(StorageFailed):
        await db.read(ids)


@pytest.mark.asyncio
async def test_cancelling_a_wait_does_not_undo_the_work(tmp_path):
    db = Database.open(tmp_path / "x.db", metadata)
    gate = threading.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(db.write(lambda conn: gate.wait(5) and put(1)(conn)))
        await asyncio.sleep(0)
        task.cancel()
        gate.set()
    assert task.cancelled()
    assert await db.write(ids) == [1]
    await db.aclose()


def fill(conn):
    """As a full disk does it, until the connection is opened anew."""
    pages = conn.exec_driver_sql("PRAGMA page_count").scalar()
    conn.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    conn.execute(text("CREATE TABLE big AS SELECT zeroblob(100000) AS filling"))


@pytest.mark.asyncio
async def test_a_full_disk_fails_everybody_until_it_can_be_written(tmp_path):
    db = Database.open(tmp_path / "x.db", metadata, again_s=3600)
    await db.write(put(1))
    async with asyncio.TaskGroup() as group:
        neighbour = group.create_task(_fault(db.write(put(2))))
        culprit = group.create_task(_fault(db.write(fill)))
    assert isinstance(culprit.result(), StorageFailed)
    assert isinstance(neighbour.result(), StorageFailed) or on_disk(db.path) == [1, 2]
    assert "full" in db.failed.message
    with pytest.raises(StorageFailed):
        await db.write(put(3))
    with pytest.raises(StorageFailed):
        db.write_soon(put(3))
    assert await db.read(lambda conn: 1 in ids(conn))
    assert 3 not in on_disk(db.path)
    await db.aclose()


@pytest.mark.asyncio
async def test_it_goes_on_by_itself_once_the_disk_can_be_written(tmp_path, capsys):
    log.setup()
    db = Database.open(tmp_path / "x.db", metadata, again_s=0.01)
    await db.write(put(1))
    assert isinstance(await _fault(db.write(fill)), StorageFailed)
    await until(lambda: db.failed is None)
    assert await db.write(put(2)) == 1
    assert on_disk(db.path) == [1, 2]
    await db.aclose()
    said = [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()]
    assert said == ["storage.failed", "storage.back"]


@pytest.mark.parametrize("how", ["read", "write"])
@pytest.mark.asyncio
async def test_damage_that_is_found_while_it_runs_shuts_the_file_for_good(tmp_path, how):
    db = Database.open(tmp_path / "x.db", metadata, again_s=0.001)
    await db.write(lambda conn: conn.execute(insert(things), [{"id": n} for n in range(20_000)]) and None)
    await db.write(lambda conn: None)
    await db.aclose()
    good = (tmp_path / "x.db").read_bytes()

    db = Database.open(tmp_path / "x.db", metadata, again_s=0.001)
    (tmp_path / "x.db").write_bytes(good[:8192] + b"\xff" * (len(good) - 8192))
    with pytest.raises(DamagedData) as damage:
        await getattr(db, how)(lambda conn: (conn.exec_driver_sql("PRAGMA shrink_memory"), ids(conn)))
    assert "restore a backup" in damage.value.hint
    (tmp_path / "x.db").write_bytes(good)
    for _ in range(50):  # as long as that takes, the writer could have looked again many times
        await db.read(lambda conn: conn.exec_driver_sql("SELECT 1").scalar())
    for number in (-1, -2):
        with pytest.raises(DamagedData):
            await db.write(put(number))
    assert isinstance(db.failed, DamagedData)
    await db.aclose()


@pytest.mark.asyncio
async def test_a_data_file_held_by_another_is_busy_not_broken(tmp_path):
    db = Database.open(tmp_path / "x.db", metadata)
    await db.write(lambda conn: conn.exec_driver_sql("PRAGMA busy_timeout=1"))
    other = sqlite3.connect(db.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageBusy):
        await db.write(put(1))
    other.execute("ROLLBACK")
    other.close()
    assert await db.write(put(1)) == 1
    await db.aclose()


@pytest.mark.asyncio
async def test_too_much_waiting_is_refused(tmp_path):
    db = Database.open(tmp_path / "x.db", metadata, longest_queue=3)
    gate = threading.Event()
    held = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(conn):
        loop.call_soon_threadsafe(held.set)
        gate.wait(5)

    async with asyncio.TaskGroup() as group:
        group.create_task(db.write(hold))
        await held.wait()
        for number in range(3):
            db.write_soon(put(number))
        with pytest.raises(StorageBusy):
            db.write_soon(put(9))
        gate.set()
    await db.aclose()
    assert on_disk(db.path) == [0, 1, 2]


@pytest.mark.asyncio
async def test_a_reader_cannot_write(tmp_path):
    db = Database.open(tmp_path / "x.db", metadata)
    with pytest.raises(DBAPIError, match="readonly"):
        await db.read(put(1))
    assert on_disk(db.path) == []
    await db.aclose()


@pytest.mark.asyncio
async def test_a_reader_sees_one_moment(tmp_path):
    db = Database.open(tmp_path / "x.db", metadata)
    await db.write(put(1))
    started, written = threading.Event(), threading.Event()

    def twice(conn):
        before = ids(conn)
        started.set()
        written.wait(5)
        return before, ids(conn)

    async with asyncio.TaskGroup() as group:
        seen = group.create_task(db.read(twice))
        await asyncio.to_thread(started.wait, 5)
        await db.write(put(2))
        written.set()
    assert seen.result() == ([1], [1])
    await db.aclose()


def test_a_damaged_file_is_not_opened(tmp_path):
    (tmp_path / "x.db").write_bytes(b"this is no database, " * 300)
    with pytest.raises(DamagedData):
        Database.open(tmp_path / "x.db", metadata)


def test_damage_inside_is_found_at_opening(tmp_path):
    path = tmp_path / "x.db"
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE t (a TEXT)")
    raw.executemany("INSERT INTO t VALUES (?)", [("x" * 500,) for _ in range(100)])
    raw.commit()
    raw.close()
    data = bytearray(path.read_bytes())
    data[4096 : 4096 + 200] = b"\xff" * 200
    path.write_bytes(data)
    with pytest.raises(DamagedData):
        Database.open(path, None)


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageFailed):
        Database.open(tmp_path / "file" / "x.db", metadata)


def test_another_kind_of_database_is_refused():
    with pytest.raises(BadInput):
        Database.open("postgresql://localhost/x", metadata)


@pytest.mark.asyncio
async def test_without_metadata_no_table_is_made(tmp_path):
    db = Database.open(tmp_path / "x.db")
    assert await db.read(lambda conn: list(conn.exec_driver_sql("SELECT name FROM sqlite_schema"))) == []
    await db.aclose()
