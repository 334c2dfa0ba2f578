"""XML that somebody sent, read into small elements: bounded in size and depth, without entities or a DTD."""

from dataclasses import dataclass, field
from xml.parsers import expat

from roomgate.errors import RoomgateError

MOST_CHARACTERS = 2 * 1024 * 1024
MOST_ELEMENTS = 20_000
DEEPEST = 32


class BadMarkup(RoomgateError):
    """The text is not XML that is taken here; the message says why."""

    code = "sim.markup"


@dataclass(slots=True)
class Element:
    """A name, the text directly in it, and the elements below it. Attributes are not kept."""

    name: str
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def all(self, name: str) -> list["Element"]:
        return [one for one in self.children if one.name == name]

    def first(self, name: str) -> "Element | None":
        return next((one for one in self.children if one.name == name), None)

    def word(self, name: str, otherwise: str = "") -> str:
        """The text of the first element of that name."""
        found = self.first(name)
        return found.text.strip() if found is not None else otherwise


def parse(text: str) -> Element:
    """The root element; raises BadMarkup for what is no XML, too large, too deep, or has a DTD."""
    if len(text) > MOST_CHARACTERS:
        raise BadMarkup("The document is too long")
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = builder.refuse_doctype
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as bad:
        raise BadMarkup(f"XML syntax error: {bad}") from bad
    if builder.root is None:
        raise BadMarkup("The document is empty")
    return builder.root


class _Builder:
    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._count = 0

    def start(self, name: str, _: dict[str, str]) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS or len(self._open) >= DEEPEST:
            raise BadMarkup("The document has too many elements")
        made = Element(name)
        if self._open:
            self._open[-1].children.append(made)
        else:
            self.root = made
        self._open.append(made)

    def end(self, _: str) -> None:
        self._open.pop()

    def data(self, text: str) -> None:
        if self._open:
            self._open[-1].text += text

    def refuse_doctype(self, *_: object) -> None:
        raise BadMarkup("A document type is not taken")
