"""REST: alerts, and where they are sent to."""

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from roomgate.errors import BadInput
from roomgate.hub.alerts.routes import RouteView
from roomgate.hub.alerts.store import Alert
from roomgate.hub.http.asking import Hub, Who
from roomgate.hub.http.paging import Page, build_page, parse_cursor, parse_limit


class AlertShown(msgspec.Struct, frozen=True):
    """What is not known is null. ``subject``: what of the room; without one whose, or a finding's or plan's id."""

    id: str
    kind: str
    severity: str
    room: str | None
    room_name: str | None
    subject: str
    words: str
    since: str
    ended: str | None
    seen_by: str | None
    seen_at: str | None


def show_alert(alert: Alert, names: dict[str, str]) -> AlertShown:
    return AlertShown(
        alert.id, alert.kind, alert.severity, alert.room or None, names.get(alert.room) if alert.room else None,
        alert.subject, alert.words, alert.since, alert.ended, alert.seen_by, alert.seen_at,
    )  # fmt: skip


class RouteWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``kinds``: none named means all."""

    name: str
    address: str
    kinds: list[str] = []


class RouteShown(msgspec.Struct, frozen=True):
    """``address`` shows where it leads, and no secret. ``last_words``: what went wrong the last time, or ""."""

    id: str
    name: str
    address: str
    kinds: list[str]
    created: str
    last_at: str | None
    last_words: str


class RoutesShown(msgspec.Struct, frozen=True):
    items: list[RouteShown]
    next: str | None = None


def show_route(one: RouteView) -> RouteShown:
    return RouteShown(one.id, one.name, one.address, list(one.kinds), one.created, one.last_at, one.last_words)


@get("/alerts")
async def list_alerts(
    parts: Hub,
    signed: Who,
    ended: FromQuery[bool] = False,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[AlertShown]:
    """Of the rooms that one may see, what to do first; with ``ended`` those of the last 90 days that are over."""
    most, place = parse_limit(limit), parse_cursor(cursor)
    if place and not (place.isascii() and place.isdigit() and len(place) < 16):
        raise BadInput("This cursor is not one of ours.")
    if ended:
        found = await parts.alerts.ended_for(signed, int(place) if place else None, most + 1)
        names = await parts.alerts.names(found)
        return build_page(found, most, lambda one: str(one.over), lambda one: show_alert(one, names))
    start = int(place or 0)
    numbered = list(enumerate(await parts.alerts.open_for(signed)))[start : start + most + 1]
    names = await parts.alerts.names([one for _, one in numbered])
    return build_page(numbered, most, lambda one: str(one[0] + 1), lambda one: show_alert(one[1], names))


@post("/alerts/{id:str}/seen", status_code=200)
async def see_alert(parts: Hub, signed: Who, id: FromPath[str]) -> AlertShown:
    """Say that one looks after it. Whoever said so first stays."""
    alert = await parts.alerts.see(id, signed)
    return show_alert(alert, await parts.alerts.names([alert]))


@get("/alert-routes")
async def list_routes(parts: Hub, signed: Who) -> RoutesShown:
    """Where alerts are sent to. Takes the rights to see, to audit and to keep sites."""
    return RoutesShown([show_route(one) for one in await parts.alert_routes.list_for(signed)])


@post("/alert-routes")
async def add_route(parts: Hub, signed: Who, data: JSONBody[RouteWanted]) -> RouteShown:
    """Send alerts somewhere from now on: a webhook (https://…), mail (mailtos://…), a chat service."""
    return show_route(await parts.alert_routes.add(data.name, data.address, data.kinds, signed))


@delete("/alert-routes/{id:str}")
async def remove_route(parts: Hub, signed: Who, id: FromPath[str]) -> None:
    await parts.alert_routes.remove(id, signed)


@post("/alert-routes/{id:str}/test", status_code=200)
async def test_route(parts: Hub, signed: Who, id: FromPath[str]) -> RouteShown:
    """Send a text there now; ``last_words`` says what came of it."""
    return show_route(await parts.alert_routes.test(id, signed))


API = Router(
    "/", tags=["alerts"], route_handlers=[list_alerts, see_alert, list_routes, add_route, remove_route, test_route]
)
