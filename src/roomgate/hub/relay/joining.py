"""Pure: which of the room's own bookings "join" means, and the dial that joins it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roomgate.clock import parse_iso
from roomgate.errors import NotFound

LIST_ARGUMENTS: dict[str, object] = {"Days": 2, "Limit": 50}  # the device's day ends at a midnight of its own


@dataclass(frozen=True, slots=True)
class Booked:
    """One entry of the device's booking list that can be dialled."""

    id: str
    title: str
    number: str
    start: datetime
    end: datetime

    def arguments(self) -> dict[str, object]:
        return {"Number": self.number, "BookingId": self.id}


def choose_booking(result: Any, which: str, now: datetime) -> Booked:
    """``next`` is the one that goes on now or begins first; otherwise the one with this id. Raises NotFound."""
    found = [booking for booking in map(_read, _bookings(result)) if booking]
    if which != "next":
        for booking in found:
            if booking.id == which:
                return booking
        raise NotFound("The room has no such booking that can be dialled.", hint="Look at the room's bookings.")
    ahead = sorted((b for b in found if b.end > now), key=lambda b: (b.start, b.id))
    if not ahead:
        raise NotFound("The room has no meeting to join.", hint="Invite the room to a meeting, or dial its address.")
    return ahead[0]


def _bookings(result: Any) -> list[Any]:
    found = result.get("Booking") if isinstance(result, dict) else None
    return found if isinstance(found, list) else []


def _read(entry: Any) -> Booked | None:
    """A booking as RoomOS lists it; None where it has no id, no times or nothing to dial."""
    try:
        number = next(call["Number"] for call in entry["DialInfo"]["Calls"]["Call"] if isinstance(call["Number"], str))
        id, times = entry["Id"], entry["Time"]
        if not (number and isinstance(id, str) and id):
            return None
        return Booked(
            id, str(entry.get("Title", "")), number, parse_iso(times["StartTime"]), parse_iso(times["EndTime"])
        )
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration):
        return None
