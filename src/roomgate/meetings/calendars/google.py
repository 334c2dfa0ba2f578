"""Google Calendar: room calendars that were shared with a service account.

What is new is asked with a sync token, what there is with ``singleEvents``, which hands out occurrences
(developers.google.com/workspace/calendar/api/v3/reference/events/list and /guides/sync). A request with a sync token
may name no times: those of the first request hold on, and every other parameter is the same in both. Google could also
push changes, but only to an address that it can reach: this program has none.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, tzinfo
from urllib.parse import quote, urlencode

import msgspec

from roomgate.clock import Clock
from roomgate.errors import RoomgateError
from roomgate.ids import RoomName
from roomgate.meetings import plaintext
from roomgate.meetings.calendars.base import CalendarRefused, CalendarUnreachable, Snapshot
from roomgate.meetings.calendars.bearer import Bearer, SignIn, check_https
from roomgate.meetings.calendars.belled import Belled, News, Reading
from roomgate.meetings.calendars.entry import Entries, Entry, Notice, find_zone, parse_each
from roomgate.meetings.calendars.google_event import parse_entry
from roomgate.meetings.calendars.http import Answer, Web, host_of
from roomgate.meetings.calendars.patience import Breaker
from roomgate.meetings.calendars.polled import FRESH_S, POLL_S
from roomgate.meetings.invite import Window
from roomgate.meetings.stripped import Lost, find_lost

API = "https://www.googleapis.com/calendar/v3"
PAGE = 250
MOST_PAGES = 20
# For the `Web` that this is given: 600 requests a minute are a user's, which the service account is, with some left
# over for writing (developers.google.com/workspace/calendar/api/guides/quota).
RATE_PER_S, BURST = 9.0, 60
_FIRST_S, _MOST_S = 2.0, 64.0  # the pauses of Google's own guide on errors
_LIMITS = frozenset({"ratelimitexceeded", "userratelimitexceeded", "quotaexceeded", "calendarusagelimitsexceeded"})
_SHARE = (
    "Share the room's calendar with the service account, as “See all event details”, or as “Make changes to events” "
    "to have private meetings and to write: see the guide on Google Calendar."
)
_TIMES_ONLY = (
    "The calendar is shared as “See only free/busy”. Share it with the service account as “See all event details”, or "
    "as “Make changes to events”."
)
_STRIPPED = "Look at one of these meetings in the room's own calendar: whether it has a title and a text there."


class _Page(msgspec.Struct, rename="camel"):
    items: list[msgspec.Raw] = []
    next_page_token: str | None = None
    next_sync_token: str | None = None
    access_role: str | None = None
    time_zone: str | None = None


class _Reason(msgspec.Struct):
    reason: str = ""


class _Fault(msgspec.Struct):
    errors: list[_Reason] = []


class _Failed(msgspec.Struct):
    error: _Fault = msgspec.field(default_factory=_Fault)


class Google:
    """One service account's rooms, read: a `Calendar`. ``find`` gives the id of a room's calendar, such as
    ``c_…@resource.calendar.google.com``, None where it has none.
    """

    def __init__(
        self,
        web: Web,
        sign_in: SignIn,
        find: Callable[[RoomName], str | None],
        clock: Clock,
        dice: random.Random,
        *,
        api: str = API,
        zone: tzinfo = UTC,
        poll_s: float = POLL_S,
        fresh_s: float = FRESH_S,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """``zone``: where whole days begin, unless the calendar says so itself. Raises BadInput for an address that is
        no https://.
        """
        check_https("api", api)
        self._clock = clock
        self._find = find
        self._api, self._host = api, host_of(api)
        self._zone = zone
        self._bearer = Bearer(web, clock, sign_in)
        self._belled = Belled(self, clock, dice, poll_s=poll_s, fresh_s=fresh_s, pause=pause)
        self._breaker = Breaker(dice, _FIRST_S, _MOST_S)

    # -- as a calendar

    async def fetch(self, room: RoomName, window: Window) -> Snapshot:
        return await self._belled.fetch(room, window)

    async def changed(self, known: Mapping[RoomName, str | None]) -> dict[RoomName, str]:
        return await self._belled.changed(known)

    def mailbox_of(self, room: RoomName) -> str:
        """Under which the room declines."""
        return self._find(room) or ""

    def notices(self, room: RoomName) -> tuple[Notice, ...]:
        """What an administrator should know of this room's calendar."""
        return self._belled.notices(room)

    # -- as a feed

    async def read(self, room: RoomName, window: Window, token: str | None, before: Entries | None) -> Reading:
        """The token comes with the events, so a new one is had each time."""
        name = self._calendar(room)
        events: list[msgspec.Raw] = []
        last = await self._pages(name, {"timeMin": iso(window.start), "timeMax": iso(window.end)}, events)
        if last is None or last.next_sync_token is None:
            raise CalendarUnreachable(f"{self._host} comes to no end of a list, or gives no sync token")
        zone = find_zone(last.time_zone or "") or self._zone
        entries = await asyncio.to_thread(
            parse_each, events, lambda raw: parse_entry(raw, name, zone), before, str(zone)
        )
        lost = find_lost((one.invitation for one in entries.found), name.lower())
        return Reading(last.next_sync_token, entries, _notices(last.access_role, lost, name))

    async def news(self, room: RoomName, token: str) -> News | None:
        seen: list[msgspec.Raw] = []
        last = await self._pages(self._calendar(room), {"syncToken": token}, seen)
        if last is None:
            return None
        if last.next_sync_token is None:
            raise CalendarUnreachable(f"{self._host} gives no sync token")
        return News(last.next_sync_token, bool(seen))

    # -- the wire

    def _calendar(self, room: RoomName) -> str:
        name = self._find(room)
        if name is None:
            raise CalendarRefused(f"no calendar is named for the room {room}")
        return name

    def _events(self, name: str, entry: Entry | None = None) -> str:
        events = f"{self._api}/calendars/{quote(name, safe='@')}/events"
        return events + (f"/{quote(entry.key, safe='')}" if entry else "")

    async def _pages(self, name: str, asked: Mapping[str, str], into: list[msgspec.Raw]) -> _Page | None:
        """All pages of one list, the last of them returned. None: the sync token is gone, or there is no end."""
        more: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            query = urlencode({"singleEvents": "true", "maxResults": PAGE, **asked, **more})
            answer = await self._ask("GET", f"{self._events(name)}?{query}", {}, b"")
            if answer.status == 410:
                return None
            if answer.status != 200:
                raise self._refused(answer, name)
            try:
                page = msgspec.json.decode(answer.body, type=_Page)
            except (msgspec.MsgspecError, RecursionError, ValueError) as bad:
                raise CalendarUnreachable(f"{self._host} answers what cannot be read") from bad
            into += page.items
            if page.next_page_token is None:
                return page
            more = {"pageToken": page.next_page_token}
        return None

    async def _ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """One request. A quota that is used up comes as a 403 too, which only its reason tells from a missing right."""
        now = self._clock.monotonic()
        if wait_s := self._breaker.enter(now):
            raise CalendarUnreachable(f"{self._host} is left alone for {wait_s:.0f} s", retry_after_s=wait_s)
        answer = await self._bearer.ask(method, url, headers=headers, body=body, take={403})
        if answer.status == 403 and _reasons(answer) & _LIMITS:
            wait_s = self._breaker.failed(now, self._clock.monotonic())
            raise CalendarUnreachable(
                f"{self._host} has had too many requests, and is left alone for {wait_s:.0f} s", retry_after_s=wait_s
            )
        self._breaker.answered()
        return answer

    def _refused(self, answer: Answer, name: str) -> RoomgateError:
        reasons = ", ".join(sorted(plaintext.line(one, 40) for one in _reasons(answer) if one)[:2])
        why = f" ({reasons})" if reasons else ""
        if answer.status == 403:
            return CalendarRefused(f"{self._host} does not let the account do this in {name}{why}", hint=_SHARE)
        if answer.status == 404:
            return CalendarRefused(f"{self._host} shows the account no calendar or event at {name}{why}", hint=_SHARE)
        if answer.status in (400, 409, 410, 412):
            return CalendarRefused(f"{self._host} refuses the request for {name}{why}")
        return CalendarUnreachable(f"{self._host} answers with status {answer.status}{why}")


def _reasons(answer: Answer) -> set[str]:
    try:
        return {one.reason.lower() for one in msgspec.json.decode(answer.body, type=_Failed).error.errors}
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return set()


def _notices(role: str | None, lost: frozenset[Lost], name: str) -> tuple[Notice, ...]:
    if role == "freeBusyReader":
        return (Notice("meeting.calendar.stripped", f"only the times of the meetings of {name} are seen", _TIMES_ONLY),)
    if not lost:
        return ()
    what = " and ".join(sorted(one.value for one in lost))
    return (Notice("meeting.calendar.stripped", f"the meetings of {name} arrive without their own {what}", _STRIPPED),)


def iso(when: datetime) -> str:
    """A time as Google takes it."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
