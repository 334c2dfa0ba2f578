"""The room's list of bookings: replaced as a whole by `Bookings Put`, offered for joining in its time.

Which event a device sends for a Put is not established; this one sends ``Bookings Updated``, or what the switch
``put_event`` says. The events of a booking's life (StartTimeBuffer, Start, TimeRemaining, End, EndTimeBuffer) come
when their time comes; that TimeRemaining comes 300 seconds before the end is our reading. Nothing dials by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec

from roomgate.sim.asked import Answer, Asked, Commands, stamp
from roomgate.sim.profile import Profile
from roomgate.sim.refusal import CommandError, InvalidParams
from roomgate.sim.state import State

_MOST = 1000
REMINDS_S = 300


class Organizer(msgspec.Struct, rename="pascal"):
    name: str
    email: str = ""
    id: str = ""


class Time(msgspec.Struct, rename="pascal"):
    """``duration`` in minutes, the buffers in seconds."""

    start_time: datetime
    duration: int
    start_time_buffer: int = 300
    end_time_buffer: int = 0


class Booking(msgspec.Struct, rename="pascal"):
    """One booking as `Bookings Put` takes it."""

    id: str
    title: str
    number: str
    protocol: str
    organizer: Organizer
    time: Time
    meeting_platform: str = "Other"
    agenda: str = ""
    privacy: str = "Public"
    meeting_id: str = ""
    call_type: str = "Video"
    encryption: str = "On"
    meta_info: str = ""

    @property
    def opens(self) -> datetime:
        """From when the device offers Join."""
        return self.time.start_time - timedelta(seconds=self.time.start_time_buffer)

    @property
    def ends(self) -> datetime:
        return self.time.start_time + timedelta(minutes=self.time.duration)

    @property
    def closes(self) -> datetime:
        return self.ends + timedelta(seconds=self.time.end_time_buffer)

    def can_join(self, now: datetime, *, until_end: bool = False) -> bool:
        return bool(self.number) and self.opens <= now < (self.ends if until_end else self.closes)

    def row(self, position: int) -> Answer:
        first, _, last = self.organizer.name.partition(" ")
        calls = {
            "id": 1,
            "Number": self.number,
            "Protocol": self.protocol,
            "CallRate": 6000,
            "CallType": self.call_type,
        }
        return {
            "id": position,
            "Id": self.id,
            "MeetingId": self.meeting_id or self.id,
            "Title": self.title,
            "Agenda": self.agenda,
            "Privacy": self.privacy,
            "Organizer": {"FirstName": first, "LastName": last, "Email": self.organizer.email},
            "Time": {
                "StartTime": stamp(self.time.start_time),
                "StartTimeBuffer": self.time.start_time_buffer,
                "EndTime": stamp(self.ends),
                "EndTimeBuffer": self.time.end_time_buffer,
            },
            "MaximumMeetingExtension": 0,
            "BookingStatus": "OK",
            "BookingStatusMessage": "",
            "Webex": {"Enabled": "False"},
            "Encryption": "BestEffort",
            "Role": "Master",
            "Recording": "Disabled",
            "DialInfo": {"Calls": {"Call": [calls]} if self.number else {}, "ConnectMode": "OBTP"},
        }


class _Body(msgspec.Struct, rename="pascal"):
    bookings: list[Booking]


_PROTOCOLS = {"SIP", "H323", "ISDN", "IP", "Spark", "WebRTC", "None"}


def parse_bookings(body: str) -> list[Booking]:
    """Read the body of a Put; raises InvalidParams for anything a device would not take."""
    try:
        read = msgspec.json.decode(body.encode("utf-8", "replace"), type=_Body).bookings
    except (msgspec.MsgspecError, ValueError) as bad:
        raise InvalidParams(f"Bad usage: the body is not a list of bookings: {bad}") from None
    seen: set[str] = set()
    for one in read:
        if not one.id or one.id in seen:
            raise InvalidParams("Bad usage: every booking needs an Id of its own")
        seen.add(one.id)
        if one.time.start_time.tzinfo is None:
            raise InvalidParams(f"Bad usage: StartTime of {one.id[:60]} has no zone")
        if not 0 < one.time.duration <= 1440 * 7 or not 0 <= one.time.start_time_buffer <= 86400:
            raise InvalidParams(f"Bad usage: the time of {one.id[:60]} is out of range")
        if not 0 <= one.time.end_time_buffer <= 86400 or not 1990 < one.time.start_time.year < 2200:
            raise InvalidParams(f"Bad usage: the time of {one.id[:60]} is out of range")
        if one.protocol.upper() not in {known.upper() for known in _PROTOCOLS}:
            raise InvalidParams(f"Bad usage: Protocol of {one.id[:60]} is {one.protocol[:20]!r}")
    if len(read) > _MOST:
        raise InvalidParams(f"Bad usage: more than {_MOST} bookings")
    return sorted(read, key=lambda one: (one.time.start_time, one.id))


def _nobody(_: datetime) -> None:
    """Whom the beginning of a booking concerns until `Diary.began` is set."""


@dataclass(slots=True)
class Diary:
    """The bookings of one room, in order of their start."""

    state: State
    profile: Profile
    bookings: list[Booking] = field(default_factory=list)
    updated: datetime | None = None
    began: Callable[[datetime], None] = _nobody  # is told when a booking begins
    _told: set[tuple[str, str]] = field(default_factory=set)

    def put(self, asked: Asked) -> Answer:
        if self.profile.mode:  # in which words a device says so is not established
            raise CommandError("Not available in this mode")
        self.bookings = parse_bookings(asked.call.body or "")
        self._changed(asked)
        return {}

    def clear(self, asked: Asked) -> Answer:
        self.bookings = []
        self._changed(asked)
        return {}

    def lose(self, now: datetime) -> None:
        """A restart took the list."""
        self.bookings = []
        self.tick(now)

    def _changed(self, asked: Asked) -> None:
        self.updated = asked.now
        self._told = {told for told in self._told if told[0] in {one.id for one in self.bookings}}
        if self.profile.put_event:
            self.state.event("Bookings", self.profile.put_event)
        self.state.note(
            "bookings.put",
            account=asked.account.name,
            bookings=[{"id": b.id, "number": b.number, "start": stamp(b.time.start_time)} for b in self.bookings],
        )
        self.tick(asked.now)

    def list(self, asked: Asked) -> Answer:
        now = asked.now
        first = now + timedelta(days=asked.number("DayOffset", 0))
        days = asked.number("Days", 0)
        found = [one for one in self.bookings if one.closes > first]
        if days:
            midnight = first.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
            found = [one for one in found if one.time.start_time < midnight + timedelta(days=days)]
        kind = asked.text("ScheduleType")
        if kind == "Current":
            found = [one for one in found if one.time.start_time <= now]
        elif kind == "Upcoming":
            found = [one for one in found if one.time.start_time > now]
        offset, limit = asked.number("Offset", 0), asked.number("Limit", 65534)
        rows = [one.row(n) for n, one in enumerate(found[offset : offset + limit], 1)]
        answer: Answer = {"ResultInfo": {"TotalRows": len(found)}}
        if self.updated is not None:
            answer["LastUpdated"] = stamp(self.updated)
        return answer | ({"Booking": rows} if rows else {})

    def get(self, asked: Asked) -> Answer:
        id_, meeting = asked.text("Id"), asked.text("MeetingId")
        for one in self.bookings:
            if (id_ and one.id == id_) or (meeting and (one.meeting_id or one.id) == meeting):
                return {"Booking": one.row(1)}
        raise CommandError("No such booking")

    def can_join(self, one: Booking, now: datetime) -> bool:
        """Whether the device offers Join for it now."""
        return one.can_join(now, until_end=self.profile.join_until_end)

    def replace(self, old: Booking | None, new: Booking | None, now: datetime) -> None:
        """Take one booking out, put one in, or exchange them; the list stays in order."""
        kept = [one for one in self.bookings if old is None or one.id != old.id]
        self.bookings = sorted([*kept, *([new] if new else [])], key=lambda one: (one.time.start_time, one.id))
        if old is not None:
            again = {"End", "EndTimeBuffer", "TimeRemaining"} if new else set()
            self._told = {told for told in self._told if told[0] != old.id or (new and told[1] not in again)}
        self.updated = now
        self.tick(now)

    def find(self, id_: str) -> Booking | None:
        return next((one for one in self.bookings if one.id == id_), None)

    def tick(self, now: datetime) -> None:
        """Say what has begun and ended, and whether the room is free."""
        for one in self.bookings:
            for moment, word in self._moments(one):
                if moment <= now and (one.id, word) not in self._told:
                    self._told.add((one.id, word))
                    self._announce(one, word, now)
        current = next((one for one in self.bookings if one.time.start_time <= now < one.ends), None)
        coming = next((one for one in self.bookings if one.time.start_time > now), None)
        self.state.put("Bookings", "Current", "Id", value=current.id if current else "")
        status = "BookedUntil" if current else ("FreeUntil" if coming else "Free")
        until = current.ends if current else (coming.time.start_time if coming else None)
        self.state.put("Bookings", "Availability", "Status", value=status)
        self.state.put("Bookings", "Availability", "TimeStamp", value=stamp(until) if until else "")

    def _announce(self, one: Booking, word: str, now: datetime) -> None:
        if word not in ("End", "EndTimeBuffer") and now >= one.closes:
            return  # a booking that came when it was over does not begin
        facts: Answer = {"Id": one.id, "MeetingId": one.meeting_id or one.id}
        if word == "TimeRemaining":
            facts["Seconds"] = max(0, int((one.ends - now).total_seconds()))
        if word == "End":
            facts |= {
                "StartTime": stamp(one.time.start_time),
                "EndTime": stamp(one.ends),
                "ScheduledDuration": one.time.duration,
            }
        self.state.event("Bookings", word, **facts)
        if word == "Start":
            self.began(now)

    def _moments(self, one: Booking) -> tuple[tuple[datetime, str], ...]:
        moments = [(one.opens, "StartTimeBuffer"), (one.time.start_time, "Start")]
        if one.time.duration * 60 > REMINDS_S:
            moments.append((one.ends - timedelta(seconds=REMINDS_S), "TimeRemaining"))
        moments.append((one.ends, "End"))
        if one.time.end_time_buffer:
            moments.append((one.closes, "EndTimeBuffer"))
        return tuple(moments)

    def next_at(self, now: datetime) -> datetime | None:
        return min((at for one in self.bookings for at, _ in self._moments(one) if at > now), default=None)


COMMANDS: Commands[Diary] = {
    "Bookings/Put": Diary.put,
    "Bookings/List": Diary.list,
    "Bookings/Get": Diary.get,
    "Bookings/Clear": Diary.clear,
}
