"""The SQL of kept texts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select

from roomgate.clock import parse_iso
from roomgate.hub.db.schema import text_versions as kept
from roomgate.hub.extensions.text import Kind
from roomgate.ids import PersonId, RoomId


@dataclass(frozen=True, slots=True)
class Version:
    """One text as it was. ``how``: saved (from here), seen (at the device), removed (it was the last one)."""

    name: str
    number: int
    digest: str
    how: str
    by: PersonId | None  # of what was seen: nobody that the hub knows
    at: datetime


_COLUMNS = (kept.c.name, kept.c.number, kept.c.digest, kept.c.how, kept.c.by, kept.c.at)


def _version(row: Any) -> Version:
    by = PersonId(row.by) if row.by else None
    return Version(row.name, row.number, row.digest, row.how, by, parse_iso(row.at))


def _of(room: RoomId, kind: Kind, name: str) -> ColumnElement[bool]:
    return and_(kept.c.room == room, kept.c.kind == kind.value, kept.c.name == name)


def newest(conn: Connection, room: RoomId, kind: Kind, name: str) -> Version | None:
    query = select(*_COLUMNS).where(_of(room, kind, name)).order_by(kept.c.number.desc()).limit(1)
    row = conn.execute(query).first()
    return _version(row) if row else None


def every(conn: Connection, room: RoomId, kind: Kind, name: str) -> list[Version]:
    """The newest first."""
    query = select(*_COLUMNS).where(_of(room, kind, name)).order_by(kept.c.number.desc())
    return [_version(row) for row in conn.execute(query)]


def newest_of_all(conn: Connection, room: RoomId, kind: Kind) -> list[Version]:
    """The newest version of each name."""
    here = and_(kept.c.room == room, kept.c.kind == kind.value)
    last = select(kept.c.name.label("of"), func.max(kept.c.number).label("last")).where(here).group_by(kept.c.name)
    each = last.subquery()
    query = select(*_COLUMNS).join(each, and_(kept.c.name == each.c.of, kept.c.number == each.c.last))
    return [_version(row) for row in conn.execute(query.where(here).order_by(kept.c.name))]


def sealed(conn: Connection, room: RoomId, kind: Kind, name: str, number: int) -> bytes | None:
    query = select(kept.c.sealed).where(_of(room, kind, name), kept.c.number == number)
    row = conn.execute(query).first()
    return bytes(row.sealed) if row else None


def add(conn: Connection, room: RoomId, kind: Kind, version: Version, text: bytes, at: str) -> None:
    conn.execute(
        insert(kept),
        {
            "room": room, "kind": kind.value, "name": version.name, "number": version.number,
            "digest": version.digest, "sealed": text, "how": version.how, "by": version.by, "at": at,
        },
    )  # fmt: skip


def forget(conn: Connection, room: RoomId, kind: Kind, name: str, up_to: int) -> None:
    """The oldest make way."""
    conn.execute(delete(kept).where(_of(room, kind, name), kept.c.number <= up_to))
