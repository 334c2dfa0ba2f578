"""The table ``[bookings]`` of the connector's configuration: what the site's rooms show of their meetings, and do.

```toml
[bookings]
early_join_min = 5            # minutes before the start from which a meeting can be joined, 0 to 180
keep_after_min = 0            # minutes after the end; never into what belongs to the next meeting
private = "rename"            # of a private meeting: rename, hide, or organizer (show the organizer's name)
private_title = "Private meeting"
tentative = "show"            # or hide
all_day = "show"              # or hide
not_joinable = "show"         # or hide
mailbox = "{room}@example.com"  # the rooms' own addresses, where the calendar does not tell them
write_back = true             # what people book, extend and end in a room goes into its calendar, if it can be written

[bookings.check_in]           # left out: nothing is ever released
from_min = 5                  # minutes before the start from which somebody may check in
release_after_min = 10        # minutes after the start after which a meeting to which nobody came is released
warn_min = 2                  # minutes for which the room says so beforehand
by = ["panel", "call", "presence"]  # what counts as having come
```
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from roomgate.errors import BadInput
from roomgate.meetings import plaintext
from roomgate.meetings.house_rules import HouseRules, Private

PANEL, CALL, PRESENCE = "panel", "call", "presence"
SIGNS = (PANEL, CALL, PRESENCE)
_ROOM = "{room}"


@dataclass(frozen=True, slots=True)
class CheckInRules:
    """When a meeting to which nobody came is given back."""

    opens: timedelta = timedelta(minutes=5)  # before the start
    release: timedelta = timedelta(minutes=10)  # after the start
    warn: timedelta = timedelta(minutes=2)
    by: tuple[str, ...] = SIGNS


@dataclass(frozen=True, slots=True)
class BookingRules:
    """``mailbox`` is a pattern with ``{room}`` in it, or empty."""

    house: HouseRules = field(default_factory=HouseRules)
    mailbox: str = ""
    write_back: bool = True
    check_in: CheckInRules | None = None

    def mailbox_of(self, room: str) -> str:
        return self.mailbox.replace(_ROOM, room.lower())


def parse_booking_rules(table: object) -> BookingRules:
    """Raises BadInput with every complaint, one after the other."""
    if not isinstance(table, Mapping):
        raise BadInput("is a table of the file: [bookings]")
    complaints: list[str] = []
    inner = table.get("check_in")
    values = _read({name: value for name, value in table.items() if name != "check_in"}, _BOOKINGS, "", complaints)
    check_in = None
    if isinstance(inner, Mapping):
        read = _read(inner, _CHECK_IN, "check_in.", complaints)
        check_in = CheckInRules(**read)
        if check_in.warn > check_in.release:
            complaints.append("check_in.warn_min: is longer than release_after_min, so nobody would be warned in time")
    elif inner is not None:
        complaints.append("check_in: is a table of the file: [bookings.check_in]")
    if complaints:
        raise BadInput("; ".join(complaints))
    apart = {name: values.pop(name) for name in ("mailbox", "write_back") if name in values}
    return BookingRules(HouseRules(**values), check_in=check_in, **apart)


def _read(
    table: Mapping[Any, Any], readers: Mapping[str, tuple[str, Callable[[Any], Any]]], where: str, complaints: list[str]
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in readers:
            complaints.append(
                f"{where}{plaintext.line(str(name), 60)}: no such setting; known are {', '.join(readers)}"
            )
            continue
        target, read = readers[name]
        try:
            values[target] = read(value)
        except BadInput as bad:
            complaints.append(f"{where}{name}: {bad}")
    return values


def _minutes(low: int, high: int) -> Callable[[Any], timedelta]:
    def read(value: Any) -> timedelta:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise BadInput(f"takes whole minutes from {low} to {high}")
        return timedelta(minutes=value)

    return read


def _shown(value: Any) -> bool:
    if value not in ("show", "hide"):
        raise BadInput("takes show or hide")
    return bool(value == "show")


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadInput("takes true or false")
    return value


def _private(value: Any) -> Private:
    try:
        return Private(value)
    except ValueError as bad:
        raise BadInput(f"takes {', '.join(Private)}") from bad


def _title(value: Any) -> str:
    text = plaintext.line(value, 100) if isinstance(value, str) else ""
    if not text:
        raise BadInput("takes a text")
    return text


def _mailbox(value: Any) -> str:
    if not isinstance(value, str) or _ROOM not in value or value.count("@") != 1 or " " in value:
        raise BadInput('takes an address with {room} in it, such as "{room}@example.com"')
    return value.lower()


def _signs(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(one in SIGNS for one in value):
        raise BadInput(f"takes a list of {', '.join(SIGNS)}")
    return tuple(dict.fromkeys(value))


_BOOKINGS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "early_join_min": ("early", _minutes(0, 180)),
    "keep_after_min": ("late", _minutes(0, 180)),
    "private": ("private", _private),
    "private_title": ("private_title", _title),
    "tentative": ("tentative", _shown),
    "all_day": ("all_day", _shown),
    "not_joinable": ("not_joinable", _shown),
    "mailbox": ("mailbox", _mailbox),
    "write_back": ("write_back", _switch),
}
_CHECK_IN: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "from_min": ("opens", _minutes(0, 60)),
    "release_after_min": ("release", _minutes(1, 120)),
    "warn_min": ("warn", _minutes(1, 30)),
    "by": ("by", _signs),
}
