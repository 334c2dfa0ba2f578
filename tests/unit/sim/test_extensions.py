"""UI extensions on a device."""

from typing import Any

import pytest

from roomgate.sim.device import Device
from roomgate.sim.extension_panel import parse_panel
from roomgate.sim.extensions import shown
from roomgate.sim.profile import get_profile
from support.simulated import ADMIN, DAILY, NINE, Talk

HERE = "xCommand/UserInterface/Extensions"
WIDGETS = """<Widget><WidgetId>dim</WidgetId><Type>Slider</Type></Widget>
<Widget><WidgetId>on</WidgetId><Type>ToggleButton</Type></Widget>
<Widget><WidgetId>go</WidgetId><Type>Button</Type><Name>Go</Name></Widget>
<Widget><WidgetId>turn</WidgetId><Type>Spinner</Type></Widget>
<Widget><WidgetId>pad</WidgetId><Type>DirectionalPad</Type></Widget>
<Widget><WidgetId>said</WidgetId><Type>Text</Type></Widget>
<Widget><WidgetId>scene</WidgetId><Type>GroupButton</Type><ValueSpace><Value><Key>a</Key><Name>A</Name></Value>
</ValueSpace></Widget>"""


def xml(widgets: str = WIDGETS, *pages: str) -> str:
    made = "".join(f"<Page><PageId>{page}</PageId><Row>{widgets}</Row></Page>" for page in pages or ("main",))
    return f"<Extensions><Panel><PanelId>x</PanelId><Name>Lights</Name>{made}</Panel></Extensions>"


def saved(*pages: str, talk: Talk | None = None) -> Talk:
    talk = talk or Talk.open(ADMIN)
    talk.result(f"{HERE}/Panel/Save", PanelId="demo", body=xml(WIDGETS, *pages))
    talk.result("xFeedback/Subscribe", Query=["Event", "UserInterface", "Extensions"])
    return talk


def events(talk: Talk) -> list[tuple[str, Any]]:
    found = []
    for one in talk.heard():
        (first, below), *_ = one["Event"]["UserInterface"]["Extensions"].items()
        (second, facts), *_ = below.items()
        found.append((f"{first}/{second}", facts))
    return found


def test_a_panel_is_saved_listed_changed_exported_and_removed() -> None:
    talk = saved()
    talk.result(f"{HERE}/Panel/Update", PanelId="demo", Name="Lamps", Visibility="Hidden")
    (row,) = talk.result(f"{HERE}/List", ActivityType="Custom")["Extensions"]["Panel"]
    assert (row["PanelId"], row["Name"], row["Visibility"], row["Origin"]) == ("demo", "Lamps", "Hidden", "local")
    exported = talk.result(f"{HERE}/Export")["Extensions"]["Panel"][0]
    assert exported["Page"][0]["Row"][0]["Widget"][0]["WidgetId"] == "dim"
    talk.result(f"{HERE}/Panel/Remove", PanelId="demo")
    assert talk.result(f"{HERE}/List")["Extensions"] == {"Version": "1.11"}
    for command in ("Remove", "Update", "Open"):
        assert talk.code(f"{HERE}/Panel/{command}", PanelId="demo") == 1


def test_a_document_replaces_all_and_a_bad_one_nothing() -> None:
    talk = saved()
    assert talk.code(f"{HERE}/Set", ConfigId="1", body="<Extensions><Panel></Extensions>") == 1
    twice = "<Extensions><Panel><PanelId>a</PanelId></Panel><Panel><PanelId>a</PanelId></Panel></Extensions>"
    assert talk.code(f"{HERE}/Set", ConfigId="1", body=twice) == 1
    assert list(talk.device.extensions.panels) == ["demo"]
    talk.result(f"{HERE}/Set", ConfigId="1", body=twice.replace("a</", "b</", 1))
    assert set(talk.device.extensions.panels) == {"a", "b"}
    talk.result(f"{HERE}/Clear")
    assert talk.device.extensions.panels == {}


def test_one_widget_id_has_one_type() -> None:
    talk = saved()
    other = xml("<Widget><WidgetId>dim</WidgetId><Type>Button</Type></Widget>")
    assert talk.code(f"{HERE}/Panel/Save", PanelId="other", body=other) == 1
    again = xml("<Widget><WidgetId>dim</WidgetId><Type>Slider</Type></Widget>")
    talk.result(f"{HERE}/Panel/Save", PanelId="other", body=again)


def test_a_document_with_mixed_types_leaves_what_was_there() -> None:
    talk = saved()
    one = "<Panel><PanelId>{}</PanelId><Page><Row><Widget><WidgetId>w</WidgetId><Type>{}</Type></Widget></Row></Page></Panel>"
    mixed = f"<Extensions>{one.format('a', 'Slider')}{one.format('b', 'Button')}</Extensions>"
    assert talk.code(f"{HERE}/Set", ConfigId="1", body=mixed) == 1
    assert list(talk.device.extensions.panels) == ["demo"]


def test_values_are_set_shown_and_unset() -> None:
    talk = saved()
    talk.result(f"{HERE}/Widget/SetValue", WidgetId="dim", Value="128")
    talk.result(f"{HERE}/Widget/SetValue", WidgetId="said", Value="21 °C")
    shown = talk.result("xGet", Path=["Status", "UserInterface", "Extensions", "Widget"])
    assert [(one["id"], one["WidgetId"], one["Value"]) for one in shown] == [(1, "dim", "128"), (2, "said", "21 °C")]
    assert talk.code(f"{HERE}/Widget/SetValue", WidgetId="dim", Value="256") == 1
    assert talk.code(f"{HERE}/Widget/SetValue", WidgetId="none", Value="1") == 1
    talk.result(f"{HERE}/Widget/UnsetValue", WidgetId="dim")
    assert talk.result("xGet", Path=["Status", "UserInterface", "Extensions", "Widget", 1, "Value"]) == ""
    talk.result(f"{HERE}/Panel/Remove", PanelId="demo")
    assert talk.result("xGet", Path=["Status", "UserInterface", "Extensions"]) == []


@pytest.mark.parametrize(
    ("widget", "action", "value", "signal"),
    [
        ("dim", "changed", "40", "dim:40"),
        ("on", "changed", "on", "on:on"),
        ("go", "clicked", "", "go"),
        ("turn", "pressed", "increment", "turn:increment"),
        ("pad", "released", "up", "pad:up"),
        ("scene", "pressed", "a", "scene:a"),
    ],
)
def test_a_touch_is_told_in_both_ways(widget: str, action: str, value: str, signal: str) -> None:
    talk = saved()
    talk.device.extensions.touch_widget(widget, action, value)
    talk.settle()
    facts = {"Origin": "Controller", "Type": action, "Value": value, "WidgetId": widget}
    assert events(talk) == [("Widget/Action", facts), (f"Event/{action.capitalize()}", {"Signal": signal})]


@pytest.mark.parametrize(
    ("widget", "action", "value", "code"),
    [
        ("dim", "clicked", "1", -32602),
        ("dim", "changed", "999", -32602),
        ("go", "clicked", "x", -32602),
        ("pad", "clicked", "sideways", -32602),
        ("said", "clicked", "", -32602),
        ("none", "clicked", "", 1),
    ],
)
def test_a_widget_says_only_what_its_type_can(widget: str, action: str, value: str, code: int) -> None:
    talk = saved()
    assert talk.code(f"{HERE}/Widget/Action", WidgetId=widget, Type=action, Value=value) == code
    assert events(talk) == []


def test_a_slider_that_was_moved_keeps_its_value() -> None:
    talk = saved()
    talk.device.extensions.touch_widget("dim", "pressed", "10")
    assert talk.device.extensions.values == {}
    talk.device.extensions.touch_widget("dim", "changed", "40")
    assert talk.device.extensions.values == {"dim": "40"}


def test_a_panel_that_is_touched_opens_and_turns_its_pages() -> None:
    talk = saved("one", "two")
    device = talk.device
    device.extensions.touch_panel("demo")
    device.extensions.touch_page("two")
    device.extensions.put_away()
    talk.settle()
    pages = [(name, facts["PageId"], facts.get("Type")) for name, facts in events(talk) if "Page" in name]
    assert pages == [
        ("Page/Action", "one", "Opened"),
        ("Event/PageOpened", "one", None),
        ("Page/Action", "one", "Closed"),
        ("Event/PageClosed", "one", None),
        ("Page/Action", "two", "Opened"),
        ("Event/PageOpened", "two", None),
        ("Page/Action", "two", "Closed"),
        ("Event/PageClosed", "two", None),
    ]


def test_a_closed_page_may_be_silent() -> None:
    device = Device.new("Birch", get_profile("26").with_switches({"page_closed_event": False}), NINE)
    talk = saved(talk=Talk.open(ADMIN, device=device))
    talk.result(f"{HERE}/Panel/Open", PanelId="demo", PageId="main")
    talk.result(f"{HERE}/Panel/Close")
    assert [name for name, _ in events(talk)] == ["Panel/Open", "Page/Action", "Event/PageOpened", "Panel/Close"]
    assert talk.code(f"{HERE}/Panel/Open", PanelId="demo", PageId="none") == 1


def test_saving_an_id_again_replaces_or_is_refused() -> None:
    device = Device.new("Birch", get_profile("26").with_switches({"panel_save_replaces": False}), NINE)
    talk = saved(talk=Talk.open(ADMIN, device=device))
    assert talk.code(f"{HERE}/Panel/Save", PanelId="demo", body=xml()) == 1
    saved().result(f"{HERE}/Panel/Save", PanelId="demo", body=xml())


def test_icons_are_kept_and_never_fetched() -> None:
    talk = Talk.open(ADMIN)
    id_ = talk.result(f"{HERE}/Icon/Upload", body="aGVsbG8=")["IconId"]
    assert talk.result(f"{HERE}/Icon/Get", Id=id_)["CustomIcon"]["Content"] == "aGVsbG8="
    assert [one["Id"] for one in talk.result(f"{HERE}/Icon/List")["Icon"]] == [id_]
    talk.result(f"{HERE}/Icon/Delete", Id=id_)
    assert talk.code(f"{HERE}/Icon/Get", Id=id_) == talk.code(f"{HERE}/Icon/Delete", Id=id_) == 1
    assert talk.code(f"{HERE}/Icon/Upload", body="") == 1
    assert talk.code(f"{HERE}/Icon/Download", Url="https://example.com/x.png") == 1
    assert Talk.open(DAILY).code(f"{HERE}/Icon/Fetch", Url="https://example.com/x.png") == 1


def test_web_apps_and_widgets_are_panels_too() -> None:
    talk = Talk.open(ADMIN)
    app = talk.result(f"{HERE}/WebApp/Save", Name="Board", URL="https://example.com")["PanelId"]
    widget = talk.result(f"{HERE}/WebWidget/Save", Name="Clock", URL="https://example.com")["PanelId"]
    rows = talk.result(f"{HERE}/List")["Extensions"]["Panel"]
    assert {row["PanelId"]: row["ActivityType"] for row in rows} == {app: "WebApp", widget: "WebWidget"}
    talk.result(f"{HERE}/WebWidget/Remove", PanelId=widget)
    talk.result(f"{HERE}/Clear", ActivityType="WebApp")
    assert talk.device.extensions.panels == {}


def test_a_role_that_may_only_use_panels_does_not_save_them() -> None:
    talk = Talk.open(["User"])
    assert talk.code(f"{HERE}/Panel/Save", PanelId="demo", body=xml()) == -31999
    assert talk.device.extensions.panels == {}


@pytest.mark.parametrize(("options", "name"), [("", "Light"), ("hideRowNames=1", ""), ("a=1,hideRowNames=1", "")])
def test_a_page_may_hide_the_names_of_its_rows(options: str, name: str) -> None:
    body = xml().replace("<Row>", "<Row><Name>Light</Name>").replace("</Page>", f"<Options>{options}</Options></Page>")
    panel = parse_panel(body, "demo")
    assert [row["name"] for row in shown(panel, {}, "main")["rows"]] == [name]
