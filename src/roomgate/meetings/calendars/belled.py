"""A service's calendars kept up to date with a bell: is there anything new since this token? Then everything again.

What a service tells about a change differs from one to the next and has gaps: Microsoft's delta query gives
occurrences without a subject, and may not name one that was taken out of a series; what moves into the window from
outside is told by nobody for certain. So a change of any kind makes us read the whole window, which for a room is a
page or two, and nothing is put together from pieces.

The window moves, the token's does not. So all is read again, with a new token, once an hour, and at once where the
window reaches past what was read; a token that the service no longer knows leads to the same.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from roomgate import log
from roomgate.clock import Clock
from roomgate.ids import RoomName
from roomgate.meetings.calendars.base import Snapshot
from roomgate.meetings.calendars.entry import Entries, Entry, Notice
from roomgate.meetings.calendars.polled import FRESH_S, POLL_S, Copy, Polled, wide
from roomgate.meetings.invite import Window

_log = log.get("meetings.calendars")

RENEW_S = 3600.0


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

    async def read(self, room: RoomName, window: Window, token: str | None, before: Entries | None) -> Reading:
        """``token``: one just had for this very window, which may be kept; None asks for a new one. ``before``: what
        was read the last time.
        """

    async def news(self, room: RoomName, token: str) -> News | None:
        """None: the service does not know the token any more."""


@dataclass(frozen=True, slots=True)
class _Held(Copy):
    reading: Reading
    read_at: float  # when its first token was had


class Belled:
    """What `Calendar` asks for, over any `Feed`. ``pause`` waits between two looks; it is handed in for tests."""

    def __init__(
        self,
        feed: Feed,
        clock: Clock,
        dice: random.Random,
        *,
        poll_s: float = POLL_S,
        fresh_s: float = FRESH_S,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._feed = feed
        self._clock = clock
        self._polled = Polled(self._refresh, clock, dice, poll_s=poll_s, fresh_s=fresh_s, pause=pause)
        self._written: set[RoomName] = set()
        self._notices: dict[RoomName, tuple[Notice, ...]] = {}

    async def fetch(self, room: RoomName, window: Window) -> Snapshot:
        """All occurrences that were read, also those around the window: a cursor is of the content, and the window
        moves on over it.
        """
        return await self._polled.fetch(room, window)

    async def changed(self, known: Mapping[RoomName, str | None]) -> dict[RoomName, str]:
        for gone in self._notices.keys() - known.keys():
            del self._notices[gone]
        return await self._polled.changed(known)

    def notices(self, room: RoomName) -> tuple[Notice, ...]:
        return self._notices.get(room, ())

    async def find(self, room: RoomName, uid: str, recurrence_id: str) -> Entry | None:
        """The occurrence as the service has it now. Raises what a look raises."""
        self._polled.spoil(room)
        return (await self._polled.renewed(room)).reading.entries.find(uid, recurrence_id)

    def touched(self, room: RoomName) -> None:
        """Something was written there, or may have been: all is read at the next look, since the bell may be late."""
        self._written.add(room)
        self._polled.spoil(room)

    async def _refresh(self, room: RoomName, window: Window, held: _Held | None) -> _Held:
        now = self._clock.monotonic()
        due = held is None or not held.covered(window) or now - held.read_at >= RENEW_S or room in self._written
        if held is None or due or (news := await self._feed.news(room, held.reading.token)) is None:
            return await self._read(room, wide(window), None, now, held)
        if news.rang:
            return await self._read(room, held.covers, news.token, held.read_at, held)
        same = Reading(news.token, held.reading.entries, held.reading.notices)
        return _Held(held.snapshot, held.covers, same, held.read_at)

    async def _read(
        self, room: RoomName, window: Window, token: str | None, read_at: float, held: _Held | None
    ) -> _Held:
        written = token is None and room in self._written
        if written:
            self._written.discard(room)  # before the reading: what is written meanwhile is read for once more
        try:
            reading = await self._feed.read(room, window, token, held.reading.entries if held else None)
        except BaseException:
            if written:
                self._written.add(room)
            raise
        self._tell(room, reading.notices)
        entries = reading.entries
        invitations = tuple(one.invitation for one in entries.found)
        return _Held(Snapshot((), entries.cursor, invitations, tuple(entries.bad.items())), window, reading, read_at)

    def _tell(self, room: RoomName, notices: tuple[Notice, ...]) -> None:
        """Each notice once in the log, and again when it came back."""
        known = {one.code for one in self._notices.get(room, ())}
        for one in notices:
            if one.code not in known:
                _log.warning("calendar.notice", room=room, code=one.code, message=one.message, remedy=one.remedy)
        self._notices[room] = notices
