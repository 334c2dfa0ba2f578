"""A service's calendars kept up to date by asking: what is new since a token, and if anything is, everything again.

The token is only a bell. What a service tells about a change differs from one to the next and has gaps: Microsoft's
delta query gives occurrences without a subject, and may not name one that was taken out of a series; what moves into
the window from outside is told by nobody for certain. So a change of any kind makes us read the whole window, which
for a room is a page or two, and nothing is put together from pieces.

The window moves, the token's does not. So all is read again, with a new token, once an hour, and at once where the
window reaches past what was read; a token that the service no longer knows leads to the same.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from roomgate import log
from roomgate.clock import Clock
from roomgate.ids import RoomName
from roomgate.meetings.calendars.base import CalendarRefused, CalendarUnreachable, Snapshot
from roomgate.meetings.calendars.entry import Entries, Entry, Notice
from roomgate.meetings.invite import Window

_log = log.get("meetings.polled")

POLL_S = 30.0
RENEW_S = 3600.0
BEFORE, AFTER = timedelta(hours=1), timedelta(hours=12)  # read beyond the window, so that it may move
AHEAD = timedelta(days=7)  # for a room whose window nobody named yet
TOGETHER = 32  # rooms that one look is at; how many requests that makes at once is for `Web` to say
REFUSED_S = 60.0  # at the least, until a room that was refused is asked for again


@dataclass(frozen=True, slots=True)
class Reading:
    """A room's whole window as it was read, and the token to ask from then on what is new."""

    token: str = field(repr=False)
    entries: Entries
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class News:
    """The next token, and whether anything happened since the last."""

    token: str = field(repr=False)
    rang: bool


class Feed(Protocol):
    """One service, as it is read. Both raise `CalendarUnreachable` or `CalendarRefused`."""

    async def read(self, room: RoomName, window: Window, token: str | None) -> Reading:
        """``token``: one just had for this very window, which may be kept; None asks for a new one."""

    async def news(self, room: RoomName, token: str) -> News | None:
        """None: the service does not know the token any more."""


@dataclass(slots=True)
class _Room:
    length: timedelta = AHEAD  # of the window that was last asked for
    window: Window | None = None  # what was read
    reading: Reading | None = None
    content: str = ""  # the cursor of what was read
    cursor: str | None = None  # what is told: the content's, or that the service is away
    read_at: float = 0.0
    looked_at: float = float("-inf")  # when the last look that succeeded began
    due: float = float("-inf")
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    told: set[str] = field(default_factory=set)


class Polled:
    """What `Calendar` asks for, over any `Feed`. ``pause`` waits between two looks; it is handed in for tests."""

    def __init__(
        self,
        feed: Feed,
        clock: Clock,
        *,
        poll_s: float = POLL_S,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._feed = feed
        self._clock = clock
        self._poll_s = poll_s
        self._pause = pause
        self._rooms: dict[RoomName, _Room] = {}

    async def fetch(self, room: RoomName, window: Window) -> Snapshot:
        """All occurrences that were read, also those around the window: a cursor is of the content, and the window
        moves on under it.
        """
        held = self._held(room)
        held.length = window.end - window.start
        await self._look(room, held, window)
        assert held.reading is not None
        entries = held.reading.entries
        return Snapshot((), held.content, tuple(one.invitation for one in entries.found), tuple(entries.bad.items()))

    async def changed(self, known: Mapping[RoomName, str | None]) -> dict[RoomName, str]:
        """As the role says. A room that fails holds up no other: its cursor says so, once, and `fetch` tells why."""
        for gone in self._rooms.keys() - known.keys():
            del self._rooms[gone]
        while True:
            news = {
                room: held.cursor
                for room, cursor in known.items()
                if (held := self._held(room)).cursor is not None and held.cursor != cursor
            }
            if news:
                return news
            now = self._clock.monotonic()
            due = sorted(known, key=lambda room: self._held(room).due)
            wait_s = self._held(due[0]).due - now if due else self._poll_s
            if wait_s > 0:
                await self._pause(wait_s)
                continue
            async with asyncio.TaskGroup() as group:
                for room in due[:TOGETHER]:
                    if self._held(room).due <= now:
                        group.create_task(self._glance(room, self._held(room)), name=f"calendar.{room}")

    def notices(self, room: RoomName) -> tuple[Notice, ...]:
        held = self._rooms.get(room)
        return held.reading.notices if held and held.reading else ()

    async def find(self, room: RoomName, uid: str, recurrence_id: str) -> Entry | None:
        """The occurrence as the service has it now. Raises what a look raises."""
        held = self._held(room)
        now = self._clock.now()
        await self._look(room, held, Window(now, now + held.length))
        assert held.reading is not None
        return held.reading.entries.find(uid, recurrence_id)

    def touched(self, room: RoomName) -> None:
        """Something was written there, or may have been: read it at once, since the bell may be late."""
        held = self._held(room)
        held.due = held.looked_at = held.read_at = float("-inf")

    def _held(self, room: RoomName) -> _Room:
        return self._rooms.setdefault(room, _Room())

    async def _glance(self, room: RoomName, held: _Room) -> None:
        now = self._clock.now()
        try:
            await self._look(room, held, Window(now, now + held.length))
        except (CalendarUnreachable, CalendarRefused) as away:
            held.cursor = f"away: {away.code}"  # told once, by way of fetch

    async def _look(self, room: RoomName, held: _Room, window: Window) -> None:
        """Bring what is held of the room up to now. Cancelled or failed, it leaves what was held."""
        asked = self._clock.monotonic()
        async with held.turn:
            began = self._clock.monotonic()
            covered = held.window is not None and held.window.start <= window.start and window.end <= held.window.end
            if covered and held.looked_at > asked and held.reading is not None:
                return  # another look began after this one was asked for
            try:
                if held.reading is None or held.window is None or not covered or began - held.read_at >= RENEW_S:
                    await self._read(room, held, Window(window.start - BEFORE, window.end + AFTER), None, began)
                else:
                    await self._ask(room, held, held.window, held.reading, began)
            except CalendarUnreachable as away:
                held.due = began + max(self._poll_s, away.retry_after_s or 0.0)
                raise
            except CalendarRefused:
                held.due = began + max(self._poll_s, REFUSED_S)
                raise
            held.looked_at = began
            held.due = began + self._poll_s
            held.cursor = held.content

    async def _ask(self, room: RoomName, held: _Room, window: Window, reading: Reading, began: float) -> None:
        news = await self._feed.news(room, reading.token)
        if news is None:
            now = self._clock.now()
            await self._read(room, held, Window(now - BEFORE, now + held.length + AFTER), None, began)
        elif news.rang:
            await self._read(room, held, window, news.token, began)
        else:
            held.reading = Reading(news.token, reading.entries, reading.notices)

    async def _read(self, room: RoomName, held: _Room, window: Window, token: str | None, began: float) -> None:
        reading = await self._feed.read(room, window, token)
        if token is None:
            held.read_at = began
        held.window, held.reading, held.content = window, reading, reading.entries.cursor
        self._tell(room, held, reading.notices)

    def _tell(self, room: RoomName, held: _Room, notices: Iterable[Notice]) -> None:
        """Each notice once in the log, and again when it came back."""
        now = {one.code: one for one in notices}
        for code in now.keys() - held.told:
            _log.warning("calendar.notice", room=room, code=code, message=now[code].message, remedy=now[code].remedy)
        held.told = set(now)
