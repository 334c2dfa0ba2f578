"""The relay's SQL: sessions and asks. Each function is part of somebody's unit of work."""

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from roomgate.hub.channels import Session
from roomgate.hub.db.schema import asks, people, rooms, sessions
from roomgate.ids import AskId, OrderId, SessionId
from roomgate.storage.database import driver_of

# Said to the driver, since every command runs them.
_ADD_ASK = """INSERT INTO asks
    (id, person, room, session, "order", call, outcome, rule, words, asked_at, permit_entry)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_ADD_SESSION = """INSERT INTO sessions
    (id, person, credential, room, connector, "grant", channel, opened, opened_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_ANSWER_ASK = """UPDATE asks SET outcome = ?, rule = ?, words = ?, answered_at = ?, outcome_entry = ?
    WHERE "order" = ?"""


@dataclass(frozen=True, slots=True)
class KeptSession:
    """A session as it was written down, for the time after a restart."""

    id: SessionId
    person: str
    person_name: str
    person_kind: str
    credential: str
    room_name: str
    connector: str
    grant: str
    kind: str
    opened: int
    opened_at: str
    ended: str | None
    calls: tuple[str, ...]  # what it was permitted, masked


@dataclass(frozen=True, slots=True)
class KeptAsk:
    id: AskId
    person: str
    room: str
    order: OrderId | None
    outcome: str
    rule: str
    words: str
    entry: int | None


def position(conn: Connection) -> int:
    """Where the hub's own sequence stands."""
    (found,) = driver_of(conn).execute("SELECT value FROM sequence WHERE id = 1").fetchone()
    return int(found)


def keep_session(conn: Connection, session: Session, grant: str, opened: int, at: str) -> None:
    who, room = session.principal, session.room
    driver_of(conn).execute(
        _ADD_SESSION,
        (session.id, who.id, who.credential, room.id, room.connector, grant, session.kind.value, opened, at),
    )


def end_sessions(conn: Connection, ids: list[str], cause: str, at: str) -> None:
    living = update(sessions).where(sessions.c.id.in_(ids), sessions.c.ended.is_(None))
    conn.execute(living.values(ended=cause, ended_at=at))


def find_session(conn: Connection, id: str) -> KeptSession | None:
    query = (
        select(sessions, people.c.name.label("person_name"), people.c.kind.label("person_kind"), rooms.c.name)
        .join(people, people.c.id == sessions.c.person)
        .join(rooms, rooms.c.id == sessions.c.room)
        .where(sessions.c.id == id)
    )
    row = conn.execute(query).one_or_none()
    if row is None:
        return None
    calls = conn.execute(select(asks.c.call).where(asks.c.session == id, asks.c.outcome != "denied").distinct())
    return KeptSession(
        SessionId(row.id), row.person, row.person_name, row.person_kind, row.credential, row.name, row.connector,
        row.grant, row.channel, row.opened, row.opened_at, row.ended, tuple(calls.scalars()),
    )  # fmt: skip


def add_ask(conn: Connection, ask: KeptAsk, session: SessionId, call: str, at: str) -> None:
    """An ask that was permitted; ``call`` is canonical, its secrets masked."""
    driver_of(conn).execute(
        _ADD_ASK,
        (ask.id, ask.person, ask.room, session, ask.order, call, ask.outcome, ask.rule, ask.words, at, ask.entry),
    )


def answer_ask(conn: Connection, order: str, outcome: str, rule: str, words: str, at: str, entry: int) -> None:
    driver_of(conn).execute(_ANSWER_ASK, (outcome, rule[:80], words, at, entry, order))


def answer_late(
    conn: Connection, order: str, connector: str, outcome: str, rule: str, words: str, at: str, entry: int
) -> None:
    """What is known after all: only of an order that went to this connector, and only where nothing was known."""
    went = select(sessions.c.id).where(sessions.c.connector == connector)
    conn.execute(
        update(asks)
        .where(asks.c.order == order, asks.c.outcome.in_(("waiting", "unknown")), asks.c.session.in_(went))
        .values(outcome=outcome, rule=rule[:80], words=words, answered_at=at, outcome_entry=entry)
    )


def waiting_asks(conn: Connection) -> list[tuple[str, str, str]]:
    """Order, room and connector of every ask that has no outcome."""
    query = (
        select(asks.c.order, asks.c.room, sessions.c.connector)
        .join(sessions, sessions.c.id == asks.c.session)
        .where(asks.c.outcome == "waiting")
    )
    return [(row.order, row.room, row.connector) for row in conn.execute(query)]


def find_ask(conn: Connection, id: str) -> KeptAsk | None:
    row = conn.execute(select(asks).where(asks.c.id == id)).one_or_none()
    if row is None:
        return None
    return KeptAsk(AskId(row.id), row.person, row.room, row.order, row.outcome, row.rule, row.words, row.permit_entry)
