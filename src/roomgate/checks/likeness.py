"""How alike two pages are: by the skeleton of their markup, and by their bytes. Pure.

A copied sign-in page keeps its skeleton (the order of elements and the names of fields) whatever its texts and
colours; a doctored page keeps most of the lines of the true one.
"""

from difflib import SequenceMatcher
from html.parser import HTMLParser


class _Skeleton(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.bones: list[str] = []
        self.password = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        kind = (facts.get("type") or "").lower()
        self.password |= tag == "input" and kind == "password"
        self.bones.append(":".join((tag, kind, facts.get("name") or "")))


def _read(page: str) -> _Skeleton:
    skeleton = _Skeleton()
    try:
        skeleton.feed(page)
        skeleton.close()
    except AssertionError:
        pass  # what html.parser says of a declaration that is none; what came before it stands
    return skeleton


def skeleton_likeness(one: str, other: str) -> float:
    """From 0 (nothing in common) to 1 (the same elements in the same order)."""
    a, b = _read(one).bones, _read(other).bones
    return SequenceMatcher(None, a, b, autojunk=False).ratio() if a and b else 0.0


def line_likeness(one: str, other: str) -> float:
    """How much of the lines of two pages is the same, from 0 to 1."""
    a, b = ([line.strip() for line in page.splitlines() if line.strip()] for page in (one, other))
    return SequenceMatcher(None, a, b, autojunk=False).ratio() if a and b else 0.0


def asks_for_password(page: str) -> bool:
    return _read(page).password
