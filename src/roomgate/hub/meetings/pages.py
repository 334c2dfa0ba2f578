"""The page of all rooms' meetings: a page of rooms is asked at a time, and what they told is filtered here."""

from collections.abc import Mapping
from dataclasses import dataclass

from litestar import get
from litestar.di import NamedDependency

from roomgate.access.principal import Right
from roomgate.errors import BadInput
from roomgate.hub.channels import Session
from roomgate.hub.console import export
from roomgate.hub.console.naming import site_names
from roomgate.hub.console.notices import Notice
from roomgate.hub.console.visit import Page, Relayed, Visit, Visiting, refused
from roomgate.hub.http.asking import Hub, Req
from roomgate.hub.meetings.filter import BY_ROOM, COLUMNS, DAYS, STATES, Filter, Line, Place, fitting, row, services
from roomgate.hub.meetings.service import Enter, Meetings, Reach
from roomgate.hub.meetings.told import DEVICE, Trouble
from roomgate.hub.parts import Parts
from roomgate.hub.relay.parts import RelayParts
from roomgate.hub.rooms.seen import page_session_in
from roomgate.hub.rooms.state import RoomSummary
from roomgate.hub.rooms.view import room_href

HERE = "/meetings"
PAGE = 50  # rooms that are asked for one page
MOST_LINES = 50  # until somebody asks for all: the first paint is light
MOST_TROUBLES = 12

MeetingsHere = NamedDependency[Meetings]


@dataclass(frozen=True, slots=True)
class TroubleLine:
    place: Place
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class Looked:
    """The rooms of one page, and what they told. ``at``: the first of them; ``of``: of how many."""

    lines: tuple[Line, ...]  # unfiltered
    troubles: tuple[TroubleLine, ...]
    asked: int
    at: int
    of: int
    others: int  # rooms that one sees, and may not ask this
    told_by_device: int
    sites: tuple[tuple[str, str], ...]


def place_of(room: RoomSummary, names: Mapping[str, str]) -> Place:
    return Place(room.id, room.name, room_href(room.name, room.id), room.site, names.get(room.site, room.site))


def choose_rooms(reach: Reach, wanted: Filter) -> list[RoomSummary]:
    """Those of a site, or one by its name: the filters that need no room to be asked."""
    return [
        room
        for room in reach.rooms
        if (not wanted.site or room.site == wanted.site) and (not wanted.room or wanted.room in (room.name, room.id))
    ]


async def look(visit: Visit, parts: Parts, relay: RelayParts, meetings: Meetings, wanted: Filter, after: int) -> Looked:
    """Ask the rooms of one page. Raises BadInput for days that are none."""
    start, end = wanted.window(visit.now)
    reach, names = await meetings.reach(visit.signed), await site_names(parts)
    rooms = choose_rooms(reach, wanted)
    at = after if 0 < after < len(rooms) else 0
    asked = rooms[at : at + PAGE]
    told = await meetings.ask_all(visit.signed.principal, asked, start, end, entering(visit, relay))
    places = {room.id: place_of(room, names) for room in asked}
    return Looked(
        lines=tuple(
            Line(places[id], one, each.by, bool(each.troubles)) for id, each in told.items() for one in each.meetings
        ),
        troubles=tuple(
            TroubleLine(places[room.id], trouble) for room in asked for trouble in told[room.id].troubles
        ),
        asked=len(asked),
        at=at,
        of=len(rooms),
        others=reach.others,
        told_by_device=sum(each.by == DEVICE for each in told.values()),
        sites=tuple(
            sorted({(r.site, names.get(r.site, r.site)) for r in reach.rooms}, key=lambda s: (s[1].casefold(), s[0]))
        ),
    )  # fmt: skip


def entering(visit: Visit, relay: RelayParts) -> Enter:
    """Pages ask in the one session of their sign-in in each room."""

    async def enter(room: RoomSummary) -> Session:
        return await page_session_in(visit.signed.principal, relay, room)

    return enter


def wanted_of(request: Req) -> tuple[Filter, int]:
    """What the query wants, and the place to go on from; what is no number is the beginning."""
    after = request.query_params.get("after", "")
    return Filter.of(request.query_params), int(after) if after.isascii() and after.isdigit() and len(after) < 8 else 0


@get(HERE, include_in_schema=False)
async def show_meetings(request: Req, visit: Visiting, parts: Hub, relay: Relayed, meetings: MeetingsHere) -> Page:
    wanted, after = wanted_of(request)
    fault: Notice | None = None
    try:
        looked = await look(visit, parts, relay, meetings, wanted, after)
    except BadInput as bad:
        fault, wanted = refused(visit.t, bad), Filter()
        looked = await look(visit, parts, relay, meetings, wanted, 0)
    found = fitting(looked.lines, wanted, visit.now)
    shown = found if request.query_params.get("all") else found[:MOST_LINES]
    last = looked.at + looked.asked
    return visit.page(
        "meetings.html", wanted=wanted, fault=fault, looked=looked, lines=shown, more=len(found) - len(shown),
        of=len(found), troubles=looked.troubles[:MOST_TROUBLES], more_troubles=len(looked.troubles[MOST_TROUBLES:]),
        services=services(looked.lines), states=STATES, all_days=DAYS, by_room=BY_ROOM, last=last,
        earlier=_page_href(wanted, max(0, looked.at - PAGE)) if looked.at else "",
        later=_page_href(wanted, last) if last < looked.of else "",
        may_give=visit.signed.may(Right.GIVE),
    )  # fmt: skip


def _page_href(wanted: Filter, after: int) -> str:
    return f"{HERE}?{wanted.query}{'&' if wanted.query else ''}after={after}"


@get(f"{HERE}.csv", include_in_schema=False)
async def meetings_csv(request: Req, visit: Visiting, parts: Hub, relay: Relayed, meetings: MeetingsHere) -> Page:
    """The meetings that the page with the same query shows, of the same rooms."""
    return export.csv_page(COLUMNS, await _table(request, visit, parts, relay, meetings), "meetings")


@get(f"{HERE}.json", include_in_schema=False)
async def meetings_json(request: Req, visit: Visiting, parts: Hub, relay: Relayed, meetings: MeetingsHere) -> Page:
    return export.json_page(COLUMNS, await _table(request, visit, parts, relay, meetings))


async def _table(request: Req, visit: Visit, parts: Parts, relay: RelayParts, meetings: Meetings) -> list[list[str]]:
    wanted, after = wanted_of(request)
    looked = await look(visit, parts, relay, meetings, wanted, after)
    return [row(line) for line in fitting(looked.lines, wanted, visit.now)]


ROUTES = [show_meetings, meetings_csv, meetings_json]
