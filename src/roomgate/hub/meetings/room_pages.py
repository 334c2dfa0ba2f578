"""The pages of one room's meetings, and of one meeting: what was decided, step by step, and why."""

from litestar import get, post
from litestar.params import FromPath, FromQuery

from roomgate.errors import NotFound, RoomgateError
from roomgate.hub.console.notices import Notice
from roomgate.hub.console.visit import Page, Relayed, Visit, Visiting, refused
from roomgate.hub.http.asking import Hub
from roomgate.hub.meetings.filter import DAYS, parse_window
from roomgate.hub.meetings.pages import MeetingsHere, entering
from roomgate.hub.meetings.service import ALONE_S, SYNC, SYNC_S, Meetings
from roomgate.hub.meetings.told import DEVICE, RoomTold, within
from roomgate.hub.relay.parts import RelayParts
from roomgate.hub.rooms.seen import Seen, ask_room, room_context, see_room, told_of_room
from roomgate.hub.rooms.view import room_href
from roomgate.xapi.errors import XapiError


async def _told(visit: Visit, relay: RelayParts, meetings: Meetings, seen: Seen, days: str) -> RoomTold:
    """Raises BadInput."""
    start, end = parse_window("", days, visit.now)
    told = await meetings.ask(visit.signed.principal, seen.summary, end, ALONE_S, entering(visit, relay))
    return within(told, start, end)


@get("/rooms/{name:str}/meetings", include_in_schema=False)
async def show_room_meetings(
    name: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed, meetings: MeetingsHere, days: FromQuery[str] = ""
) -> Page:
    seen = await see_room(visit, parts, relay, name)
    days = days if days in map(str, DAYS) else ""
    told = await _told(visit, relay, meetings, seen, days or "7")
    may = seen.may(relay.relay.catalogue)
    return visit.page(
        "room_meetings.html",
        told=told,
        days=days or "7",
        all_days=DAYS,
        by_device=told.by == DEVICE,
        may_join=may.join,
        may_sync=may.bookings,
        here=_here(seen),
        **await room_context(visit, parts, relay, seen),
    )


@get("/rooms/{name:str}/meetings/{id:str}", include_in_schema=False)
async def show_meeting(
    name: FromPath[str], id: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed, meetings: MeetingsHere
) -> Page:
    """Raises NotFound for a meeting that the room does not tell of, whatever the reason."""
    seen = await see_room(visit, parts, relay, name)
    told = await meetings.one(visit.signed.principal, seen.summary, id, entering(visit, relay))
    if not told.meetings:
        why = "" if told.answered or not told.troubles else visit.t.said(told.troubles[0].words)
        raise NotFound("The room tells of no such meeting.", hint=why or "It may be over, or called off.")
    return visit.page(
        "meeting.html",
        one=told.meetings[0],
        by_device=told.by == DEVICE,
        may_join=seen.may(relay.relay.catalogue).join,
        here=_here(seen),
        **await room_context(visit, parts, relay, seen),
    )


@post("/rooms/{name:str}/meetings/sync", include_in_schema=False, status_code=303)
async def sync_meetings(name: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    """Have the site read the room's calendar now; its page says what became of it."""
    seen = await see_room(visit, parts, relay, name)
    try:
        await ask_room(visit, relay, seen, SYNC, SYNC_S)
    except (RoomgateError, XapiError) as no:
        return visit.back(_here(seen), refused(visit.t, told_of_room(visit, no)))
    return visit.back(_here(seen), Notice("ok", visit.t("said.done"), visit.t("meetings.synced")))


def _here(seen: Seen) -> str:
    return f"{room_href(seen.summary.name, seen.summary.id)}/meetings"


ROUTES = [show_room_meetings, show_meeting, sync_meetings]
