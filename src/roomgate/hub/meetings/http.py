"""REST: the meetings of rooms with the reasons for their buttons, an invitation explained, and a room's bookings."""

from typing import Any

import msgspec
from litestar import Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Response

from roomgate.clock import iso
from roomgate.errors import NotFound
from roomgate.hub.console.naming import site_names
from roomgate.hub.http.asking import Hub, Who, give
from roomgate.hub.http.paging import parse_cursor, parse_limit, write_cursor
from roomgate.hub.identity.person import Signed
from roomgate.hub.meetings.bookings import build_book, build_check_in, build_end, build_extend, build_release
from roomgate.hub.meetings.explained import Device
from roomgate.hub.meetings.filter import Filter, Line, Place, fitting, parse_window
from roomgate.hub.meetings.pages import place_of
from roomgate.hub.meetings.service import ALONE_S, Meetings
from roomgate.hub.meetings.told import MeetingTold, RoomTold, within
from roomgate.hub.parts import Parts
from roomgate.hub.relay.asked import Wish
from roomgate.hub.relay.http import AskView, RelayHere, build_ask_view, raise_unless_done
from roomgate.hub.relay.parts import RelayParts
from roomgate.hub.rooms.state import RoomSummary
from roomgate.meetings.meeting import Step

ACT_S = 10.0

MeetingsHere = NamedDependency[Meetings]


class StepShown(msgspec.Struct, frozen=True):
    """One decision: what was looked at, and what it led to."""

    step: str
    saw: str
    decided: str


class MeetingShown(msgspec.Struct, frozen=True):
    """``how``: sip, h323, native or none; ``button``: whether the room offers to join it. ``address`` has no passcode.

    A private meeting has neither title nor organizer, for anybody. ``told_by``: calendar, or device where the site
    keeps no calendar of the room.
    """

    room: str
    id: str
    title: str
    organizer: str
    start: str
    end: str
    all_day: bool
    service: str
    how: str
    address: str
    button: bool
    private: bool
    tentative: bool
    told_by: str


class MeetingExplained(MeetingShown, frozen=True):
    """With the steps to its button, in a list only the last; none where the device listed it by itself."""

    because: list[StepShown]


class TroubleShown(msgspec.Struct, frozen=True):
    """``kind``: away, late, refused, failed, calendar, mailbox, put, bad, unread. ``rule``: what said no."""

    kind: str
    words: str
    rule: str


class RoomAsked(msgspec.Struct, frozen=True):
    """What one room told: ``told_by`` is empty where it told nothing, and then the troubles say why."""

    room: str
    told_by: str
    calendar_read: str | None
    troubles: list[TroubleShown]


class MeetingList(msgspec.Struct, frozen=True):
    """``rooms``: those that were asked for this page, by name; ``items``: their meetings, by time."""

    items: list[MeetingShown]
    rooms: list[RoomAsked]
    next: str | None


class RoomMeetings(msgspec.Struct, frozen=True):
    items: list[MeetingExplained]
    room: RoomAsked


class Synced(msgspec.Struct, frozen=True):
    """``told``: what the site said of it."""

    room: str
    told: Any


class Invitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``invitation``: the text of an .ics file. The rest is what the room's device can do, and its site allows.

    ``registered``: with its vendor's cloud; null where it is not known. ``domains``: null is as on a site that names none.
    """

    invitation: str
    registered: bool | None = None
    sip: bool = True
    h323: bool = True
    domains: list[str] | None = None


class Explained(msgspec.Struct, frozen=True):
    """Each as ``roomgate meeting explain --json`` prints it."""

    items: list[dict[str, Any]]


class NewBooking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From now on. What the device makes of an empty title is its own affair."""

    minutes: int
    title: str = ""
    reason: str = ""


class MoreTime(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    minutes: int
    reason: str = ""


def show_meeting(line: Line) -> MeetingShown:
    return MeetingShown(*_fields(line.place, line.meeting, line.by))


def explain_meeting(line: Line) -> MeetingExplained:
    shown = msgspec.structs.asdict(show_meeting(line))
    return MeetingExplained(**shown, because=[_step(one) for one in line.meeting.why])


def _fields(place: Place, one: MeetingTold, by: str) -> tuple[Any, ...]:
    return (
        place.name, one.id, one.title, one.organizer, iso(one.start), iso(one.end), one.all_day, one.service, one.how,
        one.address, one.joins, one.private, one.tentative, by,
    )  # fmt: skip


def _step(one: Step) -> StepShown:
    return StepShown(one.step, one.saw, one.decided)


def show_room(name: str, told: RoomTold) -> RoomAsked:
    troubles = [TroubleShown(one.kind, one.words, one.rule) for one in told.troubles]
    return RoomAsked(name, told.by, iso(told.at) if told.at else None, troubles)


@get("/meetings", summary="The meetings of rooms, a page of rooms at a time")
async def list_meetings(
    parts: Hub,
    signed: Who,
    meetings: MeetingsHere,
    room: FromQuery[str | None] = None,
    site: FromQuery[str] = "",
    q: FromQuery[str] = "",
    service: FromQuery[str] = "",
    day: FromQuery[str] = "",
    days: FromQuery[str] = "",
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> MeetingList:
    """Of the rooms whose bookings your grants include. Each is asked now, all at once, and none is waited for long.

    ``day``: a date in UTC, else from now on; ``days``: how many. ``limit`` counts rooms; a page may have no meeting
    and yet a next one.
    """
    wanted = Filter(q=q[:200], site=site, service=service[:200], day=day, days=days)
    return await _page(parts, signed, meetings, room, wanted, cursor, limit)


@get("/bookings", summary="What the devices of rooms list themselves, a page of rooms at a time")
async def list_bookings(
    parts: Hub,
    signed: Who,
    meetings: MeetingsHere,
    room: FromQuery[str | None] = None,
    site: FromQuery[str] = "",
    day: FromQuery[str] = "",
    days: FromQuery[str] = "",
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> MeetingList:
    """As `/meetings`, and what each device shows now, whoever put it there."""
    wanted = Filter(site=site, day=day, days=days)
    return await _page(parts, signed, meetings, room, wanted, cursor, limit, device=True)


async def _page(
    parts: Parts,
    signed: Signed,
    meetings: Meetings,
    room: str | None,
    wanted: Filter,
    cursor: str | None,
    limit: int | None,
    *,
    device: bool = False,
) -> MeetingList:
    most, after = parse_limit(limit), parse_cursor(cursor)
    start, end = wanted.window(meetings.clock.now())
    rooms = list((await meetings.reach(signed)).rooms) if room is None else [await meetings.room(signed, room)]
    rest = [one for one in rooms if wanted.site in ("", one.site) and (not after or _key(one) > after)]
    asked = rest[:most]
    told = await meetings.ask_all(signed.principal, asked, start, end, device=device)
    names = await site_names(parts)
    lines = [Line(place_of(one, names), each, told[one.id].by) for one in asked for each in told[one.id].meetings]
    return MeetingList(
        [show_meeting(line) for line in fitting(lines, wanted, start)],
        [show_room(one.name, told[one.id]) for one in asked],
        write_cursor(_key(asked[-1])) if len(rest) > most else None,
    )


def _key(room: RoomSummary) -> str:
    """In the order of `Meetings.reach`."""
    return f"{room.name.casefold()}\0{room.id}"


@get("/rooms/{room:str}/meetings", summary="A room's meetings, each with the reasons for its button")
async def room_meetings(
    room: FromPath[str],
    parts: Hub,
    signed: Who,
    meetings: MeetingsHere,
    day: FromQuery[str] = "",
    days: FromQuery[str] = "",
) -> RoomMeetings:
    """``day``: a date in UTC, else from now on; ``days``: how many."""
    start, end = parse_window(day, days, meetings.clock.now())
    found = await meetings.room(signed, room)
    told = within(await meetings.ask(signed.principal, found, end, ALONE_S), start, end)
    place = place_of(found, await site_names(parts))
    return RoomMeetings(
        [explain_meeting(Line(place, one, told.by)) for one in told.meetings], show_room(found.name, told)
    )


@get("/rooms/{room:str}/meetings/{id:str}", summary="One meeting of a room, with every reason for its button")
async def show_one(
    room: FromPath[str], id: FromPath[str], parts: Hub, signed: Who, meetings: MeetingsHere
) -> MeetingExplained:
    found = await meetings.room(signed, room)
    told = await meetings.one(signed.principal, found, id)
    if not told.meetings:
        raise NotFound("The room tells of no such meeting.", hint=told.troubles[0].words if told.troubles else "")
    return explain_meeting(Line(place_of(found, await site_names(parts)), told.meetings[0], told.by))


@post("/rooms/{room:str}/meetings/sync", summary="Have the site read a room's calendar now", status_code=200)
async def sync_meetings(room: FromPath[str], signed: Who, meetings: MeetingsHere) -> Synced:
    return Synced(room, await meetings.sync(signed.principal, room))


@post("/meetings/explain", summary="What an invitation becomes, and why", status_code=200)
async def explain_invitation(data: JSONBody[Invitation], signed: Who, meetings: MeetingsHere) -> Explained:
    """Nothing is stored, fetched or dialled. A site of another version, or with rules of its own, may decide otherwise."""
    domains = None if data.domains is None else frozenset(one.strip().lower() for one in data.domains[:50])
    device = Device(data.registered, data.sip, data.h323, domains)
    return Explained(await meetings.explain(data.invitation.encode("utf-8", "replace"), device))


# -- the device's own list ---------------------------------------------------------------------------------


async def _act(relay: RelayParts, signed: Signed, room: str, wish: Wish) -> Response[AskView]:
    answer = await relay.relay.ask(signed.principal, room, wish, wait_s=ACT_S)
    raise_unless_done(answer)
    return Response(build_ask_view(answer), status_code=202 if answer.outcome == "waiting" else 200)


@post("/rooms/{room:str}/bookings", summary="Book a room from now on", status_code=200)
async def book(room: FromPath[str], data: JSONBody[NewBooking], signed: Who, relay: RelayHere) -> Response[AskView]:
    """The device is asked; whether the calendar takes it shows in the room's meetings."""
    return await _act(relay, signed, room, build_book(data.title, data.minutes, data.reason))


@post("/rooms/{room:str}/bookings/{id:str}/extend", summary="Give a booking more time", status_code=200)
async def extend(
    room: FromPath[str], id: FromPath[str], data: JSONBody[MoreTime], signed: Who, relay: RelayHere
) -> Response[AskView]:
    return await _act(relay, signed, room, build_extend(id, data.minutes, data.reason))


@post("/rooms/{room:str}/bookings/{id:str}/check-in", summary="Check in to a booking", status_code=200)
async def check_in(room: FromPath[str], id: FromPath[str], signed: Who, relay: RelayHere) -> Response[AskView]:
    return await _act(relay, signed, room, build_check_in(id))


@post("/rooms/{room:str}/bookings/{id:str}/end", summary="End a booking that is on", status_code=200)
async def end_booking(room: FromPath[str], id: FromPath[str], signed: Who, relay: RelayHere) -> Response[AskView]:
    return await _act(relay, signed, room, build_end(id))


@delete("/rooms/{room:str}/bookings/{id:str}", summary="Release a room from a booking", status_code=200)
async def release(room: FromPath[str], id: FromPath[str], signed: Who, relay: RelayHere) -> Response[AskView]:
    return await _act(relay, signed, room, build_release(id))


API = Router(
    "/",
    tags=["meetings"],
    route_handlers=[
        list_meetings, list_bookings, room_meetings, show_one, sync_meetings, explain_invitation, book, extend, check_in, end_booking, release,
    ],
    dependencies={"relay": give("relay"), "meetings": give("meetings")},
)  # fmt: skip
