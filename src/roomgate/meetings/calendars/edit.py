"""Changing what a calendar file says: a new event, another end, a time given back. Pure: bytes in, bytes out.

Only the one event is touched; what else is in the file, and what is not understood of it, stays as it was. Of a
series only one occurrence is changed: by an event of its own (``RECURRENCE-ID``, RFC 5545 3.8.4.4) or by an exception
(``EXDATE``). Times are written as the series writes its own, zone and all.
"""

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

import icalendar

from roomgate.errors import Conflict
from roomgate.meetings.calendars.base import Slot
from roomgate.meetings.invite import MOST_BYTES, BadInvitation

Component = Any  # a component of the icalendar library, whose types say "anything" too
_OF_THE_SERIES = ("RRULE", "RDATE", "EXDATE", "EXRULE")


class NotThere(Conflict):
    """The file has no such event, or the series no such occurrence."""

    code = "meeting.calendar.no-event"
    hint = "Look at the room's meetings again: it may have been moved or called off."


def build_event(slot: Slot, uid: str, now: datetime) -> bytes:
    """A calendar file with this one event."""
    calendar = icalendar.Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", "-//Roomgate//Roomgate//EN")
    event = icalendar.Event()
    event.add("UID", uid)
    event.add("DTSTAMP", now.astimezone(UTC))
    event.add("DTSTART", slot.start.astimezone(UTC))
    event.add("DTEND", slot.end.astimezone(UTC))
    event.add("SUMMARY", slot.title)
    if slot.organizer:
        event.add("COMMENT", f"Booked by {slot.organizer}")  # ORGANIZER takes a mail address, and there is none
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def uids(raw: bytes) -> frozenset[str]:
    """The events in the file; none where it cannot be read."""
    try:
        return frozenset(_uid(event) for event in _parsed(raw).walk("VEVENT"))
    except BadInvitation:
        return frozenset()


def with_end(raw: bytes, uid: str, recurrence_id: str, end: datetime, now: datetime, zone: tzinfo = UTC) -> bytes:
    """The file with another end of this event or occurrence. ``zone``: where floating times are.

    Raises `NotThere`, or `BadInvitation` where it cannot be done: no file, an all-day event, an end before its start.
    """
    calendar = _parsed(raw)
    try:
        event = _target(calendar, uid, recurrence_id, zone)
        start = event["DTSTART"]
        if not isinstance(start.dt, datetime):
            raise BadInvitation("an all-day event has no other end")
        if end <= _utc(start.dt, zone):
            raise BadInvitation("a meeting cannot end before it begins")
        if _utc_end(event, zone) == end.astimezone(UTC):
            return raw
        event.pop("DURATION", None)
        _set(event, "DTEND", end, start, zone)
        _touch(event, now)
        return bytes(calendar.to_ical())
    except (BadInvitation, NotThere):
        raise
    except Exception as bad:  # the library raises whatever it met in foreign bytes
        raise BadInvitation(f"the calendar cannot be changed: {type(bad).__name__}") from bad


def without(raw: bytes, uid: str, recurrence_id: str, now: datetime, zone: tzinfo = UTC) -> bytes | None:
    """The file without this event, or the series without this occurrence; None where no event is left of it.

    Safe to repeat: what is not there is not taken out. Raises `BadInvitation`.
    """
    calendar = _parsed(raw)
    try:
        events = [event for event in calendar.walk("VEVENT") if _uid(event) == uid]
        master = _master(events)
        if master is not None and _repeats(master) and recurrence_id:
            gone = [event for event in events if _original(event, zone) == recurrence_id]
            if not _excepted(master, recurrence_id, zone):
                _except(master, recurrence_id, zone)
                _touch(master, now)
            elif not gone:
                return raw
        else:
            gone = [event for event in events if event is master or _original(event, zone) == recurrence_id]
            gone = events if master in gone else gone
            if not gone:
                return raw
        calendar.subcomponents = [one for one in calendar.subcomponents if not any(one is event for event in gone)]
        return bytes(calendar.to_ical()) if calendar.walk("VEVENT") else None
    except BadInvitation:
        raise
    except Exception as bad:  # as above
        raise BadInvitation(f"the calendar cannot be changed: {type(bad).__name__}") from bad


def _parsed(raw: bytes) -> Component:
    if len(raw) > MOST_BYTES:
        raise BadInvitation("the file is too large to be changed")
    try:
        return icalendar.Calendar.from_ical(raw)
    except Exception as bad:  # as above
        raise BadInvitation(f"the calendar cannot be read: {type(bad).__name__}") from bad


def _target(calendar: Component, uid: str, recurrence_id: str, zone: tzinfo) -> Component:
    """The event to change; of a series, one for the occurrence alone, which is made where there is none."""
    events = [event for event in calendar.walk("VEVENT") if _uid(event) == uid]
    if found := next((one for one in events if recurrence_id and _original(one, zone) == recurrence_id), None):
        return found
    master = _master(events)
    if master is None:
        raise NotThere("The calendar has no such event.")
    if not recurrence_id or not _repeats(master):
        return master
    start, moment = master["DTSTART"], datetime.fromisoformat(recurrence_id)
    made = master.copy(recursive=True)
    for name in _OF_THE_SERIES:
        made.pop(name, None)
    length = _utc_end(master, zone) - _utc(start.dt, zone)
    made.pop("DURATION", None)
    _set(made, "DTSTART", moment, start, zone)
    _set(made, "RECURRENCE-ID", moment, start, zone)
    _set(made, "DTEND", moment + length, start, zone)
    calendar.add_component(made)
    return made


def _set(event: Component, name: str, moment: datetime, like: Any, zone: tzinfo) -> None:
    """A time in the form of another one: its zone, floating, or a date."""
    event.pop(name, None)
    value = icalendar.vDDDTypes(_in_form_of(like.dt, moment, zone))
    if "TZID" in like.params:
        value.params["TZID"] = like.params["TZID"]
    if not isinstance(like.dt, datetime):
        value.params["VALUE"] = "DATE"
    event[name] = value


def _in_form_of(like: date, moment: datetime, zone: tzinfo) -> date:
    if not isinstance(like, datetime):
        return moment.astimezone(zone).date()
    if like.tzinfo is None:
        return moment.astimezone(zone).replace(tzinfo=None)
    return moment.astimezone(like.tzinfo)


def _touch(event: Component, now: datetime) -> None:
    """So that those who have an older word of it see which one is newer."""
    sequence = int(event.get("SEQUENCE", 0) or 0)
    for name in ("SEQUENCE", "DTSTAMP", "LAST-MODIFIED"):
        event.pop(name, None)
    event.add("SEQUENCE", sequence + 1)
    event.add("DTSTAMP", now.astimezone(UTC))
    event.add("LAST-MODIFIED", now.astimezone(UTC))


def _except(master: Component, recurrence_id: str, zone: tzinfo) -> None:
    start = master["DTSTART"]
    value = icalendar.vDDDLists([_in_form_of(start.dt, datetime.fromisoformat(recurrence_id), zone)])
    if "TZID" in start.params:
        value.params["TZID"] = start.params["TZID"]
    if not isinstance(start.dt, datetime):
        value.params["VALUE"] = "DATE"
    before = master.pop("EXDATE", None)
    master["EXDATE"] = [*_many(before), value] if before is not None else value


def _excepted(master: Component, recurrence_id: str, zone: tzinfo) -> bool:
    moments = (one.dt for value in _many(master.get("EXDATE")) for one in getattr(value, "dts", ()))
    return any(_utc(moment, zone).isoformat() == recurrence_id for moment in moments)


def _many(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _master(events: list[Component]) -> Component | None:
    return next((event for event in events if "RECURRENCE-ID" not in event), None)


def _repeats(event: Component) -> bool:
    return "RRULE" in event or "RDATE" in event


def _original(event: Component, zone: tzinfo) -> str:
    """The occurrence that an event stands for, as `Invitation.recurrence_id` has it."""
    value = event.get("RECURRENCE-ID")
    return _utc(value.dt, zone).isoformat() if value is not None else ""


def _uid(event: Component) -> str:
    return str(event.get("UID", "")).strip()


def _utc(value: date, zone: tzinfo) -> datetime:
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)


def _utc_end(event: Component, zone: tzinfo) -> datetime:
    start = _utc(event["DTSTART"].dt, zone)
    if (end := event.get("DTEND")) is not None:
        return _utc(end.dt, zone)
    if (length := event.get("DURATION")) is not None:
        return start + timedelta(seconds=length.dt.total_seconds())
    return start
