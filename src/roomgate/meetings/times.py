"""Dates, times and durations as calendars write them, strictly: what cannot be read is refused, never guessed.

A time has a zone when it leaves this module. Where none is written, it is the event's own or the site's.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo

from roomgate.meetings.lines import BadInvitation, Property

Zones = Callable[[Property], tzinfo]
"""The zone of a property's local time."""

Period = tuple[datetime, datetime]
"""Start and end."""

_DATE = re.compile(r"^[0-9]{8}$")
_TIME = re.compile(r"^([0-9]{8}T[0-9]{4}(?:[0-9]{2})?)(Z?)$")
_DURATION = re.compile(
    r"^([+-]?)P(?:([0-9]{1,4})W)?(?:([0-9]{1,5})D)?(?:T(?:([0-9]{1,5})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,7})S)?)?$"
)


def parse_time(given: Property, zones: Zones, text: str | None = None) -> date | datetime:
    """One date, or one time with its zone. ``text``: in place of the property's value. Raises `BadInvitation`."""
    value = (given.value if text is None else text).strip().upper()
    try:
        if _DATE.match(value):
            return date(int(value[:4]), int(value[4:6]), int(value[6:8]))
        if match := _TIME.match(value):
            # The leap second that some write is the next minute's first, for a meeting's purposes.
            local = match.group(1)
            local = local[:-2] + "59" if local.endswith("60") and len(local) == 15 else local
            moment = datetime.fromisoformat(local)
            return moment.replace(tzinfo=UTC if match.group(2) else zones(given))
    except (ValueError, OverflowError) as bad:
        raise BadInvitation("an event has a date that no year has") from bad
    raise BadInvitation("an event has a time that cannot be read")


def parse_times(given: list[Property], zones: Zones) -> list[date | datetime]:
    """All dates of EXDATE or RDATE lines; of a period its start. Raises `BadInvitation`."""
    return [one[0] if isinstance(one, tuple) else one for one in parse_periods(given, zones)]


def parse_periods(given: list[Property], zones: Zones) -> list[date | Period]:
    """All dates of RDATE lines; one that has a length of its own comes with its end. Raises `BadInvitation`."""
    found: list[date | Period] = []
    for line in given:
        for text in line.value.split(","):
            if text.strip():
                first, slash, last = text.partition("/")
                start = parse_time(line, zones, first)
                found.append(_period(line, zones, start, last) if slash and isinstance(start, datetime) else start)
    return found


def _period(line: Property, zones: Zones, start: datetime, text: str) -> date | Period:
    try:
        end = start + parse_duration(text) if "P" in text.upper() else parse_time(line, zones, text)
    except OverflowError as bad:
        raise BadInvitation("an event has a date that no year has") from bad
    # One that ends before it begins is as long as the others of its series.
    return (start, end) if isinstance(end, datetime) and end > start else start


def parse_duration(text: str) -> timedelta:
    """RFC 5545 3.3.6. Raises `BadInvitation`."""
    match = _DURATION.match(text.strip().upper())
    if not match or not any(match.groups()[1:]):
        raise BadInvitation("an event has a duration that cannot be read")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -length if match.group(1) == "-" else length


def in_utc(value: date | datetime, zone: tzinfo) -> datetime:
    """The moment; a date begins at midnight in ``zone``. Raises `BadInvitation`, as at the calendar's far ends."""
    try:
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return datetime(value.year, value.month, value.day, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError) as bad:
        raise BadInvitation("an event has a date that no year has") from bad
