"""The SQL of samples and of what devices are."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from roomgate.clock import iso, parse_iso
from roomgate.hub.db.schema import room_facts, rooms, samples
from roomgate.hub.status.sampling import Facts, Values
from roomgate.hub.status.series import Sample
from roomgate.ids import RoomId


def add(conn: Connection, at: datetime, values: Sequence[tuple[RoomId, Values]]) -> None:
    """One sample of each of these rooms; of a moment that was written already, the first counts."""
    second = int(at.timestamp())
    written = set(conn.execute(select(samples.c.room).where(samples.c.at == second)).scalars())
    rows = [{"room": room, "at": second, "values": one} for room, one in values if room not in written]
    if rows:
        conn.execute(insert(samples), rows)


def since(conn: Connection, room: str, moment: datetime) -> list[Sample]:
    """The oldest first."""
    query = (
        select(samples).where(samples.c.room == room, samples.c.at >= int(moment.timestamp())).order_by(samples.c.at)
    )
    return [Sample(datetime.fromtimestamp(row.at, moment.tzinfo), row.values) for row in conn.execute(query)]


def forget(conn: Connection, before: datetime) -> int:
    return conn.execute(delete(samples).where(samples.c.at < int(before.timestamp()))).rowcount


def facts(conn: Connection, only: Iterable[str] | None = None) -> dict[RoomId, tuple[Facts, datetime]]:
    """Of all rooms that are there, or of these."""
    query = select(room_facts).join(rooms, rooms.c.id == room_facts.c.room).where(rooms.c.removed.is_(None))
    if only is not None:
        query = query.where(room_facts.c.room.in_(sorted(only)))
    return {RoomId(row.room): (dict(row.facts), parse_iso(row.seen)) for row in conn.execute(query)}


def keep_facts(conn: Connection, told: dict[RoomId, Facts], seen: datetime) -> None:
    """What was told now takes the place of what was known under the same name; the rest stays."""
    before = facts(conn, told)
    conn.execute(delete(room_facts).where(room_facts.c.room.in_(sorted(told))))
    rows = [
        {"room": room, "facts": {**before.get(room, ({}, None))[0], **one}, "seen": iso(seen)}
        for room, one in told.items()
    ]
    conn.execute(insert(room_facts), rows)
