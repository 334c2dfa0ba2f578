"""The SQL of invitations. Functions over a connection: they run inside the caller's unit of work."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from roomgate.clock import iso, parse_iso
from roomgate.hub.db.schema import invitations, people
from roomgate.ids import InvitationId, PersonId


@dataclass(frozen=True, slots=True)
class Invitation:
    """One that nobody has used yet. ``by`` is None for the hub's own terminal."""

    id: InvitationId
    person: PersonId
    name: str
    created: datetime
    until: datetime
    by: PersonId | None


def _read(row: Any) -> Invitation:
    return Invitation(
        InvitationId(row.id), PersonId(row.person), row.name, parse_iso(row.created), parse_iso(row.until),
        PersonId(row.created_by) if row.created_by else None,
    )  # fmt: skip


_OPEN = invitations.c.used.is_(None) & invitations.c.ended.is_(None)
_QUERY = select(
    invitations.c.id, invitations.c.person, people.c.name, invitations.c.created, invitations.c.until,
    invitations.c.created_by,
).join(people, people.c.id == invitations.c.person).where(_OPEN, people.c.deleted.is_(False))  # fmt: skip


def add(conn: Connection, made: Invitation, hash: str) -> None:
    conn.execute(
        insert(invitations),
        {
            "id": made.id, "hash": hash, "person": made.person, "until": iso(made.until), "created": iso(made.created),
            "created_by": made.by,
        },
    )  # fmt: skip


def find(conn: Connection, hash: str, now: datetime) -> Invitation | None:
    row = conn.execute(_QUERY.where(invitations.c.hash == hash, invitations.c.until > iso(now))).first()
    return _read(row) if row else None


def waiting(conn: Connection, now: datetime, after: str, limit: int) -> list[Invitation]:
    query = _QUERY.where(invitations.c.until > iso(now), invitations.c.id > after)
    return [_read(row) for row in conn.execute(query.order_by(invitations.c.id).limit(limit))]


def all_open(conn: Connection) -> list[Invitation]:
    """Whatever the time."""
    return [_read(row) for row in conn.execute(_QUERY)]


def get_waiting(conn: Connection, id: str) -> Invitation | None:
    row = conn.execute(_QUERY.where(invitations.c.id == id)).first()
    return _read(row) if row else None


def use(conn: Connection, id: InvitationId, now: datetime) -> bool:
    """Use it up. False if that was done, if it was cut, or if its time is over."""
    mine = _OPEN & (invitations.c.id == id) & (invitations.c.until > iso(now))
    return conn.execute(update(invitations).where(mine).values(used=iso(now))).rowcount == 1


def end(conn: Connection, cause: str, *, id: str | None = None, person: PersonId | None = None) -> int:
    """End the one, or a person's; gives how many there were."""
    mine = _OPEN & (invitations.c.id == id if id is not None else invitations.c.person == person)
    return conn.execute(update(invitations).where(mine).values(ended=cause)).rowcount
