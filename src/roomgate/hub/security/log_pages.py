"""The page of one room's logs: the bundle, the calls, and what the two records say."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from roomgate.access.decision import Denied
from roomgate.access.principal import Right
from roomgate.clock import parse_iso
from roomgate.errors import RoomgateError
from roomgate.hub.channels import Kind
from roomgate.hub.console import export
from roomgate.hub.console.naming import people_names
from roomgate.hub.console.visit import Page, Relayed, Visit, Visiting, refused
from roomgate.hub.http.asking import Hub
from roomgate.hub.parts import Parts
from roomgate.hub.relay.parts import RelayParts
from roomgate.hub.rooms.seen import Seen, page_session, room_context, see_room, told_of_room
from roomgate.hub.security import service
from roomgate.hub.security.download import open_download
from roomgate.hub.security.reading import CallRow, moment
from roomgate.ids import ConnectorId
from roomgate.storage.record import Entry
from roomgate.xapi.errors import XapiError

FILTERS = ("All", "Placed", "Received", "Missed", "NoAnswer", "Rejected", "Forwarded", "AnsweredElsewhere")
MOST_CALLS = 100
MOST_EXPORTED = 2000
MOST_ENTRIES = 60
_COLUMNS = ("id", "name", "number", "direction", "occurrence", "start", "seconds", "protocol", "cause")


@dataclass(frozen=True, slots=True)
class RecordLine:
    """An entry of either record. ``side``: hub or site."""

    side: str
    index: int
    at: datetime
    kind: str
    who: str
    what: str


@get("/rooms/{name:str}/logs", include_in_schema=False)
async def show_logs(
    name: FromPath[str],
    visit: Visiting,
    parts: Hub,
    relay: Relayed,
    only: FromQuery[str] = "All",
    q: FromQuery[str] = "",
) -> Page:
    seen = await see_room(visit, parts, relay, name)
    context = await room_context(visit, parts, relay, seen)
    only = only if only in FILTERS else "All"
    part, calls = await _calls(visit, relay, seen, only, q, MOST_CALLS)
    return visit.page(
        "room_logs.html",
        part=part,
        calls=calls,
        only=only,
        q=q[:80],
        query=urlencode({"only": only, "q": q[:80]}),
        filters=FILTERS,
        moment=moment,
        lines=await _lines(visit, parts, seen),
        places=("bundle",),
        **context,
    )


async def _calls(
    visit: Visit, relay: RelayParts, seen: Seen, only: str, q: str, limit: int
) -> tuple[service.Part, list[CallRow]]:
    try:
        session = await page_session(visit, relay, seen)
    except Denied as no:
        return service.Part("refused", None, no.rule, str(told_of_room(visit, no))), []
    me, room = visit.signed.principal, seen.summary.name
    part = await service.calls(relay, me, room, only if only in FILTERS else "All", limit, session=session)
    wanted = q[:80].casefold()
    return part, [call for call in part.result or () if wanted in f"{call.name}\n{call.number}".casefold()]


@get("/rooms/{name:str}/logs/calls.csv", include_in_schema=False)
async def calls_csv(
    name: FromPath[str],
    visit: Visiting,
    parts: Hub,
    relay: Relayed,
    only: FromQuery[str] = "All",
    q: FromQuery[str] = "",
) -> Page:
    return export.csv_page(_COLUMNS, await _table(visit, parts, relay, name, only, q), "calls")


@get("/rooms/{name:str}/logs/calls.json", include_in_schema=False)
async def calls_json(
    name: FromPath[str],
    visit: Visiting,
    parts: Hub,
    relay: Relayed,
    only: FromQuery[str] = "All",
    q: FromQuery[str] = "",
) -> Page:
    return export.json_page(_COLUMNS, await _table(visit, parts, relay, name, only, q))


async def _table(visit: Visit, parts: Parts, relay: RelayParts, name: str, only: str, q: str) -> list[list[str]]:
    seen = await see_room(visit, parts, relay, name)
    _, calls = await _calls(visit, relay, seen, only, q, MOST_EXPORTED)
    return [[getattr(call, column) for column in _COLUMNS] for call in calls]


async def _lines(visit: Visit, parts: Parts, seen: Seen) -> list[RecordLine] | None:
    """What both records say of the room; None for whoever may not read them."""
    if not visit.signed.may(Right.AUDIT):
        return None
    room = seen.summary
    hub = await parts.ledger.entries(visit.signed, limit=MOST_ENTRIES, room=room.name)
    site = await parts.ledger.site_entries(visit.signed, ConnectorId(room.connector), room.name, MOST_ENTRIES)
    names = await people_names(parts, {_field(one, "principal") for one in (*hub, *site)} - {""})
    lines = [
        RecordLine(
            side, one.index, parse_iso(one.event.at), one.event.kind,
            names.get(_field(one, "principal"), ""),
            _field(one, "call") or _field(one, "what") or _field(one, "outcome"),
        )
        for side, entries in (("hub", hub), ("site", site))
        for one in entries
    ]  # fmt: skip
    return sorted(lines, key=lambda line: line.at, reverse=True)[:MOST_ENTRIES]


def _field(entry: Entry, name: str) -> str:
    return str(getattr(entry.event, name, ""))[:200]


@post("/rooms/{name:str}/logs/bundle", include_in_schema=False, status_code=200)
async def collect(name: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed) -> Stream | Response[bytes]:
    """The bundle as a file, or back to the page, where it says why not."""
    seen = await see_room(visit, parts, relay, name)
    me, room = visit.signed.principal, seen.summary.name
    try:
        session = await page_session(visit, relay, seen)
        bundle = await service.collect(relay, me, room, visit.now, session=session)
    except (RoomgateError, XapiError) as fault:
        here = f"/rooms/{quote(room, safe='')}/logs#bundle"
        return visit.back(here, refused(visit.t, told_of_room(visit, fault), "bundle"))
    return open_download(relay.channels, Kind.PAGE, session, bundle.content, bundle.name)


ROUTES = [show_logs, calls_csv, calls_json, collect]
