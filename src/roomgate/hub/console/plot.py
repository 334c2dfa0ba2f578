"""Pure: the frame of a drawing and the places in it; templates draw (`_plot.html`)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 200
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 12, 24
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)


@dataclass(frozen=True, slots=True)
class Frame:
    """``rules``: heights, and what each stands for."""

    top: float  # the value at its upper edge
    rules: tuple[tuple[float, float], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    base: int = HEIGHT - BOTTOM

    def y(self, value: float) -> float:
        """The height at which a value is drawn; what is beyond an edge stands at it."""
        part = min(max(value, 0.0), self.top) / self.top
        return round(self.base - part * (self.base - TOP), 1)

    def x(self, part: float) -> float:
        """0 is the left edge, 1 the right one."""
        return round(self.left + part * (self.right - self.left), 1)


def build_frame(highest: float, least_top: float = 10, width: int = WIDTH) -> Frame:
    """From 0 up to the next round number, with a rule at its half."""
    top = next((float(step) for step in _STEPS if step >= max(highest, least_top)), float(max(1, round(highest))))
    bare = Frame(top, ())
    rules = tuple((bare.y(value), value) for value in (0.0, top / 2, top))
    return Frame(top, rules, width=width, right=width - RIGHT)


def build_line(frame: Frame, values: Sequence[float | None]) -> str:
    """A path through the middles of as many columns; where nothing is known it stops."""
    said: list[str] = []
    drawing = False
    for number, value in enumerate(values):
        if value is not None:
            said.append(f"{'L' if drawing else 'M'}{frame.x((number + 0.5) / len(values))} {frame.y(value)}")
            if not drawing:
                said.append("h.1")  # so that one value alone is seen
        drawing = value is not None
    return "".join(said)


def build_bars(frame: Frame, values: Sequence[float | None]) -> str:
    """The outline of bars that touch, one for each column; none for nothing and for what is not known."""
    said: list[str] = []
    for number, value in enumerate(values):
        if value:
            left, right = frame.x(number / len(values)), frame.x((number + 1) / len(values))
            said.append(f"M{left} {frame.base}V{frame.y(value)}H{right}V{frame.base}z")
    return "".join(said)


def known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]
