"""UI extensions on a device: panels saved and shown, values of widgets, and what a finger on them sends.

A touch sends `Widget Action` and beside it the older `Event` with its signal. The values stand in the status as
``UserInterface Extensions Widget[n]``, numbered in the order in which they were first set. The page of a panel that
is open is known too: it is shown on the touch screen.
"""

import base64
import binascii
from dataclasses import dataclass, field, replace
from typing import Any

from roomgate.sim.asked import Answer, Asked, Commands
from roomgate.sim.extension_panel import VERSION, Panel, Widget, parse_panel, parse_panels
from roomgate.sim.markup import BadMarkup
from roomgate.sim.profile import Profile
from roomgate.sim.refusal import CommandError, InvalidParams
from roomgate.sim.state import State

MOST_PANELS = 200
_MOST_ICONS, _LARGEST_ICON = 100, 1024 * 1024
_ORIGIN = "Controller"
_HERE = ("UserInterface", "Extensions")
# What a widget of a type may send, and with which values (None: any that the widget takes).
ACTIONS: dict[str, tuple[str, ...]] = {
    "Button": ("pressed", "released", "clicked"),
    "IconButton": ("pressed", "released", "clicked"),
    "ToggleButton": ("changed",),
    "Slider": ("pressed", "changed", "released"),
    "GroupButton": ("pressed", "released"),
    "Spinner": ("pressed", "released", "clicked"),
    "DirectionalPad": ("pressed", "released", "clicked"),
}
_WAYS = {"Spinner": ("increment", "decrement"), "DirectionalPad": ("up", "down", "left", "right", "center")}


@dataclass(slots=True)
class Extensions:
    """All panels, by their id; what is open; the values of widgets; the icons that were uploaded."""

    state: State
    profile: Profile
    panels: dict[str, Panel] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    icons: dict[str, bytes] = field(default_factory=dict)
    open_panel: str = ""
    open_page: str = ""
    config_id: str = ""
    _numbers: dict[str, int] = field(default_factory=dict)

    # ---- keeping panels

    def save(self, asked: Asked) -> Answer:
        id_ = asked.text("PanelId")
        if id_ in self.panels and not self.profile.panel_save_replaces:
            raise CommandError("A panel of this id is there already")
        try:
            panel = parse_panel(asked.call.body or "", id_)
        except BadMarkup as bad:
            raise CommandError(bad.message) from bad
        self._refuse_mixed([panel], list(self.panels.values()))
        self._keep(panel)
        return {}

    def set(self, asked: Asked) -> Answer:
        """Replace all panels by those of a document."""
        try:
            panels = parse_panels(asked.call.body or "")
        except BadMarkup as bad:
            raise CommandError(bad.message) from bad
        if len({one.id for one in panels}) < len(panels):
            raise CommandError("Two panels have the same id")
        self._refuse_mixed(panels, [])
        self.panels = {}
        self.config_id = asked.text("ConfigId")
        for panel in panels:
            self._keep(panel)
        self._forget_unknown()
        return {}

    def remove(self, asked: Asked) -> Answer:
        panel = self._panel(asked.text("PanelId"))
        del self.panels[panel.id]
        self._forget_unknown()
        self._updated()
        return {}

    def clear(self, asked: Asked) -> Answer:
        kind = asked.text("ActivityType")
        self.panels = {id_: one for id_, one in self.panels.items() if kind and one.activity != kind}
        self._forget_unknown()
        self._updated()
        return {}

    def update(self, asked: Asked) -> Answer:
        panel = self._panel(asked.text("PanelId"))
        names = {"Color": "color", "Icon": "icon", "Location": "location", "Name": "name", "Visibility": "visibility"}
        changed = {names[name]: str(value) for name, value in asked.given(*names).items()}
        self._keep(replace(panel, **changed))  # type: ignore[arg-type]  # all five are words
        return {}

    def show_all(self, asked: Asked) -> Answer:
        rows = [one.row(n) for n, one in enumerate(self._sorted(asked.text("ActivityType")), 1)]
        return {"Extensions": {"Version": VERSION, **({"Panel": rows} if rows else {})}}

    def export(self, _: Asked) -> Answer:
        rows = [one.whole(n) for n, one in enumerate(self._sorted(""), 1)]
        return {"Extensions": {"Version": VERSION, **({"Panel": rows} if rows else {})}}

    def save_app(self, asked: Asked) -> Answer:
        return self._save_web(asked, "WebApp", asked.text("URL"))

    def save_widget(self, asked: Asked) -> Answer:
        return self._save_web(asked, "WebWidget", asked.text("URL"))

    def _save_web(self, asked: Asked, activity: str, url: str) -> Answer:
        id_ = asked.text("PanelId") or f"{activity.lower()}_{len(self.panels) + 1}"
        name = asked.text("Name")
        self._keep(Panel(id_, name, activity=activity, url=url, location=asked.text("Location", "HomeScreen")))
        return {"PanelId": id_}

    # ---- opening, touching, values

    def open(self, asked: Asked) -> Answer:
        panel, page = self._panel(asked.text("PanelId")), asked.text("PageId")
        facts = {"PageId": page, "PanelId": panel.id, "PeripheralId": asked.text("PeripheralId")}
        self.state.event(*_HERE, "Panel", "Open", **facts, Target=asked.text("Target", "Auto"))
        self._show(panel, page)
        return {}

    def close(self, asked: Asked) -> Answer:
        facts = {"PeripheralId": asked.text("PeripheralId"), "Target": asked.text("Target", "Auto")}
        self.state.event(*_HERE, "Panel", "Close", **facts)
        self.put_away()
        return {}

    def clicked(self, asked: Asked) -> Answer:
        """An account presses the panel's button in the room's stead."""
        self.touch_panel(asked.text("PanelId"), asked.text("Origin", _ORIGIN))
        return {}

    def act(self, asked: Asked) -> Answer:
        """An account moves a widget in the room's stead."""
        action, value = asked.text("Type"), asked.text("Value")
        self.touch_widget(asked.text("WidgetId"), action, value, asked.text("Origin", _ORIGIN))
        return {}

    def touch_panel(self, id_: str, origin: str = _ORIGIN) -> None:
        """Somebody touches a panel's button: it says so, and opens if it has pages."""
        panel = self._panel(id_)
        self.state.event(*_HERE, "Panel", "Clicked", Origin=origin, PanelId=id_)
        self.state.note("panel.touched", panel=id_)
        if panel.pages:
            self._show(panel, "")

    def touch_page(self, page: str) -> None:
        """Somebody turns to another page of the panel that is open."""
        panel = self._panel(self.open_panel)
        if panel.page(page) is None:
            raise CommandError("No such page")
        self._show(panel, page)

    def put_away(self) -> None:
        """The panel that is open is closed."""
        page, self.open_panel, self.open_page = self.open_page, "", ""
        if page and self.profile.page_closed_event:
            self.state.event(*_HERE, "Page", "Action", PageId=page, Type="Closed")
            self.state.event(*_HERE, "Event", "PageClosed", PageId=page)

    def touch_widget(self, id_: str, action: str, value: str, origin: str = _ORIGIN) -> None:
        """Somebody moves a widget. Raises CommandError where there is none, InvalidParams for what it cannot say."""
        widget = self._widget(id_)
        if action not in ACTIONS.get(widget.type, ()) or not _may_say(widget, value):
            raise InvalidParams(f"Bad usage: a {widget.type} does not say {action[:20]} {value[:20]!r}")
        if widget.type in ("Slider", "ToggleButton", "GroupButton") and action != "pressed":
            self._put(id_, value)
        facts = {"Origin": origin, "Type": action, "Value": value, "WidgetId": id_}
        self.state.event(*_HERE, "Widget", "Action", **facts)
        self.state.event(*_HERE, "Event", action.capitalize(), Signal=f"{id_}:{value}" if value else id_)

    def set_value(self, asked: Asked) -> Answer:
        widget, value = self._widget(asked.text("WidgetId")), asked.text("Value")
        if not widget.takes(value):
            raise CommandError(f"A {widget.type} does not take this value")
        self._put(widget.id, value)
        return {}

    def unset_value(self, asked: Asked) -> Answer:
        widget = self._widget(asked.text("WidgetId"))
        if self.values.pop(widget.id, None) is not None:
            self._put_status(widget.id, "")
        return {}

    # ---- icons

    def upload_icon(self, asked: Asked) -> Answer:
        try:
            content = base64.b64decode(asked.call.body or "", validate=False)
        except (binascii.Error, ValueError) as bad:
            raise CommandError("The body is not base64") from bad
        id_ = asked.text("Id") or f"icon{len(self.icons) + 1}"
        if not content or len(content) > _LARGEST_ICON or len(self.icons) >= _MOST_ICONS:
            raise CommandError("The icon is empty or too large, or there are too many")
        self.icons[id_] = content
        return {"IconId": id_}

    def list_icons(self, _: Asked) -> Answer:
        rows = [{"id": n, "Id": id_} for n, id_ in enumerate(self.icons, 1)]
        return {"Icon": rows} if rows else {}

    def get_icon(self, asked: Asked) -> Answer:
        id_ = asked.text("Id")
        if id_ not in self.icons:
            raise CommandError("No such icon")
        return {"CustomIcon": {"Id": id_, "Content": base64.b64encode(self.icons[id_]).decode()}}

    def delete_icon(self, asked: Asked) -> Answer:
        if self.icons.pop(asked.text("Id"), None) is None:
            raise CommandError("No such icon")
        return {}

    def delete_icons(self, _: Asked) -> Answer:
        self.icons.clear()
        return {}

    def fetch_icon(self, _: Asked) -> Answer:
        raise CommandError("A simulated device fetches nothing")

    # ---- inside

    def widgets(self) -> dict[str, Widget]:
        return {one.id: one for panel in self.panels.values() for one in panel.widgets()}

    def _sorted(self, kind: str) -> list[Panel]:
        found = [one for one in self.panels.values() if kind in ("", one.activity)]
        return sorted(found, key=lambda one: (one.order, one.id))

    def _keep(self, panel: Panel) -> None:
        if panel.id not in self.panels and len(self.panels) >= MOST_PANELS:
            raise CommandError(f"At most {MOST_PANELS} panels")
        self.panels[panel.id] = panel
        self._updated()

    def _updated(self) -> None:
        if self.open_panel not in self.panels:
            self.open_panel = self.open_page = ""
        self.state.event(*_HERE, "Widget", "LayoutUpdated")

    def _refuse_mixed(self, panels: list[Panel], beside: list[Panel]) -> None:
        """One widget id may be in several panels, if its type is the same in all."""
        fresh = {one.id for one in panels}
        types = {widget.id: widget.type for old in beside if old.id not in fresh for widget in old.widgets()}
        for panel in panels:
            for widget in panel.widgets():
                if types.setdefault(widget.id, widget.type) != widget.type:
                    raise CommandError(f"The widget {widget.id[:60]} has two types")

    def _forget_unknown(self) -> None:
        known = self.widgets()
        for id_ in [id_ for id_ in self._numbers if id_ not in known]:
            self.values.pop(id_, None)
            self.state.drop(*_HERE, "Widget", self._numbers.pop(id_))

    def _show(self, panel: Panel, page: str) -> None:
        wanted = panel.page(page) or (panel.pages[0] if panel.pages else None)
        if page and panel.page(page) is None:
            raise CommandError("No such page")
        id_ = wanted.id if wanted else ""
        if (panel.id, id_) == (self.open_panel, self.open_page):
            return
        self.put_away()
        self.open_panel, self.open_page = panel.id, id_
        if id_:
            self.state.event(*_HERE, "Page", "Action", PageId=id_, Type="Opened")
            self.state.event(*_HERE, "Event", "PageOpened", PageId=id_)

    def _put(self, id_: str, value: str) -> None:
        self.values[id_] = value
        self._put_status(id_, value)

    def _put_status(self, id_: str, value: str) -> None:
        number = self._numbers.setdefault(id_, max(self._numbers.values(), default=0) + 1)
        self.state.put(*_HERE, "Widget", number, "WidgetId", value=id_)
        self.state.put(*_HERE, "Widget", number, "Value", value=value)

    def _panel(self, id_: str) -> Panel:
        if id_ not in self.panels:
            raise CommandError("No such panel")
        return self.panels[id_]

    def _widget(self, id_: str) -> Widget:
        found = self.widgets().get(id_)
        if found is None:
            raise CommandError("No such widget")
        return found


def _may_say(widget: Widget, value: str) -> bool:
    if widget.type in _WAYS:
        return value in _WAYS[widget.type]
    return value == "" if widget.type in ("Button", "IconButton") else widget.takes(value)


def shown(panel: Panel, values: dict[str, str], page: str) -> dict[str, Any]:
    """The open panel as the touch screen draws it."""
    here = panel.page(page)
    names = here is None or "hideRowNames=1" not in here.options.split(",")
    return {
        "id": panel.id,
        "name": panel.name,
        "page": page,
        "pages": [{"id": one.id, "name": one.name} for one in panel.pages],
        "rows": [
            {
                "name": row.name if names else "",
                "widgets": [
                    {
                        "id": one.id,
                        "type": one.type,
                        "name": one.name,
                        "value": values.get(one.id, ""),
                        "keys": [{"key": key, "name": name} for key, name in one.keys],
                    }
                    for one in row.widgets
                ],
            }
            for row in (here.rows if here else ())
        ],
    }


COMMANDS: Commands[Extensions] = {
    "UserInterface/Extensions/Panel/Save": Extensions.save,
    "UserInterface/Extensions/Panel/Remove": Extensions.remove,
    "UserInterface/Extensions/Panel/Update": Extensions.update,
    "UserInterface/Extensions/Panel/Open": Extensions.open,
    "UserInterface/Extensions/Panel/Close": Extensions.close,
    "UserInterface/Extensions/Panel/Clicked": Extensions.clicked,
    "UserInterface/Extensions/Widget/Action": Extensions.act,
    "UserInterface/Extensions/Widget/SetValue": Extensions.set_value,
    "UserInterface/Extensions/Widget/UnsetValue": Extensions.unset_value,
    "UserInterface/Extensions/Set": Extensions.set,
    "UserInterface/Extensions/List": Extensions.show_all,
    "UserInterface/Extensions/Export": Extensions.export,
    "UserInterface/Extensions/Clear": Extensions.clear,
    "UserInterface/Extensions/WebApp/Save": Extensions.save_app,
    "UserInterface/Extensions/WebWidget/Save": Extensions.save_widget,
    "UserInterface/Extensions/WebWidget/Remove": Extensions.remove,
    "UserInterface/Extensions/Icon/Upload": Extensions.upload_icon,
    "UserInterface/Extensions/Icon/List": Extensions.list_icons,
    "UserInterface/Extensions/Icon/Get": Extensions.get_icon,
    "UserInterface/Extensions/Icon/Delete": Extensions.delete_icon,
    "UserInterface/Extensions/Icon/DeleteAll": Extensions.delete_icons,
    "UserInterface/Extensions/Icon/Download": Extensions.fetch_icon,
    "UserInterface/Extensions/Icon/Fetch": Extensions.fetch_icon,
}
