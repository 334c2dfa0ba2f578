"""Pure: lines over numbers as a small SVG, readable on light and on dark ground."""

import math
from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape

from bench.result import Line, Plot

WIDTH, HEIGHT = 720, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 40, 48
_COLOURS = ("#2f7ed8", "#d9822b", "#3a9a5b", "#b0529e", "#8a8f98", "#c0504d")
_DASHES = ("", "6 4", "2 3", "8 3 2 3", "12 4", "3 6")
_STYLE = """\
<style>
text{font:12px system-ui,sans-serif;fill:#24292f}.t{font-size:14px;font-weight:600}
.a{stroke:#57606a;fill:none}.g{stroke:#d0d7de;stroke-width:.6;fill:none}.l{fill:none;stroke-width:2}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.a{stroke:#8b949e}.g{stroke:#30363d}}
</style>"""


def ticks(low: float, high: float, log: bool) -> list[float]:
    """Round numbers from below ``low`` to above ``high``: powers of ten, or steps of 1, 2 or 5."""
    if log:
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        return [10.0**power for power in range(first, max(last, first + 1) + 1)]
    rough = (high - low) / 5 or 1.0
    unit = 10 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough * 0.999)
    first = math.floor(low / step)
    return [number * step for number in range(first, math.ceil(high / step - 1e-9) + 1)]


def label(value: float) -> str:
    if value >= 1e6:
        return f"{value / 1e6:g} M"
    return f"{value:,.0f}" if value >= 1000 else f"{value:g}"


def draw(plot: Plot) -> str:
    """The whole file. Raises ValueError for a plot without points, or with 0 on a logarithmic axis."""
    points = [point for line in plot.lines for point in line.points]
    if not points:
        raise ValueError(f"{plot.name} has no points")
    xs, ys = [x for x, _ in points], [y for _, y in points]
    across = ticks(min(xs), max(xs), plot.log_x)
    up = ticks(min(ys) if plot.log_y else min(0.0, *ys), max(ys), plot.log_y)
    place_x = _scale(across, plot.log_x, _LEFT, WIDTH - _RIGHT)
    place_y = _scale(up, plot.log_y, HEIGHT - _BOTTOM, _TOP)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(plot.title)}">',
        _STYLE,
        f'<text class="t" x="{_LEFT}" y="20">{escape(plot.title)}</text>',
    ]
    for x in across:
        at = place_x(x)
        out.append(f'<path class="g" d="M{at:.1f} {_TOP}V{HEIGHT - _BOTTOM}"/>')
        out.append(f'<text x="{at:.1f}" y="{HEIGHT - _BOTTOM + 16}" text-anchor="middle">{label(x)}</text>')
    for y in up:
        at = place_y(y)
        out.append(f'<path class="g" d="M{_LEFT} {at:.1f}H{WIDTH - _RIGHT}"/>')
        out.append(f'<text x="{_LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{label(y)}</text>')
    out.append(f'<path class="a" d="M{_LEFT} {_TOP}V{HEIGHT - _BOTTOM}H{WIDTH - _RIGHT}"/>')
    out.append(
        f'<text x="{(_LEFT + WIDTH - _RIGHT) / 2:.0f}" y="{HEIGHT - 12}" text-anchor="middle">{escape(plot.x)}</text>'
    )
    out.append(f'<text x="{WIDTH - _RIGHT}" y="20" text-anchor="end">{escape(plot.y)}</text>')
    for number, line in enumerate(plot.lines):
        out += _line(line, number, place_x, place_y)
    return "\n".join([*out, "</svg>", ""])


def _line(line: Line, number: int, place_x: Callable[[float], float], place_y: Callable[[float], float]) -> list[str]:
    colour, dash = _COLOURS[number % len(_COLOURS)], _DASHES[number % len(_DASHES)]
    path = " ".join(f"{place_x(x):.1f},{place_y(y):.1f}" for x, y in line.points)
    stroke = f'stroke="{colour}"' + (f' stroke-dasharray="{dash}"' if dash else "")
    out = [f'<polyline class="l" {stroke} points="{path}"/>']
    if len(line.points) <= 12:
        out += [f'<circle cx="{place_x(x):.1f}" cy="{place_y(y):.1f}" r="3" fill="{colour}"/>' for x, y in line.points]
    at = _TOP + 14 + 18 * number
    out.append(f'<path class="l" {stroke} d="M{_LEFT + 10} {at - 4}h26"/>')
    out.append(f'<text x="{_LEFT + 42}" y="{at}">{escape(line.name)}</text>')
    return out


def _scale(marks: Sequence[float], log: bool, start: float, end: float) -> Callable[[float], float]:
    low, high = marks[0], marks[-1]
    if log:
        low, high = math.log10(low), math.log10(high)
    width = (high - low) or 1.0
    return lambda value: start + ((math.log10(value) if log else value) - low) / width * (end - start)
