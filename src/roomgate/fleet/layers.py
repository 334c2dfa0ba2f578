"""What one room should have: the document's layers laid over each other. everything → site → tag → room, later wins.

Tags have no order, so two that disagree in a room, where the room itself does not say, are a mistake and not a choice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from roomgate.fleet.document import LAID, BadDocument, Document, Layer

NOTHING = Layer()


@dataclass(frozen=True, slots=True)
class About:
    """What the document's layers go by."""

    name: str
    site: str  # by its name
    tags: frozenset[str] = frozenset()
    product: str = ""
    software: str = ""


def chosen(document: Document, room: About) -> bool:
    """Whether the document is about this room at all."""
    only = document.only
    return (
        (only.sites is None or room.site in only.sites)
        and (only.tags is None or not room.tags.isdisjoint(only.tags))
        and (only.rooms is None or room.name in only.rooms)
        and (only.products is None or any(one.lower() in room.product.lower() for one in only.products))
    )


def require_known(document: Document, rooms: Iterable[About]) -> None:
    """Raises BadDocument for a site, tag or room that nobody here bears: a misspelt one would say nothing, silently."""
    known = list(rooms)
    names = {
        "site": {one.site for one in known},
        "tag": {tag for one in known for tag in one.tags},
        "room": {one.name for one in known},
    }
    said = {
        "site": [*document.site, *(document.only.sites or ())],
        "tag": [*document.tag, *(document.only.tags or ())],
        "room": [*document.room, *(document.only.rooms or ())],
    }
    words = {"site": "there is no room of yours at the site", "tag": "no room of yours has the tag"}
    missing = [
        f"{kind} {one[:80]}: {words.get(kind, 'there is no room')} {one[:80]}"
        for kind, some in said.items()
        for one in sorted(set(some) - names[kind])
    ]
    if missing:
        raise BadDocument(missing)


@dataclass(slots=True)
class Layers:
    """The document, ready to be asked what a room should have. Rooms that fall under the same layers share one answer."""

    document: Document
    _made: dict[tuple[str, tuple[str, ...], str], Layer] = field(default_factory=dict)

    def wanted(self, room: About) -> Layer:
        """Raises BadDocument with every place where two of the room's tags disagree."""
        said = self.document
        tags = tuple(sorted(tag for tag in room.tags if tag in said.tag))
        key = (room.site if room.site in said.site else "", tags, room.name if room.name in said.room else "")
        if key not in self._made:
            self._made[key] = self._merge(room.name, *key)
        return self._made[key]

    def _merge(self, name: str, site: str, tags: tuple[str, ...], own: str) -> Layer:
        said = self.document
        last = said.room.get(own, NOTHING)
        complaints: list[str] = []
        made: dict[str, dict[str, Any]] = {}
        for part in LAID:
            merged = {**getattr(said.everything, part), **getattr(said.site.get(site, NOTHING), part)}
            by: dict[str, str] = {}
            mine: Mapping[str, Any] = getattr(last, part)
            for tag in tags:
                for key, value in getattr(said.tag[tag], part).items():
                    if key in by and merged[key] != value and key not in mine:
                        complaints.append(
                            f"room {name}: the tags {by[key]} and {tag} disagree about {part} {key}; "
                            "say it for the room itself, or take one away"
                        )
                    merged[key] = value
                    by.setdefault(key, tag)
            made[part] = {**merged, **mine}
        if complaints:
            raise BadDocument(complaints)
        return Layer(**made)
