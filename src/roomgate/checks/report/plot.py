"""The drawing beside a table of percentiles: where half, 99 of 100, and the slowest stand. Pure; the template draws."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from roomgate.redact import foreign

WIDTH, ROW, LEFT, RIGHT, TOP, BOTTOM = 720, 26, 250, 24, 26, 30
ROWS_MOST = 60
LIMIT_S = 5.0  # what the grade asks of the 99th percentile
_MARKS = {"half": r"p50|median|half", "p99": r"p99", "most": r"max|most|worst|slowest"}
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 86400, 864000)
_NAME_MOST = 40


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: three places across, and where it stands."""

    name: str
    y: float
    half: float
    p99: float
    most: float
    late: bool


@dataclass(frozen=True, slots=True)
class Plot:
    width: int
    height: int
    left: int
    base: float
    bars: tuple[Bar, ...]
    rules: tuple[tuple[float, str], ...]
    limit: float | None  # where LIMIT_S stands, if it is on the scale


def build_plot(table: Sequence[Mapping[str, object]]) -> Plot | None:
    """None for a table that has no percentiles."""
    names = list(dict.fromkeys(str(key) for row in table for key in row))
    found = {mark: _column(names, pattern) for mark, pattern in _MARKS.items()}
    rows = [row for row in table if _seconds(row, found["p99"]) is not None][:ROWS_MOST]
    if not rows:
        return None
    words = [name for name in names if any(isinstance(row.get(name), str) for row in rows)]
    highest = max(_place(row, found, "most") for row in rows)
    top = next((float(step) for step in _STEPS if step >= highest), highest)
    across = WIDTH - LEFT - RIGHT

    def x(seconds: float) -> float:
        return round(LEFT + across * min(max(seconds, 0.0), top) / top, 1)

    bars = []
    for number, row in enumerate(rows):
        name = foreign(" · ".join(str(row[word]) for word in words if row.get(word)), _NAME_MOST)
        p99 = _place(row, found, "p99")
        half, most = x(_place(row, found, "half")), x(_place(row, found, "most"))
        bars.append(Bar(name, TOP + ROW * (number + 0.5), half, x(p99), most, p99 > LIMIT_S))
    base = TOP + ROW * len(rows)
    rules = tuple((x(top * part), _label(top * part)) for part in (0.0, 0.25, 0.5, 0.75, 1.0))
    return Plot(WIDTH, base + BOTTOM, LEFT, base, tuple(bars), rules, x(LIMIT_S) if top > LIMIT_S else None)


def _column(names: Sequence[str], pattern: str) -> str:
    return next((name for name in names if re.match(rf"(?i)(?:{pattern})(?:$|[_ ])", name)), "")


def _seconds(row: Mapping[str, object], column: str) -> float | None:
    value = row.get(column) if column else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return None
    return value / 1000 if column.lower().endswith("ms") else float(value)


def _place(row: Mapping[str, object], found: Mapping[str, str], mark: str) -> float:
    """What a row lacks stands where its 99th percentile does."""
    value = _seconds(row, found[mark])
    p99 = _seconds(row, found["p99"]) or 0.0
    return p99 if value is None else value


def _label(seconds: float) -> str:
    return (
        f"{seconds:g} s" if seconds < 600 else f"{seconds / 60:g} min" if seconds < 36000 else f"{seconds / 3600:g} h"
    )
