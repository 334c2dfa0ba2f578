"""Pure: numbers as people read them."""

from bench.samples import Spread


def number(value: float, digits: int = 3) -> str:
    """So many significant digits, and a thousands separator."""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 10 ** (digits - 1):
        return f"{round(value):,}"
    places = digits - 1
    while size >= 10 ** (digits - places) and places > 0:
        places -= 1
    while size < 10 ** (digits - 1 - places):
        places += 1
    return f"{value:.{places}f}"


def spread(found: Spread, digits: int = 3) -> str:
    """The median, and between which figures the repeats lay."""
    return f"{number(found.median, digits)} ({number(found.low, digits)}–{number(found.high, digits)})"
