"""The SQL of directories. Functions over a connection: they run inside the caller's unit of work."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from roomgate.access.principal import Kind
from roomgate.clock import iso, parse_iso
from roomgate.hub.db.schema import group_members, groups, people, revocations
from roomgate.hub.identity.person import name_key
from roomgate.hub.identity.scim.brake import WINDOW, Brake
from roomgate.hub.identity.scim.kept import GroupWish, KeptGroup, KeptPerson, PersonWish
from roomgate.hub.revocation import Cause, SubjectKind
from roomgate.ids import PersonId
from roomgate.ledger.event import DirectoryReleased, parse_event
from roomgate.storage.record import entries

_CHUNK = 500
_MOST_RELEASES = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of them: those with exactly this name or id of the directory's own, else all."""

    name: str | None = None
    external_id: str | None = None


# -- people -----------------------------------------------------------------------------------------


def _person(row: Row[Any]) -> KeptPerson:
    return KeptPerson(
        PersonId(row.id), row.name, bool(row.active), row.display, row.mail, row.external_id,
        parse_iso(row.created), row.version,
    )  # fmt: skip


def _mine(directory: str) -> Any:
    return people.c.deleted.is_(False) & (people.c.managed_by == directory) & (people.c.kind == Kind.PERSON.value)


def find_person(conn: Connection, directory: str, id: str) -> KeptPerson | None:
    row = conn.execute(select(people).where(_mine(directory), people.c.id == id)).first()
    return _person(row) if row else None


def name_taken(conn: Connection, name: str, but: str = "") -> bool:
    """By whomever: a directory's people share their names with everybody's."""
    query = select(people.c.id).where(people.c.deleted.is_(False), people.c.key == name_key(name), people.c.id != but)
    return conn.execute(query).first() is not None


def describe_person(conn: Connection, directory: str, id: str, wish: PersonWish) -> None:
    """What the directory says of a new person beside its name."""
    columns = {"display": wish.display, "mail": wish.mail, "external_id": wish.external_id}
    kept = update(people).where(people.c.id == id)
    conn.execute(kept.values(managed_by=directory, active=wish.active, **columns))


def list_people(
    conn: Connection, directory: str, wanted: Wanted = Wanted(), start: int = 0, limit: int | None = None
) -> list[KeptPerson]:
    query = _people(select(people), directory, wanted).order_by(people.c.created, people.c.id)
    return [_person(row) for row in conn.execute(query.offset(start).limit(limit))]


def count_people(conn: Connection, directory: str, wanted: Wanted = Wanted()) -> int:
    return int(conn.execute(_people(select(func.count()).select_from(people), directory, wanted)).scalar_one())


def _people(query: Select[Any], directory: str, wanted: Wanted) -> Select[Any]:
    query = query.where(_mine(directory))
    if wanted.name is not None:
        query = query.where(people.c.key == name_key(wanted.name))
    if wanted.external_id is not None:
        query = query.where(people.c.external_id == wanted.external_id)
    return query


def disabled_by_hand(conn: Connection, person: str) -> bool:
    """Whether an administrator, and not the directory, was the last who shut the account."""
    shut = (Cause.PERSON_DISABLED.value, Cause.PERSON_DEPROVISIONED.value)
    query = select(revocations.c.cause).where(
        revocations.c.kind == SubjectKind.PERSON.value, revocations.c.subject == person, revocations.c.cause.in_(shut)
    )
    row = conn.execute(query.order_by(revocations.c.sequence.desc()).limit(1)).first()
    return row is not None and row.cause == Cause.PERSON_DISABLED.value


def hand_over(conn: Connection, person: str, directory: str) -> None:
    conn.execute(
        update(people)
        .where(people.c.id == person)
        .values(managed_by=directory, external_id=None, version=people.c.version + 1)
    )


# -- groups -----------------------------------------------------------------------------------------


def _groups(conn: Connection, query: Select[Any]) -> list[KeptGroup]:
    rows = conn.execute(query).all()
    members: dict[str, set[str]] = {row.id: set() for row in rows}
    for some in _chunks(list(members)):
        for row in conn.execute(select(group_members).where(group_members.c.group.in_(some))):
            members[row.group].add(row.person)
    return [
        KeptGroup(
            row.id, row.name, frozenset(members[row.id]), row.external_id,
            parse_iso(row.created), parse_iso(row.changed), row.version,
        )
        for row in rows
    ]  # fmt: skip


def find_group(conn: Connection, directory: str, id: str) -> KeptGroup | None:
    found = _groups(conn, select(groups).where(groups.c.managed_by == directory, groups.c.id == id))
    return found[0] if found else None


def list_groups(
    conn: Connection, directory: str, wanted: Wanted = Wanted(), start: int = 0, limit: int | None = None
) -> list[KeptGroup]:
    query = _some_groups(select(groups), directory, wanted).order_by(groups.c.created, groups.c.id)
    return _groups(conn, query.offset(start).limit(limit))


def count_groups(conn: Connection, directory: str, wanted: Wanted = Wanted()) -> int:
    return int(conn.execute(_some_groups(select(func.count()).select_from(groups), directory, wanted)).scalar_one())


def _some_groups(query: Select[Any], directory: str, wanted: Wanted) -> Select[Any]:
    query = query.where(groups.c.managed_by == directory)
    if wanted.external_id is not None:
        query = query.where(groups.c.external_id == wanted.external_id)
    return query


def group_names(conn: Connection, directory: str) -> dict[str, str]:
    """Id → name."""
    query = select(groups.c.id, groups.c.name).where(groups.c.managed_by == directory)
    return {row.id: row.name for row in conn.execute(query)}


def groups_of(conn: Connection, directory: str, person: str) -> dict[str, str]:
    """Those that somebody is in: id → name."""
    query = (
        select(groups.c.id, groups.c.name)
        .join(group_members, group_members.c.group == groups.c.id)
        .where(groups.c.managed_by == directory, group_members.c.person == person)
    )
    return {row.id: row.name for row in conn.execute(query)}


def add_group(conn: Connection, id: str, directory: str, wish: GroupWish, at: str) -> None:
    conn.execute(
        insert(groups),
        {
            "id": id, "name": wish.name, "managed_by": directory, "external_id": wish.external_id, "created": at,
            "changed": at, "version": 1,
        },
    )  # fmt: skip
    _add_members(conn, id, wish.members)


def change_group(conn: Connection, known: KeptGroup, wish: GroupWish, at: str) -> None:
    conn.execute(
        update(groups)
        .where(groups.c.id == known.id)
        .values(name=wish.name, external_id=wish.external_id, changed=at, version=groups.c.version + 1)
    )
    for some in _chunks(sorted(known.members - wish.members)):
        conn.execute(delete(group_members).where(group_members.c.group == known.id, group_members.c.person.in_(some)))
    _add_members(conn, known.id, wish.members - known.members)


def _add_members(conn: Connection, group: str, persons: frozenset[str]) -> None:
    if persons:
        conn.execute(insert(group_members), [{"group": group, "person": person} for person in sorted(persons)])


def delete_group(conn: Connection, id: str) -> None:
    conn.execute(delete(group_members).where(group_members.c.group == id))
    conn.execute(delete(groups).where(groups.c.id == id))


def leave_groups(conn: Connection, person: str, at: str) -> None:
    """Somebody who is gone is in no group any more."""
    theirs = select(group_members.c.group).where(group_members.c.person == person)
    conn.execute(update(groups).where(groups.c.id.in_(theirs)).values(changed=at, version=groups.c.version + 1))
    conn.execute(delete(group_members).where(group_members.c.person == person))


def strangers(conn: Connection, directory: str, persons: frozenset[str]) -> frozenset[str]:
    """Those that are none of the directory's people."""
    known: set[str] = set()
    for some in _chunks(sorted(persons)):
        known |= set(conn.execute(select(people.c.id).where(_mine(directory), people.c.id.in_(some))).scalars())
    return persons - known


def _chunks(ids: list[str]) -> Iterable[list[str]]:
    return (ids[i : i + _CHUNK] for i in range(0, len(ids), _CHUNK))


# -- the brake --------------------------------------------------------------------------------------


def brake_of(conn: Connection, directory: str, now: datetime) -> Brake:
    """Worked out from the revocations and the record, which nobody takes back: a restart forgets nothing."""
    since = iso(now - WINDOW)
    # From the newest on until one is too old: the table keeps all that ever was.
    older = select(revocations.c.sequence).where(revocations.c.at <= since)
    before = conn.execute(older.order_by(revocations.c.sequence.desc()).limit(1)).scalar() or 0
    ours = (
        (revocations.c.sequence > before)
        & (revocations.c.cause == Cause.PERSON_DEPROVISIONED.value)
        & (revocations.c.by == directory)
    )
    ended = conn.execute(select(revocations.c.subject, revocations.c.at).where(ours)).all()
    gone = people.c.id.in_(select(revocations.c.subject).where(ours))
    kept = select(func.count()).select_from(people).where(
        people.c.managed_by == directory, people.c.created <= since, people.c.deleted.is_(False) | gone
    )  # fmt: skip
    return Brake(
        int(conn.execute(kept).scalar_one()),
        frozenset(row.subject for row in ended),
        min((parse_iso(row.at) for row in ended), default=None),
        _released(conn, directory),
    )


def _released(conn: Connection, directory: str) -> datetime | None:
    query = select(entries.c.bytes).where(entries.c.kind == "directory.released", entries.c.person == directory)
    found = conn.execute(query.order_by(entries.c.index.desc()).limit(_MOST_RELEASES)).scalars()
    until = [parse_iso(event.until) for raw in found if isinstance(event := parse_event(raw), DirectoryReleased)]
    return max(until, default=None)
