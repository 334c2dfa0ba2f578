"""A hub's ledger made long: entries of the real kind, by the hub's own code and key, while the hub is stopped."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from roomgate.clock import SystemClock, iso
from roomgate.hub.parts import ensure_keys
from roomgate.hub.restoration.service import ORIGIN
from roomgate.ledger.event import Refused, filed_under
from roomgate.ledger.tree import leaf_hash
from roomgate.storage.database import Database
from roomgate.storage.record import Record

_AT_ONCE = 50_000
_INSERT = (
    'INSERT INTO record_entries ("index", bytes, leaf, at, kind, "order", room, person) VALUES (?, ?, ?, ?, ?, ?, ?, ?)'
)


def _rows(first: int, end: int) -> Iterator[tuple[object, ...]]:
    """Refusals: they belong to no order, so that nothing else is missed when the two ledgers are compared."""
    now = iso(SystemClock().now())
    for number in range(first, end):
        event = Refused(
            at=now, ask=f"ask_{number:020}", principal=f"person_{number % 1000:020}", room=f"room-{number % 500}",
            call="command Command/Dial Number=123@example.com", rule="no-grant",
        )  # fmt: skip
        raw = event.encode()
        yield (number, raw, leaf_hash(raw), event.at, event.kind, *filed_under(event))


def extend(data: Path, size: int) -> None:
    """Entries up to ``size``, without their tree. Does not flush: `append_cost` does."""
    db = sqlite3.connect(data / "hub.db", isolation_level=None)
    try:
        have = int(db.execute('SELECT coalesce(max("index") + 1, 0) FROM record_entries').fetchone()[0])
        for first in range(have, size, _AT_ONCE):
            db.execute("BEGIN IMMEDIATE")
            db.executemany(_INSERT, _rows(first, min(size, first + _AT_ONCE)))
            db.execute("COMMIT")
    finally:
        db.close()


async def append_cost(data: Path, times: int) -> tuple[float, list[float]]:
    """Seconds to sign the whole (its tree grown first), then milliseconds of so many durable appends, one by one."""
    db = await asyncio.to_thread(Database.open, data / "hub.db")
    try:
        record = Record(db, ORIGIN, ensure_keys(data / "keys").ledger)
        began = time.monotonic()
        await record.checkpoint()
        signed = time.monotonic() - began
        took = []
        for number in range(times):
            event = Refused(
                at=iso(SystemClock().now()), ask=f"ask_more_{number}", principal="person_0", room="room-0",
                call="command Command/Dial Number=123@example.com", rule="no-grant",
            )  # fmt: skip
            began = time.monotonic()
            await record.add(event)
            took.append((time.monotonic() - began) * 1000)
        return signed, took
    finally:
        await db.aclose()
