"""The SQL of requests."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, update

from roomgate.clock import iso, parse_iso
from roomgate.hub.approvals.request import Request, State
from roomgate.hub.db.schema import requests
from roomgate.hub.grants.wanted import Wanted
from roomgate.ids import PersonId, RequestId


def _request(row: Row[Any]) -> Request:
    return Request(
        RequestId(row.id), PersonId(row.person), msgspec.convert(row.terms, Wanted), State(row.state),
        parse_iso(row.asked_at), parse_iso(row.until), PersonId(row.answered_by) if row.answered_by else None,
        parse_iso(row.answered_at) if row.answered_at else None, row.words or "", row.grant,
    )  # fmt: skip


def add(conn: Connection, request: Request, issued: int) -> None:
    conn.execute(
        insert(requests),
        {
            "id": request.id, "person": request.person, "asked_by": request.person,
            "terms": msgspec.to_builtins(request.wanted), "reason": request.wanted.reason, "state": request.state.value,
            "asked_at": iso(request.asked_at), "until": iso(request.until), "grant": request.grant, "issued": issued,
        },
    )  # fmt: skip


def find(conn: Connection, id: str) -> Request | None:
    row = conn.execute(select(requests).where(requests.c.id == id)).first()
    return _request(row) if row else None


def answer(
    conn: Connection, request: Request, state: State, at: str, by: PersonId | None, words: str, grant: str | None = None
) -> bool:
    """Whether it still was as it was looked at: of two answers the first one counts."""
    same = (requests.c.id == request.id) & (requests.c.state == request.state.value)
    told = {"state": state.value, "answered_at": at, "answered_by": by, "words": words}
    return conn.execute(update(requests).where(same).values(**told, grant=grant or request.grant)).rowcount == 1


def count_waiting(conn: Connection, person: str) -> int:
    waits = (requests.c.person == person) & (requests.c.state == State.WAITING.value)
    return int(conn.execute(select(func.count()).select_from(requests).where(waits)).scalar_one())


def in_state(conn: Connection, states: Iterable[State], person: str | None = None) -> list[Request]:
    """The oldest first."""
    query = select(requests).where(requests.c.state.in_([one.value for one in states])).order_by(requests.c.issued)
    if person is not None:
        query = query.where(requests.c.person == person)
    return [_request(row) for row in conn.execute(query)]


def newest_answered(conn: Connection, person: str | None, limit: int) -> list[Request]:
    query = select(requests).where(requests.c.answered_at.is_not(None))
    if person is not None:
        query = query.where(requests.c.person == person)
    return [_request(row) for row in conn.execute(query.order_by(requests.c.answered_at.desc()).limit(limit))]


def page(conn: Connection, person: str | None, state: State | None, after: str, limit: int) -> list[Request]:
    query = select(requests).where(requests.c.id > after).order_by(requests.c.id).limit(limit)
    if person is not None:
        query = query.where(requests.c.person == person)
    if state is not None:
        query = query.where(requests.c.state == state.value)
    return [_request(row) for row in conn.execute(query)]
