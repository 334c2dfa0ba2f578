"""Pure: days as the places of marks in a drawing; the page's template draws them."""

from collections.abc import Sequence
from dataclasses import dataclass

from roomgate.hub.console.plot import Frame, build_frame
from roomgate.hub.cuts.figures import Figures


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
    frame: Frame
    marks: list[Mark]


def build_plot(days: Sequence[Figures]) -> Plot:
    """Each day in a column of its own, milliseconds upwards to the next round number."""
    frame = build_frame(max((one.most for one in days), default=0.0))
    every = max(1, -(-len(days) // 6))
    return Plot(
        frame,
        [
            Mark(
                one, frame.x((number + 0.5) / len(days)), frame.y(one.p50), frame.y(one.p99), frame.y(one.most),
                number % every == 0,
            )
            for number, one in enumerate(days)
        ],
    )  # fmt: skip
