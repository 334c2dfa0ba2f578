"""The SQL of second factors. Functions over a connection: they run inside the caller's unit of work."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, select, update

from roomgate.clock import parse_iso
from roomgate.hub.db.schema import factors, web_sessions
from roomgate.ids import FactorId, PersonId


class FactorKind(StrEnum):
    TOTP = "totp"
    PASSKEY = "passkey"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class Factor:
    """One that counts: it was shown once when it was made."""

    id: FactorId
    person: PersonId
    kind: FactorKind
    name: str
    created: datetime
    used: datetime | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A factor with what only sign-in may look at."""

    factor: Factor
    credential: str | None
    secret: bytes
    counter: int


_LIVES = factors.c.ended.is_(None)
_SECOND = _LIVES & factors.c.kind.in_([FactorKind.TOTP.value, FactorKind.PASSKEY.value])


def _kept(row: Row[Any]) -> Kept:
    factor = Factor(
        FactorId(row.id), PersonId(row.person), FactorKind(row.kind), row.name, parse_iso(row.created),
        parse_iso(row.used) if row.used else None,
    )  # fmt: skip
    return Kept(factor, row.credential, row.secret or b"", row.counter)


def add(
    conn: Connection, id: FactorId, person: PersonId, kind: FactorKind, name: str, at: str, *,
    credential: str | None = None, secret: bytes | None = None, counter: int = 0,
) -> None:  # fmt: skip
    conn.execute(
        insert(factors),
        {
            "id": id, "person": person, "kind": kind.value, "name": name, "credential": credential, "secret": secret,
            "counter": counter, "created": at,
        },
    )  # fmt: skip


def has_second(conn: Connection, person: PersonId) -> bool:
    """Whether a password alone does not open this account. Recovery codes alone are no second factor."""
    return conn.execute(select(factors.c.id).where(_SECOND, factors.c.person == person).limit(1)).first() is not None


def of_person(conn: Connection, person: PersonId, kind: FactorKind | None = None) -> list[Kept]:
    query = select(factors).where(_LIVES, factors.c.person == person).order_by(factors.c.created, factors.c.id)
    if kind is not None:
        query = query.where(factors.c.kind == kind.value)
    return [_kept(row) for row in conn.execute(query)]


def find_passkey(conn: Connection, credential: str) -> Kept | None:
    query = select(factors).where(
        _LIVES, factors.c.kind == FactorKind.PASSKEY.value, factors.c.credential == credential
    )
    row = conn.execute(query).first()
    return _kept(row) if row else None


def credential_taken(conn: Connection, credential: str) -> bool:
    """Also by one that has ended."""
    return conn.execute(select(factors.c.id).where(factors.c.credential == credential)).first() is not None


def use_step(conn: Connection, id: FactorId, step: int, at: str) -> bool:
    """Take a step of TOTP. False if it, or a later one, served already, or the factor has ended."""
    later = and_(factors.c.id == id, _LIVES, factors.c.counter < step)
    return conn.execute(update(factors).where(later).values(counter=step, used=at)).rowcount == 1


def use_passkey(conn: Connection, id: FactorId, counter: int, at: str) -> bool:
    """Take the counter that a passkey showed. False if it did not go on: there may be a copy. Zero never counts."""
    went_on = factors.c.counter < counter if counter else factors.c.counter == 0
    done = conn.execute(update(factors).where(factors.c.id == id, _LIVES, went_on).values(counter=counter, used=at))
    return done.rowcount == 1


def use_recovery(conn: Connection, person: PersonId, hash: str, at: str) -> bool:
    """Use a recovery code up. False if there is none, or it was used."""
    theirs = and_(
        factors.c.person == person, factors.c.kind == FactorKind.RECOVERY.value, factors.c.credential == hash, _LIVES
    )
    return conn.execute(update(factors).where(theirs).values(used=at, ended="used")).rowcount == 1


def end(
    conn: Connection, person: PersonId, cause: str, *, id: str | None = None, kind: FactorKind | None = None
) -> list[Factor]:
    """End the one, those of a kind, or all; gives them."""
    mine = _LIVES & (factors.c.person == person)
    if id is not None:
        mine = mine & (factors.c.id == id)
    if kind is not None:
        mine = mine & (factors.c.kind == kind.value)
    found = [_kept(row).factor for row in conn.execute(select(factors).where(mine))]
    conn.execute(update(factors).where(mine).values(ended=cause))
    return found


def set_strength(conn: Connection, web: str, *, strong: bool, how: str, at: str) -> None:
    """What a web session was proven by, from now on."""
    conn.execute(update(web_sessions).where(web_sessions.c.id == web).values(strong=strong, how=how, created=at))
