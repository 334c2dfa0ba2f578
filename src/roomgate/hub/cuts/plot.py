"""Pure: days as the places of marks in a drawing; the page's template draws them."""

from collections.abc import Sequence
from dataclasses import dataclass

from roomgate.hub.cuts.figures import Figures

WIDTH, HEIGHT = 640, 200
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 12, 24
_STEPS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)


@dataclass(frozen=True, slots=True)
class Mark:
    """One day: its column, and the heights of its three figures."""

    figures: Figures
    x: float
    p50: float
    p99: float
    most: float
    named: bool  # whether the day is written below


@dataclass(frozen=True, slots=True)
class Plot:
    marks: list[Mark]
    rules: list[tuple[float, int]]  # heights, and the milliseconds that they stand for
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    base: int = HEIGHT - BOTTOM


def build_plot(days: Sequence[Figures]) -> Plot:
    """Each day in a column of its own, milliseconds upwards to the next round number."""
    highest = max((one.most for one in days), default=0.0)
    top = next((step for step in _STEPS if step >= highest), round(highest))
    room = HEIGHT - TOP - BOTTOM

    def height(ms: float) -> float:
        return round(HEIGHT - BOTTOM - ms / top * room, 1)

    step = (WIDTH - LEFT - RIGHT) / max(1, len(days))
    every = max(1, -(-len(days) // 6))
    marks = [
        Mark(
            one, round(LEFT + step * (number + 0.5), 1), height(one.p50), height(one.p99), height(one.most),
            number % every == 0,
        )
        for number, one in enumerate(days)
    ]  # fmt: skip
    return Plot(marks, [(height(ms), round(ms)) for ms in (0.0, top / 2, float(top))])
