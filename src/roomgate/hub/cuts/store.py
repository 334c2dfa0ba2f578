"""The SQL of measured cuts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from roomgate.clock import iso, parse_iso
from roomgate.hub.db.schema import cuts


@dataclass(frozen=True, slots=True)
class Cut:
    """What one revocation ended. In milliseconds since it was written: ``channels`` by kind, one figure for each that
    was closed; ``connectors`` until each said that it had cut, or None where it never did."""

    sequence: int
    cause: str
    at: datetime
    sessions: int
    channels: dict[str, list[float]]
    connectors: dict[str, float | None]
    took_ms: int

    @property
    def closed(self) -> int:
        return sum(map(len, self.channels.values()))

    @property
    def every_ms(self) -> list[float]:
        return [one for each in self.channels.values() for one in each]


def add(conn: Connection, cut: Cut) -> None:
    conn.execute(
        insert(cuts),
        {
            "sequence": cut.sequence, "cause": cut.cause, "at": iso(cut.at), "sessions": cut.sessions,
            "channels": cut.channels, "connectors": cut.connectors, "took_ms": cut.took_ms,
        },
    )  # fmt: skip


def page(conn: Connection, before: int | None, limit: int) -> list[Cut]:
    """The newest first."""
    query = select(cuts).order_by(cuts.c.sequence.desc()).limit(limit)
    if before is not None:
        query = query.where(cuts.c.sequence < before)
    return [_cut(row) for row in conn.execute(query)]


def since(conn: Connection, moment: datetime) -> list[Cut]:
    query = select(cuts).where(cuts.c.at >= iso(moment)).order_by(cuts.c.sequence)
    return [_cut(row) for row in conn.execute(query)]


def forget(conn: Connection, before: datetime) -> int:
    return conn.execute(delete(cuts).where(cuts.c.at < iso(before))).rowcount


def _cut(row: Any) -> Cut:
    return Cut(row.sequence, row.cause, parse_iso(row.at), row.sessions, row.channels, row.connectors, row.took_ms)
