"""A recurrence rule that ends: a stranger's rule must not cost more than a look at the window is worth.

Rules slower than hourly are the only ones that rooms need. Each is rewritten so that it ends with the
window: expanding it then takes time in proportion to the days since its start, and that start is bounded
too. A rule that never matches would never be asked for its end, so the shapes that can be empty are refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from math import lcm
from typing import Any

import icalendar
import recurring_ical_events
from dateutil.rrule import rrulestr  # type: ignore[import-untyped]  # ships no types

from roomgate.errors import BadInput
from roomgate.meetings.times import Period

EARLIEST_YEAR = 1980
MOST_YEARS_WALKED = 20
MOST_DATES = 2000
MOST_EXCEPTIONS = 1000
MOST_DATES_NEAR = 400  # extra and excluded dates that may touch the window
LONGEST = timedelta(days=62)  # of one occurrence: long ones overlap, and all that do would be looked at
Component = Any  # a component of the icalendar library
_KEY = "X-ROOMGATE-PART"
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PLAIN = frozenset(("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTH"))
_SLOW = {
    "DAILY": _PLAIN,
    "WEEKLY": _PLAIN,
    "MONTHLY": _PLAIN | {"BYMONTHDAY", "BYSETPOS"},
    "YEARLY": _PLAIN | {"BYMONTHDAY", "BYSETPOS"},
}


_STEPS = {"DAILY": timedelta(days=1), "WEEKLY": timedelta(days=7)}


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
    added: tuple[date | Period, ...] = ()
    excluded: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Occurrence:
    """``part`` is the index of the part whose words hold; ``original`` the start that the series gave it."""

    part: int
    start: date
    end: date
    original: date


def tidied(rule: str, start: date) -> str:
    """A rule as people's calendars mean it: without spaces, empty parts, makers' parts, and the start's own time again."""
    own = (
        {"BYHOUR": start.hour, "BYMINUTE": start.minute, "BYSECOND": start.second}
        if isinstance(start, datetime)
        else {}
    )
    kept = []
    for part in "".join(rule.upper().split()).split(";"):
        name, equals, value = part.partition("=")
        again = name in own and value.lstrip("0") == str(own[name] or "")
        if part and not (equals and (not value or name.startswith("X-") or again)):
            kept.append(part)
    return ";".join(kept)


def expand(parts: Sequence[Part], window_start: datetime, window_end: datetime) -> list[Occurrence]:
    """The occurrences in the window; the first part is the series, the others its exceptions.

    Raises `UnboundedSeries`; whatever the library raises over a foreign rule passes.
    """
    if len(parts) > MOST_EXCEPTIONS:
        raise UnboundedSeries(f"the series has more than {MOST_EXCEPTIONS} exceptions")
    for part in parts:
        if (
            max(_length(part), *(one[1] - one[0] for one in part.added if isinstance(one, tuple)), timedelta())
            > LONGEST
        ):
            raise UnboundedSeries("the series has occurrences of more than two months")
    parts = [_near(part, window_start, window_end) for part in parts]
    calendar = icalendar.Calendar()
    for key, part in enumerate(parts):
        component = _component(key, part)
        if not key:
            bind(component, window_start, window_end)
        calendar.add_component(component)
    found = []
    for seen in recurring_ical_events.of(calendar).between(window_start, window_end):
        original = seen.get("RECURRENCE-ID")
        start = seen["DTSTART"].dt
        found.append(Occurrence(int(seen[_KEY]), start, seen["DTEND"].dt, start if original is None else original.dt))
    return found


def _near(part: Part, window_start: datetime, window_end: datetime) -> Part:
    """The part without the extra and the excluded dates that cannot touch the window."""
    first = (window_start - LONGEST - timedelta(days=2)).date()
    last = (window_end + timedelta(days=2)).date()
    added = tuple(one for one in part.added if first <= _day(one) <= last)
    excluded = tuple(one for one in part.excluded if first <= _day(one) <= last)
    if len(added) + len(excluded) > MOST_DATES_NEAR:
        raise UnboundedSeries(f"the series names more than {MOST_DATES_NEAR} dates near the window")
    return replace(part, added=added, excluded=excluded)


def _day(value: date | Period) -> date:
    value = value[0] if isinstance(value, tuple) else value
    return value.date() if isinstance(value, datetime) else value


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


def bind(event: Component, window_start: datetime, window_end: datetime) -> None:
    """Let the event's rule end with the window. Raises `UnboundedSeries`; the library's own errors pass."""
    for name in ("EXDATE", "RDATE"):
        if sum(len(getattr(value, "dts", ())) for value in _many(event.get(name))) > MOST_DATES:
            raise UnboundedSeries(f"the series names more than {MOST_DATES} dates")
    rules = _many(event.get("RRULE"))
    if not rules:
        return
    if len(rules) > 1:
        raise UnboundedSeries("the event has several recurrence rules")
    rule, start = rules[0], event["DTSTART"].dt
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
    _take_up(event, frequency, int((rule.get("INTERVAL") or [1])[0]), window_start)


def _take_up(event: Component, frequency: str, interval: int, window_start: datetime) -> None:
    """Let a series that began years ago begin shortly before the window, in the same step with itself.

    The new first day may be none of the series' own, so it ends before the window does begin.
    """
    start, end = event["DTSTART"].dt, event["DTEND"].dt if "DTEND" in event else event["DTSTART"].dt
    latest = (window_start - (end - start) - timedelta(days=3)).date()
    if frequency in _STEPS:
        step = _STEPS[frequency] * interval
        later = max((latest - step - _day(start)) // step, 0) * step
    else:
        # By whole leap years, so that the 29th of February stays one, and by whole intervals.
        years = lcm(4, interval) if frequency == "YEARLY" else lcm(48, interval) // 12
        wanted = start.year + max((latest.year - 1 - start.year) // years, 0) * years
        later = start.replace(year=wanted) - start
    for name, value in (("DTSTART", start), ("DTEND", end)):
        if later and name in event:
            del event[name]
            event.add(name, value + later)


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
    if (counted := _counted(rule, start, count)) is not None:
        return min(counted, horizon.astimezone(UTC)) if isinstance(counted, datetime) else min(counted, horizon.date())
    if str(rule["FREQ"][0]).upper() == "DAILY" and horizon.year - start.year > MOST_YEARS_WALKED:
        raise UnboundedSeries(f"a counted series of single days began more than {MOST_YEARS_WALKED} years ago")
    plain: Any = icalendar.vRecur({name: value for name, value in rule.items() if name not in ("COUNT", "UNTIL")})
    naive = start.replace(tzinfo=None) if isinstance(start, datetime) else datetime(start.year, start.month, start.day)
    text = plain.to_ical().decode() + ";UNTIL=" + horizon.replace(tzinfo=None).strftime("%Y%m%dT%H%M%S")
    last: datetime
    *_, last = (naive, *islice(rrulestr(text, dtstart=naive), max(count, 1)))
    if isinstance(start, datetime):
        return last.replace(tzinfo=start.tzinfo).astimezone(UTC)
    return last.date()


def _counted(rule: Any, start: date, count: int) -> date | None:
    """The count-th occurrence of a daily or weekly rule, by arithmetic; None for the rules that have to be walked."""
    frequency = str(rule["FREQ"][0]).upper()
    interval = int((rule.get("INTERVAL") or [1])[0])
    if frequency not in _STEPS or "BYMONTH" in rule or (frequency == "DAILY" and "BYDAY" in rule):
        return None
    count = min(max(count, 1), 200_000)
    naive = start.replace(tzinfo=None) if isinstance(start, datetime) else start
    if frequency == "DAILY":
        last = naive + timedelta(days=(count - 1) * interval)
    else:
        first_day = _WEEKDAYS.index(str((rule.get("WKST") or ["MO"])[0]).upper())
        days = sorted({(_WEEKDAYS.index(str(day).upper()) - first_day) % 7 for day in rule.get("BYDAY") or ()})
        own = (naive.weekday() - first_day) % 7
        days = days or [own]
        here = [day for day in days if day >= own]
        week, day = 0, count - 1
        if day >= len(here):
            week, day = divmod(day - len(here), len(days))
            week, here = week + 1, days
        last = naive + timedelta(days=here[day] - own + 7 * interval * week)
    if isinstance(start, datetime) and isinstance(last, datetime):
        return last.replace(tzinfo=start.tzinfo).astimezone(UTC)
    return last
