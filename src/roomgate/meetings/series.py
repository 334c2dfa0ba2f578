"""A recurrence rule that ends: a stranger's rule must not cost more than a look at the window is worth.

Rules slower than hourly are the only ones that rooms need. Each is rewritten so that it ends with the
window: expanding it then takes time in proportion to the days since its start, and that start is bounded
too. A rule that never matches would never be asked for its end, so the shapes that can be empty are refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

import icalendar
import recurring_ical_events
from dateutil.rrule import rrulestr  # type: ignore[import-untyped]  # ships no types

from roomgate.errors import BadInput

EARLIEST_YEAR = 1980
MOST_DATES = 2000
MOST_EXCEPTIONS = 1000
LONGEST = timedelta(days=366)  # of one occurrence: long ones overlap, and all that do would be looked at
Component = Any  # a component of the icalendar library
_KEY = "X-ROOMGATE-PART"
_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PLAIN = frozenset(("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTH"))
_SLOW = {
    "DAILY": _PLAIN,
    "WEEKLY": _PLAIN,
    "MONTHLY": _PLAIN | {"BYMONTHDAY", "BYSETPOS"},
    "YEARLY": _PLAIN | {"BYMONTHDAY", "BYSETPOS"},
}


class UnboundedSeries(BadInput):
    """The rule asks for more work than any meeting needs."""

    code = "meeting.invitation.series"
    hint = "Rooms follow series that repeat daily or more slowly."


@dataclass(frozen=True, slots=True)
class Part:
    """The times of one VEVENT of a series. Times have zones; ``original`` is an exception's RECURRENCE-ID."""

    start: date
    end: date
    original: date | None = None
    and_later: bool = False  # RANGE=THISANDFUTURE
    sequence: int = 0
    rule: str = ""
    added: tuple[date, ...] = ()
    excluded: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Occurrence:
    """``part`` is the index of the part whose words hold; ``original`` the start that the series gave it."""

    part: int
    start: date
    end: date
    original: date


def expand(parts: Sequence[Part], window_start: datetime, window_end: datetime) -> list[Occurrence]:
    """The occurrences in the window; the first part is the series, the others its exceptions.

    Raises `UnboundedSeries`; whatever the library raises over a foreign rule passes.
    """
    if len(parts) > MOST_EXCEPTIONS:
        raise UnboundedSeries(f"the series has more than {MOST_EXCEPTIONS} exceptions")
    for part in parts:
        if _length(part) > LONGEST:
            raise UnboundedSeries("the series has occurrences of more than a year")
    calendar = icalendar.Calendar()
    for key, part in enumerate(parts):
        component = _component(key, part)
        calendar.add_component(component if key else bounded(component, window_start, window_end))
    found = []
    for seen in recurring_ical_events.of(calendar).between(window_start, window_end):
        original = seen.get("RECURRENCE-ID")
        start = seen["DTSTART"].dt
        found.append(Occurrence(int(seen[_KEY]), start, seen["DTEND"].dt, start if original is None else original.dt))
    return found


def _length(part: Part) -> timedelta:
    return part.end - part.start


def _component(key: int, part: Part) -> Component:
    made: Any = icalendar.Event()
    made.add("UID", "series")
    made.add(_KEY, str(key))
    made.add("SEQUENCE", part.sequence)
    made.add("DTSTART", part.start)
    made.add("DTEND", part.end)
    if part.original is not None:
        made.add("RECURRENCE-ID", part.original, parameters={"RANGE": "THISANDFUTURE"} if part.and_later else {})
    if part.rule:
        made.add("RRULE", icalendar.vRecur.from_ical(part.rule))
    if part.excluded:
        made.add("EXDATE", list(part.excluded))
    if part.added:
        made.add("RDATE", list(part.added))
    return made


def bounded(component: Component, window_start: datetime, window_end: datetime) -> Component:
    """A copy of the event whose rule ends with the window. Raises `UnboundedSeries`; the library's own errors pass."""
    copy: Component = component.copy(recursive=True)
    for name in ("EXDATE", "RDATE"):
        if sum(len(getattr(value, "dts", ())) for value in _many(copy.get(name))) > MOST_DATES:
            raise UnboundedSeries(f"the series names more than {MOST_DATES} dates")
    rules = _many(copy.get("RRULE"))
    if not rules:
        return copy
    if len(rules) > 1:
        raise UnboundedSeries("the event has several recurrence rules")
    rule, start = rules[0], copy["DTSTART"].dt
    frequency = str((rule.get("FREQ") or [""])[0]).upper()
    if frequency not in _SLOW:
        raise UnboundedSeries("the series repeats faster than daily")
    _check_shape(rule, frequency)
    if start.year < EARLIEST_YEAR:
        raise UnboundedSeries(f"the series began before {EARLIEST_YEAR}")
    horizon = window_end + timedelta(days=2)  # whatever the zone, the window's last day is inside
    count = rule.get("COUNT")
    until = _last_of(rule, start, horizon, int(count[0])) if count else _earlier(rule, start, horizon)
    rule.pop("COUNT", None)
    rule["UNTIL"] = [until]
    return copy


def _check_shape(rule: Any, frequency: str) -> None:
    """Refuse what calendars for people do not write, above all the rules that may never match."""
    if odd := sorted(name.upper() for name in rule if name.upper() not in _SLOW[frequency]):
        raise UnboundedSeries(f"the series has {odd[0]} in a rule that is {frequency.lower()}"[:120])
    interval = int((rule.get("INTERVAL") or [1])[0])
    days = [str(day).upper() for day in rule.get("BYDAY") or ()]
    if interval < 1 or (frequency == "DAILY" and days and interval % 7 == 0):
        raise UnboundedSeries("the series has an interval that may never match")
    if frequency == "MONTHLY" and interval != 1 and "BYMONTH" in rule:
        raise UnboundedSeries("the series has an interval that may never match")
    if any(not -5 <= int(day[:-2] or 0) <= 5 for day in days):
        raise UnboundedSeries("the series names a weekday that no month has")
    dates = [int(day) for day in rule.get("BYMONTHDAY") or ()]
    if "BYSETPOS" in rule and (dates or not days or any(not -5 <= int(one) <= 5 for one in rule["BYSETPOS"])):
        raise UnboundedSeries("the series names a position that may never match")
    months = [int(month) for month in rule.get("BYMONTH") or range(1, 13)]
    if dates and not any(abs(date) <= _LENGTHS[month - 1] for date in dates for month in months):
        raise UnboundedSeries("the series names a day that its months do not have")


def _many(value: object) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _earlier(rule: Any, start: date, horizon: datetime) -> date:
    given = rule.get("UNTIL")
    end: date = horizon.astimezone(UTC) if isinstance(start, datetime) else horizon.date()
    if not given:
        return end
    until = given[0]
    if isinstance(start, datetime):
        if not isinstance(until, datetime):
            until = datetime(until.year, until.month, until.day, 23, 59, 59, tzinfo=start.tzinfo)
        if until.tzinfo is None:
            until = until.replace(tzinfo=start.tzinfo)
        return min(until.astimezone(UTC), end)
    return min(until.date() if isinstance(until, datetime) else until, end)


def _last_of(rule: Any, start: date, horizon: datetime, count: int) -> date:
    """COUNT turned into UNTIL: the count-th occurrence, or the horizon if that comes first."""
    plain: Any = icalendar.vRecur({name: value for name, value in rule.items() if name not in ("COUNT", "UNTIL")})
    naive = start.replace(tzinfo=None) if isinstance(start, datetime) else datetime(start.year, start.month, start.day)
    text = plain.to_ical().decode() + ";UNTIL=" + horizon.replace(tzinfo=None).strftime("%Y%m%dT%H%M%S")
    last: datetime
    *_, last = (naive, *islice(rrulestr(text, dtstart=naive), max(count, 1)))
    if isinstance(start, datetime):
        return last.replace(tzinfo=start.tzinfo).astimezone(UTC)
    return last.date()
