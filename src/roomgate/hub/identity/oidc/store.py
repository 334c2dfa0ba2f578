"""The SQL of single sign-on: who is whom at a provider, which sign-ins it vouched for, which tokens were played."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update

from roomgate.clock import iso, parse_iso
from roomgate.hub.db.schema import logout_tokens, outside_identities, tokens, web_sessions
from roomgate.hub.revocation import Cause
from roomgate.ids import PersonId, WebSessionId


@dataclass(frozen=True, slots=True)
class Linked:
    """Somebody of ours and who they are at a provider. An address of mail is no part of it: those change hands."""

    issuer: str
    subject: str
    person: PersonId
    created: datetime
    seen: datetime


def find(conn: Connection, issuer: str, subject: str) -> Linked | None:
    table = outside_identities
    row = conn.execute(select(table).where(table.c.issuer == issuer, table.c.subject == subject)).first()
    return None if row is None else Linked(*_columns(row))


def of_person(conn: Connection, person: str) -> list[Linked]:
    table = outside_identities
    query = select(table).where(table.c.person == person).order_by(table.c.issuer, table.c.subject)
    return [Linked(*_columns(row)) for row in conn.execute(query)]


def add(conn: Connection, issuer: str, subject: str, person: PersonId, at: str) -> None:
    conn.execute(
        insert(outside_identities),
        {"issuer": issuer, "subject": subject, "person": person, "created": at, "seen": at},
    )


def remove(conn: Connection, issuer: str, subject: str) -> None:
    table = outside_identities
    conn.execute(delete(table).where(table.c.issuer == issuer, table.c.subject == subject))


def saw(conn: Connection, issuer: str, subject: str, at: str) -> None:
    table = outside_identities
    conn.execute(update(table).where(table.c.issuer == issuer, table.c.subject == subject).values(seen=at))


def counted(conn: Connection) -> dict[str, tuple[int, datetime]]:
    """Issuer → how many people it is linked to, and its last sign-in."""
    table = outside_identities
    query = select(table.c.issuer, func.count(), func.max(table.c.seen)).group_by(table.c.issuer)
    return {row[0]: (int(row[1]), parse_iso(row[2])) for row in conn.execute(query)}


def end_webs(
    conn: Connection, issuer: str, subject: str | None, session: str | None, cause: Cause
) -> list[tuple[WebSessionId, PersonId]]:
    """End the live web sessions that this provider vouched for: of one of its sessions, or all of a subject.

    Where it names both, a web session of the subject that it gave no session for may be the one, and ends too.
    """
    table = web_sessions
    meant = _meant(issuer, subject, session) & table.c.ended.is_(None)
    ended = [
        (WebSessionId(row.id), PersonId(row.person))
        for row in conn.execute(select(table.c.id, table.c.person).where(meant))
    ]
    conn.execute(update(table).where(meant).values(ended=cause.value))
    return ended


def end_tokens(conn: Connection, issuer: str, subject: str | None, session: str | None, cause: Cause) -> list[str]:
    """End the tokens of devices that were signed in by web sessions of the same, whether those live or are over."""
    of = select(web_sessions.c.id).where(_meant(issuer, subject, session))
    theirs = tokens.c.web.in_(of) & tokens.c.ended.is_(None)
    ended = list(conn.execute(select(tokens.c.id).where(theirs)).scalars())
    conn.execute(update(tokens).where(theirs).values(ended=cause.value))
    return ended


def _meant(issuer: str, subject: str | None, session: str | None) -> ColumnElement[bool]:
    meant = web_sessions.c.issuer == issuer
    if subject is not None:
        meant &= web_sessions.c.outside == subject
    if session is not None:
        meant &= _of_session(session, anonymous=subject is not None)
    return meant


def _of_session(session: str, *, anonymous: bool) -> ColumnElement[bool]:
    column = web_sessions.c.outside_session
    return or_(column == session, column.is_(None)) if anonymous else column == session


def play(conn: Connection, issuer: str, jti: str, until: datetime, now: datetime) -> bool:
    """Remember a logout token; False if it was played before."""
    table = logout_tokens
    conn.execute(delete(table).where(table.c.until < iso(now)))
    if conn.execute(select(table.c.jti).where(table.c.issuer == issuer, table.c.jti == jti)).first() is not None:
        return False
    conn.execute(insert(table), {"issuer": issuer, "jti": jti, "until": iso(until)})
    return True


def _columns(row: Sequence[str]) -> tuple[str, str, PersonId, datetime, datetime]:
    issuer, subject, person, created, seen = row
    return issuer, subject, PersonId(person), parse_iso(created), parse_iso(seen)
