"""Who came to the meetings of a site's rooms: looks, warns in the room, and lets a meeting go to which nobody came.

What is decided is in `check_in`; what becomes of a release is with `wishes` and `room_changes`.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from roomgate import log
from roomgate.clock import Clock
from roomgate.connector.booking_rules import PANEL, CheckInRules
from roomgate.connector.check_in import CheckIn, Release, Warn, decide, read_signs
from roomgate.connector.consent import Panel
from roomgate.connector.room import Room, RoomCondition
from roomgate.connector.room_changes import build_release
from roomgate.connector.wishes import Wishes
from roomgate.ids import RoomName
from roomgate.meetings.booking import BookingId
from roomgate.meetings.showing import Shown
from roomgate.meetings.sync import Sync
from roomgate.storage.database import StorageBusy, StorageFailed
from roomgate.xapi import tree
from roomgate.xapi.errors import XapiError

_log = log.get("meetings.attendance")

LOOK_S = 2.0
TITLE, HERE = "Is anybody here?", "We are here"


@dataclass(slots=True)
class _Warning:
    """``since``: None until the room has really said so."""

    over: asyncio.Event = field(default_factory=asyncio.Event)
    since: datetime | None = None


class Attendance:
    """Of all rooms. Run `run` in a task; ``hear`` is called with each event below ``Bookings``."""

    def __init__(
        self,
        rules: CheckInRules,
        sync: Sync,
        wishes: Wishes,
        rooms: Callable[[], Iterable[Room]],
        panel: Panel,
        clock: Clock,
        wake: Callable[[], None],
        *,
        look_s: float = LOOK_S,
    ) -> None:
        """``wake``: there is a new wish."""
        self._rules = rules
        self._sync = sync
        self._wishes = wishes
        self._rooms = rooms
        self._panel = panel
        self._clock = clock
        self._wake = wake
        self._look_s = look_s
        self._warnings: dict[tuple[RoomName, BookingId], _Warning] = {}
        self._said: list[tuple[RoomName, str]] = []  # check-ins at the panel that are not written down yet
        self._group: asyncio.TaskGroup | None = None

    def hear(self, room: RoomName, document: Any) -> None:
        """``CheckedIn``: somebody pressed the device's own button. Never waits."""
        event = tree.lookup(document, ("Event", "Bookings", "CheckedIn"))
        if isinstance(event, dict) and PANEL in self._rules.by and len(self._said) < 1000:
            self._said.append((room, str(event.get("Id", ""))))

    async def run(self) -> None:
        """For ever. Cancelling takes the warnings off the panels; what was decided is written down."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                while True:
                    await self.look()
                    await asyncio.sleep(self._look_s)
            finally:
                self._group = None
                self._warnings.clear()

    async def look(self) -> None:
        """One look at every room that can be seen."""
        for room in list(self._rooms()):
            if room.condition is RoomCondition.FINE:
                try:
                    await self._look_at(room)
                except (StorageFailed, StorageBusy) as fault:
                    _log.warning("attendance.not-written", room=room.name, error=fault.code)
        self._forget()

    async def _look_at(self, room: Room) -> None:
        now = self._clock.now()
        shown = [one for one in self._sync.shown(room.name) if self._near(one, now)]
        said = {booking for name, booking in self._said if name == room.name}
        self._said = [one for one in self._said if one[0] != room.name]
        if not shown:
            return  # as nearly always
        for one in shown:
            if one.id in said:
                await self._came(room, one, PANEL)
        checked = {one.id for one in shown if self._wishes.checked_in(room.name, one.id)}
        # A warning under way is none yet for `decide`, and is not begun twice.
        warned = {
            booking: warning.since or datetime.max.replace(tzinfo=now.tzinfo) - self._rules.warn
            for (name, booking), warning in self._warnings.items()
            if name == room.name
        }
        signs = read_signs(room.state)
        for act in decide(shown, self._rules, now, signs=signs, checked=checked, warned=warned):
            match act:
                case CheckIn(meeting, sign):
                    await self._came(room, meeting, sign)
                case Warn(meeting):
                    self._warn(room, meeting)
                case Release(meeting):
                    if await self._wishes.add(build_release(room.name, meeting.meeting, meeting.id), now):
                        self._wake()
                    self._end_warning(room.name, meeting.id)

    def _near(self, one: Shown, now: datetime) -> bool:
        """Whether it can be checked in to now."""
        return one.meeting.start - self._rules.opens <= now < one.meeting.end

    async def _came(self, room: Room, one: Shown, sign: str) -> None:
        self._end_warning(room.name, one.id)
        await self._wishes.check_in(room.name, one.id, one.meeting.end, sign, self._clock.now())

    def _warn(self, room: Room, one: Shown) -> None:
        if self._group is None:
            return
        warning = self._warnings[room.name, one.id] = _Warning()
        self._group.create_task(self._say(room, one, warning), name=f"{room.name}.no-show")

    async def _say(self, room: Room, one: Shown, warning: _Warning) -> None:
        title = one.booking.title if one.booking else ""  # as the room shows it: a private one's own is not in it
        minutes = int(self._rules.warn.total_seconds() // 60)
        text = f"Nobody has come to “{title[:80]}”. In {minutes} minutes its time is given back."

        def shown() -> None:
            warning.since = warning.since or self._clock.now()

        pressed = False
        try:
            pressed = await self._panel.notice(room, text, warning.over, HERE, title=TITLE, shown=shown)
        except XapiError as fault:  # nobody was warned, so nothing is released; tried again at the next look
            _log.info("no-show.unsaid", room=room.name, error=fault.code)
        finally:
            self._warnings.pop((room.name, one.id), None)
        if pressed:
            with contextlib.suppress(StorageFailed, StorageBusy):
                await self._came(room, one, PANEL)

    def _end_warning(self, room: RoomName, booking: BookingId) -> None:
        if warning := self._warnings.get((room, booking)):
            warning.over.set()

    def _forget(self) -> None:
        """A warning of a meeting that is over, or gone from the calendar, comes off the panel."""
        for (room, booking), warning in self._warnings.items():
            if not any(one.id == booking and one.meeting.end > self._clock.now() for one in self._sync.shown(room)):
                warning.over.set()
