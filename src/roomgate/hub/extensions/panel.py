"""Pure: panels. Their XML read with no more power than that takes, checked by line, and written from an export.

No document type, so no entities of anybody's own; depth, number of elements and size are bounded.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from xml.parsers import expat
from xml.sax.saxutils import escape

from roomgate.hub.extensions.text import LONGEST_ID, MOST_BYTES, Finding

MOST_FINDINGS = 100
MOST_DEPTH = 24
MOST_ELEMENTS = 5000
LOCATIONS = ("HomeScreen", "CallControls", "HomeScreenAndCallControls", "ControlPanel", "RoomScheduler", "Hidden")
OLD_PLACES = ("Statusbar", "Home", "InCall", "Never")
ICONS = frozenset(
    [
        "Briefing",
        "Camera",
        "Concierge",
        "Disc",
        "Handset",
        "Help",
        "Helpdesk",
        "Home",
        "Hvac",
        "Info",
        "Input",
        "Language",
        "Laptop",
        "Lightbulb",
        "Media",
        "Microphone",
        "Power",
        "Proximity",
        "Record",
        "Spark",
        "Tv",
        "Webex",
        "General",
        "Custom",
    ]
)
WIDGETS = frozenset(
    {
        "Button",
        "IconButton",
        "ToggleButton",
        "Slider",
        "GroupButton",
        "Spinner",
        "DirectionalPad",
        "Text",
        "Spacer",
    }
)
NEW = """<Extensions>
  <Version>1.11</Version>
  <Panel>
    <Order>1</Order>
    <PanelId>{id}</PanelId>
    <Location>HomeScreen</Location>
    <Icon>Lightbulb</Icon>
    <Color>#1170CF</Color>
    <Name>{id}</Name>
    <ActivityType>Custom</ActivityType>
    <Page>
      <Name>{id}</Name>
      <Row>
        <Name>Lights</Name>
        <Widget>
          <WidgetId>lights_on</WidgetId>
          <Type>ToggleButton</Type>
          <Options>size=1</Options>
        </Widget>
      </Row>
      <PageId>{id}_page</PageId>
    </Page>
  </Panel>
</Extensions>
"""
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_OPTION = re.compile(r"[A-Za-z]+=[^;=]*")
_TAG = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
# As panels are written everywhere; what is not named comes behind, as it came.
_ORDER = (
    "Version", "Order", "PanelId", "Origin", "Location", "Type", "Icon", "CustomIcon", "Color", "Name", "ActivityType",
    "ActivityData", "Visibility", "WidgetId", "Key", "Row", "Widget", "Options", "ValueSpace", "Value", "PageId", "Page",
    "Panel",
)  # fmt: skip
_RANK = {name: n for n, name in enumerate(_ORDER)}


@dataclass(slots=True)
class Node:
    """One element, with the line that it begins at."""

    name: str
    line: int
    column: int
    children: list["Node"] = field(default_factory=list)
    text: str = ""

    def all(self, name: str) -> list["Node"]:
        return [one for one in self.children if one.name == name]

    def first(self, name: str) -> "Node | None":
        return next((one for one in self.children if one.name == name), None)

    def word(self, name: str, otherwise: str = "") -> str:
        found = self.first(name)
        return (found.text.strip() if found else "") or otherwise


class _Bad(Exception):
    """What ends the reading: a message of the catalogue."""

    def __init__(self, code: str, about: str = "") -> None:
        super().__init__(code)
        self.code, self.about = code, about


class _Reader:
    def __init__(self, parser: Any) -> None:
        self.root: Node | None = None
        self._parser = parser
        self._open: list[Node] = []
        self._count = 0

    def start(self, name: str, _: Mapping[str, str]) -> None:
        self._count += 1
        if len(self._open) >= MOST_DEPTH or self._count > MOST_ELEMENTS:
            raise _Bad("panel.large")
        node = Node(name, self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1)
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)

    def end(self, _: str) -> None:
        self._open.pop()

    def data(self, text: str) -> None:
        self._open[-1].text += text

    def forbidden(self, *_: object) -> NoReturn:
        raise _Bad("panel.doctype")


def read(text: str) -> tuple[Node | None, Finding | None]:
    """The root, or where and why it cannot be read."""
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        return None, Finding(1, 1, "bad", "lint.size", str(MOST_BYTES // 1024))
    if found := _CONTROL.search(text):
        return None, Finding(text.count("\n", 0, found.start()) + 1, 1, "bad", "lint.control")
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    reader = _Reader(parser)
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = reader.forbidden
    parser.ProcessingInstructionHandler = reader.forbidden
    try:
        parser.Parse(text.lstrip().encode("utf-8"), True)
    except _Bad as bad:
        return None, Finding(parser.CurrentLineNumber, parser.CurrentColumnNumber + 1, "bad", bad.code, bad.about)
    except expat.ExpatError as bad:
        return None, Finding(bad.lineno, bad.offset + 1, "bad", "panel.xml", expat.ErrorString(bad.code))
    return reader.root, None


def lint_panel(text: str, id: str = "") -> list[Finding]:
    """What is amiss with the document of one panel, by line. ``id``: under which it is to be saved."""
    root, unread = read(text)
    if root is None:
        return [unread] if unread else []
    check = _Check(id)
    if root.name != "Extensions":
        check.say(root, "bad", "panel.root", root.name)
    else:
        panels = root.all("Panel")
        if len(panels) != 1:
            check.say(root, "bad", "panel.one", str(len(panels)))
        for panel in panels[:1]:
            check.panel(panel)
    return sorted(check.found, key=lambda one: (one.line, one.column))[:MOST_FINDINGS]


class _Check:
    def __init__(self, id: str) -> None:
        self.found: list[Finding] = []
        self._id = id
        self._widgets: dict[str, str] = {}
        self._pages: set[str] = set()

    def say(self, node: Node, kind: str, code: str, about: str = "") -> None:
        self.found.append(Finding(node.line, node.column, kind, code, about[:80]))

    def panel(self, panel: Node) -> None:
        said = panel.word("PanelId")
        if self._id and said and said != self._id:
            self.say(panel.first("PanelId") or panel, "warn", "panel.other-id", said)
        self._among(panel, "Location", LOCATIONS)
        if panel.first("Location") is None:
            self._among(panel, "Type", OLD_PLACES)
        self._among(panel, "Icon", tuple(sorted(ICONS)))
        activity = panel.first("ActivityType")
        if activity is not None and activity.text.strip() != "Custom":
            self.say(activity, "warn", "panel.web", activity.text.strip())
        colour = panel.first("Color")
        if colour is not None and not _COLOUR.fullmatch(colour.text.strip()):
            self.say(colour, "warn", "panel.colour", colour.text.strip())
        order = panel.word("Order")
        if order and not (order.isascii() and order.isdigit() and len(order) < 6):
            self.say(panel.first("Order") or panel, "warn", "panel.order", order)
        if not panel.word("Name"):
            self.say(panel, "warn", "panel.nameless")
        for page in panel.all("Page"):
            self._page(page)

    def _among(self, node: Node, name: str, words: tuple[str, ...]) -> None:
        found = node.first(name)
        if found is not None and found.text.strip() not in words:
            self.say(found, "bad", "panel.word", f"{name} {found.text.strip()}")

    def _page(self, page: Node) -> None:
        id = page.word("PageId")
        if id in self._pages:
            self.say(page.first("PageId") or page, "bad", "panel.page-twice", id)
        self._pages |= {id} - {""}
        if not page.all("Row"):
            self.say(page, "warn", "panel.no-rows")
        for row in page.all("Row"):
            for widget in row.all("Widget"):
                self._widget(widget)

    def _widget(self, widget: Node) -> None:
        id, type = widget.word("WidgetId"), widget.word("Type")
        if not 1 <= len(id) <= LONGEST_ID:
            self.say(widget, "bad", "panel.widget-id")
        elif id in self._widgets:
            same = self._widgets[id] == type
            self.say(widget, "warn" if same else "bad", "panel.widget-twice" if same else "panel.widget-types", id)
        self._widgets.setdefault(id, type)
        if type not in WIDGETS:
            self.say(widget.first("Type") or widget, "bad", "panel.widget-type", type)
        options = widget.first("Options")
        if options is not None and not all(_OPTION.fullmatch(one) for one in options.text.strip().split(";") if one):
            self.say(options, "warn", "panel.options", options.text.strip())
        if type == "GroupButton":
            self._keys(widget)

    def _keys(self, widget: Node) -> None:
        space = widget.first("ValueSpace")
        values = space.all("Value") if space else []
        if not values:
            self.say(widget, "bad", "panel.no-keys", widget.word("WidgetId"))
        keys = [one.word("Key") for one in values]
        for key in sorted({one for one in keys if keys.count(one) > 1}):
            self.say(widget, "bad", "panel.key-twice", key)


def panels_of(export: Any) -> dict[str, Any]:
    """The panels of what `Extensions Export` or `List` answered, by their id, in the device's order."""
    inner = export.get("Extensions", export) if isinstance(export, Mapping) else {}
    found = inner.get("Panel", []) if isinstance(inner, Mapping) else []
    panels = found if isinstance(found, list) else [found]
    return {str(one["PanelId"]): one for one in panels if isinstance(one, Mapping) and one.get("PanelId")}


def version_of(export: Any) -> str:
    inner = export.get("Extensions", export) if isinstance(export, Mapping) else {}
    version = inner.get("Version", "") if isinstance(inner, Mapping) else ""
    return str(version) if re.fullmatch(r"[0-9.]{1,12}", str(version)) else "1.11"


def write(panel: Mapping[str, Any], version: str = "1.11") -> str:
    """One panel of an export as a document of its own: the same panel gives the same text."""
    lines = ["<Extensions>", f"  <Version>{version}</Version>", *_element("Panel", panel, 1), "</Extensions>", ""]
    return "\n".join(lines)


def _element(name: str, value: Any, depth: int) -> Iterator[str]:
    pad = "  " * depth
    if depth > MOST_DEPTH or not _TAG.fullmatch(name):
        return
    if not isinstance(value, Mapping):
        yield f"{pad}<{name}>{escape(_CONTROL.sub('', str(value)))}</{name}>"
        return
    yield f"{pad}<{name}>"
    # "id" is the place in a list, which the document says by its order.
    for key in sorted((one for one in value if one != "id"), key=lambda one: _RANK.get(str(one), len(_RANK))):
        inner = value[key]
        for one in inner if isinstance(inner, list) else [inner]:
            if one not in ("", None):
                yield from _element(str(key), one, depth + 1)
    yield f"{pad}</{name}>"
