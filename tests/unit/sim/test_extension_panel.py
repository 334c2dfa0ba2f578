"""Panels as data."""

import pytest

from roomgate.sim.extension_panel import Panel, Widget, parse_panel, parse_panels
from roomgate.sim.markup import BadMarkup

PANEL = """<Extensions><Version>1.11</Version><Panel><Order>2</Order><PanelId>demo</PanelId>
<Location>HomeScreen</Location><Icon>Lightbulb</Icon><Color>#1170CF</Color><Name>Lights</Name>
<ActivityType>Custom</ActivityType><Page><Name>Lights</Name><Row><Name>Main</Name>
<Widget><WidgetId>dim</WidgetId><Type>Slider</Type><Options>size=3</Options></Widget>
<Widget><WidgetId>on</WidgetId><Type>ToggleButton</Type></Widget></Row>
<Row><Name>Scene</Name><Widget><WidgetId>scene</WidgetId><Type>GroupButton</Type><ValueSpace>
<Value><Key>a</Key><Name>Bright</Name></Value><Value><Key>b</Key><Name>Dark</Name></Value></ValueSpace></Widget></Row>
<PageId>lights_main</PageId><Options>hideRowNames=1</Options></Page></Panel></Extensions>"""


def test_a_panel_is_read_whole() -> None:
    (panel,) = parse_panels(PANEL)
    assert (panel.id, panel.name, panel.order, panel.icon) == ("demo", "Lights", 2, "Lightbulb")
    assert [(one.id, one.type) for one in panel.widgets()] == [
        ("dim", "Slider"),
        ("on", "ToggleButton"),
        ("scene", "GroupButton"),
    ]
    page = panel.page("lights_main")
    assert (page.options if page else "") == "hideRowNames=1"
    assert [row["Widget"][0]["WidgetId"] for row in panel.whole(1)["Page"][0]["Row"]] == ["dim", "scene"]


def test_the_argument_names_the_panel_and_the_older_spelling_its_place() -> None:
    assert parse_panel(PANEL, "other").id == "other"
    old = "<Extensions><Panel><PanelId>p</PanelId><Type>InCall</Type></Panel></Extensions>"
    assert parse_panel(old, "p").location == "CallControls"
    assert parse_panel(old, "p").pages == ()


@pytest.mark.parametrize(
    "bad",
    [
        "<Panel/>",
        "<Extensions><Panel><Location>Moon</Location></Panel></Extensions>",
        PANEL.replace("Slider", "Lever"),
        PANEL.replace("<WidgetId>dim</WidgetId>", ""),
        PANEL.replace("demo", "d" * 256),
        "<Extensions>" + "<Panel/>" * 101 + "</Extensions>",
    ],
)
def test_what_no_device_would_show_is_refused(bad: str) -> None:
    with pytest.raises(BadMarkup):
        parse_panels(bad)


def test_one_panel_is_one() -> None:
    with pytest.raises(BadMarkup):
        parse_panel("<Extensions/>", "x")


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("Button", "active", "on"),
        ("ToggleButton", "on", "active"),
        ("Slider", "255", "256"),
        ("GroupButton", "a", "z"),
        ("Text", "anything", None),
        ("Spacer", None, "anything"),
    ],
)
def test_a_widget_takes_the_values_of_its_type(kind: str, good: str | None, bad: str | None) -> None:
    widget = Widget("w", kind, keys=(("a", "A"),))
    assert good is None or widget.takes(good)
    assert bad is None or not widget.takes(bad)


def test_a_button_without_pages_is_listed_without_them() -> None:
    assert "Page" not in Panel("p").whole(1)
