"""What became of a page on its way: the page as the device gives it, against the page as a connector shows it. Pure.

A page has parts that change by themselves: tokens against forgery, nonces, ids of sessions, times, readings. They are
evened out by the rules below (NORMALISERS, each with its reason), and what changed between two fetches from the device
itself is left out as well. What remains is what was done to the page.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from roomgate.checks.html_source import read_through
from roomgate.checks.likeness import line_likeness
from roomgate.checks.snapshot import Exchange

DIFF_LINES_MOST = 60
LINES_MOST = 4000
NORMALISERS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("line ends and indents", re.compile(r"[ \t\r]+"), " "),
    ("nonces", re.compile(r"""(?i)\bnonce\s*=\s*("[^"]*"|'[^']*')"""), 'nonce="*"'),
    (
        "tokens of forms",
        re.compile(r"""(?i)(<input\b[^>]*type\s*=\s*["']?hidden[^>]*value\s*=\s*)("[^"]*"|'[^']*')"""),
        r'\1"*"',
    ),
    (
        "tokens in the head",
        re.compile(r"""(?i)(<meta\b[^>]*(?:csrf|token)[^>]*content\s*=\s*)("[^"]*"|'[^']*')"""),
        r'\1"*"',
    ),
    ("times", re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"), "*time*"),
    ("times of day", re.compile(r"\b\d{1,2}:\d\d(?::\d\d)?\b"), "*time*"),
    ("ids of sessions", re.compile(r"\b[0-9a-fA-F]{16,}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "*id*"),
)
# Headers that a device sends for its own safety. Strict-Transport-Security is of a host, not of a page.
GUARDS = (
    "content-security-policy", "x-frame-options", "x-content-type-options", "referrer-policy", "permissions-policy",
    "cross-origin-opener-policy", "cross-origin-resource-policy",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Transit:
    """``likeness`` is how much of the true page's lines is there; ``added`` and ``gone`` what is not explained."""

    same_bytes: bool
    likeness: float
    added: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()  # that the device's page does not have
    actions: tuple[str, ...] = ()  # of forms: from where to where
    guards: tuple[str, ...] = ()  # headers that were taken away
    diff: str = ""

    @property
    def only_text(self) -> bool:
        """Whether what differs may be a reading that changed: no element came or went."""
        return _tags(self.added) == _tags(self.gone)


def normalised(page: str) -> list[str]:
    """The page's lines with what changes by itself evened out; each element begins a line."""
    for _, pattern, instead in NORMALISERS:
        page = pattern.sub(instead, page)
    page = re.sub(r">\s*<", ">\n<", page)
    return [line.strip() for line in page.split("\n")[:LINES_MOST] if line.strip()]


def compare(direct: Sequence[Exchange], via: Exchange) -> Transit:
    """``direct``: the page from the device itself, best twice; ``via``: as the connector shows it."""
    first = direct[0]
    if any(one.body_bytes and one.body_sha256 == via.body_sha256 for one in direct):
        return Transit(True, 1.0, guards=_guards(first, via))
    true, shown = normalised(first.body), normalised(via.body)
    restless = {line for other in direct[1:] for line in set(true) ^ set(normalised(other.body))}
    likeness = max(line_likeness(first.body, via.body), line_likeness("\n".join(true), "\n".join(shown)))
    changes = [
        line
        for line in difflib.unified_diff(true, shown, "from the device", "by the connector", lineterm="", n=1)
        if line[1:] not in restless
    ]
    added = tuple(line[1:] for line in changes if line.startswith("+") and not line.startswith("+++"))
    gone = tuple(line[1:] for line in changes if line.startswith("-") and not line.startswith("---"))
    own, theirs = _parts(first.body, first.url), _parts(via.body, via.url)
    return Transit(
        same_bytes=False, likeness=likeness, added=added, gone=gone,
        scripts=tuple(one for one in theirs.scripts if one not in own.scripts),
        actions=tuple(
            f"{a or '(itself)'} → {b or '(itself)'}" for a, b in zip(own.actions, theirs.actions, strict=False) if a != b
        ),
        guards=_guards(first, via), diff="\n".join(line[:300] for line in changes[:DIFF_LINES_MOST]),
    )  # fmt: skip


def _guards(direct: Exchange, via: Exchange) -> tuple[str, ...]:
    return tuple(name for name in GUARDS if direct.header(name) and not via.header(name))


def _tags(lines: Sequence[str]) -> list[str]:
    """Every element with what it does, in order; words between them do not count."""
    found = re.findall(r"<[^>]*>", "\n".join(lines))
    return sorted(re.sub(r"\d+", "0", one) for one in found)


class _Parts(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self._base = base
        self._inline = False
        self.scripts: list[str] = []
        self.actions: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        if tag == "script":
            source = facts.get("src")
            self._inline = source is None
            if source is not None:
                self.scripts.append(self._place(source))
        elif tag == "form":
            self.actions.append(self._place(facts.get("action") or ""))

    def handle_endtag(self, tag: str) -> None:
        self._inline = self._inline and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._inline and data.strip():
            self.scripts.append("inline: " + " ".join(" ".join(normalised(data)).split())[:200])

    def _place(self, address: str) -> str:
        """Where it leads, on its own host: /path; elsewhere: with the host."""
        try:
            whole, base = urlsplit(urljoin(self._base, address)), urlsplit(self._base)
        except ValueError:
            return address[:200]
        place = "" if whole.netloc == base.netloc else f"{whole.scheme}://{whole.netloc}"
        return f"{place}{whole.path}"[:200] if address else ""


def _parts(page: str, base: str) -> _Parts:
    found = _Parts(base)
    read_through(found, page)
    return found
