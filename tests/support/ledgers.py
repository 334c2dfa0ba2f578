"""The ledgers of running programs, read from their data folders while they are written; and copies to falsify."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from roomgate.ledger.event import Event, Unknown, parse_event

DATABASES = {"hub": "hub.db", "connector": "connector.db"}


def events(folder: Path, program: str) -> list[Event | Unknown]:
    """All entries, oldest first."""
    path = folder / program / DATABASES[program]
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        rows = db.execute('SELECT bytes FROM record_entries ORDER BY "index"').fetchall()
    return [parse_event(raw) for (raw,) in rows]


async def events_until(
    folder: Path, program: str, enough: Callable[[list[Any]], object], within_s: float = 10.0
) -> list[Any]:
    """The entries, as soon as there are enough: the last ones follow with the next group commit."""
    async with asyncio.timeout(within_s):
        while not enough(found := events(folder, program)):
            await asyncio.sleep(0.05)
    return found


def copy(folder: Path, program: str, to: Path) -> Path:
    """A copy of a running program's database, in a folder of its own; gives the folder."""
    (to / program).mkdir(parents=True)
    name = DATABASES[program]
    with (
        closing(sqlite3.connect(f"{(folder / program / name).as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(to / program / name)) as target,
    ):
        source.backup(target)
    return to / program


def flip(folder: Path, program: str, table: str, column: str, order: str, at: int = -3) -> None:
    """Change one byte of one value, past the triggers, as somebody with the disk in hand would.

    ``order`` is SQL that puts the row first; ``at`` the byte's place, which may count from the end.
    """
    with closing(sqlite3.connect(folder / DATABASES[program])) as db:
        for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f'DROP TRIGGER "{trigger}"')
        newest = f'SELECT rowid, "{column}" FROM {table} ORDER BY {order} LIMIT 1'  # noqa: S608 (a test's own words)
        row, value = db.execute(newest).fetchone()
        raw = bytearray(value if isinstance(value, bytes) else value.encode())
        raw[at] ^= 1
        changed = bytes(raw) if isinstance(value, bytes) else raw.decode("latin-1")
        db.execute(f'UPDATE {table} SET "{column}" = ? WHERE rowid = ?', (changed, row))  # noqa: S608
        db.commit()
