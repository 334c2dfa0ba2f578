"""Changes to bookings from the room: book, edit, extend, delete, check in and out, decline, snooze.

The calendar is local, so each request is answered at once: first ``…Requested``, then what came of it. A booking
that would overlap another, or last longer than allowed, fails with the cause Decline. Which members the results
have is not established; they are empty.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec

from roomgate.sim.asked import Answer, Asked, Commands, stamp
from roomgate.sim.diary import Booking, Diary, Organizer, Time
from roomgate.sim.refusal import CommandError, InvalidParams
from roomgate.sim.state import State


@dataclass(slots=True)
class Scheduling:
    """The commands over `Diary`. ``adhoc`` are bookings made from the room, ``checked_in`` those that were."""

    state: State
    diary: Diary
    adhoc: set[str] = field(default_factory=set)
    checked_in: set[str] = field(default_factory=set)
    _snoozed: dict[str, datetime] = field(default_factory=dict)
    _last: int = 0

    def book(self, asked: Asked) -> Answer:
        if self._gate("AdhocBooking", "Enabled") != "True":
            raise CommandError("Booking from the room is off")
        start = _time(asked, asked.now.replace(second=0, microsecond=0))
        if start > asked.now and self._gate("AdhocBooking", "BookAhead", "Enabled") != "True":
            raise CommandError("Booking ahead is off")
        request, minutes = asked.text("BookingRequestUUID"), asked.number("Duration", 30)
        title = asked.text("Title", "Ad hoc meeting")
        told: Answer = {"BookingRequestUUID": request} if request else {}
        facts: Answer = {"Duration": minutes, "StartTime": stamp(start), "Title": title}
        self._event("BookingRequested", **facts, **told)
        self._last += 1
        booking = Booking(
            id=f"adhoc-{int(asked.now.timestamp())}-{self._last}",
            title=title,
            number=asked.text("Number"),
            protocol=asked.text("Protocol", "None"),
            organizer=Organizer(asked.text("OrganizerName"), asked.text("OrganizerEmail"), asked.text("OrganizerId")),
            time=Time(start, minutes, start_time_buffer=0),
            meeting_platform=asked.text("MeetingPlatform", "None"),
        )
        if not self._fits(booking, None):
            self._event("BookingFailed", BookingRequestUUID=request, FailureCause="Decline")
            return {}
        self.adhoc.add(booking.id)
        self._event("BookingCreated", **facts, **told, **_names(booking))
        self.diary.replace(None, booking, asked.now)
        self._noted("made", booking, asked)
        return {}

    def edit(self, asked: Asked) -> Answer:
        old = self._booking(asked)
        self._event("EditRequested", MeetingId=_meeting(old))
        minutes = asked.number("Duration", old.time.duration)
        organizer = msgspec.structs.replace(
            old.organizer,
            name=asked.text("OrganizerName", old.organizer.name),
            email=asked.text("OrganizerEmail", old.organizer.email),
            id=asked.text("OrganizerId", old.organizer.id),
        )
        new = msgspec.structs.replace(
            old,
            title=asked.text("Title", old.title),
            number=asked.text("Number", old.number),
            protocol=asked.text("Protocol", old.protocol),
            meeting_platform=asked.text("MeetingPlatform", old.meeting_platform),
            organizer=organizer,
            time=msgspec.structs.replace(old.time, start_time=_time(asked, old.time.start_time), duration=minutes),
        )
        if not self._fits(new, old):
            self._event("EditFailed", FailureCause="Decline", MeetingId=_meeting(old))
            return {}
        self._move(old, new, asked)
        return {}

    def extend(self, asked: Asked) -> Answer:
        """``Duration`` is by how many minutes."""
        old = self._booking(asked)
        minutes = old.time.duration + asked.number("Duration", 0)
        new = msgspec.structs.replace(old, time=msgspec.structs.replace(old.time, duration=minutes))
        self._event(
            "ExtensionRequested",
            Duration=asked.number("Duration", 0),
            NewEndTime=stamp(new.ends),
            OriginalMeetingId=_meeting(old),
            **_names(old),
        )
        if not self._fits(new, old):
            facts = {"ExtensionStart": stamp(old.ends), "OriginalMeetingId": _meeting(old)}
            self._event("ExtensionFailed", **facts, FailureCause="Decline")
            return {}
        self._move(old, new, asked)
        return {}

    def delete(self, asked: Asked) -> Answer:
        self._delete(self._booking(asked), "Deleted", asked.now)
        return {}

    def check_in(self, asked: Asked) -> Answer:
        booking = self._booking(asked)
        if not booking.opens <= asked.now < booking.ends:
            raise CommandError("The meeting cannot be checked in to now")
        self.checked_in.add(booking.id)
        offset = int((asked.now - booking.time.start_time).total_seconds() // 60)
        times = {"StartTime": stamp(booking.time.start_time), "EndTime": stamp(booking.ends)}
        self._event("CheckedIn", **_names(booking), **times, MinuteOffset=offset)
        return {}

    def check_out(self, asked: Asked) -> Answer:
        booking = self._booking(asked)
        if not booking.time.start_time <= asked.now < booking.ends:
            raise CommandError("The meeting is not on")
        self._delete(booking, "ManualCheckOut", asked.now)
        return {}

    def respond(self, asked: Asked) -> Answer:
        """Accept leaves things as they are; Decline takes the booking off the list, if it may be declined."""
        booking = self._booking(asked)
        if asked.text("Type") == "Decline":
            allowed = self._gate("DeclinableBookingType")
            if allowed != "All" and booking.id not in self.adhoc:
                raise CommandError("Only meetings that were booked from the room may be declined")
            self._delete(booking, "Deleted", asked.now)
        return {}

    def snooze(self, asked: Asked) -> Answer:
        booking = self._booking(asked)
        self._snoozed[booking.id] = asked.now + timedelta(seconds=asked.number("SecondsToSnooze", 300))
        self._event("NotificationSnoozed", **_names(booking))
        return {}

    def tick(self, now: datetime) -> None:
        """Remind again of what was snoozed; free the room of a meeting to which nobody came."""
        for id_ in [id_ for id_, at in self._snoozed.items() if now >= at]:
            del self._snoozed[id_]
            booking = self.diary.find(id_)
            if booking is not None and now < booking.ends:
                self._event("TimeRemaining", **_names(booking), Seconds=int((booking.ends - now).total_seconds()))
        for booking in [one for one in self.diary.bookings if self._no_show_at(one, now) <= now]:
            self._delete(booking, "NoShow", now)

    def next_at(self, now: datetime) -> datetime | None:
        windows = [at for one in self.diary.bookings if now < (at := self._no_show_at(one, now)) < _NEVER]
        return min([*self._snoozed.values(), *windows], default=None)

    def _no_show_at(self, one: Booking, now: datetime) -> datetime:
        if self._gate("CheckIn", "Enabled") != "True" or one.id in self.checked_in or now >= one.ends:
            return _NEVER
        window = self._gate("CheckIn", "WindowDuration")
        minutes = int(window) if isinstance(window, int | str) and str(window).isdigit() else 10
        return one.time.start_time + timedelta(minutes=minutes)

    def _move(self, old: Booking, new: Booking, asked: Asked) -> None:
        self.diary.replace(old, new, asked.now)
        facts: Answer = {"Duration": new.time.duration, "StartTime": stamp(new.time.start_time)}
        self._event("BookingMoved", **facts, **_names(new))
        self._noted("moved", new, asked)

    def _delete(self, one: Booking, cause: str, now: datetime) -> None:
        self.diary.replace(one, None, now)
        self.adhoc.discard(one.id)
        self.checked_in.discard(one.id)
        freed = max(0, int((one.ends - max(now, one.time.start_time)).total_seconds() // 60))
        self._event(
            "Deleted",
            **_names(one),
            Cause=cause,
            EndTime=stamp(one.ends),
            MinutesFreed=freed,
            OrganizerId=one.organizer.id,
            ScheduledDuration=one.time.duration,
            StartTime=stamp(one.time.start_time),
            TimeStamp=stamp(now),
        )
        self.state.note("booking.deleted", booking=one.id, cause=cause)

    def _fits(self, new: Booking, old: Booking | None) -> bool:
        hours = self._gate("MaxDuration")
        if isinstance(hours, int) and 0 < hours * 60 < new.time.duration:
            return False
        others = [one for one in self.diary.bookings if old is None or one.id != old.id]
        return all(one.ends <= new.time.start_time or new.ends <= one.time.start_time for one in others)

    def _booking(self, asked: Asked) -> Booking:
        id_, meeting = asked.text("Id"), asked.text("MeetingId")
        for one in self.diary.bookings:
            if (id_ and one.id == id_) or (meeting and _meeting(one) == meeting):
                return one
        raise CommandError("No such booking")

    def _gate(self, *names: str) -> str | int | None:
        value = self.state.read("Configuration", "Bookings", *names)
        return value if isinstance(value, str | int) else None

    def _event(self, word: str, **facts: str | int) -> None:
        self.state.event("Bookings", word, **facts)

    def _noted(self, what: str, one: Booking, asked: Asked) -> None:
        self.state.note(f"booking.{what}", booking=one.id, start=stamp(one.time.start_time), by=asked.account.name)


_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def _meeting(one: Booking) -> str:
    return one.meeting_id or one.id


def _names(one: Booking) -> dict[str, str]:
    return {"Id": one.id, "MeetingId": _meeting(one)}


def _time(asked: Asked, otherwise: datetime) -> datetime:
    text = asked.text("StartTime")
    if not text:
        return otherwise
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as bad:
        raise InvalidParams("Bad usage: StartTime is no time") from bad
    if moment.tzinfo is None or not 1990 < moment.year < 2200:
        raise InvalidParams("Bad usage: StartTime needs a zone and a year between 1990 and 2200")
    return moment


COMMANDS: Commands[Scheduling] = {
    "Bookings/Book": Scheduling.book,
    "Bookings/Edit": Scheduling.edit,
    "Bookings/Extend": Scheduling.extend,
    "Bookings/Delete": Scheduling.delete,
    "Bookings/CheckIn": Scheduling.check_in,
    "Bookings/CheckOut": Scheduling.check_out,
    "Bookings/Respond": Scheduling.respond,
    "Bookings/NotificationSnooze": Scheduling.snooze,
}
