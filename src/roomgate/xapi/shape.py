"""What a device says in XML, or in its terminal's JSON, in the shape that JSON-RPC gives it.

Both ways say everything as text and lists as repeated names. So that a program need not know which way it came,
an answer becomes the one shape: whole numbers are numbers where the catalogue says so, a list is an array of
objects with a whole ``id``, a member that went away is ``{"id": 12, "ghost": "True"}``. Results of commands are in
no catalogue, nor is what a newer device has: there a number is what bears a name that is a number everywhere else
(``CallId``).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any

from roomgate.xapi.errors import BadArgument, ProtocolError
from roomgate.xapi.schema import Catalogue, Leaf
from roomgate.xapi.tables import Node
from roomgate.xapi.tree import Document, member_id
from roomgate.xapi.values import ListOf, Number, ValueSpace, parse_space

MAX_ELEMENTS = 200_000
KINDS = ("Status", "Configuration", "Event")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
# Results that are numbers over JSON-RPC (guide D15427.02; captures of RoomOS 11) under names that are words elsewhere.
_SEEN_AS_NUMBERS = frozenset({"instance", "order"})


@dataclass(slots=True)
class Element:
    """A name with what stands in it. ``text`` is None where there is surely no value; ``listed``: one of a list."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str | None = ""
    children: list["Element"] = field(default_factory=list)
    listed: bool = False

    @property
    def is_ghost(self) -> bool:
        return self.attributes.get("ghost", "").lower() == "true"

    @property
    def number(self) -> int | None:
        """The number among its like: ``item`` in XML, ``id`` in the terminal's JSON."""
        return member_id({"id": self.attributes.get("item", self.attributes.get("id"))})

    def child(self, *names: str) -> "Element | None":
        """The first child with one of these names."""
        return next((one for one in self.children if one.name in names), None)

    def says(self) -> str:
        """All text in it, on one line, for people; at most 500 characters."""
        pieces, left, size = list[str](), [self], 0
        while left and size < 500:
            one = left.pop()
            pieces.append((one.text or "")[:500])
            size += len(pieces[-1])
            left.extend(reversed(one.children))
        return " ".join(" ".join(pieces).split())[:500]


class Shaper:
    """Gives answers their shape, by a catalogue."""

    __slots__ = ("_catalogue",)

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def document(self, root: Element) -> Document:
        """A rooted document: ``{"Status": {…}}``. ``root`` is one of `KINDS`."""
        value = self._members(root.children, self._catalogue.root(root.name), root.name == "Event")
        return {root.name: value} if value else {}

    def result(self, answer: Element) -> Document:
        """What a command gave back: its members, and ``status`` where the device says it."""
        found = self._members(answer.children, None, True)
        if "status" in answer.attributes and "status" not in found:
            found["status"] = answer.attributes["status"]
        return found

    def _members(self, children: Sequence[Element], node: Node | None, keep_empty: bool) -> Document:
        named: dict[str, list[Element]] = {}
        for child in children:
            named.setdefault(child.name, []).append(child)
        found: Document = {}
        for name, alike in named.items():
            below = node.children.get(name.lower()) if node is not None else None
            if _is_list(alike, below):
                members = [self._member(one, place, below, keep_empty) for place, one in enumerate(alike, 1)]
                if members:
                    found[name] = members
            elif (value := self._value(alike[0], below, keep_empty)) is not None:
                found[name] = value
        return found

    def _member(self, element: Element, place: int, node: Node | None, keep_empty: bool) -> Document:
        number = place if element.number is None else element.number
        value = self._value(element, node, keep_empty)
        inside = value if isinstance(value, dict) else {} if value is None else {"Value": value}
        return {**inside, "id": number}

    def _value(self, element: Element, node: Node | None, keep_empty: bool) -> Any:
        """The value of one element; None for a subtree without content, which devices leave out."""
        if element.is_ghost:
            return {"ghost": "True"}
        if element.children:
            found = self._members(element.children, node, keep_empty)
            return found if found or keep_empty else None
        leaf = node.leaf if node is not None else None
        empty = element.text is None or not element.text.strip()
        if element.text is None or (empty and node is not None and (leaf is None or _is_bare(leaf))):
            return {} if keep_empty else None
        if empty and "\n" in element.text:
            return ""  # the white space of a document that was laid out for reading
        if not _WHOLE.fullmatch(element.text):
            return element.text
        if node is None:
            whole = element.name.lower() in _number_names(self._catalogue)
        else:
            whole = leaf is not None and _is_number(leaf, element.text)
        return int(element.text) if whole else element.text


def from_json(name: str, value: object) -> Element:
    """An element from the terminal's JSON, where ``{"Value": "50"}`` is a leaf and bare texts are attributes.

    The caller has bounded the document's depth. Raises ProtocolError for one of too many elements.
    """
    return _from_json(name, value, False, count())


def _from_json(name: str, value: object, listed: bool, seen: Iterator[int]) -> Element:
    if next(seen) >= MAX_ELEMENTS:
        raise ProtocolError("a document of too many elements")
    if not isinstance(value, dict):
        return Element(name, text=None if value is None else _text(value), listed=listed)
    element = Element(name, text=None, listed=listed)
    for word, inside in value.items():
        if word == "Value" and not isinstance(inside, dict | list):
            element.text = _text(inside)
        elif isinstance(inside, dict):
            element.children.append(_from_json(word, inside, False, seen))
        elif isinstance(inside, list):
            element.children.extend(_from_json(word, one, True, seen) for one in inside)
        elif inside is not None:
            element.attributes[word] = _text(inside)
    return element


def at(document: object, parts: Sequence[str | int]) -> Any:
    """The value or subtree at ``parts`` of an answer, names matched without regard to case; None where none is.

    Raises BadArgument where a list's index was left out: then there is not one value.
    """
    node: Any = document
    for part in parts:
        if isinstance(node, list):
            if not isinstance(part, int):
                raise BadArgument(f"{part} is in a list: give an index, or use query()")
            node = next((one for one in node if member_id(one) == part), None)
        elif isinstance(node, dict) and isinstance(part, str):
            folded = part.lower()
            node = node[part] if part in node else next((node[n] for n in node if n.lower() == folded), None)
        else:
            return None
    return node


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) else ""


def _is_list(alike: list[Element], node: Node | None) -> bool:
    if len(alike) > 1 or (node is not None and node.indices):
        return True
    return alike[0].listed or "maxOccurrence" in alike[0].attributes


def _is_bare(leaf: Leaf) -> bool:
    """An event without members."""
    return all(variant.notation == "None" for variant in leaf.variants)


def _is_number(leaf: Leaf, text: str) -> bool:
    """Whether a text of digits is a number here: by every row that takes it, or by every row if none does."""
    spaces = [parse_space(variant.notation) for variant in leaf.variants]
    taking = [space for space in spaces if _takes(space, text)] or spaces
    return all(isinstance(space, Number) for space in taking)


def _takes(space: ValueSpace, text: str) -> bool:
    try:
        space.check(text)
    except BadArgument:
        return False
    return True


@lru_cache(maxsize=8)
def _number_names(catalogue: Catalogue) -> frozenset[str]:
    """Names, folded, of which every bearer in the catalogue is a whole number: leaves and parameters."""
    numbers, others = set[str](), set[str]()
    for root in (*KINDS, "Command"):
        for node in catalogue.root(root).walk():
            if node.leaf is not None:
                whole = all(_counts(parse_space(one.notation)) for one in node.leaf.variants)
                (numbers if whole else others).add(node.name.lower())
            for parameter in node.command.parameters if node.command is not None else ():
                (numbers if _counts(parameter.space) else others).add(parameter.name.lower())
    return frozenset((numbers - others) | _SEEN_AS_NUMBERS)


def _counts(space: ValueSpace) -> bool:
    return isinstance(space.item if isinstance(space, ListOf) else space, Number)
