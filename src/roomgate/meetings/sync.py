"""Keep each room's booking list as its calendar wants it: fetch, plan, apply, one worker per room.

A room is looked at again when its calendar changed, when its device asks (``SyncRequired``), and once a minute,
as meetings end and others come into the window. A room that fails is tried again with growing pauses, and
holds up no other.

Nothing about a room's list is remembered beyond a run of the program: what a device shows is asked of it, what it
should show follows from the calendar and the site's house rules. So it does not matter when this is killed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from roomgate import log
from roomgate.clock import Clock
from roomgate.ids import RoomName
from roomgate.meetings import plaintext
from roomgate.meetings.booking import Booking, BookingId, plain_number
from roomgate.meetings.calendars.base import Calendar, CalendarRefused, Snapshot, Source
from roomgate.meetings.calendars.of_room import find_notices
from roomgate.meetings.house_rules import DEFAULT, HouseRules
from roomgate.meetings.invite import Window
from roomgate.meetings.meeting import Meeting
from roomgate.meetings.plan import Held, Plan, plan_bookings
from roomgate.meetings.reader import Here, Reader
from roomgate.meetings.reading import Given
from roomgate.meetings.showing import Shown, decide_shown
from roomgate.meetings.turns import Turns
from roomgate.meetings.understand import DeviceAbilities
from roomgate.xapi.flag import Flag

_log = log.get("meetings.sync")

MARGIN = timedelta(hours=1)  # beyond the window, for which meetings are understood at once
MOST_TOGETHER = 48 * 1024 * 1024  # bytes of one room's files


class Diary(Protocol):
    """A room's booking list, on a device or wherever."""

    async def put(self, room: RoomName, entries: Sequence[Booking]) -> None:
        """Replace the whole list. When this returns, the list is shown."""

    async def current(self, room: RoomName) -> tuple[Held, ...] | None:
        """What the list shows now; None where it cannot be read but could be written."""


@dataclass(frozen=True, slots=True)
class Timing:
    """All in seconds, but ``ahead``."""

    ahead: timedelta = timedelta(days=7)
    tick_s: float = 60.0
    deadline_s: float = 120.0  # for one room's fetch, and again for its put
    first_pause_s: float = 1.0
    most_pause_s: float = 60.0


class CalendarState(StrEnum):
    OK = "ok"
    DOWN = "down"  # it does not answer; what the room shows stays
    REFUSED = "refused"  # it answers, and says no
    NONE = "none"  # not looked at yet


@dataclass(frozen=True, slots=True)
class Standing:
    """How a room's calendar is, in a word and a sentence, and since when that is known; None: never looked at."""

    state: CalendarState = CalendarState.NONE
    words: str = "The calendar has not been looked at yet."
    at: datetime | None = None


class RoomKnowledge(Protocol):
    """What somebody else knows of a room. `NothingKnown` is for whoever has nobody to ask."""

    def mailbox(self, room: RoomName) -> str:
        """The room's own mail address, for what it declined itself; "" where that is not known."""

    def withheld(self, room: RoomName) -> Mapping[BookingId, datetime]:
        """The meetings whose time the room has given back, each with its start."""

    async def strangers(self, room: RoomName, entries: Sequence[Held]) -> None:
        """The device's list holds these, which are not ours; the next put sweeps them away. Told before each put."""


class NothingKnown:
    def mailbox(self, room: RoomName) -> str:
        return ""

    def withheld(self, room: RoomName) -> Mapping[BookingId, datetime]:
        return {}

    async def strangers(self, room: RoomName, entries: Sequence[Held]) -> None:
        return None


@dataclass(frozen=True, slots=True)
class _Understood:
    """A snapshot's meetings in a window, kept while its cursor and the device stay: a room is looked at every minute,
    and what it was invited to changes now and then. ``bad``: what was left out, by its file, and why.
    """

    cursor: str
    device: DeviceAbilities
    window: Window
    meetings: tuple[Meeting, ...]
    bad: dict[str, str]

    def holds(self, cursor: str, device: DeviceAbilities, window: Window) -> bool:
        inside = self.window.start <= window.start and window.end <= self.window.end
        return inside and (self.cursor, self.device) == (cursor, device)

    def within(self, window: Window) -> tuple[Meeting, ...]:
        return tuple(one for one in self.meetings if one.end > window.start and one.start < window.end)


async def _understand(snapshot: Snapshot, window: Window, device: DeviceAbilities, reader: Reader) -> _Understood:
    bad = dict(snapshot.bad)
    sources: list[Source] = []
    left = MOST_TOGETHER
    for source in snapshot.sources:
        left -= len(source.raw)
        if left >= 0:
            sources.append(source)
        else:
            bad[source.name] = "left out: the room's invitations are too large together"
    given = Given(tuple(source.raw for source in sources), snapshot.invitations, window, device)
    understood = await reader.read(given)
    names = [*(source.name for source in sources), *(one.uid for one in snapshot.invitations), "all files together"]
    bad |= {names[number]: reason for number, reason in understood.bad.items()}
    return _Understood(snapshot.cursor, device, window, understood.meetings, bad)


@dataclass(slots=True)
class _Room:
    device: DeviceAbilities
    distrusted: bool = False  # the device's list is put again whatever it shows
    wake: Flag = field(default_factory=Flag)
    cursor: str | None = None
    known: dict[BookingId, Booking] = field(default_factory=dict)
    meetings: tuple[Meeting, ...] = ()
    shown: tuple[Shown, ...] = ()
    calendar: Standing = Standing()
    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    understood: _Understood | None = None
    read_s: float = 0.0  # what reading its invitations took the last time
    bad: dict[str, str] = field(default_factory=dict)  # file name → why it was left out
    task: asyncio.Task[None] | None = None


class Sync:
    """Any Calendar to any Diary. `run` keeps all rooms; `sync_room` does one room once."""

    def __init__(
        self,
        calendar: Calendar,
        diary: Diary,
        clock: Clock,
        rooms: Mapping[RoomName, DeviceAbilities] | None = None,
        *,
        reader: Reader | None = None,
        timing: Timing | None = None,
        house: HouseRules = DEFAULT,
        about: RoomKnowledge | None = None,
        synced: Callable[[RoomName, Plan], Awaitable[None]] | None = None,
    ) -> None:
        """``synced``: told after each put, for the record. ``reader``: who reads invitations; left out, this program."""
        self._reader = reader or Here()
        self._turns = Turns(clock)
        self._house = house
        self._about = about or NothingKnown()
        self._calendar = calendar
        self._diary = diary
        self._clock = clock
        self._timing = timing or Timing()
        self._synced = synced
        self._rooms = {name: _Room(device) for name, device in (rooms or {}).items()}
        self._group: asyncio.TaskGroup | None = None
        self._watcher: asyncio.Task[None] | None = None

    # -- what others ask

    def known(self, room: RoomName) -> Mapping[BookingId, Booking]:
        """The bookings that this program itself put there, and that are there as far as it knows."""
        return dict(self._rooms[room].known) if room in self._rooms else {}

    def meetings(self, room: RoomName) -> tuple[Meeting, ...]:
        """All occurrences in the window, with the reason for each button, as last understood."""
        return self._rooms[room].meetings if room in self._rooms else ()

    def shown(self, room: RoomName) -> tuple[Shown, ...]:
        """All meetings in the window, in the order of the list, with what the device is to show of each, and why."""
        return self._rooms[room].shown if room in self._rooms else ()

    def calendar(self, room: RoomName) -> Standing:
        return self._rooms[room].calendar if room in self._rooms else Standing()

    def bad(self, room: RoomName) -> Mapping[str, str]:
        """The invitations that could not be understood, by name, with the reason."""
        return dict(self._rooms[room].bad) if room in self._rooms else {}

    def match(self, room: RoomName, number: str, booking_id: str | None = None) -> Booking | None:
        """The booking that a dial of this number would join now; None means a free dial.

        The number must be the booking's own, to the letter, and the join button must be open: an address
        that is right at another time, or in another room, is not a meeting of this room. A booking id that
        is given must be that booking's.
        """
        now = self._clock.now()
        for booking in self.known(room).values():
            if booking_id is not None and booking.id != booking_id:
                continue
            if booking.joinable(now) and plain_number(booking.number) == plain_number(number):
                return booking
        return None

    def rooms(self) -> Collection[RoomName]:
        return self._rooms.keys()

    # -- which rooms

    def add_room(self, room: RoomName, device: DeviceAbilities) -> None:
        """Also for a room that is there already and whose device has other abilities now."""
        if held := self._rooms.get(room):
            held.device = device
            held.wake.set()
            return
        self._rooms[room] = _Room(device)
        self._start(room)
        self._restart_watch()

    def remove_room(self, room: RoomName) -> None:
        """What its device shows stays; nothing of it is known here any more."""
        held = self._rooms.pop(room, None)
        if held and held.task:
            held.task.cancel()
        self._restart_watch()

    def wake(self, room: RoomName) -> None:
        """Look at the room again soon. Safe to repeat."""
        if held := self._rooms.get(room):
            held.wake.set()

    def resync(self, room: RoomName) -> None:
        """The device lost its list, or may have: put it again. Safe to repeat."""
        if held := self._rooms.get(room):
            held.known = {}
            held.distrusted = True
            held.wake.set()

    # -- the work

    async def sync_room(self, room: RoomName) -> Plan:
        """Fetch, plan, apply, once. Raises what calendar, reader or diary raise, or TimeoutError; then no new booking
        is counted as known.

        Cancelling in the middle of a put leaves its outcome unknown; the next run looks, and puts again.
        """
        held = self._rooms[room]
        async with held.one_at_a_time:
            return await self._sync_room(room, held)

    async def _sync_room(self, room: RoomName, held: _Room) -> Plan:
        now = self._clock.now()
        # A meeting that is over can be joined for as long as its buffer says.
        window = Window(now - self._house.late, now + self._timing.ahead)
        async with asyncio.timeout(self._timing.deadline_s):
            snapshot = await self._fetched(room, held, window)
        # No deadline here: with very many rooms, or on a busy machine, its turn may be long in coming, and to ask for
        # it again would only take longer. Who reads has a deadline for each answer.
        held.meetings = await self._understood(room, held, snapshot, window)
        held.shown = decide_shown(held.meetings, self._house, self._about.mailbox(room), self._about.withheld(room))
        async with asyncio.timeout(self._timing.deadline_s):
            return await self._brought(room, held, snapshot.cursor)

    async def _brought(self, room: RoomName, held: _Room, cursor: str) -> Plan:
        """What is to be shown is on the device."""
        now = self._clock.now()
        wanted = [one.booking for one in held.shown if one.booking and one.booking.closes > now]
        found = await self._diary.current(room)
        if others := [entry for entry in found or () if not entry.ours]:
            await self._about.strangers(room, others)
        shown = None if held.distrusted else found
        plan = plan_bookings(wanted, shown, tuple(held.known.values()))
        if plan.put is not None:
            # While the list is being replaced, only what is on the old and on the new one is vouched for.
            held.known = {one.id: one for one in plan.put if held.known.get(one.id) == one}
            held.distrusted = False  # a request that comes in meanwhile sets it again
            try:
                await self._diary.put(room, plan.put)
            except BaseException:
                held.distrusted = True
                raise
        held.known = {} if held.distrusted else {booking.id: booking for booking in wanted}
        held.cursor = cursor
        if plan.put is not None and self._synced:
            await self._synced(room, plan)
        return plan

    async def _fetched(self, room: RoomName, held: _Room, window: Window) -> Snapshot:
        try:
            snapshot = await self._calendar.fetch(room, window)
        except Exception as fault:  # whatever the calendar raised is told as its state, and raised again
            state = CalendarState.REFUSED if isinstance(fault, CalendarRefused) else CalendarState.DOWN
            held.calendar = Standing(state, f"{fault}"[:300] or type(fault).__name__, self._clock.now())
            raise
        held.calendar = Standing(CalendarState.OK, find_notices(self._calendar, room), self._clock.now())
        return snapshot

    async def _understood(self, room: RoomName, held: _Room, snapshot: Snapshot, window: Window) -> tuple[Meeting, ...]:
        """All that can be understood; what cannot is told once, and left out."""
        known = held.understood
        if known is None or not known.holds(snapshot.cursor, held.device, window):
            ahead = Window(window.start, window.end + MARGIN)  # so that the next minutes need no work
            async with self._turns.turn(held.read_s):
                began = self._clock.monotonic()
                try:
                    known = await _understand(snapshot, ahead, held.device, self._reader)
                finally:
                    held.read_s = self._clock.monotonic() - began
            held.understood = known
        meetings, bad = known.within(window), known.bad
        for name, reason in bad.items():
            if held.bad.get(name) != reason:
                _log.warning("invitation.bad", room=room, name=plaintext.line(name, 100), reason=reason)
        held.bad = bad
        return meetings

    async def run(self) -> None:
        """For ever. Cancelling ends all workers; the lists stay as they are."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                for room in list(self._rooms):
                    self._start(room)
                self._restart_watch()
                await asyncio.get_running_loop().create_future()  # until cancelled
        finally:
            self._group = self._watcher = None
            for held in self._rooms.values():
                held.task = None

    def _start(self, room: RoomName) -> None:
        if self._group is not None:
            held = self._rooms[room]
            held.task = self._group.create_task(self._keep(room, held), name=f"meetings.{room}")

    def _restart_watch(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
        if self._group is not None:
            self._watcher = self._group.create_task(self._watch(), name="meetings.watch")

    async def _watch(self) -> None:
        """Wake the workers of rooms whose calendar changed; a new room starts by itself."""
        seen: dict[RoomName, str | None] = {room: held.cursor for room, held in self._rooms.items()}
        pause_s, down = self._timing.first_pause_s, False
        while True:
            try:
                news = await self._calendar.changed(seen) if seen else {}
            except Exception as fault:  # the service's edge: whatever the calendar raised, it is asked again
                if not down:
                    _log.warning("calendar.down", error=f"{type(fault).__name__}: {fault}"[:300])
                down = True
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, self._timing.most_pause_s)
                continue
            if not seen:
                return  # started anew when a room is added
            if down:
                _log.info("calendar.up")
            pause_s, down = self._timing.first_pause_s, False
            seen.update(news)
            for room, cursor in news.items():
                if (held := self._rooms.get(room)) and held.cursor != cursor:
                    held.wake.set()

    async def _keep(self, room: RoomName, held: _Room) -> None:
        pause_s, down = self._timing.first_pause_s, False
        while True:
            held.wake.clear()
            try:
                await self.sync_room(room)
            except Exception as fault:  # the service's edge: device and calendar each have errors of their own
                if not down:
                    _log.warning("room.down", room=room, error=f"{type(fault).__name__}: {fault}"[:300])
                down = True
                wait_s, pause_s = pause_s, min(pause_s * 2, self._timing.most_pause_s)
            else:
                if down:
                    _log.info("room.up", room=room)
                pause_s, down = self._timing.first_pause_s, False
                wait_s = self._timing.tick_s
            try:
                async with asyncio.timeout(wait_s):
                    await held.wake.wait()
            except TimeoutError:
                pass  # time to look again
