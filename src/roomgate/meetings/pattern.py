"""A pattern of a pack, over bytes: RE2, so linear in the text whatever the pattern.

The library's own match objects cost more than the matching: offsets are counted twice and groups handed out one
by one. Here its matcher is asked directly, and only groups that took part come back, decoded.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import re2

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 1 << 23  # with less the automaton is thrown away and built anew in the middle of a text
_ANYWHERE = re2._re2.RE2.Anchor.UNANCHORED

Match = tuple[int, int, dict[str, str]]  # where it begins and ends, in bytes, and its named groups


class BadPattern(ValueError):
    """Not a pattern that runs in linear time; the message is RE2's."""


class Pattern:
    """Compiled once. ``groups`` are its named groups."""

    __slots__ = ("_match", "_names", "groups", "text")

    def __init__(self, text: str) -> None:
        """Raises `BadPattern`."""
        try:
            compiled: Any = re2.compile(text, _OPTIONS)
        except (re2.error, UnicodeError) as bad:
            raise BadPattern(_words(bad)) from bad
        self.text = text
        self.groups: tuple[str, ...] = tuple(compiled.groupindex)
        self._names: tuple[tuple[str, int], ...] = tuple(compiled.groupindex.items())
        self._match = compiled._regexp.Match

    def find(self, text: bytes, start: int = 0) -> Match | None:
        """The first place at or after ``start``."""
        spans = self._match(_ANYWHERE, text, start, len(text))
        begin, end = spans[0]
        if begin < 0:
            return None
        groups = {}
        for name, index in self._names:
            first, last = spans[index]
            if first < last:
                groups[name] = text[first:last].decode(errors="replace")
        return begin, end, groups

    def find_all(self, text: bytes, start: int = 0) -> Iterator[Match]:
        """Every place, from left to right, none overlapping."""
        while start <= len(text) and (found := self.find(text, start)):
            yield found
            start = found[1] if found[1] > start else start + 1


class PatternSet:
    """Patterns that are asked all at once: one search says which of them match a text at all, by their numbers.

    None in the place of a pattern is one that always does.
    """

    __slots__ = ("_match", "_patterns")

    def __init__(self, patterns: Iterable[Pattern | None]) -> None:
        self._patterns = tuple(patterns)
        made: Any = re2._re2.Set(_ANYWHERE, _OPTIONS)
        added = [made.Add(one.text.encode() if one else b"") for one in self._patterns]
        # More than its memory holds is not taken; then each is asked by itself.
        self._match = made.Match if self._patterns and min(added) >= 0 and made.Compile() else None

    def find(self, text: bytes) -> list[int]:
        if self._match is not None:
            found: list[int] = self._match(text)
            return found
        return [number for number, one in enumerate(self._patterns) if one is None or one.find(text)]


def _words(bad: Exception) -> str:
    said = bad.args[0] if bad.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
