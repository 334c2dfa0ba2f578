"""The page of alerts: what to do first, who looks after it, and what is over."""

from dataclasses import dataclass
from datetime import datetime

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Stream

from roomgate.access.principal import Right
from roomgate.clock import parse_iso
from roomgate.errors import NotFound, RoomgateError
from roomgate.hub.alerts.routes import may_route
from roomgate.hub.alerts.rules import HUB, OF, Kind
from roomgate.hub.alerts.store import Alert
from roomgate.hub.channels import Channel
from roomgate.hub.console import export
from roomgate.hub.console.live import PageStream, stream_page
from roomgate.hub.console.naming import people_names
from roomgate.hub.console.notices import Notice
from roomgate.hub.console.visit import Page, Relayed, Visit, Visiting, read_form, refused
from roomgate.hub.http.asking import Hub, Req
from roomgate.hub.parts import Parts
from roomgate.hub.rooms.view import room_href
from roomgate.ids import RoomId

HERE = "/alerts"
MOST_OPEN, MOST_ENDED = 200, 50
COLUMNS = ("since", "ended", "severity", "kind", "room", "subject", "words", "seen_by", "seen_at", "id")
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class AlertView:
    """``sign``: bad, warn. ``href``: where to go on."""

    id: str
    kind: str
    sign: str
    room: str
    href: str
    subject: str
    words: str
    since: datetime
    ended: datetime | None
    seen_by: str


def view_of(alert: Alert, rooms: dict[str, str], people: dict[str, str]) -> AlertView:
    name = rooms.get(alert.room, alert.room)
    about_rooms = alert.kind not in (Kind.FINDING, Kind.PLAN) and not alert.subject.startswith(HUB + OF)
    elsewhere = f"/findings/{alert.subject}" if alert.kind == Kind.FINDING else "/rooms" if about_rooms else ""
    return AlertView(
        alert.id, alert.kind, "bad" if alert.severity == "critical" else "warn", name,
        room_href(name, alert.room) if alert.room else elsewhere,
        alert.subject, alert.words, parse_iso(alert.since), parse_iso(alert.ended) if alert.ended else None,
        people.get(alert.seen_by or "", ""),
    )  # fmt: skip


async def views(parts: Parts, alerts: list[Alert]) -> list[AlertView]:
    rooms = await parts.alerts.names(alerts)
    people = await people_names(parts, {one.seen_by for one in alerts if one.seen_by})
    return [view_of(one, rooms, people) for one in alerts]


@get(HERE, include_in_schema=False)
async def show_alerts(visit: Visiting, parts: Hub) -> Page:
    open = await parts.alerts.open_for(visit.signed)
    ended = await parts.alerts.ended_for(visit.signed, limit=MOST_ENDED + 1)
    return visit.page(
        "alerts.html", total=len(open), alerts=await views(parts, open[:MOST_OPEN]),
        ended=await views(parts, ended[:MOST_ENDED]), older=len(ended) > MOST_ENDED,
        may_see=any(map(visit.signed.may, (Right.CUT, Right.GIVE, Right.SITES))),
        routes=await parts.alert_routes.list_for(visit.signed) if may_route(visit.signed) else None, kinds=list(Kind),
    )  # fmt: skip


@get(HERE + "/stream", include_in_schema=False)
async def alerts_stream(visit: Visiting, parts: Hub, relay: Relayed) -> Stream:
    signed = visit.signed

    async def look(_: frozenset[RoomId] | None) -> dict[str, object]:
        newest = await parts.alerts.ended_for(signed, limit=1)
        return {"open": await parts.alerts.open_for(signed), "over": [one.id for one in newest]}

    async def enter(stream: PageStream) -> Channel:
        return relay.channels.open_page(signed.principal, stream.cut)

    return stream_page(parts.rooms.watch(), look, visit.t.said, enter)


@post(HERE + "/{id:str}/seen", include_in_schema=False)
async def see_alert(id: FromPath[str], visit: Visiting, parts: Hub) -> Page:
    try:
        await parts.alerts.see(id, visit.signed)
    except RoomgateError as fault:
        return visit.back(HERE, refused(visit.t, fault))
    return visit.back(HERE, Notice("ok", visit.t("said.done"), visit.t("alerts.seen-done")))


@post(HERE + "/routes", include_in_schema=False)
async def add_route(request: Req, visit: Visiting, parts: Hub) -> Page:
    form = await read_form(request)
    try:
        await parts.alert_routes.add(form.text("name"), form.text("address"), form.all("kinds"), visit.signed)
    except RoomgateError as fault:
        return visit.back(HERE, refused(visit.t, fault))
    return visit.back(HERE, Notice("ok", visit.t("said.done"), visit.t("alerts.route-added")))


@post(HERE + "/routes/{id:str}/{do:str}", include_in_schema=False)
async def change_route(id: FromPath[str], do: FromPath[str], visit: Visiting, parts: Hub) -> Page:
    try:
        if do == "remove":
            await parts.alert_routes.remove(id, visit.signed)
            return visit.back(HERE, Notice("ok", visit.t("said.done"), visit.t("alerts.route-removed")))
        if do != "test":
            raise NotFound("There is no such page.")
        route = await parts.alert_routes.test(id, visit.signed)
    except RoomgateError as fault:
        return visit.back(HERE, refused(visit.t, fault))
    if route.last_words:
        return visit.back(HERE, Notice("bad", visit.t("alerts.route-bad"), visit.t.said(route.last_words)))
    return visit.back(HERE, Notice("ok", visit.t("said.done"), visit.t("alerts.route-tested")))


def row(one: Alert, rooms: dict[str, str], people: dict[str, str]) -> list[str]:
    return [
        one.since, one.ended or "", one.severity, one.kind, rooms.get(one.room, one.room), one.subject, one.words,
        people.get(one.seen_by or "", ""), one.seen_at or "", one.id,
    ]  # fmt: skip


async def _table(visit: Visit, parts: Parts) -> list[list[str]]:
    """The open ones, then those that are over."""
    found = await parts.alerts.open_for(visit.signed) + await parts.alerts.ended_for(visit.signed, limit=_MOST)
    rooms = await parts.alerts.names(found)
    people = await people_names(parts, {one.seen_by for one in found if one.seen_by})
    return [row(one, rooms, people) for one in found]


@get("/alerts.csv", include_in_schema=False)
async def alerts_csv(visit: Visiting, parts: Hub) -> Page:
    return export.csv_page(COLUMNS, await _table(visit, parts), "alerts")


@get("/alerts.json", include_in_schema=False)
async def alerts_json(visit: Visiting, parts: Hub) -> Page:
    return export.json_page(COLUMNS, await _table(visit, parts))


ROUTES = [show_alerts, alerts_stream, see_alert, add_route, change_route, alerts_csv, alerts_json]
