"""A time zone's name, as calendars write it, becomes a zone.

Names of the zone database and of Windows are known, with the prefixes that some makers put before them; else
the file's own VTIMEZONE is read, else an offset that stands in the name. What a file says of a zone counts in
that file only: one sender's rules never reach another sender's meeting.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import icalendar
from icalendar.timezone import tzp
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

MOST_RULES = 24  # standard and daylight blocks of one VTIMEZONE; the longest real history that we know has fewer
MOST_EXTRA_DATES = 200
_RECENT = 1990  # a yearly rule that began long ago is taken up here: meetings are not that old

_WINDOWS = {name.lower(): zone for name, zone in WINDOWS_TO_OLSON.items()}
_UTC_NAMES = frozenset(("utc", "z", "gmt", "etc/utc", "etc/gmt", "zulu", "coordinated universal time"))
# Linear: bounded repetitions only.
_OFFSET = re.compile(r"(?i)^\(?(?:utc|gmt)? ?([+-])([0-9]{1,2})[:.]?([0-9]{2})?\)?(?: |$)")
_PLACES = re.compile(r" ?[,;(/] ?")
_YEARLY = re.compile(r"(?i)^FREQ=YEARLY(?:;(?:INTERVAL=1|BYMONTH=[0-9]{1,2}|BYDAY=[-+0-9]{0,2}[A-Z]{2}|"
                     r"BYMONTHDAY=[-+0-9,]{1,40}|BY(?:HOUR|MINUTE|SECOND)=[0-9]{1,2}|WKST=[A-Z]{2}|UNTIL=[0-9TZ]{8,16})){0,9}$")  # fmt: skip


def zone_named(name: str) -> tzinfo | None:
    """The zone of the database or of Windows that this name means, whatever stands before it."""
    return _named(name.strip().strip('"').strip()) if len(name) <= 200 else None


@lru_cache(maxsize=512)
def _named(name: str) -> tzinfo | None:
    lower = name.lower()
    if lower.startswith("tzone://microsoft/"):
        lower = lower.removeprefix("tzone://microsoft/")
    if lower in _UTC_NAMES:
        return UTC
    if lower in _WINDOWS:
        return _of_database(_WINDOWS[lower])
    # /freeassociation.sourceforge.net/Tzfile/Europe/Berlin, /mozilla.org/20050126_1/Europe/Berlin and the like.
    parts = lower.strip("/").split("/")
    if len(parts) > 6:
        return None
    for first in range(len(parts)) if name.startswith("/") else (0,):
        if found := _of_database("/".join(parts[first:])):
            return found
    return None


def _of_database(name: str) -> ZoneInfo | None:
    known = _database().get(name.lower())
    try:
        return ZoneInfo(known) if known else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@cache
def _database() -> Mapping[str, str]:
    # Some of the names mean whatever the machine is set to.
    return {name.lower(): name for name in available_timezones() - {"localtime", "posixrules", "Factory"}}


def load_all() -> Mapping[str, ZoneInfo]:
    """Every zone of the database, by its name. While somebody holds them, none is read from the disk again."""
    return {name: ZoneInfo(name) for name in _database().values()}


def zone_described(lines: list[str]) -> tzinfo | None:
    """The zone of a VTIMEZONE's lines, without its name and its frame; None where it is none that we follow."""
    kept = _followed(lines)
    return _described("\r\n".join(kept)) if kept else None


@lru_cache(maxsize=64)
def _described(lines: str) -> tzinfo | None:
    """Kept by what the lines say, never by the name that somebody gives them."""
    text = f"BEGIN:VTIMEZONE\r\n{lines}\r\nEND:VTIMEZONE"
    try:
        # Parsed without its name: the library keeps named zones for the whole process, the first of a name for all.
        component: Any = icalendar.Timezone.from_ical(text)
        component["TZID"] = "of this file"
        zone: tzinfo = component.to_tz(tzp, lookup_tzid=False)
        zone.utcoffset(datetime(2026, 1, 1))
    except Exception:  # the library raises whatever it met in foreign lines
        return None
    return zone


def _followed(lines: list[str]) -> list[str]:
    """The lines that say when the clocks change; none at all if they ask for more than a year's two changes."""
    kept: list[str] = []
    block: list[str] = []
    blocks = dates = 0
    endless = False
    for line in lines:
        head, _, value = line.partition(":")
        name = head.partition(";")[0].strip().upper()
        line = f"{name}:{value}"  # without what is said beside the name: it has no part in this
        if name == "BEGIN":
            blocks, block, endless = blocks + 1, [line], False
        elif name == "END":
            kept += [_taken_up(one) if endless else one for one in block]
            kept.append(line)
            block = []
        elif name == "RRULE":
            if not _YEARLY.match(value.strip()):
                return []
            endless = "UNTIL=" not in value.upper()
            block.append(line)
        elif name in ("DTSTART", "RDATE", "TZOFFSETFROM", "TZOFFSETTO"):
            dates += value.count(",") + 1
            block.append(line)
    return kept if blocks <= MOST_RULES and dates <= MOST_EXTRA_DATES else []


def _taken_up(line: str) -> str:
    """An endless rule's start in 1601, as Windows writes it, costs four centuries of changes that nobody asks for."""
    name, _, value = line.partition(":")
    if name.upper() == "DTSTART" and value[:4].isdigit() and int(value[:4]) < _RECENT:
        return f"{name}:{_RECENT}{value[4:]}"
    return line


# As Windows shows its zones where it names no town; the first town of all others is in the database.
_REGIONS = {
    "eastern time": "America/New_York", "central time": "America/Chicago", "mountain time": "America/Denver",
    "pacific time": "America/Los_Angeles", "atlantic time": "America/Halifax", "arizona": "America/Phoenix",
}  # fmt: skip
MOST_PLACES = 12


def _of_places(text: str, offset: timedelta) -> tzinfo | None:
    """The zone of the first place that is named and has this offset in its winter, as in
    «(UTC+01:00) Amsterdam, Berlin, …»."""
    for place in _PLACES.split(text.strip().lower(), maxsplit=MOST_PLACES)[:MOST_PLACES]:
        known = [_REGIONS[place]] if place in _REGIONS else _towns().get(place.replace(" ", "_"), [])
        for one in known:
            zone = ZoneInfo(one)
            if min(datetime(2026, month, 1, tzinfo=zone).utcoffset() or timedelta() for month in (1, 7)) == offset:
                return zone
    return None


@cache
def _towns() -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for lower, name in sorted(_database().items()):
        if "/" in lower and not lower.startswith(("etc/", "systemv/")):
            found.setdefault(lower.rsplit("/", 1)[-1], []).append(name)
    return found


def zone_of_offset(name: str, near: tzinfo) -> tzinfo | None:
    """The offset that stands in the name itself: as the zone of a place that is named behind it, else ``near``, the site's
    zone, where that is its winter or summer time."""
    match = _OFFSET.match(name.strip())
    if not match:
        return None
    hours, minutes = int(match.group(2)), int(match.group(3) or 0)
    if hours > 14 or minutes > 59:
        return None
    offset = timedelta(hours=hours, minutes=minutes) * (-1 if match.group(1) == "-" else 1)
    if found := _of_places(name[match.end() :], offset):
        return found
    if any(datetime(2026, month, 1, tzinfo=near).utcoffset() == offset for month in (1, 7)):
        return near
    return timezone(offset)
