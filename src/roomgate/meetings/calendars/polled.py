"""What all calendars share that have to be asked: a copy for each room, and one look at each room a period.

Looks are spread over the period and only so many go at once. A look brings the copy up to date, so the fetch that
follows a change asks nobody. A room that cannot be read has a cursor that says so: its worker is woken once, meets
the error in `fetch`, and is woken again when the room can be read; no other room waits for it.

Nothing is kept over a restart: the first look then reads each room whole.
"""

import asyncio
import heapq
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from roomgate.clock import Clock
from roomgate.errors import RoomgateError
from roomgate.ids import RoomName
from roomgate.meetings.calendars.base import Snapshot
from roomgate.meetings.invite import Window

POLL_S = 30.0  # within a minute, with what a look and a put take
AT_ONCE = 16  # looks
TOGETHER = 64  # looks, after which news is told
FRESH_S = 5.0  # a copy so young is handed out as it is
AHEAD = timedelta(days=7)
BEFORE, BEYOND = timedelta(days=1), timedelta(days=2)  # read around the window, so that it may move for a day
_DOZE_S = 0.25


@dataclass(frozen=True, slots=True)
class Copy:
    """What one room's calendar held when it was last looked at. Calendars add what they need to look again."""

    snapshot: Snapshot
    covers: Window

    def covered(self, window: Window) -> bool:
        return self.covers.start <= window.start and window.end <= self.covers.end


C = TypeVar("C", bound=Copy)
Refresh = Callable[[RoomName, Window, C | None], Awaitable[C]]


@dataclass(slots=True)
class _Kept(Generic[C]):
    copy: C | None = None
    looked_at: float = float("-inf")  # when the copy was true
    cursor: str | None = None
    due: float = float("-inf")
    spoiled: int = 0  # how often it was written: a look that was on its way then did not see it
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Polled(Generic[C]):
    """``refresh`` reads a room: whole where it is given no copy, or what changed since; the copy it is given need not
    cover the window. It raises `CalendarUnreachable` or `CalendarRefused`.
    """

    def __init__(
        self,
        refresh: Refresh[C],
        clock: Clock,
        dice: random.Random,
        *,
        poll_s: float = POLL_S,
        fresh_s: float = FRESH_S,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._refresh = refresh
        self._clock = clock
        self._dice = dice
        self._poll_s = poll_s
        self._fresh_s = min(fresh_s, poll_s)
        self._pause = pause
        self._rooms: dict[RoomName, _Kept[C]] = {}
        self._places = asyncio.Semaphore(AT_ONCE)

    async def fetch(self, room: RoomName, window: Window) -> Snapshot:
        """As `Calendar.fetch`."""
        return (await self.renewed(room, window)).snapshot

    async def renewed(self, room: RoomName, window: Window | None = None, *, anew: bool = False) -> C:
        """The room's copy, at most `FRESH_S` old; ``anew``: as it is now. Raises what ``refresh`` raises; the copy then stays as it was."""
        kept = self._kept(room)
        async with kept.lock:
            now, spoiled = self._clock.monotonic(), kept.spoiled
            copy = kept.copy
            if copy and not anew and now - kept.looked_at < self._fresh_s and (window is None or copy.covered(window)):
                return copy
            try:
                copy = await self._refresh(room, self._around(window), copy)
            except RoomgateError as bad:
                kept.cursor = f"away: {bad.code}"
                kept.due = now + max(self._spread_s(), getattr(bad, "retry_after_s", None) or 0.0)
                raise
            kept.copy, kept.cursor = copy, copy.snapshot.cursor
            kept.looked_at = now if kept.spoiled == spoiled else float("-inf")
            kept.due = now + self._spread_s()
            return copy

    def spoil(self, room: RoomName) -> None:
        """The room's calendar was written: the next fetch asks. Safe to repeat."""
        kept = self._kept(room)
        kept.looked_at = float("-inf")
        kept.spoiled += 1

    async def changed(self, known: Mapping[RoomName, str | None]) -> dict[RoomName, str]:
        """As `Calendar.changed`; raises nothing of its own."""
        for gone in self._rooms.keys() - known.keys():
            del self._rooms[gone]
        while True:
            due = self._due(known)
            async with asyncio.TaskGroup() as group:
                for room in due:
                    group.create_task(self._look(room), name=f"calendar.{room}")
            cursors = {room: self._kept(room).cursor for room in known}
            if news := {room: cursor for room, cursor in cursors.items() if cursor and cursor != known[room]}:
                return news
            if len(due) < TOGETHER:
                await self._pause(self._doze_s(known))

    def _due(self, rooms: Iterable[RoomName]) -> list[RoomName]:
        """Those that are due, the longest first; only so many, so that news does not wait for the looks at all."""
        now = self._clock.monotonic()
        moments = [(self._kept(room).due, room) for room in rooms]
        return [room for due, room in heapq.nsmallest(TOGETHER, moments) if due <= now]

    async def _look(self, room: RoomName) -> None:
        async with self._places:
            if self._kept(room).due > self._clock.monotonic():
                return  # fetched while this one waited
            try:
                await self.renewed(room, anew=True)
            except RoomgateError:
                pass  # told by the cursor, and by fetch

    def _doze_s(self, rooms: Iterable[RoomName]) -> float:
        now = self._clock.monotonic()
        soonest = min((self._kept(room).due for room in rooms), default=now + self._poll_s)
        return max(_DOZE_S, soonest - now) if self._poll_s >= 1 else self._poll_s

    def _spread_s(self) -> float:
        return self._dice.uniform(0.7, 1.0) * self._poll_s

    def _around(self, window: Window | None) -> Window:
        now = self._clock.now()
        start, end = (window.start, window.end) if window else (now, now + AHEAD)
        return Window(min(start, now), max(end, now + AHEAD))

    def _kept(self, room: RoomName) -> _Kept[C]:
        if room not in self._rooms:
            self._rooms[room] = _Kept()
        return self._rooms[room]


def wide(window: Window) -> Window:
    """What is read for a window, so that it may move for a while before all is read again."""
    return Window(_moved(window.start, -BEFORE), _moved(window.end, BEYOND))


def _moved(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        return moment
