"""The SQL of identity. Functions over a connection: they run inside the caller's unit of work."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, or_, select, update

from roomgate.access.principal import Kind
from roomgate.access.scope import Scope
from roomgate.clock import iso, parse_iso
from roomgate.errors import NotFound
from roomgate.hub.db.schema import factors, outside_identities, people, tokens, web_sessions
from roomgate.hub.identity.person import Person, Proof, Token, WebSession, name_key
from roomgate.hub.roles.store import among
from roomgate.ids import PersonId, TokenId, WebSessionId


def hashed(secret: str) -> str:
    """How a token or cookie is kept: its SHA-256 (it has 256 random bits of its own)."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Known:
    """A person with what only sign-in may look at."""

    person: Person
    password: str | None


def _person(conn: Connection, row: Row[Any]) -> Person:
    return Person(
        PersonId(row.id), row.name, Kind(row.kind), frozenset(row.roles),
        bool(row.active) and row.paused is None, parse_iso(row.created), row.version, row.paused,
        among(conn, row.roles),
    )  # fmt: skip


def _web(row: Row[Any]) -> WebSession:
    return WebSession(
        WebSessionId(row.id), PersonId(row.person), row.csrf, row.source,
        parse_iso(row.created), parse_iso(row.until), row.issued,
        Proof(row.how, bool(row.strong), row.issuer, row.outside, row.outside_session), row.agent or "",
    )  # fmt: skip


def _token(row: Row[Any]) -> Token:
    return Token(
        TokenId(row.id), PersonId(row.person), row.name, parse_iso(row.created), parse_iso(row.until),
        PersonId(row.made_by), row.issued, row.ended, row.paused,
        None if row.scope is None else Scope.parse(row.scope),
        None if row.seen is None else parse_iso(row.seen), row.source or "",
        WebSessionId(row.web) if row.web else None,
    )  # fmt: skip


def add_person(
    conn: Connection, id: PersonId, name: str, kind: Kind, password: str | None, roles: frozenset[str], by: str | None,
    at: str,
) -> None:  # fmt: skip
    conn.execute(
        insert(people),
        {
            "id": id, "name": name, "key": name_key(name), "kind": kind.value, "password": password,
            "roles": sorted(roles), "active": True, "deleted": False, "created": at, "created_by": by, "version": 1,
        },
    )  # fmt: skip


def find_person(conn: Connection, id_or_name: str) -> Person | None:
    known = find_known(conn, id_or_name)
    return known.person if known else None


def get_person(conn: Connection, id_or_name: str) -> Person:
    person = find_person(conn, id_or_name)
    if person is None:
        raise NotFound(f"There is nobody called {id_or_name[:80]}.")
    return person


# What every request asks is put together once: that takes as long as to ask it.
_KNOWN = select(people).where(
    people.c.deleted.is_(False), or_(people.c.id == bindparam("who"), people.c.key == bindparam("of"))
)


def find_known(conn: Connection, id_or_name: str) -> Known | None:
    row = conn.execute(_KNOWN, {"who": id_or_name, "of": name_key(id_or_name)}).first()
    return Known(_person(conn, row), row.password) if row else None


def list_people(conn: Connection, kind: Kind | None, after: str, limit: int) -> list[Person]:
    query = select(people).where(people.c.deleted.is_(False), people.c.id > after).order_by(people.c.id).limit(limit)
    if kind is not None:
        query = query.where(people.c.kind == kind.value)
    return [_person(conn, row) for row in conn.execute(query).all()]


def anybody(conn: Connection) -> bool:
    return conn.execute(select(people.c.id).limit(1)).first() is not None


_PASSKEY = select(factors.c.id).where(
    factors.c.person == people.c.id, factors.c.kind == "passkey", factors.c.ended.is_(None)
)
_OUTSIDE = select(outside_identities.c.subject).where(outside_identities.c.person == people.c.id)
_WAY_IN = or_(people.c.kind == Kind.SERVICE.value, people.c.password.is_not(None), _PASSKEY.exists(), _OUTSIDE.exists())


def has_way_in(conn: Connection, id: PersonId) -> bool:
    """Whether they can sign in by anything but an invitation."""
    return conn.execute(select(people.c.id).where(people.c.id == id, _WAY_IN)).first() is not None


def administrators(conn: Connection, kind: Kind | None = None) -> set[PersonId]:
    """Active accounts with the administrator's role that have a way in: an invitation alone is none."""
    query = select(people.c.id, people.c.roles).where(
        people.c.deleted.is_(False), people.c.active.is_(True), people.c.paused.is_(None), _WAY_IN
    )
    if kind is not None:
        query = query.where(people.c.kind == kind.value)
    return {PersonId(row.id) for row in conn.execute(query) if "administrator" in row.roles}


def change_person(conn: Connection, id: PersonId, **columns: Any) -> None:
    conn.execute(update(people).where(people.c.id == id).values(version=people.c.version + 1, **columns))


# -- web sessions -----------------------------------------------------------------------------------


def add_web(conn: Connection, web: WebSession, hash: str) -> None:
    conn.execute(
        insert(web_sessions),
        {
            "id": web.id, "person": web.person, "hash": hash, "csrf": web.csrf, "source": web.source,
            "issued": web.issued, "created": iso(web.created), "seen": iso(web.created), "until": iso(web.until),
            "renew": False, "how": web.proof.how, "strong": web.proof.strong, "issuer": web.proof.issuer,
            "outside": web.proof.outside, "outside_session": web.proof.outside_session, "agent": web.agent[:240],
        },
    )  # fmt: skip


_WEB = select(web_sessions).where(
    web_sessions.c.ended.is_(None),
    or_(
        web_sessions.c.hash == bindparam("shown"),
        (web_sessions.c.former == bindparam("shown")) & (web_sessions.c.former_until > bindparam("now")),
    ),
)
_WEB_BY_ID = select(web_sessions).where(web_sessions.c.id == bindparam("which"), web_sessions.c.ended.is_(None))


def find_web(conn: Connection, hash: str, now: datetime) -> tuple[WebSession, bool, bool] | None:
    """The live web session of a cookie; whether it waits for a renewal; whether the cookie is the former one."""
    row = conn.execute(_WEB, {"shown": hash, "now": iso(now)}).first()
    return (_web(row), bool(row.renew), row.hash != hash) if row else None


def find_web_by_id(conn: Connection, id: str) -> WebSession | None:
    row = conn.execute(_WEB_BY_ID, {"which": id}).first()
    return _web(row) if row else None


def live_webs(conn: Connection, person: str | None = None) -> list[tuple[WebSession, datetime]]:
    """Web sessions that have not ended, with when each was last seen."""
    query = select(web_sessions).where(web_sessions.c.ended.is_(None))
    if person is not None:
        query = query.where(web_sessions.c.person == person)
    return [(_web(row), parse_iso(row.seen)) for row in conn.execute(query)]


def latest_sources(conn: Connection, most: int) -> list[str]:
    """Where people signed in from, the latest first, each once."""
    latest = func.max(web_sessions.c.issued)
    query = select(web_sessions.c.source).group_by(web_sessions.c.source).order_by(latest.desc()).limit(most)
    return [row.source for row in conn.execute(query)]


def renew_web(conn: Connection, id: str, hash: str, csrf: str, *, former_until: str | None, issued: int | None) -> None:
    """A new cookie for a web session; the former one goes on for a moment, or for none."""
    former = web_sessions.c.hash if former_until else None
    columns: dict[str, Any] = {"former": former, "former_until": former_until, "hash": hash, "csrf": csrf}
    if issued is not None:
        columns["issued"] = issued
    conn.execute(update(web_sessions).where(web_sessions.c.id == id).values(renew=False, **columns))


def mark_for_renewal(conn: Connection, person: PersonId) -> None:
    conn.execute(
        update(web_sessions).where(web_sessions.c.person == person, web_sessions.c.ended.is_(None)).values(renew=True)
    )


def end_web(conn: Connection, id: str, cause: str) -> WebSession | None:
    """End one; None if it had ended already."""
    web = find_web_by_id(conn, id)
    if web is not None:
        conn.execute(update(web_sessions).where(web_sessions.c.id == id).values(ended=cause))
    return web


def end_webs(conn: Connection, person: PersonId, cause: str, spared: str | None) -> list[str]:
    """End all of a person's but one; gives their ids."""
    ids = [web.id for web, _ in live_webs(conn, person) if web.id != spared]
    if ids:
        conn.execute(update(web_sessions).where(web_sessions.c.id.in_(ids)).values(ended=cause))
    return list(ids)


def save_seen(conn: Connection, seen: Sequence[tuple[str, str]]) -> None:
    for id, at in seen:
        conn.execute(update(web_sessions).where(web_sessions.c.id == id).values(seen=at))


# -- tokens -----------------------------------------------------------------------------------------


def add_token(conn: Connection, token: Token, hash: str) -> None:
    conn.execute(
        insert(tokens),
        {
            "id": token.id, "person": token.person, "name": token.name, "hash": hash, "issued": token.issued,
            "made_by": token.made_by, "created": iso(token.created), "until": iso(token.until),
            "scope": None if token.scope is None else list(token.scope.words), "web": token.web,
        },
    )  # fmt: skip


_TOKEN = select(tokens).where(tokens.c.hash == bindparam("shown"), tokens.c.ended.is_(None), tokens.c.paused.is_(None))
_TOKEN_BY_ID = select(tokens).where(tokens.c.id == bindparam("which"))


def find_token(conn: Connection, hash: str) -> Token | None:
    row = conn.execute(_TOKEN, {"shown": hash}).first()
    return _token(row) if row else None


def find_token_by_id(conn: Connection, id: str) -> Token | None:
    row = conn.execute(_TOKEN_BY_ID, {"which": id}).first()
    return _token(row) if row else None


def list_tokens(conn: Connection, person: str | None, after: str, limit: int) -> list[Token]:
    query = select(tokens).where(tokens.c.ended.is_(None), tokens.c.id > after).order_by(tokens.c.id).limit(limit)
    if person is not None:
        query = query.where(tokens.c.person == person)
    return [_token(row) for row in conn.execute(query)]


def live_tokens(conn: Connection) -> list[Token]:
    return [_token(row) for row in conn.execute(select(tokens).where(tokens.c.ended.is_(None)))]


def save_used(conn: Connection, used: Sequence[tuple[str, str, str]]) -> None:
    for id, at, source in used:
        conn.execute(update(tokens).where(tokens.c.id == id).values(seen=at, source=source))


def end_token(conn: Connection, id: str, cause: str) -> Token | None:
    """End one; None if there is none that lives."""
    token = find_token_by_id(conn, id)
    if token is None or token.ended is not None:
        return None
    conn.execute(update(tokens).where(tokens.c.id == id).values(ended=cause))
    return token


def end_tokens(conn: Connection, person: PersonId, cause: str) -> list[str]:
    """End all of a person's; gives their ids."""
    alive = (tokens.c.person == person) & tokens.c.ended.is_(None)
    ids = list(conn.execute(select(tokens.c.id).where(alive)).scalars())
    conn.execute(update(tokens).where(alive).values(ended=cause))
    return ids


def count_live_tokens(conn: Connection, person: PersonId) -> int:
    query = select(func.count()).select_from(tokens).where(tokens.c.person == person, tokens.c.ended.is_(None))
    return int(conn.execute(query).scalar_one())
