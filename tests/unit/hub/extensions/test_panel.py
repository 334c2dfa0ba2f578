import pytest

from roomgate.hub.extensions.panel import MOST_DEPTH, MOST_ELEMENTS, NEW, lint_panel, panels_of, read, version_of, write
from roomgate.hub.extensions.text import MOST_BYTES
from roomgate.sim.extension_panel import parse_panel
from support.programmed import PANEL


def codes(text: str, id: str = "lights") -> list[tuple[int, str, str, str]]:
    return [(one.line, one.kind, one.code, one.about) for one in lint_panel(text, id)]


def test_ordinary_panels_are_left_alone() -> None:
    assert codes(PANEL) == []
    assert codes(NEW.format(id="lights")) == []
    assert codes("\n" + PANEL.replace("<Location>HomeScreen</Location>", "<Type>Statusbar</Type>")) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "kind", "code"),
    [
        ("</Panel>", "", 39, "bad", "panel.xml"),
        ("<Extensions>", '<!DOCTYPE a [<!ENTITY b "c">]>\n<Extensions>', 1, "bad", "panel.doctype"),
        ("<Extensions>", "<?php echo 1 ?>\n<Extensions>", 1, "bad", "panel.doctype"),
        ("<Extensions>\n", "<Other><Extensions>\n", 40, "bad", "panel.xml"),
        ("HomeScreen", "Roof", 6, "bad", "panel.word"),
        ("Lightbulb", "Candle", 7, "bad", "panel.word"),
        ("#1170CF", "blue", 8, "warn", "panel.colour"),
        ("<Order>1", "<Order>first", 4, "warn", "panel.order"),
        ("<PanelId>lights", "<PanelId>other", 5, "warn", "panel.other-id"),
        ("<ActivityType>Custom", "<ActivityType>WebApp", 10, "warn", "panel.web"),
        ("<Name>Lights &amp; blinds</Name>", "", 3, "warn", "panel.nameless"),
        ("<Type>Slider", "<Type>Lever", 27, "bad", "panel.widget-type"),
        ("<WidgetId>dim</WidgetId>", "", 27, "bad", "panel.widget-id"),
        ("<WidgetId>dim", "<WidgetId>scene", 27, "bad", "panel.widget-types"),
        ("<WidgetId>go", "<WidgetId>go</WidgetId><Type>Button</Type></Widget><Widget><WidgetId>go", 31, "warn", "panel.widget-twice"),
        ("size=4;columns=2", "large", 18, "warn", "panel.options"),
        ("<Key>b", "<Key>a", 15, "bad", "panel.key-twice"),
        ("<Type>Spinner", "<Type>GroupButton", 30, "bad", "panel.no-keys"),
        ("<Page>", "<Page><PageId>lights_main</PageId></Page><Page>", 11, "warn", "panel.no-rows"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_told_with_its_line(old: str, new: str, line: int, kind: str, code: str) -> None:
    assert old in PANEL
    assert (line, kind, code) in [one[:3] for one in codes(PANEL.replace(old, new, 1))]


def test_a_document_of_none_or_several_is_not_one_panel() -> None:
    assert codes("<Extensions/>")[0][2:] == ("panel.one", "0")
    assert codes("<Panel/>")[0][2:] == ("panel.root", "Panel")
    twice = PANEL.replace("</Page>", "</Page><Page><PageId>lights_main</PageId><Row/></Page>")
    assert "panel.page-twice" in {one[2] for one in codes(twice)}


def test_rubbish_is_small_work() -> None:
    assert codes("<a>" * (MOST_DEPTH + 1))[0][2] == "panel.large"
    assert codes("<Extensions>" + "<a/>" * (MOST_ELEMENTS + 1))[0][2] == "panel.large"
    assert codes(" " * (MOST_BYTES + 1))[0][2] == "lint.size"
    assert codes("<a>\n\x01</a>")[0][:3] == (2, "bad", "lint.control")
    assert codes("")[0][2] == "panel.xml"


def test_an_export_becomes_a_document_that_means_the_same() -> None:
    known = parse_panel(PANEL, "lights")
    export = {"Extensions": {"Version": "1.11", "Panel": [known.whole(1)]}}
    text = write(panels_of(export)["lights"], version_of(export))
    assert parse_panel(text, "lights") == known
    assert lint_panel(text, "lights") == []
    again = {"Extensions": {"Version": "1.11", "Panel": [parse_panel(text, "lights").whole(4)]}}
    assert write(panels_of(again)["lights"], version_of(again)) == text  # the same panel, the same text


def test_what_a_device_says_in_another_form_is_not_believed() -> None:
    assert panels_of(None) == panels_of({"Extensions": []}) == panels_of({"Extensions": {"Panel": ["x", {}]}}) == {}
    assert list(panels_of({"Panel": {"PanelId": "one"}})) == ["one"]
    assert version_of({"Version": "</Version>"}) == version_of([]) == "1.11"
    text = write({"PanelId": "a\x00<b>", "a b": "x", "Deep": {"er": ["&", None, ""]}})
    root, unread = read(text)
    assert unread is None
    assert root is not None
    panel = root.all("Panel")[0]
    assert (panel.word("PanelId"), panel.first("a b")) == ("a<b>", None)
    assert [one.text for one in panel.all("Deep")[0].children] == ["&"]
