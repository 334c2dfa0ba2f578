"""Subscriptions where feedback bears no number (SSH, HTTP): what is registered, and whose a piece of feedback is.

The device is asked for as little as covers all subscriptions, so that nothing comes twice and its few places go far;
each subscription is then given the part of what comes that it asked for.
"""

from collections.abc import Iterable
from typing import Any

from roomgate.xapi.errors import NotOnThisTransport
from roomgate.xapi.path import Path
from roomgate.xapi.tree import Document, is_ghost, member_id, prune


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
    """What of a rooted document a subscription asked for; None for nothing. An index that the path leaves out matches
    any. A list above it that loses a member is told too: the member took with it what was asked for."""
    left = _part(document, asked.parts)
    return left if left and isinstance(left, dict) else None


def _part(node: Any, asked: tuple[str | int, ...]) -> Any:
    """Down the path, so that it costs by the path and not by the document."""
    if not asked or is_ghost(node) or node == {}:
        return node
    first, rest = asked[0], asked[1:]
    if isinstance(node, list):
        members = []
        for one in node:
            if not isinstance(first, int) or member_id(one) == first:
                left = _part(one, rest if isinstance(first, int) else asked)
                if left is not None:
                    members.append({**left, "id": one["id"]} if isinstance(left, dict) else left)
        return members or None
    if not isinstance(node, dict):
        return node  # a value where more was expected: it is all that there is
    if isinstance(first, int):
        return _part(node, rest)
    name = first if first in node else next((name for name in node if name.lower() == first.lower()), None)
    left = None if name is None else _part(node[name], rest)
    return None if left is None else {name: left}


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
