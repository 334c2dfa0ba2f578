"""Microsoft 365: the calendars of room mailboxes, by Microsoft Graph and with the rights of an application.

What is new is asked with a delta query over the room's calendar view; what there is, with the plain calendar view,
which has every occurrence whole (learn.microsoft.com/graph/api/event-delta, /graph/api/calendar-list-calendarview).
Links to further pages are the service's own and opaque; they are followed on its own host alone, as the token goes
along with them. Microsoft could also push changes, but only to an address that it can reach: this program has none.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from roomgate import log
from roomgate.clock import Clock
from roomgate.errors import RoomgateError
from roomgate.ids import RoomName
from roomgate.meetings import plaintext
from roomgate.meetings.calendars.base import CalendarRefused, CalendarUnreachable, Snapshot
from roomgate.meetings.calendars.bearer import Bearer, SignIn, check_https
from roomgate.meetings.calendars.belled import Belled, News, Reading
from roomgate.meetings.calendars.clouds import CLOUDS
from roomgate.meetings.calendars.entry import MOST_ENTRIES, Entries, Entry, Notice, parse_each
from roomgate.meetings.calendars.graph_event import FIELDS, parse_entry
from roomgate.meetings.calendars.http import Answer, Web, host_of
from roomgate.meetings.calendars.polled import FRESH_S, POLL_S
from roomgate.meetings.invite import Window
from roomgate.meetings.stripped import Lost, find_lost

_log = log.get("meetings.graph")

PAGE = 100
MOST_PAGES = 30
PROBE_S, PROBE_AGAIN_S = 24 * 3600.0, 600.0
# What says that a delta token is of no use any more, in whatever status (learn.microsoft.com/graph/delta-query-overview).
_TOKEN_GONE = frozenset({"syncstatenotfound", "syncstateinvalid", "resyncrequired", "fullsyncrequired"})
# Ids that last while an event moves between folders; HTML bodies are what comes unasked.
_PREFER = f'IdType="ImmutableId", odata.maxpagesize={PAGE}'
_RIGHTS = (
    "Give the application the role Application Calendars.Read (or ReadWrite) in Exchange Online, over a scope that "
    "holds this mailbox: see the guide on Microsoft 365. A new right may take two hours."
)
_STRIPPED = (
    "In Exchange Online PowerShell: Set-CalendarProcessing -Identity {mailbox} -DeleteComments $false "
    "-DeleteSubject $false -AddOrganizerToSubject $false -RemovePrivateProperty $false. What has arrived stays as it is."
)
_TOO_WIDE = (
    "Narrow the application: take its Calendars permissions in Microsoft Entra away, and assign its Exchange role over "
    "a scope of room mailboxes alone. See the guide on Microsoft 365."
)


class _Page(msgspec.Struct):
    value: list[msgspec.Raw]
    next: str | None = msgspec.field(default=None, name="@odata.nextLink")
    delta: str | None = msgspec.field(default=None, name="@odata.deltaLink")


class _Fault(msgspec.Struct):
    code: str = ""


class _Failed(msgspec.Struct):
    error: _Fault = msgspec.field(default_factory=_Fault)


class Graph:
    """One tenant's rooms, read: a `Calendar`. ``find`` gives a room's mailbox, None where it has none."""

    def __init__(
        self,
        web: Web,
        sign_in: SignIn,
        find: Callable[[RoomName], str | None],
        clock: Clock,
        dice: random.Random,
        *,
        graph: str = CLOUDS["global"][1],
        foreign: str | None = None,
        zone: tzinfo = UTC,
        poll_s: float = POLL_S,
        fresh_s: float = FRESH_S,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """``foreign``: a mailbox that is no room's, tried once a day: that it can be read means that the application
        can read everybody's. ``zone``: where whole days begin. Raises BadInput for an address that is no https://.
        """
        check_https("graph", graph)
        self._clock = clock
        self._find = find
        self._graph, self._host = graph, host_of(graph)
        self._foreign = foreign
        self._zone = zone
        self._bearer = Bearer(web, clock, sign_in)
        self._belled = Belled(self, clock, dice, poll_s=poll_s, fresh_s=fresh_s, pause=pause)
        self._probed_at = float("-inf")
        self._proven: Notice | None = None  # what came of trying the foreign mailbox

    # -- as a calendar

    async def fetch(self, room: RoomName, window: Window) -> Snapshot:
        await self._probe()
        return await self._belled.fetch(room, window)

    async def changed(self, known: Mapping[RoomName, str | None]) -> dict[RoomName, str]:
        await self._probe()
        return await self._belled.changed(known)

    def mailbox_of(self, room: RoomName) -> str:
        """Under which the room declines."""
        return self._find(room) or ""

    def notices(self, room: RoomName) -> tuple[Notice, ...]:
        """What an administrator should know of this room's calendar."""
        return (*self._belled.notices(room), *((self._proven,) if self._proven else ()))

    # -- as a feed

    async def read(self, room: RoomName, window: Window, token: str | None, before: Entries | None) -> Reading:
        name = self._mailbox(room)
        if token is None:
            # The bell first, then the look: what changes in between rings it.
            bell = await self._round(name, self._view(name, window, "/delta"))
            if bell is None:
                raise CalendarUnreachable(f"{self._host} comes to no end of a delta query")
            token = bell.token
        events = await self._seen(name, window)
        entries = await asyncio.to_thread(parse_each, events, lambda raw: parse_entry(raw, name, self._zone), before)
        lost = find_lost((one.invitation for one in entries.found), name.lower(), online_has_body=True)
        return Reading(token, entries, _notices(lost, name))

    async def _seen(self, name: str, window: Window) -> list[msgspec.Raw]:
        """All pages of the view; of far too many events enough that it is told."""
        events: list[msgspec.Raw] = []
        url = f"{self._view(name, window)}&{urlencode({'$select': ','.join(FIELDS), '$top': PAGE})}"
        for _ in range(MOST_PAGES):
            page = self._page(await self._ask(name, url), name)
            events += page.value
            if page.next is None or len(events) > MOST_ENTRIES:
                return events
            url = self._own(page.next)
        raise CalendarUnreachable(f"{self._host} does not come to the end of the events")

    async def news(self, room: RoomName, token: str) -> News | None:
        return await self._round(self._mailbox(room), token)

    # -- the wire

    def _mailbox(self, room: RoomName) -> str:
        name = self._find(room)
        if name is None:
            raise CalendarRefused(f"no mailbox is named for the room {room}")
        return name

    def _view(self, name: str, window: Window, kind: str = "") -> str:
        asked = {"startDateTime": _iso(window.start), "endDateTime": _iso(window.end)}
        return f"{self._user(name)}/calendarView{kind}?{urlencode(asked)}"

    def _events(self, name: str, entry: Entry | None = None) -> str:
        return f"{self._user(name)}/events" + (f"/{quote(entry.key, safe='')}" if entry else "")

    def _user(self, name: str) -> str:
        return f"{self._graph}/v1.0/users/{quote(name, safe='@')}"

    async def _round(self, name: str, url: str | None) -> News | None:
        """One round of a delta query, to its end. None: the service has forgotten its beginning, or finds no end."""
        rang = False
        for _ in range(MOST_PAGES):
            if url is None:
                break
            answer = await self._ask(name, url)
            if answer.status == 410 or (answer.status != 200 and _code(answer) in _TOKEN_GONE):
                return None
            page = self._page(answer, name)
            rang = rang or bool(page.value)
            if page.delta is not None:
                return News(self._own(page.delta), rang)
            url = self._next(page.next)
        return None

    async def _ask(self, name: str, url: str) -> Answer:
        return await self._bearer.ask("GET", url, headers={"Prefer": _PREFER}, take={400, 403, 404, 410}, lane=name)

    def _page(self, answer: Answer, name: str) -> _Page:
        if answer.status != 200:
            raise self._refused(answer, name)
        try:
            return msgspec.json.decode(answer.body, type=_Page)
        except (msgspec.MsgspecError, RecursionError, ValueError) as bad:
            raise CalendarUnreachable(f"{self._host} answers what cannot be read") from bad

    def _next(self, link: str | None) -> str | None:
        return None if link is None else self._own(link)

    def _own(self, link: str) -> str:
        """A link of the service's, which leads nowhere else. Raises `CalendarUnreachable`."""
        here = urlsplit(self._graph)
        try:
            parts = urlsplit(link)
            same = (parts.scheme, parts.hostname, parts.port) == (here.scheme, here.hostname, here.port)
            plain = parts.username is None and link.isascii() and link.isprintable() and " " not in link
        except ValueError:
            same = plain = False
        if not (same and plain):
            raise CalendarUnreachable(f"{self._host} names a further page elsewhere, which is not followed")
        return link

    def _refused(self, answer: Answer, name: str) -> RoomgateError:
        code = plaintext.line(_code(answer), 60)
        why = f" ({code})" if code else ""
        if answer.status == 403:
            return CalendarRefused(f"{self._host} does not let the application into {name}{why}", hint=_RIGHTS)
        if answer.status == 404:
            return CalendarRefused(f"{self._host} finds no mailbox or event at {name}{why}")
        if answer.status in (400, 409, 412):
            return CalendarRefused(f"{self._host} refuses the request for {name}{why}")
        return CalendarUnreachable(f"{self._host} answers with status {answer.status}{why}")

    # -- whether the application can see too much

    async def _probe(self) -> None:
        """Once a day. That it could not be asked is no news: it is asked again soon."""
        now = self._clock.monotonic()
        if self._foreign is None or now - self._probed_at < PROBE_S:
            return
        self._probed_at = now - PROBE_S + PROBE_AGAIN_S
        name, at = self._foreign, self._clock.now()
        url = f"{self._view(name, Window(at, at + timedelta(hours=1)))}&{urlencode({'$select': 'id', '$top': 1})}"
        try:
            answer = await self._bearer.ask("GET", url, take={400, 403, 404}, lane=name)
        except (CalendarUnreachable, CalendarRefused):
            return
        self._probed_at = now
        found = _probed(answer.status, name)
        if found is not None and found != self._proven:
            _log.warning("calendar.notice", code=found.code, message=found.message, remedy=found.remedy)
        self._proven = found


def _probed(status: int, name: str) -> Notice | None:
    """What the answer for a mailbox that should be closed tells; None where it is closed."""
    if status == 403:
        return None
    if status == 200:
        return Notice(
            "meeting.calendar.too-wide", f"the application can read {name}, which is no room's mailbox", _TOO_WIDE
        )
    return Notice(
        "meeting.calendar.unproven",
        f"{name} is not found, so whether the application can read more than rooms is not known",
        "Name a mailbox that there is, and that is no room's, as foreign_mailbox.",
    )


def _code(answer: Answer) -> str:
    try:
        return msgspec.json.decode(answer.body, type=_Failed).error.code.lower()
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return ""


def _notices(lost: frozenset[Lost], name: str) -> tuple[Notice, ...]:
    if not lost:
        return ()
    what = " and ".join(sorted(one.value for one in lost))
    remedy = _STRIPPED.format(mailbox=name)
    return (Notice("meeting.calendar.stripped", f"the meetings of {name} arrive without their own {what}", remedy),)


def _iso(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
