"""REST: alerts, and where they are sent to."""

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath, FromQuery

from roomgate.errors import BadInput
from roomgate.hub.alerts.store import Alert
from roomgate.hub.http.asking import Hub, Who
from roomgate.hub.http.paging import Page, build_page, parse_cursor, parse_limit


class AlertShown(msgspec.Struct, frozen=True):
    """What is not known is null. ``subject``: what of the room; a connector's, finding's or plan's id without one."""

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


API = Router("/", tags=["alerts"], route_handlers=[list_alerts, see_alert])
