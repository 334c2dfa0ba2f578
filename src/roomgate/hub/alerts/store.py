"""The SQL of alerts and of where they are sent to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from roomgate.hub.db.schema import alert_routes, alerts, plans

HALTED = "halted"


@dataclass(frozen=True, slots=True)
class Alert:
    """``raised`` and ``over`` are its places among all that was told: what was sent is known by them."""

    id: str
    room: str  # "" where it is about none
    kind: str
    severity: str
    subject: str
    words: str
    since: str
    ended: str | None = None
    seen_by: str | None = None
    seen_at: str | None = None
    raised: int = 0
    over: int | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """Where alerts are sent to. ``kinds``: none named means all. ``told``: the place up to which it was told."""

    id: str
    name: str
    sealed: bytes
    kinds: tuple[str, ...]
    created: str
    created_by: str
    last_at: str | None
    last_words: str
    told: int


def _alert(row: Row[Any]) -> Alert:
    return Alert(
        row.id, row.room or "", row.kind, row.severity, row.subject, row.words, row.since, row.ended, row.seen_by,
        row.seen_at, row.raised, row.over,
    )  # fmt: skip


def _route(row: Row[Any]) -> Route:
    return Route(
        row.id, row.name, bytes(row.sealed), tuple(map(str, row.kinds)), row.created, row.created_by, row.last_at,
        row.last_words, row.told,
    )  # fmt: skip


def place(conn: Connection) -> int:
    """The newest place that was given. Routes remember it where the alerts themselves are forgotten."""
    found = [
        conn.execute(select(func.max(column))).scalar_one()
        for column in (alerts.c.raised, alerts.c.over, alert_routes.c.told)
    ]
    return max(one or 0 for one in found)


def add(conn: Connection, alert: Alert) -> None:
    row = {
        "id": alert.id, "room": alert.room or None, "kind": alert.kind, "severity": alert.severity,
        "subject": alert.subject, "words": alert.words, "since": alert.since, "raised": alert.raised,
    }  # fmt: skip
    conn.execute(insert(alerts), row)


def say(conn: Connection, id: str, severity: str, words: str) -> None:
    conn.execute(update(alerts).where(alerts.c.id == id).values(severity=severity, words=words))


def end(conn: Connection, id: str, at: str, place: int) -> None:
    conn.execute(update(alerts).where(alerts.c.id == id).values(ended=at, over=place))


def see(conn: Connection, id: str, by: str, at: str) -> bool:
    """Somebody looks after it; False where somebody does already, or it is over."""
    free = (alerts.c.id == id, alerts.c.seen_by.is_(None), alerts.c.ended.is_(None))
    return conn.execute(update(alerts).where(*free).values(seen_by=by, seen_at=at)).rowcount == 1


def open_ones(conn: Connection) -> list[Alert]:
    return [_alert(row) for row in conn.execute(select(alerts).where(alerts.c.ended.is_(None)))]


def ended(
    conn: Connection, rooms: Iterable[str] | None, hidden: Iterable[str], before: int | None, limit: int
) -> list[Alert]:
    """The newest first; of these rooms alone, where they are given, and none of the hidden kinds."""
    query = select(alerts).where(alerts.c.over.is_not(None), alerts.c.kind.not_in(sorted(hidden)))
    if rooms is not None:
        query = query.where(alerts.c.room.in_(sorted(rooms)))
    if before is not None:
        query = query.where(alerts.c.over < before)
    return [_alert(row) for row in conn.execute(query.order_by(alerts.c.over.desc()).limit(limit))]


def forget(conn: Connection, before: str) -> None:
    conn.execute(delete(alerts).where(alerts.c.ended.is_not(None), alerts.c.ended < before))


def halted_plans(conn: Connection, most: int) -> list[tuple[str, str, str]]:
    query = select(plans.c.id, plans.c.name, plans.c.words).where(plans.c.state == HALTED).limit(most)
    return [(row.id, row.name, row.words) for row in conn.execute(query)]


# -- what is sent -------------------------------------------------------------------------------------------


def told_after(conn: Connection, place: int, limit: int) -> list[tuple[int, Alert, bool]]:
    """What was raised or ended after a place, in order: the place, the alert, whether it is its end."""
    query = select(alerts).where(or_(alerts.c.raised > place, alerts.c.over > place)).order_by(alerts.c.raised)
    found = []
    for alert in map(_alert, conn.execute(query)):
        if alert.raised > place:
            found.append((alert.raised, alert, False))
        if alert.over is not None and alert.over > place:
            found.append((alert.over, alert, True))
    return sorted(found, key=lambda one: one[0])[:limit]


def routes(conn: Connection) -> Sequence[Route]:
    return [_route(row) for row in conn.execute(select(alert_routes).order_by(alert_routes.c.id))]


def find_route(conn: Connection, id_or_name: str) -> Route | None:
    named = or_(alert_routes.c.id == id_or_name, alert_routes.c.name == id_or_name)
    row = conn.execute(select(alert_routes).where(named)).first()
    return _route(row) if row else None


def add_route(conn: Connection, route: Route) -> None:
    row = {
        "id": route.id, "name": route.name, "sealed": route.sealed, "kinds": list(route.kinds),
        "created": route.created, "created_by": route.created_by, "last_words": "", "told": route.told,
    }  # fmt: skip
    conn.execute(insert(alert_routes), row)


def remove_route(conn: Connection, id: str) -> None:
    conn.execute(delete(alert_routes).where(alert_routes.c.id == id))


def tried(conn: Connection, id: str, at: str | None, words: str, told: int | None = None) -> None:
    """What came of sending; with the place up to which the route was told, where it was."""
    values: dict[str, Any] = {"last_at": at, "last_words": words}
    if told is not None:
        values["told"] = told
    conn.execute(update(alert_routes).where(alert_routes.c.id == id).values(**values))
