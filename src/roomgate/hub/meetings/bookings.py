"""Pure: what a person asks of the device's own list of bookings, as calls.

They are the device's own commands (RoomOS 26.4 schema; for a list that a calendar fills they came with 11.20), so the
device decides, and tells the calendar by its events. A device may have booking from the room switched off, or be in a
mode that has none of this; then it says so.
"""

from roomgate.errors import BadInput
from roomgate.hub.relay.asked import Wish
from roomgate.xapi.call import Verb

LONGEST_TITLE = 128
MOST_MINUTES = 1440
OFFERED = (15, 30, 60, 90)  # minutes, on pages
MORE = 15  # minutes at a time, on pages


def build_book(title: str, minutes: int, reason: str = "") -> Wish:
    """From now on. Raises BadInput."""
    title = title.strip()
    if len(title) > LONGEST_TITLE or not (title.isprintable() or not title):
        raise BadInput(f"A booking's title is one line of at most {LONGEST_TITLE} characters.")
    arguments: dict[str, object] = {"Duration": _minutes(minutes), **({"Title": title} if title else {})}
    return Wish(Verb.COMMAND, "Bookings.Book", arguments, reason=reason)


def build_extend(booking: str, minutes: int, reason: str = "") -> Wish:
    """By so many minutes. Raises BadInput."""
    return Wish(Verb.COMMAND, "Bookings.Extend", {"Id": _id(booking), "Duration": _minutes(minutes)}, reason=reason)


def build_end(booking: str) -> Wish:
    """One that is on: the room is free from now on."""
    return Wish(Verb.COMMAND, "Bookings.CheckOut", {"Id": _id(booking)})


def build_release(booking: str) -> Wish:
    """One that has not begun: the room is not wanted for it."""
    return Wish(Verb.COMMAND, "Bookings.Delete", {"Id": _id(booking)})


def build_check_in(booking: str) -> Wish:
    return Wish(Verb.COMMAND, "Bookings.CheckIn", {"Id": _id(booking)})


def _id(text: str) -> str:
    if not 0 < len(text) <= 128 or not text.isprintable():
        raise BadInput("Say which booking: its id is at most 128 characters.")
    return text


def _minutes(number: int) -> int:
    if not 1 <= number <= MOST_MINUTES:
        raise BadInput(f"A booking lasts from 1 to {MOST_MINUTES} minutes.")
    return number
