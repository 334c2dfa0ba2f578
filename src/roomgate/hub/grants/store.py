"""The SQL of grants and locks."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, null, or_, select, update

from roomgate.access.capability import Capability
from roomgate.access.grant import Grant, Lock, Room
from roomgate.clock import iso, parse_iso
from roomgate.hub.db.schema import grant_rooms, grants, locks
from roomgate.ids import GrantId, LockId, PersonId, RoomId, SiteId


@dataclass(frozen=True, slots=True)
class GrantRecord:
    """A grant with what the hub keeps about it."""

    grant: Grant
    version: int
    paused: str | None  # why
    ended: str | None  # the cause
    used: int = 0  # how often it carried what acts; kept where it is counted
    loud: bool = False  # taken in an emergency
    approved_by: PersonId | None = None  # the second person, where it was asked for


@dataclass(frozen=True, slots=True)
class LockRecord:
    lock: Lock
    by: PersonId
    sequence: int
    created: str


def _grant(row: Row[Any], of: frozenset[RoomId]) -> GrantRecord:
    grant = Grant(
        GrantId(row.id), PersonId(row.person), of, frozenset(Capability(c) for c in row.capabilities), row.reason,
        parse_iso(row.start), parse_iso(row.until), PersonId(row.made_by), row.issued, row.paused is not None,
        frozenset(map(SiteId, row.sites or ())), frozenset(row.tags or ()), row.most_uses, bool(row.only_booked),
    )  # fmt: skip
    return GrantRecord(
        grant, row.version, row.paused, row.ended, row.used, bool(row.loud),
        PersonId(row.approved_by) if row.approved_by else None,
    )  # fmt: skip


# What every ask looks at is put together once: that takes as long as to ask it.
_ROOMS = select(grant_rooms.c.grant, grant_rooms.c.room).where(grant_rooms.c.grant.in_(bindparam("of", expanding=True)))
_OF_PERSON = select(grants).where(grants.c.person == bindparam("whose"), grants.c.ended.is_(None))
_HOLDING = select(locks).where(locks.c.lifted.is_(None)).order_by(locks.c.id)
_LOCKED = (
    select(locks.c.id)
    .where(locks.c.kind == bindparam("what"), locks.c.subject == bindparam("which"), locks.c.lifted.is_(None))
    .limit(1)
)


def _grants(conn: Connection, query: Any, values: dict[str, str] | None = None) -> list[GrantRecord]:
    rows = conn.execute(query, values).all()
    of: dict[str, set[RoomId]] = {row.id: set() for row in rows}
    if rows:
        for pair in conn.execute(_ROOMS, {"of": list(of)}):
            of[pair.grant].add(RoomId(pair.room))
    return [_grant(row, frozenset(of[row.id])) for row in rows]


def add(conn: Connection, grant: Grant, *, loud: bool, approved_by: PersonId | None) -> None:
    conn.execute(
        insert(grants),
        {
            "id": grant.id, "person": grant.person, "capabilities": sorted(grant.capabilities), "reason": grant.reason,
            "start": iso(grant.start), "until": iso(grant.until), "made_by": grant.made_by, "issued": grant.issued,
            "version": 1, "most_uses": grant.most_uses, "only_booked": grant.only_booked, "loud": loud,
            "approved_by": approved_by, **scope(grant),
        },
    )  # fmt: skip
    if grant.rooms:
        conn.execute(insert(grant_rooms), [{"grant": grant.id, "room": room} for room in sorted(grant.rooms)])


def scope(grant: Grant) -> dict[str, Any]:
    """The columns of what a grant covers beside the rooms that it names."""
    return {"sites": sorted(grant.sites) or null(), "tags": sorted(grant.tags) or null()}  # null: not the JSON null


def find(conn: Connection, id: str) -> GrantRecord | None:
    """One that has not ended."""
    found = _grants(conn, select(grants).where(grants.c.id == id, grants.c.ended.is_(None)))
    return found[0] if found else None


def of_person(conn: Connection, person: str) -> list[GrantRecord]:
    return _grants(conn, _OF_PERSON, {"whose": person})


def naming(conn: Connection, room: str) -> list[GrantRecord]:
    """Those that name this room, which may be gone."""
    on = select(grant_rooms.c.grant).where(grant_rooms.c.room == room)
    return _grants(conn, select(grants).where(grants.c.id.in_(on), grants.c.ended.is_(None)))


def of_room(conn: Connection, room: Room) -> list[GrantRecord]:
    """Those that cover it: by its name, its site or a tag."""
    return [*naming(conn, room.id), *(r for r in reaching(conn, room) if room.id not in r.grant.rooms)]


def reaching(conn: Connection, room: Room) -> list[GrantRecord]:
    """Those that cover it by its site or a tag."""
    wide = select(grants).where(grants.c.ended.is_(None), or_(grants.c.sites.is_not(None), grants.c.tags.is_not(None)))
    # Few are as wide as that; which of them reach the room is not asked in SQL, as each database says it its own way.
    return [r for r in _grants(conn, wide) if r.grant.covers(room)]


def given_by(conn: Connection, person: str) -> list[GrantRecord]:
    """Not paused, not ended, to somebody else or to themself."""
    query = select(grants).where(grants.c.made_by == person, grants.c.ended.is_(None), grants.c.paused.is_(None))
    return _grants(conn, query)


def page(conn: Connection, person: str | None, room: Room | None, after: str, limit: int) -> list[GrantRecord]:
    query = select(grants).where(grants.c.ended.is_(None), grants.c.id > after).order_by(grants.c.id).limit(limit)
    if person is not None:
        query = query.where(grants.c.person == person)
    if room is not None:
        wide = [r.grant.id for r in reaching(conn, room)]
        named = select(grant_rooms.c.grant).where(grant_rooms.c.room == room.id)
        query = query.where(or_(grants.c.id.in_(named), grants.c.id.in_(wide)))
    return _grants(conn, query)


def unended(conn: Connection) -> list[GrantRecord]:
    return _grants(conn, select(grants).where(grants.c.ended.is_(None)))


def change(conn: Connection, id: GrantId, **columns: Any) -> None:
    conn.execute(update(grants).where(grants.c.id == id).values(version=grants.c.version + 1, **columns))


def use(conn: Connection, id: str) -> int | None:
    """Count one use, if one is left; gives how many that makes."""
    left = (grants.c.id == id) & (grants.c.used < grants.c.most_uses)
    counted = update(grants).where(left).values(used=grants.c.used + 1).returning(grants.c.used)
    return conn.execute(counted).scalar_one_or_none()


def keep_rooms(conn: Connection, id: GrantId, kept: frozenset[RoomId]) -> None:
    conn.execute(delete(grant_rooms).where(grant_rooms.c.grant == id, grant_rooms.c.room.not_in(sorted(kept))))


# -- locks ------------------------------------------------------------------------------------------


def _lock(row: Row[Any]) -> LockRecord:
    return LockRecord(
        Lock(LockId(row.id), row.kind, row.subject, row.reason), PersonId(row.by), row.sequence, row.created
    )


def add_lock(conn: Connection, record: LockRecord) -> None:
    lock = record.lock
    conn.execute(
        insert(locks),
        {
            "id": lock.id, "kind": lock.kind, "subject": lock.subject, "reason": lock.reason, "by": record.by,
            "sequence": record.sequence, "created": record.created,
        },
    )  # fmt: skip


def holding(conn: Connection) -> list[LockRecord]:
    return [_lock(row) for row in conn.execute(_HOLDING)]


def find_lock(conn: Connection, id: str) -> LockRecord | None:
    row = conn.execute(select(locks).where(locks.c.id == id, locks.c.lifted.is_(None))).first()
    return _lock(row) if row else None


def locked(conn: Connection, kind: str, subject: str) -> bool:
    return conn.execute(_LOCKED, {"what": kind, "which": subject}).first() is not None


def lift(conn: Connection, id: LockId, sequence: int, by: PersonId) -> None:
    conn.execute(update(locks).where(locks.c.id == id).values(lifted=sequence, lifted_by=by))
