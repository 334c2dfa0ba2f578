"""The SQL of restorations. One statement for each table that holds something that can live: nothing is left out."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, update

from roomgate.hub.db.schema import (
    enrolment_codes,
    grant_rooms,
    grants,
    idempotency,
    invitations,
    people,
    requests,
    restorations,
    rooms,
    sessions,
    site_checkpoints,
    site_entries,
    sites,
    tokens,
    web_sessions,
)

PAUSED = "the hub was restored"
ENDED = "hub.restored"
_TABLES: dict[str, Table] = {"people": people, "tokens": tokens, "grants": grants}


@dataclass(frozen=True, slots=True)
class Restoration:
    """One time that the hub went on from an older copy of its data. It is in safe mode until ``ended``."""

    id: int
    cause: str
    at: str
    made: str | None
    here: int
    elsewhere: int
    site_sizes: dict[str, int]
    ended: str | None


@dataclass(frozen=True, slots=True)
class PausedThing:
    """What waits for an administrator: ``kind`` is people, tokens or grants; ``name`` a grant's reason.

    ``who`` is the person's name; ``rooms`` (with sites and tags) and ``capabilities`` are a grant's.
    """

    kind: str
    id: str
    name: str
    person: str
    until: str
    who: str = ""
    rooms: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()


def count(conn: Connection) -> int:
    return int(conn.execute(select(func.count()).select_from(restorations)).scalar_one())


def latest(conn: Connection) -> Restoration | None:
    row = conn.execute(select(restorations).order_by(restorations.c.id.desc()).limit(1)).first()
    if row is None:
        return None
    return Restoration(row.id, row.cause, row.at, row.made, row.here, row.elsewhere, dict(row.site_sizes), row.ended)


def add(conn: Connection, one: Restoration) -> None:
    conn.execute(
        insert(restorations),
        {
            "id": one.id, "cause": one.cause, "at": one.at, "made": one.made, "here": one.here,
            "elsewhere": one.elsewhere, "site_sizes": one.site_sizes,
        },
    )  # fmt: skip


def know_more(conn: Connection, id: int, elsewhere: int) -> None:
    more = (restorations.c.id == id) & (restorations.c.elsewhere < elsewhere)
    conn.execute(update(restorations).where(more).values(elsewhere=elsewhere))


def end(conn: Connection, id: int, at: str, by: str) -> None:
    conn.execute(update(restorations).where(restorations.c.id == id).values(ended=at, ended_by=by))


def site_sizes(conn: Connection) -> dict[str, int]:
    return {row.connector: row.size for row in conn.execute(select(site_checkpoints))}


def site_entries_from(conn: Connection, connector: str, start: int, limit: int) -> list[bytes]:
    query = select(site_entries.c.entry).where(site_entries.c.connector == connector, site_entries.c.index >= start)
    return [bytes(raw) for raw in conn.execute(query.order_by(site_entries.c.index).limit(limit)).scalars()]


def pause_all(conn: Connection, at: str) -> list[str]:
    """Everything that lives in this copy: paused where it can be confirmed, ended where it is cheap to make anew.

    Gives the ids of the people who were active.
    """
    active = people.c.deleted.is_(False) & people.c.active.is_(True) & people.c.paused.is_(None)
    whose = list(conn.execute(select(people.c.id).where(active)).scalars())
    conn.execute(update(people).where(active).values(paused=PAUSED, version=people.c.version + 1))
    for table, more in ((tokens, {}), (grants, {"version": grants.c.version + 1})):
        live = table.c.ended.is_(None) & table.c.paused.is_(None)
        conn.execute(update(table).where(live).values(paused=PAUSED, **more))
    conn.execute(update(web_sessions).where(web_sessions.c.ended.is_(None)).values(ended=ENDED))
    conn.execute(update(sessions).where(sessions.c.ended.is_(None)).values(ended=ENDED, ended_at=at))
    lapse = {"state": "lapsed", "answered_at": at, "words": "The hub was restored."}
    conn.execute(update(requests).where(requests.c.state == "waiting").values(**lapse))
    conn.execute(update(enrolment_codes).where(enrolment_codes.c.used_by.is_(None)).values(until=at))
    open_ones = invitations.c.used.is_(None) & invitations.c.ended.is_(None)
    conn.execute(update(invitations).where(open_ones).values(ended=ENDED))
    conn.execute(delete(idempotency))
    return whose


def paused(conn: Connection) -> list[PausedThing]:
    """By kind, and within it by the person's name."""
    names = names_of(conn)
    waiting = select(people).where(people.c.paused == PAUSED, people.c.deleted.is_(False))
    found = [PausedThing("people", row.id, row.name, row.id, "", row.name) for row in conn.execute(waiting)]
    query = select(tokens).where(tokens.c.paused == PAUSED, tokens.c.ended.is_(None))
    found += [
        PausedThing("tokens", row.id, row.name, row.person, row.until, names.get(row.person, ""))
        for row in conn.execute(query)
    ]
    inside = select(grant_rooms.c.grant, rooms.c.name).join(rooms, rooms.c.id == grant_rooms.c.room)
    where: dict[str, list[str]] = defaultdict(list)
    for row in conn.execute(inside.order_by(rooms.c.name)):
        where[row.grant].append(row.name)
    places = {row.id: row.name for row in conn.execute(select(sites.c.id, sites.c.name))}
    query = select(grants).where(grants.c.paused == PAUSED, grants.c.ended.is_(None))
    found += [
        PausedThing(
            "grants", row.id, row.reason, row.person, row.until, names.get(row.person, ""),
            (*where[row.id], *(places.get(site, site) for site in row.sites or ()), *(row.tags or ())),
            tuple(row.capabilities),
        )
        for row in conn.execute(query)
    ]  # fmt: skip
    order = list(_TABLES)
    return sorted(found, key=lambda one: (order.index(one.kind), one.who.casefold(), one.until, one.id))


def names_of(conn: Connection) -> dict[str, str]:
    """Everybody's name, by id, also of those who were deleted."""
    return {row.id: row.name for row in conn.execute(select(people.c.id, people.c.name))}


def confirm(conn: Connection, kind: str, id: str, **columns: Any) -> bool:
    """Let one live again; False where nothing of this id waits."""
    table = _TABLES[kind]
    waits = (table.c.id == id) & (table.c.paused == PAUSED)
    waits &= table.c.deleted.is_(False) if kind == "people" else table.c.ended.is_(None)
    return conn.execute(update(table).where(waits).values(paused=None, **columns)).rowcount == 1


def end_paused(conn: Connection) -> tuple[int, int, int]:
    """What was not confirmed ends for good: how many accounts, tokens and grants."""
    off = update(people).where(people.c.paused == PAUSED).values(active=False, paused=None)
    accounts = conn.execute(off).rowcount
    ended = [
        conn.execute(update(t).where(t.c.paused == PAUSED, t.c.ended.is_(None)).values(ended=ENDED)).rowcount
        for t in (tokens, grants)
    ]
    return accounts, ended[0], ended[1]


def admit(conn: Connection, id: str, password: str | None) -> None:
    columns: dict[str, Any] = {"paused": None, "version": people.c.version + 1}
    if password is not None:
        columns["password"] = password
    conn.execute(update(people).where(people.c.id == id).values(**columns))
