import pytest

from roomgate.errors import BadInput
from roomgate.fleet.panel import read_panel, same_panel

XML = """<Extensions><Version>1.11</Version><Panel><Order>1</Order><PanelId>mine</PanelId><Name>Lights</Name><Page>
<Name>One</Name><Row><Name>Row</Name><Widget><WidgetId>on</WidgetId><Type>Button</Type></Widget></Row><Options/></Page>
</Panel></Extensions>"""
THERE = {
    "id": 1, "PanelId": "other", "Order": 7, "Origin": "local", "Name": "Lights", "Icon": "Lightbulb", "Color": "#fff",
    "Page": [{"id": 1, "Name": "One", "PageId": "p1", "Options": "", "Row": [
        {"id": 1, "Name": "Row", "Widget": [{"id": 1, "WidgetId": "on", "Type": "Button", "Name": "", "Options": ""}]},
    ]}],
}  # fmt: skip


def changed(**fields):
    return {**THERE, **fields}


def test_what_the_document_does_not_say_may_be_anything():
    assert same_panel(read_panel(XML), THERE)


@pytest.mark.parametrize(
    "there",
    [
        changed(Name="Blinds"),
        changed(Page=[]),
        changed(Page=THERE["Page"] * 2),
        changed(Page="x"),
        changed(Page=[{**THERE["Page"][0], "Row": "x"}]),
        {},
    ],
)
def test_another_panel_is_told_from_it(there):
    assert not same_panel(read_panel(XML), there)


def test_a_page_that_the_document_does_not_have_makes_another_panel():
    assert not same_panel(read_panel("<Extensions><Panel><Name>Lights</Name></Panel></Extensions>"), THERE)


@pytest.mark.parametrize("xml", ["", "<Extensions/>", "<Panel/>", "<!DOCTYPE x><Extensions><Panel/></Extensions>"])
def test_what_is_no_panel_is_refused(xml):
    with pytest.raises(BadInput, match="this is not"):
        read_panel(xml)
