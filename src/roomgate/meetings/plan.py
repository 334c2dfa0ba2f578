"""What to change on a room's booking list: wanted against held.

``Bookings Put`` replaces the whole list, so there is one question, whether to send it, and one answer for the
record, what changes by it. Bookings that others made on the device are never counted as ours to remove.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from roomgate.meetings.booking import PREFIX, Booking, BookingId, plain_number


@dataclass(frozen=True, slots=True)
class Held:
    """An entry as the device's own list shows it, times in UTC."""

    id: BookingId
    title: str
    number: str
    start: datetime
    end: datetime
    organizer: str = field(default="", compare=False)  # of an entry that others made, for who asks on

    @classmethod
    def of(cls, booking: Booking) -> "Held":
        return cls(booking.id, booking.title, booking.number, booking.start, booking.end)

    @property
    def ours(self) -> bool:
        return self.id.startswith(PREFIX)


@dataclass(frozen=True, slots=True)
class Plan:
    """``put`` is the whole new list, or None where the device already shows it."""

    put: tuple[Booking, ...] | None
    added: tuple[BookingId, ...] = ()
    changed: tuple[BookingId, ...] = ()
    removed: tuple[BookingId, ...] = ()
    foreign: tuple[BookingId, ...] = ()  # others' bookings, which a put would sweep away


def plan_bookings(wanted: Sequence[Booking], held: Sequence[Held] | None, last: Sequence[Booking] = ()) -> Plan:
    """``held`` is None where the device's list could not be read: then the list is sent.

    ``last`` is what was put before: a device may spell a title or a time its own way, and that alone is no
    reason to send the same list again and again.
    """
    new = {booking.id: booking for booking in wanted}
    old = {entry.id: entry for entry in held or () if entry.ours}
    sent = {booking.id: booking for booking in last}
    added = tuple(one for one in new if one not in old)
    removed = tuple(one for one in old if one not in new)
    changed = tuple(
        one
        for one in new
        if one in old and sent.get(one) != new[one] and (one in sent or not _same(old[one], new[one]))
    )
    tampered = tuple(one for one in new if one in old and one not in changed and _number(old[one]) != _number(new[one]))
    changed += tampered
    foreign = tuple(entry.id for entry in held or () if not entry.ours)
    needed = held is None or bool(added or changed or removed)
    return Plan(tuple(new.values()) if needed else None, added, changed, removed, foreign)


def _number(one: Held | Booking) -> str:
    return plain_number(one.number)


def _same(held: Held, wanted: Booking) -> bool:
    second = timedelta(seconds=1)
    return (
        held.title == wanted.title
        and _number(held) == _number(wanted)
        and abs(held.start - wanted.start) < second
        and abs(held.end - wanted.end) < second
    )
