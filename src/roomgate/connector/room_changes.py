"""What people change about a room's bookings in the room itself: from the device's events to the room's calendar.

Facts from the xAPI reference: a device with a local calendar does a booking, an extension or a deletion at once, and
tells what came of it (BookingCreated, BookingMoved, Deleted). No command lets anybody else answer such a request; so
what the calendar cannot grant is taken back: the whole list is put again, and the room is told in words.

Theory. A booking made at the device is found on its list, as an entry that is not ours: so it does not matter whether
its event was heard. An extension and a deletion are heard, and believed only of a meeting that we ourselves put there.
Each becomes a wish, which is durable before the calendar hears of it. A put may be told by a device as deletions
(that it is not, is not established): so what goes while we put is not believed, nor are several deletions at once.
"""

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from roomgate import log
from roomgate.clock import Clock, parse_iso
from roomgate.connector.booking_rules import BookingRules
from roomgate.connector.consent import Panel
from roomgate.connector.room import Room
from roomgate.connector.wishes import Answer, Cause, Kind, Wish, Wishes
from roomgate.errors import RoomgateError
from roomgate.ids import RoomName
from roomgate.meetings import plaintext
from roomgate.meetings.booking import Booking, BookingId, booking_id
from roomgate.meetings.calendars.base import Calendar, CalendarRefused, CalendarUnreachable, Slot, Writable
from roomgate.meetings.calendars.of_room import find_mailbox, find_writable
from roomgate.meetings.meeting import Meeting
from roomgate.meetings.plan import Held
from roomgate.meetings.sync import CalendarState, Sync
from roomgate.storage.database import StorageBusy, StorageFailed
from roomgate.xapi import tree
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import XapiError
from roomgate.xapi.flag import Flag
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue

_log = log.get("meetings.room")

SETTLE_S = 1.0  # within which several deletions are no person's
AGAIN_S = 30.0  # between two tries to reach a calendar for what is open
LONGEST, LEAST, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)
UNWRITABLE = "This room's calendar cannot be changed from here."
TAKEN = "Another meeting has the room then."

_SPACE = uuid.UUID("6f6c1e0e-6d7f-5b8e-9f0a-6b1c6f3a2d54")  # drawn once; what we book has the same uid every time
_ADHOC = Path.parse("Configuration/Bookings/AdhocBooking/Enabled")


@dataclass(frozen=True, slots=True)
class Moved:
    """The device lets a meeting of its list be at another time now."""

    booking: BookingId
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Gone:
    """The device took a meeting off its list. ``cause`` is its own word."""

    booking: BookingId
    cause: str


Change = Moved | Gone
Heard = tuple[RoomName, Change, Booking]  # with what we had put there
LEFT = ("ManualCheckOut", "Deleted")  # causes of a person in the room; NoShow is the device's own rule


def parse_change(document: Any) -> Change | None:
    """One event of the device; None for one that changes no meeting, or that is not understood."""
    events = tree.lookup(document, ("Event", "Bookings"))
    if not isinstance(events, dict):
        return None
    if isinstance(moved := events.get("BookingMoved"), dict):
        try:
            start, minutes = parse_iso(str(moved.get("StartTime"))), int(str(moved.get("Duration")))
            end = start + timedelta(minutes=minutes)
        except (ValueError, OverflowError):
            return None
        return Moved(BookingId(str(moved.get("Id", ""))), start, end) if start < end <= start + LONGEST else None
    if isinstance(gone := events.get("Deleted"), dict):
        return Gone(BookingId(str(gone.get("Id", ""))), str(gone.get("Cause", "")))
    return None


def plan_wish(room: RoomName, change: Change, meeting: Meeting, shown: Booking, now: datetime) -> Wish | str | None:
    """What the room wishes of its calendar by it; words where that cannot be granted, None where nothing changes."""
    if isinstance(change, Moved):
        if abs(change.start - shown.start) >= SECOND:
            return "The start of a meeting cannot be changed from the room."
        if abs(change.end - shown.end) < SECOND:
            return None
        return _wish(room, Kind.END, Cause.PANEL, meeting, shown.id, change.end)
    if change.cause == "NoShow":
        return _wish(room, Kind.RELEASE, Cause.NO_SHOW, meeting, shown.id, meeting.end)
    if change.cause not in LEFT:
        return None
    if meeting.start < now < meeting.end:  # who leaves early gives back the rest
        end = max(now.replace(second=0, microsecond=0), meeting.start + LEAST)
        return _wish(room, Kind.END, Cause.PANEL, meeting, shown.id, end)
    return _wish(room, Kind.RELEASE, Cause.PANEL, meeting, shown.id, meeting.end)


def build_release(room: RoomName, meeting: Meeting, booking: BookingId) -> Wish:
    """Nobody came: its time is given back."""
    return _wish(room, Kind.RELEASE, Cause.NO_SHOW, meeting, booking, meeting.end)


def _wish(room: RoomName, kind: Kind, cause: Cause, meeting: Meeting, booking: BookingId, end: datetime) -> Wish:
    return Wish(
        room=room,
        kind=kind,
        cause=cause,
        booking=booking,
        uid=meeting.uid,
        recurrence_id=meeting.recurrence_id,
        start=meeting.start,
        end=end,
    )


def plan_booking(room: RoomName, entry: Held) -> Wish:
    """The wish that follows from an entry which somebody made at the device."""
    content = "\0".join((room, entry.id, entry.start.isoformat()))
    return Wish(
        room=room,
        kind=Kind.BOOK,
        cause=Cause.PANEL,
        booking=entry.id,
        uid=str(uuid.uuid5(_SPACE, content)),
        recurrence_id="",
        start=entry.start,
        end=entry.end,
        title=plaintext.line(entry.title, 128),
        organizer=plaintext.line(entry.organizer, 128),
    )


def find_conflict(
    meetings: Sequence[Meeting],
    start: datetime,
    end: datetime,
    uid: str,
    gone: Mapping[BookingId, datetime],
    mailbox: str = "",
) -> Meeting | None:
    """Another meeting that holds the room within this time: also one that the room does not show. All-day ones hold
    nothing: they are notes as often as not."""
    for one in meetings:
        holds = not (one.all_day or one.cancelled or one.uid == uid or mailbox in one.declined_by)
        freed = gone.get(booking_id(one.uid, one.recurrence_id)) == one.start
        if holds and one.start < end and start < one.end and not freed:
            return one
    return None


class RoomChanges:
    """Of all rooms of the site; `sync.RoomKnowledge` for it. ``attend`` names the sync before anything runs."""

    def __init__(
        self,
        calendar: Calendar,
        wishes: Wishes,
        rules: BookingRules,
        find: Callable[[RoomName], Room | None],
        panel: Panel,
        clock: Clock,
        *,
        settle_s: float = SETTLE_S,
        again_s: float = AGAIN_S,
    ) -> None:
        self._calendar = calendar
        self._wishes = wishes
        self._rules = rules
        self._find = find
        self._panel = panel
        self._clock = clock
        self._settle_s = settle_s
        self._again_s = again_s
        self._sync: Sync | None = None
        self._heard: list[Heard] = []
        self._created: set[tuple[RoomName, str]] = set()  # bookings whose making was heard in this run
        self._woken = Flag()

    def attend(self, sync: Sync) -> None:
        self._sync = sync

    def wake(self) -> None:
        """There is a new wish."""
        self._woken.set()

    # -- what sync asks (see `sync.RoomKnowledge`)

    def mailbox(self, room: RoomName) -> str:
        return find_mailbox(self._calendar, room) or self._rules.mailbox_of(room)

    def withheld(self, room: RoomName) -> Mapping[BookingId, datetime]:
        return self._wishes.withheld(room)

    async def strangers(self, room: RoomName, entries: Sequence[Held]) -> None:
        """Those that were booked at the device become wishes before a put sweeps them away."""
        now = self._clock.now()
        device = self._find(room)
        if device is None or not await self._books(device):
            return
        registered = tree.lookup(device.state, ("Status", "Webex", "Status")) == "Registered"
        for entry in entries:
            # A registered device may get its list from its vendor's cloud: there, only what was heard is believed.
            if entry.end <= now or entry.end - entry.start > LONGEST:
                continue
            if registered and (room, entry.id) not in self._created:
                continue
            if await self._wishes.add(plan_booking(room, entry), now):
                self._woken.set()

    async def _books(self, device: Room) -> bool:
        """Whether this device lets people book: only then is an entry of its own anybody's wish."""
        try:
            return str(await device.call(Catalogue.shipped().canonical(Verb.GET, _ADHOC))) == "True"
        except XapiError:
            return False

    # -- what the device tells

    def hear(self, room: RoomName, document: Any) -> None:
        """An event below ``Bookings``. Never waits; what is heard is done by `run`."""
        if self._sync is None:
            return
        created = tree.lookup(document, ("Event", "Bookings", "BookingCreated"))
        if isinstance(created, dict):
            if len(self._created) >= 10_000:
                self._created.clear()
            self._created.add((room, str(created.get("Id", ""))))
            self._sync.wake(room)
            return
        change = parse_change(document)
        # Looked up now: what we put there a moment later is not what somebody in the room meant.
        if change is not None and (shown := self._sync.known(room).get(change.booking)) is not None:
            self._heard.append((room, change, shown))
            self._woken.set()

    # -- the work

    async def run(self) -> None:
        """For ever. Cancelling loses nothing that was written down."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._again_s):
                    await self._woken.wait()
            self._woken.clear()
            await self._note([one for one in self._heard if isinstance(one[1], Moved)])
            if self._heard:
                await asyncio.sleep(self._settle_s)
            await self.work()

    async def work(self) -> None:
        """Everything that was heard becomes a wish; every open wish is taken to its calendar."""
        await self._note(self._heard)
        for room in sorted(self._wishes.rooms()):
            await self.attend_to(room)
        with contextlib.suppress(StorageFailed, StorageBusy):
            await self._wishes.forget_before(self._clock.now())

    async def _note(self, heard: Sequence[Heard]) -> None:
        """Make wishes of these, and hear of them no more."""
        assert self._sync is not None, "nothing runs before the sync is named"
        heard = tuple(heard)
        self._heard = [one for one in self._heard if one not in heard]
        for room in dict.fromkeys(room for room, _, _ in heard):
            changes = [(change, shown) for other, change, shown in heard if other == room]
            gone = {change.booking for change, _ in changes if isinstance(change, Gone)}
            if len(gone) > 1:
                _log.warning("bookings.cleared", room=room, bookings=len(gone))
                self._sync.resync(room)
                changes = [(change, shown) for change, shown in changes if isinstance(change, Moved)]
            meetings = {booking_id(one.uid, one.recurrence_id): one for one in self._sync.meetings(room)}
            for change, shown in changes:
                if (meeting := meetings.get(change.booking)) is None:
                    continue
                wish = plan_wish(room, change, meeting, shown, self._clock.now())
                if isinstance(wish, Wish):
                    with contextlib.suppress(StorageFailed, StorageBusy):  # the list shows again what the calendar says
                        await self._wishes.add(wish, self._clock.now())
                elif wish is not None:
                    await self._refuse_in_words(room, wish)

    async def attend_to(self, room: RoomName) -> None:
        """Take the room's open wishes to its calendar, and put the list as it is then."""
        assert self._sync is not None, "nothing runs before the sync is named"
        if not (wishes := self._wishes.open_of(room)) or room not in self._sync.rooms():
            return
        try:
            await self._sync.sync_room(room)  # what the calendar says now, so that nothing is done twice
        except (RoomgateError, TimeoutError) as fault:
            if self._sync.calendar(room).state is not CalendarState.OK:
                return  # again in a while
            _log.info("room.not-put", room=room, error=str(fault)[:200])
        for wish in wishes:
            try:
                answer, words = await self._answer(room, wish)
                await self._wishes.settle(wish, answer, words, self._clock.now())
            except CalendarUnreachable as away:
                _log.warning("wish.open", room=room, wish=wish.kind, error=away.message[:200])
                return
            except (StorageFailed, StorageBusy):
                return  # it is open still, and granted wishes are seen as such the next time
            if answer is Answer.REFUSED:
                await self._refuse_in_words(room, words)
        self._sync.wake(room)

    async def _answer(self, room: RoomName, wish: Wish) -> tuple[Answer, str]:
        """Raises CalendarUnreachable; then it is open, and may be granted."""
        assert self._sync is not None, "nothing runs before the sync is named"
        meetings = self._sync.meetings(room)
        meeting = next(
            (one for one in meetings if (one.uid, one.recurrence_id) == (wish.uid, wish.recurrence_id)), None
        )
        mailbox = self.mailbox(room)
        try:
            match wish.kind:
                case Kind.BOOK:
                    return await self._book(room, wish, meetings, meeting)
                case Kind.END:
                    return await self._end(room, wish, meetings, meeting)
                case Kind.RELEASE:
                    if meeting is None or meeting.cancelled or (mailbox and mailbox in meeting.declined_by):
                        return Answer.DONE, ""
                    if (writable := self._writable(room)) is None:
                        return (Answer.KEPT if wish.cause is Cause.NO_SHOW else Answer.REFUSED), UNWRITABLE
                    await writable.release(room, wish.uid, wish.recurrence_id)
                    return Answer.DONE, ""
        except CalendarRefused as no:
            kept = wish.kind is Kind.RELEASE and wish.cause is Cause.NO_SHOW
            return (Answer.KEPT if kept else Answer.REFUSED), plaintext.line(no.message, 200)

    async def _book(
        self, room: RoomName, wish: Wish, meetings: Sequence[Meeting], meeting: Meeting | None
    ) -> tuple[Answer, str]:
        if meeting is not None:
            return Answer.DONE, ""
        if (writable := self._writable(room)) is None:
            return Answer.REFUSED, UNWRITABLE
        if self._conflict(room, wish, meetings):
            return Answer.REFUSED, TAKEN
        await writable.book(room, Slot(wish.start, wish.end, wish.title, wish.organizer), wish.uid)
        return Answer.DONE, ""

    async def _end(
        self, room: RoomName, wish: Wish, meetings: Sequence[Meeting], meeting: Meeting | None
    ) -> tuple[Answer, str]:
        if meeting is None:
            return Answer.REFUSED, "The meeting is no longer in the room's calendar."
        if meeting.end == wish.end:
            return Answer.DONE, ""
        if (writable := self._writable(room)) is None:
            return Answer.REFUSED, UNWRITABLE
        if wish.end > meeting.end and self._conflict(room, wish, meetings):
            return Answer.REFUSED, TAKEN
        await writable.set_end(room, wish.uid, wish.recurrence_id, wish.end)
        return Answer.DONE, ""

    def _writable(self, room: RoomName) -> Writable | None:
        return find_writable(self._calendar, room) if self._rules.write_back else None

    def _conflict(self, room: RoomName, wish: Wish, meetings: Sequence[Meeting]) -> Meeting | None:
        return find_conflict(meetings, wish.start, wish.end, wish.uid, self.withheld(room), self.mailbox(room))

    async def _refuse_in_words(self, room: RoomName, words: str) -> None:
        assert self._sync is not None, "nothing runs before the sync is named"
        self._sync.resync(room)
        if (device := self._find(room)) is not None:
            await self._panel.tell(device, f"Not changed. {words}")
