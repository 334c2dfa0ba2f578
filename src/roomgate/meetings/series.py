"""A recurrence rule that ends: a stranger's rule must not cost more than a look at the window is worth.

Rules slower than hourly are the only ones that rooms need. Each is rewritten so that it ends with the
window: expanding it then takes time in proportion to the days since its start, and that start is bounded
too.
"""

from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

import icalendar
from dateutil.rrule import rrulestr  # type: ignore[import-untyped]  # ships no types

from roomgate.errors import BadInput

EARLIEST_YEAR = 1980
MOST_DATES = 2000
Component = Any  # a component of the icalendar library
_SLOW = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")


class UnboundedSeries(BadInput):
    """The rule asks for more work than any meeting needs."""

    code = "meeting.invitation.series"
    hint = "Rooms follow series that repeat daily or more slowly."


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
    if any(name in rule for name in ("BYHOUR", "BYMINUTE", "BYSECOND")):
        raise UnboundedSeries("the series names hours of its own")
    if start.year < EARLIEST_YEAR:
        raise UnboundedSeries(f"the series began before {EARLIEST_YEAR}")
    horizon = window_end + timedelta(days=2)  # whatever the zone, the window's last day is inside
    count = rule.get("COUNT")
    until = _last_of(rule, start, horizon, int(count[0])) if count else _earlier(rule, start, horizon)
    rule.pop("COUNT", None)
    rule["UNTIL"] = [until]
    return copy


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
