"""A calendar in memory, which can be written: for tests and measurements of what stands on calendars."""

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import datetime

from roomgate.clock import Clock, HandClock
from roomgate.ids import RoomName
from roomgate.meetings.calendars import edit
from roomgate.meetings.calendars.base import CalendarRefused, Slot, Snapshot, Source
from roomgate.meetings.invite import BadInvitation, Window


class MemoryCalendar:
    """``rooms``: room → name → the file. Write with `write`, so that `changed` wakes."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.rooms: dict[RoomName, dict[str, bytes]] = {}
        self._clock = clock or HandClock()
        self._woken = asyncio.Event()

    def write(self, room: RoomName, name: str, raw: bytes | None) -> None:
        held = self.rooms.setdefault(room, {})
        if raw is None:
            del held[name]
        else:
            held[name] = raw
        self._woken.set()

    async def fetch(self, room: RoomName, window: Window) -> Snapshot:
        held = self.rooms.get(room, {})
        return Snapshot(tuple(Source(name, raw) for name, raw in sorted(held.items())), self._cursor(room))

    async def changed(self, known: Mapping[RoomName, str | None]) -> dict[RoomName, str]:
        while True:
            self._woken.clear()
            now = {room: self._cursor(room) for room in known}
            if news := {room: cursor for room, cursor in now.items() if cursor != known[room]}:
                return news
            await self._woken.wait()

    async def book(self, room: RoomName, slot: Slot, uid: str) -> None:
        if not any(uid in edit.uids(raw) for raw in self.rooms.get(room, {}).values()):
            self.write(room, uid, edit.build_event(slot, uid, self._clock.now()))

    async def set_end(self, room: RoomName, uid: str, recurrence_id: str, end: datetime) -> None:
        for name, raw in self.rooms.get(room, {}).items():
            try:
                self.write(room, name, edit.with_end(raw, uid, recurrence_id, end, self._clock.now()))
                return
            except edit.NotThere:
                continue
            except BadInvitation as bad:
                raise CalendarRefused(bad.message) from bad
        raise CalendarRefused("no such event")

    async def release(self, room: RoomName, uid: str, recurrence_id: str) -> None:
        for name, raw in list(self.rooms.get(room, {}).items()):
            self.write(room, name, edit.without(raw, uid, recurrence_id, self._clock.now()))

    def _cursor(self, room: RoomName) -> str:
        return hashlib.sha256(repr(sorted(self.rooms.get(room, {}).items())).encode()).hexdigest()
