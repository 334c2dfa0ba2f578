"""Subscriptions where feedback bears no number (SSH, HTTP): what is registered, and whose a piece of feedback is.

The device is asked for as little as covers all subscriptions, so that nothing comes twice and its few places go far;
each subscription is then given the part of what comes that it asked for.
"""

from collections.abc import Iterable

from roomgate.xapi.errors import NotOnThisTransport
from roomgate.xapi.path import Path
from roomgate.xapi.tree import Document, prune


def expression(path: Path) -> str:
    """The path as an expression: ``/Status/Call[2]/Status`` (reference: jsxapi's register).

    Raises NotOnThisTransport for a pattern: what a device makes of one here is not established.
    """
    if path.is_pattern:
        raise NotOnThisTransport("Feedback on a pattern is to be had over WebSocket alone: wss://HOST/ws")
    parts = Path.of(*path.parts).parts  # whatever made the path, its words are words
    return "".join(f"[{part}]" if isinstance(part, int) else f"/{part}" for part in parts)


def cover(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The fewest of these paths under which all of them lie, in the order in which they came."""
    distinct = tuple(dict.fromkeys(paths))
    return tuple(one for one in distinct if not any(other != one and other.covers(one) for other in distinct))


def part_of(document: Document, asked: Path) -> Document | None:
    """What of a rooted document a subscription asked for; None for nothing. A list above it that loses a member
    is told too: the member took with it what was asked for."""
    left = prune(document, None, lambda found: touches(asked, found))
    return left if isinstance(left, dict) else None


def touches(asked: Path, found: Path) -> bool:
    """Whether one lies at or below the other; an index that one of them leaves out matches any."""
    mine, theirs = asked.parts, found.parts
    i = j = 0
    while i < len(mine) and j < len(theirs):
        if _same(mine[i], theirs[j]):
            i, j = i + 1, j + 1
        elif isinstance(theirs[j], int) and not isinstance(mine[i], int):
            j += 1
        elif isinstance(mine[i], int) and not isinstance(theirs[j], int):
            i += 1
        else:
            return False
    return True


def selected(document: Document, pattern: Path) -> Document | None:
    """What of a rooted document a pattern matches, as xQuery gives it; None for nothing."""
    left = prune(document, None, lambda found: _selects(pattern.parts, found.parts))
    return left if isinstance(left, dict) else None


def fixed(pattern: Path) -> Path:
    """The path down to the first wildcard: all that a pattern matches lies there."""
    ends = [place for place, part in enumerate(pattern.parts) if part in ("*", "**")]
    return Path(pattern.parts[: ends[0]]) if ends else pattern


def _selects(pattern: tuple[str | int, ...], found: tuple[str | int, ...]) -> bool:
    """Whether a pattern matches a leaf or something above it. In step with the pattern, so never slow."""
    places = _reach(pattern, {0})
    for part in found:
        if len(pattern) in places:
            return True  # all below what matched
        after = set[int]()
        for place in places:
            asked = pattern[place]
            if asked == "**":
                after.add(place)
            elif asked == "*" or _same(asked, part):
                after.add(place + 1)
            if isinstance(part, int) and not isinstance(asked, int):
                after.add(place)  # an index that the pattern leaves out
        places = _reach(pattern, after)
    return len(pattern) in places


def _reach(pattern: tuple[str | int, ...], places: set[int]) -> set[int]:
    """``**`` may also be no level at all."""
    reached = set(places)
    for place in sorted(places):
        while place < len(pattern) and pattern[place] == "**":
            place += 1
            reached.add(place)
    return reached


def _same(one: str | int, other: str | int) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one == other or one.lower() == other.lower()
    return one == other
