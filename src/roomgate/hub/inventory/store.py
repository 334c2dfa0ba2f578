"""The SQL of kept views."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from roomgate.hub.db.schema import views
from roomgate.ids import PersonId


@dataclass(frozen=True, slots=True)
class View:
    """A filter that somebody keeps under a name."""

    id: str
    name: str
    filter: dict[str, str]


def _view(row: Row[Any]) -> View:
    return View(row.id, row.name, {str(k): str(v) for k, v in row.filter.items()})


def of(conn: Connection, person: PersonId, page: str) -> list[View]:
    query = select(views).where(views.c.person == person, views.c.page == page).order_by(views.c.name)
    return [_view(row) for row in conn.execute(query)]


def count(conn: Connection, person: PersonId) -> int:
    query = select(func.count()).select_from(views).where(views.c.person == person)
    return int(conn.execute(query).scalar_one())


def put(conn: Connection, person: PersonId, page: str, view: View, at: str) -> None:
    """Keep it; one of the same name makes way."""
    conn.execute(delete(views).where(views.c.person == person, views.c.page == page, views.c.name == view.name))
    row = {"id": view.id, "person": person, "page": page, "name": view.name, "filter": view.filter, "created": at}
    conn.execute(insert(views), row)


def remove(conn: Connection, person: PersonId, id: str) -> bool:
    return conn.execute(delete(views).where(views.c.person == person, views.c.id == id)).rowcount == 1
