"""XML as a device writes it, read with no more power than that takes; and written.

No document type, so no entities beyond the five, and nothing is ever fetched. Depth, the number of elements and
attributes, and size are bounded, and the time follows the size. Names of HDMI devices may hold raw control
characters, which make a device's own document invalid (HL727/Meeting): they are taken out before it is read.
"""

import re
from typing import NoReturn
from xml.parsers import expat

from roomgate.xapi.errors import BadArgument, ProtocolError
from roomgate.xapi.shape import MAX_ELEMENTS, Element

MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 64
MAX_ATTRIBUTES = 64
MAX_NAME = 256
_STRAY = bytes(range(1, 6))
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,255}")
# What no XML 1.0 document may hold, however it is written.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def parse(document: bytes) -> Element:
    """The document's root. Raises ProtocolError for anything that is not a small, plain document."""
    if len(document) > MAX_BYTES:
        raise ProtocolError("a document of more than 8 MiB")
    if 0 in document:  # UTF-16, which expat would take for what it looks like, whatever it is told
        raise ProtocolError("a document that is not XML in UTF-8")
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _no_doctype
    parser.EntityDeclHandler = _no_doctype
    parser.ProcessingInstructionHandler = _no_instruction
    try:
        parser.Parse(document.translate(None, _STRAY), True)
    except (expat.ExpatError, ValueError) as bad:
        raise ProtocolError("a document that is not XML") from bad
    if reader.root is None:
        raise ProtocolError("a document that is not XML")
    return reader.root


class _Reader:
    """Builds the tree, and counts."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[tuple[Element, list[str]]] = []
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= MAX_DEPTH:
            raise ProtocolError(f"a document more than {MAX_DEPTH} elements deep")
        if self._count > MAX_ELEMENTS or len(attributes) > MAX_ATTRIBUTES or len(name) > MAX_NAME:
            raise ProtocolError("a document of too many elements, or of elements too large")
        element = Element(name, attributes)
        if self._open:
            self._open[-1][0].children.append(element)
        else:
            self.root = element
        self._open.append((element, []))

    def text(self, text: str) -> None:
        self._open[-1][1].append(text)

    def end(self, _name: str) -> None:
        element, pieces = self._open.pop()
        # Between elements stands only the layout.
        element.text = "" if element.children else "".join(pieces)


def _no_doctype(*_what: object) -> NoReturn:
    raise ProtocolError("a document with a document type")


def _no_instruction(*_what: object) -> NoReturn:
    raise ProtocolError("a document with instructions")


def write(element: Element) -> str:
    """The element as XML. Raises BadArgument for a name or a text that XML has no way to say."""
    if not _NAME.fullmatch(element.name):
        raise BadArgument(f"{element.name[:64]!r} is not a name")
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in element.attributes.items())
    inside = escape(element.text or "") + "".join(map(write, element.children))
    return f"<{element.name}{attributes}>{inside}</{element.name}>" if inside else f"<{element.name}{attributes}/>"


def escape(text: str) -> str:
    """A text for an element or an attribute; a carriage return stays one, which it would not if it were bare."""
    if stray := _NOT_XML.search(text):
        raise BadArgument(f"XML cannot hold the character U+{ord(stray[0]):04X}")
    for bare, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("\r", "&#13;")):
        text = text.replace(bare, written)
    return text
