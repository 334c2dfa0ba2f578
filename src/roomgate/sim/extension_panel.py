"""Panels of UI extensions: the XML of `Extensions Panel Save` as data, and back into what `List` and `Export` say.

Pure. The layout of the XML is that of panels which run on real devices (versions 1.5 to 1.11): a panel with pages
of rows of widgets, or none, which is a button. ``<Type>`` with Statusbar, Home, InCall or Never is the older
spelling of ``<Location>``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from roomgate.sim.markup import BadMarkup, Element, parse

VERSION = "1.11"
LOCATIONS = ("HomeScreen", "CallControls", "HomeScreenAndCallControls", "ControlPanel", "RoomScheduler", "Hidden")
_OLD_TYPES = {
    "Statusbar": "HomeScreenAndCallControls",
    "Home": "HomeScreen",
    "InCall": "CallControls",
    "Never": "Hidden",
}
WIDGETS = (
    "Button",
    "IconButton",
    "ToggleButton",
    "Slider",
    "GroupButton",
    "Spinner",
    "DirectionalPad",
    "Text",
    "Spacer",
)
_LONGEST_ID = 255
_MOST_PANELS = 100


@dataclass(frozen=True, slots=True)
class Widget:
    """``keys`` are a group button's choices: what is sent, and what is shown."""

    id: str
    type: str
    name: str = ""
    options: str = ""
    keys: tuple[tuple[str, str], ...] = ()

    def takes(self, value: str) -> bool:
        """Whether `Widget SetValue` takes the value for a widget of this type."""
        match self.type:
            case "Button" | "IconButton":
                return value in ("active", "inactive")
            case "ToggleButton":
                return value in ("on", "off")
            case "Slider":
                return value.isascii() and value.isdigit() and int(value) <= 255
            case "GroupButton":
                return value in dict(self.keys)
            case "Text" | "Spinner":
                return True
            case _:
                return False


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    widgets: tuple[Widget, ...]


@dataclass(frozen=True, slots=True)
class Page:
    id: str
    name: str
    rows: tuple[Row, ...]
    options: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel, action button, web app or web widget."""

    id: str
    name: str = ""
    order: int = 1
    location: str = "HomeScreen"
    icon: str = "General"
    color: str = "#1170CF"
    activity: str = "Custom"
    visibility: str = "Auto"
    url: str = ""
    pages: tuple[Page, ...] = ()

    def widgets(self) -> Iterator[Widget]:
        for page in self.pages:
            for row in page.rows:
                yield from row.widgets

    def page(self, id_: str) -> Page | None:
        return next((one for one in self.pages if one.id == id_), None)

    def row(self, position: int) -> dict[str, Any]:
        """As `Extensions List` says it."""
        return {
            "id": position,
            "ActivityType": self.activity,
            "Color": self.color,
            "Icon": self.icon,
            "Location": self.location,
            "Name": self.name,
            "Order": self.order,
            "Origin": "local",
            "PanelId": self.id,
            "Visibility": self.visibility,
            **({"ActivityData": self.url} if self.url else {}),
        }

    def whole(self, position: int) -> dict[str, Any]:
        """With its pages, as `Extensions Export` says it; the layout is that of the XML, which is our reading."""
        pages = [
            {
                "id": n,
                "PageId": page.id,
                "Name": page.name,
                "Options": page.options,
                "Row": [
                    {
                        "id": m,
                        "Name": row.name,
                        "Widget": [
                            {
                                "id": k,
                                "WidgetId": one.id,
                                "Type": one.type,
                                "Name": one.name,
                                "Options": one.options,
                                **_space(one),
                            }
                            for k, one in enumerate(row.widgets, 1)
                        ],
                    }
                    for m, row in enumerate(page.rows, 1)
                ],
            }
            for n, page in enumerate(self.pages, 1)
        ]
        return {**self.row(position), **({"Page": pages} if pages else {})}


def _space(widget: Widget) -> dict[str, Any]:
    if not widget.keys:
        return {}
    values = [{"id": n, "Key": key, "Name": name} for n, (key, name) in enumerate(widget.keys, 1)]
    return {"ValueSpace": {"Value": values}}


def parse_panels(body: str) -> list[Panel]:
    """The panels of an ``<Extensions>`` document; raises BadMarkup."""
    root = parse(body)
    if root.name != "Extensions":
        raise BadMarkup("The document is not <Extensions>")
    found = root.all("Panel")
    if len(found) > _MOST_PANELS:
        raise BadMarkup(f"More than {_MOST_PANELS} panels")
    return [_panel(one, position) for position, one in enumerate(found, 1)]


def parse_panel(body: str, id_: str) -> Panel:
    """The one panel of a document, under another id; raises BadMarkup."""
    panels = parse_panels(body)
    if len(panels) != 1:
        raise BadMarkup("The document has to hold one panel")
    return replace(panels[0], id=id_)


def _panel(element: Element, position: int) -> Panel:
    old = element.word("Type")
    location = element.word("Location") or _OLD_TYPES.get(old, "HomeScreen")
    if location not in LOCATIONS:
        raise BadMarkup(f"No such location: {location[:60]}")
    order = element.word("Order")
    return Panel(
        id=_id(element.word("PanelId", f"panel_{position}")),
        name=element.word("Name"),
        order=int(order) if order.isascii() and order.isdigit() and len(order) < 6 else position,
        location=location,
        icon=element.word("Icon", "General"),
        color=element.word("Color", "#1170CF"),
        activity=element.word("ActivityType", "Custom"),
        visibility=element.word("Visibility", "Auto"),
        url=element.word("ActivityData"),
        pages=tuple(_page(one, n) for n, one in enumerate(element.all("Page"), 1)),
    )


def _page(element: Element, position: int) -> Page:
    rows = tuple(Row(one.word("Name"), tuple(map(_widget, one.all("Widget")))) for one in element.all("Row"))
    id_ = _id(element.word("PageId", f"page_{position}"))
    return Page(id_, element.word("Name"), rows, element.word("Options"))


def _widget(element: Element) -> Widget:
    kind = element.word("Type")
    if kind not in WIDGETS:
        raise BadMarkup(f"No such widget: {kind[:60]}")
    space = element.first("ValueSpace")
    keys = tuple((one.word("Key"), one.word("Name")) for one in space.all("Value")) if space else ()
    return Widget(_id(element.word("WidgetId")), kind, element.word("Name"), element.word("Options"), keys)


def _id(text: str) -> str:
    if not 1 <= len(text) <= _LONGEST_ID:
        raise BadMarkup("An id has 1 to 255 characters")
    return text
