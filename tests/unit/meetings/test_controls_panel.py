"""The panel is well formed, says the same in both languages, and each of its buttons stands for one control."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings.controls_panel import PANEL_ID, PREFIX, build_panel, find_pressed, widget_id
from roomgate.meetings.in_call import CONTROLS, WEBEX, ZOOM
from roomgate.sim.extension_panel import parse_panel

LANGUAGES = ("English", "ChineseSimplified", "Norwegian", "")


@pytest.mark.parametrize("service", CONTROLS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_button_is_one_control_and_a_device_takes_it(service, language):
    panel = parse_panel(build_panel(service, language), PANEL_ID)
    assert panel.location == "CallControls"
    assert panel.activity == "Custom"
    assert [find_pressed(service, one.id) for one in panel.widgets()] == sorted(
        CONTROLS[service], key=lambda one: one.host
    )
    assert all(one.name and one.type == "Button" for one in panel.widgets())
    assert all(len(row.widgets) <= 2 for page in panel.pages for row in page.rows)


def test_what_only_the_host_may_do_has_a_page_of_its_own():
    pages = parse_panel(build_panel(ZOOM), PANEL_ID).pages
    assert [page.name for page in pages] == ["Meeting", "Host only"]
    for page, host in zip(pages, (False, True), strict=True):
        shown = [find_pressed(ZOOM, one.id) for row in page.rows for one in row.widgets]
        assert {one.host for one in shown if one} == {host}
    assert [page.name for page in parse_panel(build_panel(WEBEX), PANEL_ID).pages] == ["Host only"]


def test_a_device_in_chinese_gets_chinese_and_any_other_english():
    chinese, english = build_panel(ZOOM, "ChineseSimplified"), build_panel(ZOOM, "English")
    assert "静音" in chinese
    assert english.isascii()
    assert build_panel(ZOOM, "Korean") == build_panel(ZOOM) == english
    assert build_panel(ZOOM, "ChineseTraditional") == english


def test_no_panel_may_show_a_web_page():
    for service in CONTROLS:
        root = ElementTree.fromstring(build_panel(service))  # noqa: S314 (written by ourselves)
        assert {one.text for one in root.iter("ActivityType")} == {"Custom"}
        assert not list(root.iter("ActivityData"))


def test_a_service_without_controls_has_no_panel():
    with pytest.raises(KeyError):
        build_panel("teams")


def test_a_widget_of_another_service_or_of_somebody_else_is_none_of_ours():
    mute = CONTROLS[ZOOM][0]
    assert find_pressed(ZOOM, widget_id(ZOOM, mute)) is mute
    assert find_pressed(WEBEX, widget_id(ZOOM, mute)) is None
    assert find_pressed(ZOOM, "mute") is None
    assert find_pressed(ZOOM, f"{PREFIX}.zoom.") is None


@given(st.text(max_size=300))
def test_rubbish_is_no_widget_of_ours(widget):
    assert find_pressed(ZOOM, widget) is None
