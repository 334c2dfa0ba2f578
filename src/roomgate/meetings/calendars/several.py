"""Several calendars as one: each room is in one of them, and one that is down holds up no other's rooms."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from roomgate import log
from roomgate.errors import RoomgateError
from roomgate.ids import RoomName
from roomgate.meetings.calendars.base import (
    Calendar,
    CalendarRefused,
    CalendarUnreachable,
    Slot,
    Snapshot,
    Writable,
)
from roomgate.meetings.invite import Window
from roomgate.supervise import pauses

_log = log.get("meetings.calendars")
_MOST_PAUSE_S = 60.0


class Several:
    """``find`` gives the calendar of a room, None where it has none: then nothing is known of it, and nothing is
    ever put there.
    """

    def __init__(
        self,
        find: Callable[[RoomName], Calendar | None],
        dice: random.Random,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._find = find
        self._dice = dice
        self._pause = pause

    def calendar_of(self, room: RoomName) -> Calendar | None:
        return self._find(room)

    def writable_of(self, room: RoomName) -> Writable | None:
        """The room's calendar where it can be written."""
        found = self._find(room)
        return found if isinstance(found, Writable) else None

    async def fetch(self, room: RoomName, window: Window) -> Snapshot:
        found = self._find(room)
        if found is None:
            raise CalendarUnreachable(f"{room} is in no calendar", hint="Name the room in one of the calendars.")
        return await found.fetch(room, window)

    async def changed(self, known: Mapping[RoomName, str | None]) -> dict[RoomName, str]:
        """As `Calendar.changed`, of the rooms that are in a calendar; waits for ever where none is. Raises nothing."""
        parts: dict[int, tuple[Calendar, dict[RoomName, str | None]]] = {}
        for room, cursor in known.items():
            if (found := self._find(room)) is not None:
                parts.setdefault(id(found), (found, {}))[1][room] = cursor
        if not parts:
            await asyncio.get_running_loop().create_future()
        news: dict[RoomName, str] = {}
        async with asyncio.TaskGroup() as group:
            tasks = {group.create_task(self._ask(calendar, part)) for calendar, part in parts.values()}
            done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in rest:
                task.cancel()
            for task in done:
                news |= task.result()
        return news

    async def _ask(self, calendar: Calendar, known: Mapping[RoomName, str | None]) -> dict[RoomName, str]:
        pausing, down = pauses(1.0, _MOST_PAUSE_S, self._dice), False
        while True:
            try:
                news = await calendar.changed(known)
            except RoomgateError as fault:
                if not down:
                    _log.warning("calendar.down", error=fault.message[:300], rooms=len(known))
                down = True
                await self._pause(next(pausing))
                continue
            if down:
                _log.info("calendar.up", rooms=len(known))
            return news

    # -- writing

    async def book(self, room: RoomName, slot: Slot, uid: str) -> None:
        await self._writable(room).book(room, slot, uid)

    async def set_end(self, room: RoomName, uid: str, recurrence_id: str, end: datetime) -> None:
        await self._writable(room).set_end(room, uid, recurrence_id, end)

    async def release(self, room: RoomName, uid: str, recurrence_id: str) -> None:
        await self._writable(room).release(room, uid, recurrence_id)

    def _writable(self, room: RoomName) -> Writable:
        if (found := self.writable_of(room)) is None:
            raise CalendarRefused(f"The calendar of {room} can only be read.", hint="Change it where it is kept.")
        return found
