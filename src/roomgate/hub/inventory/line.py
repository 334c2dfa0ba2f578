"""Pure: one line of the inventory for each room, and the lines that a filter leaves, in an order."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

from roomgate.hub.rooms.state import RoomState, RoomSummary
from roomgate.hub.rooms.view import KINDS, room_href
from roomgate.xapi import tree
from roomgate.xapi.tree import Document

SORTS = ("name", "site", "product", "software", "state", "serial", "tags")


@dataclass(frozen=True, slots=True)
class Line:
    """A room and its device. What is not known is ""."""

    id: str
    name: str
    href: str
    site: str  # id
    site_name: str
    tags: tuple[str, ...]
    product: str
    software: str
    serial: str
    mac: str
    address: str
    state: RoomState
    words: str
    problems: int  # that the device itself reports

    @property
    def kind(self) -> str:
        """The sign of its state, as on the Rooms page."""
        return KINDS[self.state]


@dataclass(frozen=True, slots=True)
class Filter:
    """What somebody looks for. An empty word leaves nothing out; the link of a page is its filter."""

    q: str = ""
    site: str = ""
    tag: str = ""
    product: str = ""
    software: str = ""
    state: str = ""
    sort: str = "name"

    @classmethod
    def of(cls, given: dict[str, str]) -> "Filter":
        """From words that anybody may have sent: what is too long is cut, an unknown order is the usual one."""
        known = {field.name for field in fields(cls)}
        made = cls(**{name: str(text)[:200].strip() for name, text in given.items() if name in known})
        return made if made.sort.removeprefix("-") in SORTS else replace(made, sort="name")

    @property
    def words(self) -> dict[str, str]:
        """What differs from no filter at all."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: text for name, text in given.items() if text and (name, text) != ("sort", "name")}

    @property
    def query(self) -> str:
        return urlencode(self.words)

    def with_(self, **changes: str) -> str:
        """The query of the same page with something changed."""
        return replace(self, **changes).query

    def sorted_by(self, column: str) -> str:
        """The query that sorts by a column; the other way round if it is sorted so already."""
        return self.with_(sort=f"-{column}" if self.sort == column else column)


def build_line(
    summary: RoomSummary, site_name: str, document: Document, facts: Mapping[str, str], *, tags: bool
) -> Line:
    """``facts``: what is kept of the device, as text. ``tags``: whether the reader may see them; they say how others
    come in."""
    notes = tree.lookup(document, ("Status", "Diagnostics", "Message"))
    return Line(
        id=summary.id, name=str(summary.name), href=room_href(str(summary.name), summary.id), site=summary.site,
        site_name=site_name, tags=tuple(sorted(summary.tags)) if tags else (), product=summary.product,
        software=summary.software, state=summary.state, words=summary.words,
        problems=len(notes) if isinstance(notes, list) else 0, serial=facts.get("serial", ""),
        mac=facts.get("mac", ""), address=facts.get("ipv4") or facts.get("ipv6", ""),
    )  # fmt: skip


def fitting(lines: Iterable[Line], wanted: Filter) -> list[Line]:
    """The lines that the filter leaves, in its order."""
    words = wanted.q.casefold().split()

    def fits(line: Line) -> bool:
        if wanted.site not in ("", line.site) or wanted.state not in ("", line.kind, line.state):
            return False
        if wanted.product not in ("", line.product) or wanted.software not in ("", line.software):
            return False
        if wanted.tag and wanted.tag.casefold() not in line.tags:
            return False
        if not words:
            return True
        text = " ".join((line.name, line.site_name, *line.tags, line.product, line.software, line.serial, line.mac,
                         line.address, line.words)).casefold()  # fmt: skip
        return all(word in text for word in words)

    column, back = wanted.sort.removeprefix("-"), wanted.sort.startswith("-")
    worst = {kind: place for place, kind in enumerate(KINDS.values())}

    def key(line: Line) -> tuple[Any, ...]:
        match column:
            case "state":
                return (worst[line.kind],)
            case "site":
                return (line.site_name.casefold(),)
            case "tags":
                return (line.tags,)
            case _:
                return (str(getattr(line, column)).casefold(),)

    by_name = sorted(filter(fits, lines), key=lambda line: line.name.casefold())
    return sorted(by_name, key=key, reverse=back)


@dataclass(frozen=True, slots=True)
class Spread:
    """How many devices of a product run each software, the most first."""

    product: str
    total: int
    software: tuple[tuple[str, int], ...]


def build_spread(lines: Sequence[Line]) -> list[Spread]:
    """By product, the most frequent first. Devices of which nothing is known are left out."""
    found: dict[str, Counter[str]] = {}
    for line in lines:
        if line.product:
            found.setdefault(line.product, Counter())[line.software] += 1
    made = [Spread(product, sum(n.values()), tuple(n.most_common())) for product, n in found.items()]
    return sorted(made, key=lambda one: (-one.total, one.product))


COLUMNS = (
    "name", "site", "tags", "product", "software", "serial", "mac", "address", "state", "words", "problems", "id",
)  # fmt: skip


def row(line: Line) -> list[str]:
    """As spreadsheets have it; its first three columns are what can be read back in."""
    return [
        line.name, line.site_name, " ".join(line.tags), line.product, line.software, line.serial, line.mac,
        line.address, line.state, line.words, str(line.problems), line.id,
    ]  # fmt: skip
