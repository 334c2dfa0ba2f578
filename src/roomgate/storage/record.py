"""The record in a database: entries, the Merkle nodes over them, and the checkpoints that were signed.

An entry is appended inside the same unit of work as whatever it tells of, so neither exists without the
other. Triggers refuse UPDATE and DELETE; that stops accidents. What shows tampering is the Merkle root in
the signed checkpoints, and a witness's signature under them.
"""

import json
import os
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import (
    DDL,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    event,
    func,
    insert,
    select,
    update,
)

from roomgate import log
from roomgate.errors import Conflict, NotFound
from roomgate.ledger.checkpoint import Checkpoint, Note, SignatureLine, VerifierKey
from roomgate.ledger.event import Event, Unknown, filed_under, parse_event
from roomgate.ledger.tree import (
    HASH_BYTES,
    Frontier,
    NodeReader,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_at,
)
from roomgate.storage.database import Database, StorageBusy, StorageFailed, driver_of

_log = log.get("record")

metadata = MetaData()

entries = Table(
    "record_entries",
    metadata,
    Column("index", Integer, primary_key=True, autoincrement=False),
    Column("bytes", LargeBinary, nullable=False),
    Column("leaf", LargeBinary(HASH_BYTES), nullable=False),
    Column("at", String(32), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("order", String(64)),
    Column("room", String(128)),
    Column("person", String(128)),
    Index("record_entries_by_kind", "kind", "index"),
    Index("record_entries_by_order", "order"),
    Index("record_entries_by_room", "room", "index"),
    Index("record_entries_by_person", "person", "index"),
)

nodes = Table(  # the full nodes above the leaves
    "record_nodes",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("index", Integer, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(HASH_BYTES), nullable=False),
)

checkpoints = Table(
    "record_checkpoints",
    metadata,
    Column("size", Integer, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
    Column("witnessed", Integer, nullable=False, default=0),  # how many witnesses signed it
)

about = Table(  # one row: the public key that signs, so that a data folder can be verified by itself
    "record_about",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False),
)

head = Table(  # one row: the right edge of the tree as far as it is kept
    "record_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", Integer, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
)

for _table in (entries, nodes):
    for _verb in ("UPDATE", "DELETE"):
        event.listen(
            _table,
            "after_create",
            DDL(  # type: ignore[no-untyped-call]  # SQLAlchemy leaves this constructor untyped
                f"CREATE TRIGGER {_table.name}_no_{_verb.lower()} BEFORE {_verb} ON {_table.name} "
                "BEGIN SELECT RAISE(ABORT, 'the record is only added to'); END"
            ).execute_if(dialect="sqlite"),
        )


# Said to the driver: an append stands in the way of every command, and through SQLAlchemy it costs ten times as
# much. The tree is grown when it is asked for.
_NEXT = 'SELECT coalesce(max("index") + 1, 0) FROM record_entries'
_APPEND = "INSERT INTO record_entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_FRESH = 'SELECT leaf FROM record_entries WHERE "index" >= ? ORDER BY "index"'
_KEEP = "INSERT INTO record_nodes VALUES (?, ?, ?)"
_EDGE = (
    "INSERT INTO record_head VALUES (1, ?, ?) ON CONFLICT DO UPDATE SET size = excluded.size, hashes = excluded.hashes"
)
_MOST_SOON = 10_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the record, as it was written and as it reads."""

    index: int
    raw: bytes
    event: Event | Unknown


class _Batch:
    """Events that go to the disk together, as one unit of work: filled by the loop until the writer takes it."""

    def __init__(self, first: Event) -> None:
        self._lock = threading.Lock()
        self._events = [first]
        self._taken = False

    def add(self, event: Event) -> bool:
        """False where it is too late; raises StorageBusy where too many wait."""
        with self._lock:
            if self._taken:
                return False
            if len(self._events) >= _MOST_SOON:
                raise StorageBusy(f"{_MOST_SOON} entries of the record wait already")
            self._events.append(event)
            return True

    def close(self, _: object = None) -> None:
        """Nothing more is added: it is being written, or never will be (the disk failed before its turn came)."""
        with self._lock:
            self._taken = True

    def write(self, conn: Connection) -> None:
        self.close()
        driver = driver_of(conn)
        index: int = driver.execute(_NEXT).fetchone()[0]
        rows: list[tuple[object, ...]] = []
        for told in self._events:
            try:
                rows.append(_row(index + len(rows), told))
            except ValueError as fault:  # one that cannot be spelled takes no other with it
                _log.error("record.not-written", kind=told.kind, error=str(fault)[:300])
        driver.executemany(_APPEND, rows)


class Record:
    """The ledger of one program. ``origin`` is its name in checkpoints, such as ``roomgate.hub/main``."""

    def __init__(self, db: Database, origin: str, key: Ed25519PrivateKey) -> None:
        self._db = db
        self._key = key
        self.origin = origin
        self.verifier = VerifierKey.of(origin, key)
        self._soon: _Batch | None = None  # those that wait for the next commit

    def rename(self, origin: str) -> None:
        """From now on its checkpoints are another log's. To be called inside a unit of work, where they are made."""
        self.origin = origin
        self.verifier = VerifierKey.of(origin, self._key)

    # -- adding -------------------------------------------------------------------------------------

    def require(self) -> None:
        """Raises StorageFailed while nothing can be written: what cannot be recorded must not begin."""
        if (failed := self._db.failed) is not None:
            raise type(failed)(failed.message)

    def append(self, conn: Connection, event: Event) -> int:
        """Add an event inside the unit of work that it tells of; gives its index."""
        driver = driver_of(conn)
        index: int = driver.execute(_NEXT).fetchone()[0]
        driver.execute(_APPEND, _row(index, event))
        return index

    async def add(self, event: Event) -> int:
        """Add an event on its own; returns its index once it is durable."""
        return await self._db.write(lambda conn: self.append(conn, event))

    def add_with_next(self, event: Event) -> None:
        """Add an event with the next commit, at most a second from now.

        It stands after everything that was durable when this was called. Raises StorageFailed or StorageBusy:
        then it is not written, and what it tells of must not happen.
        """
        self.require()
        if self._soon is None or not self._soon.add(event):
            batch = _Batch(event)
            self._db.write_soon(batch.write).add_done_callback(batch.close)
            self._soon = batch

    def add_soon(self, event: Event) -> None:
        """As `add_with_next`, but never raises: it tells of what has happened already, and whoever tells goes on."""
        try:
            self.add_with_next(event)
        except StorageFailed:
            pass  # the storage has said so in the log, once for everybody
        except StorageBusy as fault:
            _log.warning("record.not-written", kind=event.kind, error=fault.code)

    # -- proving ------------------------------------------------------------------------------------

    async def checkpoint(self) -> str:
        """Sign the record as it is now, keep the signed note and give it. The same size gives the same note."""

        def unit(conn: Connection) -> str:
            frontier = _grow(conn)
            kept = conn.execute(select(checkpoints.c.note).where(checkpoints.c.size == frontier.size)).scalar()
            if kept is not None:
                return str(kept)
            note = str(Checkpoint(self.origin, frontier.size, frontier.root()).sign(self._key))
            conn.execute(insert(checkpoints), {"size": frontier.size, "note": note, "witnessed": 0})
            if conn.execute(update(about).where(about.c.id == 1), {"key": str(self.verifier)}).rowcount == 0:
                conn.execute(insert(about), {"id": 1, "key": str(self.verifier)})
            return note

        return await self._db.write(unit)

    async def cosigned(self, size: int, lines: Sequence[SignatureLine]) -> str:
        """Keep witnesses' signatures under the checkpoint of a size; gives the note with them."""

        def unit(conn: Connection) -> str:
            row = conn.execute(select(checkpoints).where(checkpoints.c.size == size)).one_or_none()
            if row is None:
                raise NotFound(f"there is no checkpoint of size {size}")
            note = Note.parse(row.note)
            for line in lines:
                note = note.with_signature(line)
            state = {"note": str(note), "witnessed": len(note.signatures) - 1}
            conn.execute(update(checkpoints).where(checkpoints.c.size == size), state)
            return str(note)

        return await self._db.write(unit)

    async def size(self) -> int:
        return await self._db.read(_count)

    async def witnessed(self) -> tuple[int, str]:
        """The largest size that a witness signed, and that note; (0, "") if none did."""

        def unit(conn: Connection) -> tuple[int, str]:
            query = select(checkpoints).where(checkpoints.c.witnessed > 0).order_by(checkpoints.c.size.desc()).limit(1)
            row = conn.execute(query).one_or_none()
            return (row.size, row.note) if row is not None else (0, "")

        return await self._db.read(unit)

    async def root(self, size: int) -> bytes:
        """The root that the record had at a size."""
        await self._grown()
        return await self._db.read(lambda conn: root_at(_within(conn, size), _reader(conn)))

    async def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """The proof that an entry is in the record of a size (now, if none is given); raises BadProof."""

        def unit(conn: Connection) -> list[bytes]:
            return inclusion_proof(index, _within(conn, size), _reader(conn))

        await self._grown()
        return await self._db.read(unit)

    async def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the record of size ``new`` only added to that of size ``old``; raises BadProof."""
        await self._grown()
        return await self._db.read(lambda conn: consistency_proof(old, _within(conn, new), _reader(conn)))

    async def _grown(self) -> None:
        """See that the kept tree covers every entry that was there when this was called."""
        if await self._db.read(lambda conn: _load(conn).size < _count(conn)):
            await self._db.write(_grow)

    # -- reading ------------------------------------------------------------------------------------

    async def entries(
        self,
        start: int = 0,
        limit: int = 100,
        *,
        kind: str | None = None,
        room: str | None = None,
        person: str | None = None,
        contains: str | None = None,
        before: int | None = None,
        newest_first: bool = False,
    ) -> list[Entry]:
        """Entries with ``start`` ≤ index < ``before``, of one kind, room or person, that contain a text."""
        query = select(entries.c.index, entries.c.bytes).limit(limit)
        query = query.order_by(entries.c.index.desc() if newest_first else entries.c.index)
        query = query.where(entries.c.index >= start)
        if before is not None:
            query = query.where(entries.c.index < before)
        if kind is not None:
            query = query.where(entries.c.kind == kind)
        if room is not None:
            query = query.where(entries.c.room == room)
        if person is not None:
            query = query.where(entries.c.person == person)
        if contains:
            query = query.where(func.instr(entries.c.bytes, contains.encode()) > 0)
        return await self._db.read(lambda conn: [_entry(index, raw) for index, raw in conn.execute(query)])

    async def raw(self, start: int, limit: int) -> list[bytes]:
        """The bytes of the entries from ``start`` on, at most so many."""
        query = select(entries.c.bytes).where(entries.c.index >= start).order_by(entries.c.index).limit(limit)
        return await self._db.read(lambda conn: list(conn.execute(query).scalars()))

    async def find(self, orders: Collection[str]) -> list[Entry]:
        """Everything that the record says of these orders, in order; at most some thousands of them."""
        query = select(entries.c.index, entries.c.bytes).where(entries.c.order.in_(orders)).order_by(entries.c.index)
        return await self._db.read(lambda conn: [_entry(index, raw) for index, raw in conn.execute(query)])

    async def export(self, folder: Path) -> int:
        """Write the record to a new folder that anyone can verify offline; gives the number of entries.

        ``entries.jsonl`` has one entry's exact bytes on each line, ``leaves`` their hashes (so that a changed
        entry can be named), ``checkpoint`` the newest signed note with its cosignatures,
        ``checkpoints.json`` every kept one, ``key`` the public key. Raises Conflict if the folder is not empty.
        """
        note = await self.checkpoint()
        size = Checkpoint.parse(Note.parse(note).text).size
        key = str(self.verifier)

        def unit(conn: Connection) -> None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if any(folder.iterdir()):
                raise Conflict(f"{folder} is not empty")
            with _create(folder / "entries.jsonl") as out, _create(folder / "leaves") as leaves:
                query = select(entries.c.bytes).where(entries.c.index < size).order_by(entries.c.index)
                for row in conn.execution_options(yield_per=1000).execute(query):
                    out.write(row.bytes + b"\n")
                    leaves.write(leaf_hash(row.bytes).hex().encode() + b"\n")
            kept = select(checkpoints.c.note).where(checkpoints.c.size <= size).order_by(checkpoints.c.size)
            notes = list(conn.execute(kept).scalars())
            with _create(folder / "checkpoints.json") as out:
                out.write(json.dumps(notes, ensure_ascii=False, indent=1).encode() + b"\n")
            with _create(folder / "checkpoint") as out:
                out.write(notes[-1].encode())
            with _create(folder / "key") as out:
                out.write(key.encode() + b"\n")

        await self._db.read(unit)
        return size


def _row(index: int, event: Event) -> tuple[object, ...]:
    raw = event.encode()
    return index, raw, leaf_hash(raw), event.at, event.kind, *filed_under(event)


def _load(conn: Connection) -> Frontier:
    row = conn.execute(select(head.c.size, head.c.hashes)).one_or_none()
    if row is None:
        return Frontier()
    return Frontier(row.size, tuple(row.hashes[i : i + HASH_BYTES] for i in range(0, len(row.hashes), HASH_BYTES)))


def _count(conn: Connection) -> int:
    return int(conn.execute(select(func.coalesce(func.max(entries.c.index) + 1, 0))).scalar_one())


def _grow(conn: Connection) -> Frontier:
    """Bring the kept tree up to the newest entry; gives its right edge."""
    driver = driver_of(conn)
    before = _load(conn)
    frontier, full = before.extend(leaf for (leaf,) in driver.execute(_FRESH, (before.size,)))
    if frontier.size > before.size:
        driver.executemany(_KEEP, full)
        driver.execute(_EDGE, (frontier.size, b"".join(frontier.hashes)))
    return frontier


def _within(conn: Connection, size: int | None) -> int:
    now = _load(conn).size
    if size is None:
        return now
    if not 0 <= size <= now:
        raise NotFound(f"the record has {now} entries, not {size}")
    return size


def _reader(conn: Connection) -> NodeReader:
    def read(level: int, index: int) -> bytes:
        if level == 0:
            query = select(entries.c.leaf).where(entries.c.index == index)
        else:
            query = select(nodes.c.hash).where(nodes.c.level == level, nodes.c.index == index)
        return bytes(conn.execute(query).scalar_one())

    return read


def _entry(index: int, raw: bytes) -> Entry:
    return Entry(index, raw, parse_event(raw))


def _create(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
