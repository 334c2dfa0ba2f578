"""How alike two pages are: by the skeleton of their markup, and by their bytes. Pure.

A copied sign-in page keeps its skeleton (the order of elements and the names of fields) whatever its texts and
colours; a doctored page keeps most of the lines of the true one.
"""

import json
from difflib import SequenceMatcher
from html.parser import HTMLParser
from typing import Any

from roomgate.checks.html_source import read_through

LETTERS_MOST, KEYS_MOST = 2000, 2000


class _Skeleton(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.bones: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        kind = (facts.get("type") or "").lower()
        self.bones.append(":".join((tag, kind, facts.get("name") or "")))


def _read(page: str) -> _Skeleton:
    skeleton = _Skeleton()
    read_through(skeleton, page)
    return skeleton


def skeleton_likeness(one: str, other: str) -> float:
    """From 0 (nothing in common) to 1 (the same elements in the same order)."""
    a, b = _read(one).bones, _read(other).bones
    return SequenceMatcher(None, a, b, autojunk=False).ratio() if a and b else 0.0


def line_likeness(one: str, other: str) -> float:
    """How much of the lines of two pages is the same, from 0 to 1."""
    a, b = ([line.strip() for line in page.splitlines() if line.strip()] for page in (one, other))
    return SequenceMatcher(None, a, b, autojunk=False).ratio() if a and b else 0.0


def answers_alike(one: str, other: str) -> float:
    """How alike two answers are, whatever they are: JSON by its keys, pages by their lines, the rest by its letters."""
    if one == other:
        return 1.0 if one else 0.0
    a, b = _keys(one), _keys(other)
    if a and b:
        return 2 * len(a & b) / (len(a) + len(b))
    if "\n" in one.strip() or "\n" in other.strip() or max(len(one), len(other)) > LETTERS_MOST:
        return line_likeness(one, other)
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _keys(text: str) -> set[str]:
    """The paths of all keys of a JSON document, as far as they go; empty for what is none."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return set()
    found: set[str] = set()
    waiting: list[tuple[str, Any]] = [("", document)]
    while waiting and len(found) < KEYS_MOST:
        path, value = waiting.pop()
        if isinstance(value, dict):
            found |= {f"{path}/{key}" for key in value}
            waiting += [(f"{path}/{key}", inner) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{path}/*", inner) for inner in value[:50]]
    return found
