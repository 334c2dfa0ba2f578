"""XML as the device's HTTP API has it: what comes in is read with suspicion, what goes out is its documents. Pure.

Lists repeat the element with ``item``; a member that went away says ``ghost="True"``; every value is text; a setting
names its value space. Written apart from the client's reader on purpose, as `wire` is.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from typing import Any
from xml.parsers import expat

from roomgate.errors import RoomgateError

_DEEPEST = 64
_MOST_ELEMENTS = 50_000


class XmlSyntaxError(RoomgateError):
    """No XML, or XML that nobody has a use for: a DOCTYPE, a depth or a number of elements beyond all reason."""

    code = "sim.xml"


@dataclass(slots=True)
class Element:
    """One element. ``text`` is all of its own text, without white space around it where it has children."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Element"] = field(default_factory=list)
    text: str = ""


def parse_xml(body: bytes) -> Element:
    """The root element; raises XmlSyntaxError and nothing else."""
    parser = expat.ParserCreate(intern={})
    parser.buffer_text = True
    top = Element("")
    above = [top]
    count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count > _MOST_ELEMENTS or len(above) > _DEEPEST:
            raise XmlSyntaxError("the document is too deep or too long")
        element = Element(name, attributes)
        above[-1].children.append(element)
        above.append(element)

    def end(_: str) -> None:
        element = above.pop()
        element.text = "".join(texts.pop(id(element), ()))
        if element.children:
            element.text = element.text.strip()

    def characters(text: str) -> None:
        texts.setdefault(id(above[-1]), []).append(text)

    def doctype(*_: object) -> None:
        raise XmlSyntaxError("a document type is not taken")

    texts: dict[int, list[str]] = {}
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = characters, doctype
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as bad:
        raise XmlSyntaxError(str(bad)) from bad
    return top.children[0]


Spaces = Callable[[tuple[str | int, ...]], str | None]


def build_xml(name: str, node: Any, attributes: str = "", *, count: bool = True, spaces: Spaces | None = None) -> str:
    """The element of that name that holds a document. ``attributes`` stand in it as they are, with a space before.

    ``count``: list members say how many there may be, as in status ("n"). ``spaces`` gives the value space that a
    leaf's parts have; with it the number is that of the members.
    """
    pieces: list[str] = []
    _Writer(pieces, count, spaces).write(name, node, attributes, (name,))
    return "".join(pieces)


@dataclass(frozen=True, slots=True)
class _Writer:
    pieces: list[str]
    count: bool
    spaces: Spaces | None

    def write(self, name: str, node: Any, attributes: str, parts: tuple[str | int, ...]) -> None:
        add = self.pieces.append
        if isinstance(node, dict):
            inside = [(key, value) for key, value in node.items() if key not in ("id", "ghost", "status")]
            if node.get("ghost") == "True":
                attributes += ' ghost="True"'
            if "status" in node:
                attributes += f' status="{escape(str(node["status"]))}"'
            if not inside:
                add(f"<{name}{attributes}/>")
                return
            add(f"<{name}{attributes}>")
            for key, value in inside:
                if isinstance(value, list):
                    self._write_members(key, value, (*parts, key))
                else:
                    self.write(key, value, "", (*parts, key))
            add(f"</{name}>")
            return
        space = None if self.spaces is None else self.spaces(parts)
        if space is not None:
            attributes += f' valueSpaceRef="{escape(space)}"'
        text = "" if node is None else str(node)
        add(f"<{name}{attributes}>{escape(text, quote=False)}</{name}>" if text else f"<{name}{attributes}/>")

    def _write_members(self, name: str, members: list[Any], parts: tuple[str | int, ...]) -> None:
        for position, member in enumerate(members, 1):
            number = member.get("id", position) if isinstance(member, dict) else position
            attributes = f' item="{escape(str(number))}"'
            if self.count:
                attributes += f' maxOccurrence="{"n" if self.spaces is None else len(members)}"'
            self.write(name, member, attributes, (*parts, number))
