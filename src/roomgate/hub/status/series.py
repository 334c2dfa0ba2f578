"""Pure: samples as plots of the last days, an hour a column."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from roomgate.hub.console.plot import Frame, build_bars, build_frame, build_line, known
from roomgate.hub.status.sampling import Values

DAYS = 7
HOURS = DAYS * 24
WIDTH = 340  # several stand beside each other
_NAMED = 34  # so much room a day's name takes


@dataclass(frozen=True, slots=True)
class Sample:
    at: datetime
    values: Values


@dataclass(frozen=True, slots=True)
class Day:
    """Where a day begins in a drawing; its name, where there is room for it."""

    x: float
    name: str


@dataclass(frozen=True, slots=True)
class Plot:
    """``shape``: bars or a line. ``least`` and ``most``: of the hours, for whoever rather reads."""

    key: str
    shape: str
    frame: Frame
    path: str
    days: tuple[Day, ...]
    least: float
    most: float
    latest: float


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _share(values: Sequence[float]) -> float:
    return 100 * _mean(values)


# What is drawn: its value, how the samples of an hour become one, shape, and the least top of its scale.
_Of = Callable[[Sequence[float]], float]
_PLOTS: tuple[tuple[str, str, _Of, str, float], ...] = (
    ("use", "call", _share, "bars", 100),
    ("people", "people", max, "bars", 5),
    ("ambient", "ambient", _mean, "line", 30),
    ("loss", "loss", max, "line", 2),
    ("jitter", "jitter", max, "line", 50),
    ("online", "online", _share, "bars", 100),
)
PLOTS = tuple(key for key, *_ in _PLOTS)


def build_plots(samples: Sequence[Sample], now: datetime) -> list[Plot]:
    """Only of what was measured at all. Hours of UTC; the last column is the present hour."""
    begin = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    hours: list[list[Values]] = [[] for _ in range(HOURS)]
    for sample in samples:
        place = int((sample.at - begin) / timedelta(hours=1))
        if sample.at >= begin and place < HOURS:
            hours[place].append(sample.values)
    plots = []
    for key, name, join, shape, top in _PLOTS:
        columns = [join(some) if (some := known(one.get(name) for one in hour)) else None for hour in hours]
        if there := known(columns):
            frame = build_frame(max(there), top, WIDTH)
            path = (build_bars if shape == "bars" else build_line)(frame, columns)
            plots.append(
                Plot(
                    key, shape, frame, path, _days(begin, frame), round(min(there), 1), round(max(there), 1),
                    round(there[-1], 1),
                )
            )  # fmt: skip
    return plots


def _days(begin: datetime, frame: Frame) -> tuple[Day, ...]:
    """Each midnight of UTC."""
    first = (24 - begin.hour) % 24
    days = []
    for hour in range(first, HOURS, 24):
        x = frame.x(hour / HOURS)
        days.append(Day(x, (begin + timedelta(hours=hour)).strftime("%m-%d") if x + _NAMED <= frame.right else ""))
    return tuple(days)
