"""Pure: many cuts as a few figures."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from roomgate.hub.cuts.store import Cut


@dataclass(frozen=True, slots=True)
class Figures:
    """Of some cuts: how many, how many channels they closed, and after how many milliseconds those had ended."""

    name: str  # a day, or a cause
    cuts: int
    channels: int
    p50: float
    p99: float
    most: float


def share(values: Sequence[float], part: float) -> float:
    """The smallest value that at least this part of them does not exceed (the nearest rank). ``values`` are sorted."""
    return values[max(0, math.ceil(part * len(values)) - 1)]


def build_figures(name: str, cuts: Sequence[Cut]) -> Figures:
    every = sorted(one for cut in cuts for one in cut.every_ms)
    if not every:
        return Figures(name, len(cuts), 0, 0.0, 0.0, 0.0)
    return Figures(name, len(cuts), len(every), share(every, 0.5), share(every, 0.99), every[-1])


def by_day(cuts: Iterable[Cut]) -> list[Figures]:
    """The oldest day first; days in UTC, and only those with a cut."""
    return _grouped(cuts, lambda cut: cut.at.date().isoformat())


def by_cause(cuts: Iterable[Cut]) -> list[Figures]:
    return _grouped(cuts, lambda cut: cut.cause)


def _grouped(cuts: Iterable[Cut], key: Callable[[Cut], str]) -> list[Figures]:
    groups: dict[str, list[Cut]] = defaultdict(list)
    for cut in cuts:
        groups[key(cut)].append(cut)
    return [build_figures(name, found) for name, found in sorted(groups.items())]
