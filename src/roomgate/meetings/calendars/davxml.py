"""The XML of CalDAV, read with no more power than that takes, and written (RFC 4918, 4791, 6578).

No document type, so no entities beyond the five, and nothing is ever fetched; depth, number of elements and text are
bounded. Names are compared with their namespace, whatever prefix a server gives them. A server is a stranger: all that
leaves this module for rubbish is `BadMultistatus`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC
from typing import NoReturn
from xml.parsers import expat
from xml.sax.saxutils import escape

from roomgate.errors import RoomgateError
from roomgate.meetings.invite import Window

DAV, CAL, SERVER = "DAV:", "urn:ietf:params:xml:ns:caldav", "http://calendarserver.org/ns/"
MOST_BYTES = 16 * 1024 * 1024
MOST_ELEMENTS = 200_000
MOST_DEPTH = 32
_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
_SPACES = f'xmlns:d="{DAV}" xmlns:c="{CAL}" xmlns:s="{SERVER}"'


class BadMultistatus(RoomgateError):
    """What a server sent is not the XML that was asked for."""

    code = "meeting.calendar.garbled"
    hint = "Check that the address is that of a CalDAV server, and not of a page for people."


@dataclass(slots=True)
class Node:
    """An element: its name as ``namespace name``."""

    name: str
    text: str = ""
    children: "list[Node]" = field(default_factory=list)

    def all(self, space: str, name: str) -> "list[Node]":
        wanted = f"{space} {name}"
        return [child for child in self.children if child.name == wanted]

    def first(self, space: str, name: str) -> "Node | None":
        return next(iter(self.all(space, name)), None)

    def has(self, space: str, name: str) -> bool:
        """Anywhere below."""
        wanted, left = f"{space} {name}", [self]
        while left:
            one = left.pop()
            if one.name == wanted:
                return True
            left.extend(one.children)
        return False


@dataclass(frozen=True, slots=True)
class Response:
    """What is said of one resource. ``status`` is that of the whole, 0 where only its properties have one."""

    href: str
    status: int
    props: Node  # those that were found, below one node

    def text(self, space: str, name: str) -> str:
        """A property's text; empty where it is not there."""
        found = self.props.first(space, name)
        return found.text.strip() if found else ""

    def href_in(self, space: str, name: str) -> str:
        """The address that a property holds."""
        found = self.props.first(space, name)
        href = found.first(DAV, "href") if found else None
        return href.text.strip() if href else ""


@dataclass(frozen=True, slots=True)
class Multistatus:
    responses: tuple[Response, ...]
    token: str = ""  # of a sync-collection report


def parse_multistatus(raw: bytes) -> Multistatus:
    """Raises `BadMultistatus`."""
    root = parse(raw)
    if root.name != f"{DAV} multistatus":
        raise BadMultistatus("an answer that is no multistatus")
    token = root.first(DAV, "sync-token")
    return Multistatus(
        tuple(_response(node) for node in root.all(DAV, "response")), token.text.strip() if token else ""
    )


def names_error(raw: bytes, space: str, name: str) -> bool:
    """Whether the body of a refusal names this precondition; False for anything that cannot be read."""
    try:
        return parse(raw).has(space, name)
    except BadMultistatus:
        return False


def parse(raw: bytes) -> Node:
    """The document's root. Raises `BadMultistatus`."""
    if len(raw) > MOST_BYTES or 0 in raw:  # a zero: UTF-16, which expat would take for what it looks like
        raise BadMultistatus("an answer that is not XML in UTF-8")
    reader = _Reader()
    parser = expat.ParserCreate("utf-8", " ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(raw, True)
    except (expat.ExpatError, ValueError) as bad:
        raise BadMultistatus("an answer that is not XML") from bad
    if reader.root is None:
        raise BadMultistatus("an answer that is not XML")
    return reader.root


class _Reader:
    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[tuple[Node, list[str]]] = []
        self._count = 0

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= MOST_DEPTH or self._count > MOST_ELEMENTS:
            raise BadMultistatus("an answer of too many elements")
        node = Node(name)
        if self._open:
            self._open[-1][0].children.append(node)
        else:
            self.root = node
        self._open.append((node, []))

    def text(self, text: str) -> None:
        self._open[-1][1].append(text)

    def end(self, _name: str) -> None:
        node, pieces = self._open.pop()
        node.text = "".join(pieces)


def _refuse(*_what: object) -> NoReturn:
    raise BadMultistatus("an answer with a document type")


def _response(node: Node) -> Response:
    href = node.first(DAV, "href")
    found = Node("")
    for stat in node.all(DAV, "propstat"):
        status = _status(stat.first(DAV, "status"))
        props = stat.first(DAV, "prop")
        if props and 200 <= status < 300:
            found.children += props.children
    return Response(href.text.strip() if href else "", _status(node.first(DAV, "status")), found)


def _status(node: Node | None) -> int:
    """``HTTP/1.1 404 Not Found`` → 404; 0 where there is none."""
    words = node.text.split(None, 2) if node else []
    return int(words[1]) if len(words) > 1 and words[1].isascii() and words[1].isdigit() and len(words[1]) == 3 else 0


# ---- what is asked ----------------------------------------------------------------------------------


def build_propfind(*props: str) -> bytes:
    """``props`` with their prefix: d, c or s."""
    return f"{_HEAD}<d:propfind {_SPACES}><d:prop>{_props(props)}</d:prop></d:propfind>".encode()


def build_query(window: Window, *, bodies: bool) -> bytes:
    """Which events touch the window (RFC 4791 7.8): their addresses and tags, and their bodies if wanted."""
    props = "<d:getetag/><c:calendar-data/>" if bodies else "<d:getetag/>"
    start, end = (moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ") for moment in (window.start, window.end))
    return (
        f"{_HEAD}<c:calendar-query {_SPACES}><d:prop>{props}</d:prop>"
        '<c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">'
        f'<c:time-range start="{start}" end="{end}"/>'
        "</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>"
    ).encode()


def build_multiget(hrefs: Iterable[str]) -> bytes:
    """These events, whole (RFC 4791 7.9)."""
    wanted = "".join(f"<d:href>{escape(href)}</d:href>" for href in hrefs)
    return (
        f"{_HEAD}<c:calendar-multiget {_SPACES}><d:prop><d:getetag/><c:calendar-data/></d:prop>"
        f"{wanted}</c:calendar-multiget>"
    ).encode()


def build_sync(token: str) -> bytes:
    """What changed since the token (RFC 6578 3.2)."""
    return (
        f"{_HEAD}<d:sync-collection {_SPACES}><d:sync-token>{escape(token)}</d:sync-token>"
        "<d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>"
    ).encode()


def _props(names: Iterable[str]) -> str:
    return "".join(f"<{name}/>" for name in names)
