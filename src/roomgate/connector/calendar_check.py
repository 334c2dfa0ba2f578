"""What can be read of each room's calendar, told in words, with what to do where nothing can."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from roomgate.clock import Clock
from roomgate.connector.calendars import SiteCalendars
from roomgate.errors import RoomgateError
from roomgate.ids import RoomName
from roomgate.meetings.calendars.base import CalendarRefused, Snapshot, Writable
from roomgate.meetings.calendars.entry import Telling
from roomgate.meetings.invite import BadInvitation, Invitation, Window, occurrences, parse_file
from roomgate.redact import foreign

AHEAD = timedelta(days=7)
AT_ONCE = 8
WITHIN_S = 60.0
FEW = 3  # meetings that all happen to have no text
_BARE = (
    "If the invitations had a text, the room's mailbox takes it out: have it keep it. On Microsoft 365 and Exchange "
    "that is Set-CalendarProcessing -DeleteComments $false -DeleteSubject $false -RemovePrivateProperty $false."
)
_BODIES = frozenset({"DESCRIPTION", "X-ALT-DESC", "CONFERENCE", "URL"})


class State(StrEnum):
    READ = "read"
    EMPTY = "empty"
    BARE = "bare"  # meetings, none of which says anything
    WARNED = "warned"  # it can be read, and there is something that an administrator should know
    BAD = "bad"  # some of it cannot be understood
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    NONE = "none"  # in no calendar


FAILED = frozenset({State.REFUSED, State.UNREACHABLE})


@dataclass(frozen=True, slots=True)
class Seen:
    """One room. ``writable``: whether the calendar is of a kind that can be written, not whether it lets us."""

    room: RoomName
    calendar: str
    state: State
    words: str
    hint: str = ""
    meetings: int = 0
    unreadable: int = 0
    writable: bool = False

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


async def check_calendars(
    calendars: SiteCalendars, rooms: Sequence[RoomName], clock: Clock, within_s: float = WITHIN_S
) -> list[Seen]:
    """Look at each room's next week once, in the given order. Raises nothing that a calendar says."""
    places = asyncio.Semaphore(AT_ONCE)

    async def look(room: RoomName) -> Seen:
        async with places:
            return await _look(calendars, room, clock, within_s)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(look(room), name=f"check.{room}") for room in rooms]
    return [task.result() for task in tasks]


async def _look(calendars: SiteCalendars, room: RoomName, clock: Clock, within_s: float) -> Seen:
    name, calendar = calendars.name_of(room), calendars.calendar_of(room)
    if name is None or calendar is None:
        return Seen(room, "", State.NONE, "is in no calendar", "Name the room under rooms of one of the calendars.")
    now = clock.now()
    window = Window(now, now + AHEAD)
    try:
        async with asyncio.timeout(within_s):
            snapshot = await calendar.fetch(room, window)
    except TimeoutError:
        return Seen(room, name, State.UNREACHABLE, f"was not read within {within_s:g} s")
    except RoomgateError as bad:
        state = State.REFUSED if isinstance(bad, CalendarRefused) else State.UNREACHABLE
        return Seen(room, name, state, bad.message, bad.hint)
    seen = judge(room, name, snapshot, window, writable=isinstance(calendar, Writable))
    notices = calendar.notices(room) if isinstance(calendar, Telling) else ()
    if not notices:
        return seen
    words = "; ".join([seen.words, *(one.message for one in notices)])
    return replace(seen, state=State.WARNED, words=words, hint=" ".join(one.remedy for one in notices))


def judge(room: RoomName, name: str, snapshot: Snapshot, window: Window, *, writable: bool) -> Seen:
    """What a room's snapshot tells."""
    found: list[Invitation] = [
        one for one in snapshot.invitations if one.end > window.start and one.start < window.end
    ]  # fmt: skip
    bad = dict(snapshot.bad)
    for source in snapshot.sources:
        try:
            events, left_out = parse_file(source.raw)
            found += occurrences(events, window)
            if left_out:
                bad[source.name] = left_out[0]
        except BadInvitation as refused:
            bad[source.name] = refused.message
    number = sum(not one.cancelled for one in found)
    words = f"{number} {'meeting' if number == 1 else 'meetings'} in the next {AHEAD.days} days"
    if bad:
        first, why = next(iter(bad.items()))
        words += f"; {len(bad)} cannot be understood, such as {foreign(first, 60)}: {foreign(why)}"
        return Seen(room, name, State.BAD, words, BadInvitation.hint, number, len(bad), writable)
    if number >= FEW and not any(text.source in _BODIES for one in found for text in one.texts):
        return Seen(room, name, State.BARE, f"{words}, none of which has a text", _BARE, number, 0, writable)
    return Seen(room, name, State.READ if number else State.EMPTY, words, "", number, 0, writable)
