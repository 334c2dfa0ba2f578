"""What the screen shows."""

import json

from roomgate.sim.screen import show
from support.simulated import ADMIN, Talk

EXTENSIONS = "xCommand/UserInterface/Extensions"


def test_panels_show_where_they_belong() -> None:
    talk = Talk.open(ADMIN)
    for id_, location in (("home", "HomeScreen"), ("call", "CallControls"), ("never", "Hidden")):
        body = f"<Extensions><Panel><Name>{id_}</Name><Location>{location}</Location></Panel></Extensions>"
        talk.result(f"{EXTENSIONS}/Panel/Save", PanelId=id_, body=body)
    assert show(talk.device, talk.now)["buttons"] == [{"id": "home", "name": "home"}]
    talk.result("xCommand/Dial", Number="a@example.com")
    assert show(talk.device, talk.now)["buttons"] == [{"id": "call", "name": "call"}]


def test_the_open_panel_shows_its_page_with_its_values() -> None:
    talk = Talk.open(ADMIN)
    widget = "<Widget><WidgetId>dim</WidgetId><Type>Slider</Type></Widget>"
    page = f"<Page><PageId>main</PageId><Name>Main</Name><Row><Name>Light</Name>{widget}</Row></Page>"
    body = f"<Extensions><Panel><Name>Lights</Name>{page}</Panel></Extensions>"
    talk.result(f"{EXTENSIONS}/Panel/Save", PanelId="p", body=body)
    talk.result(f"{EXTENSIONS}/Widget/SetValue", WidgetId="dim", Value="40")
    assert show(talk.device, talk.now)["panel"] is None
    talk.device.extensions.touch_panel("p")
    shown = show(talk.device, talk.now)["panel"]
    assert (shown["name"], shown["page"], shown["rows"][0]["name"]) == ("Lights", "main", "Light")
    assert shown["rows"][0]["widgets"] == [{"id": "dim", "type": "Slider", "name": "", "value": "40", "keys": []}]


def test_what_is_asked_is_shown_and_a_call_that_is_ignored_is_not() -> None:
    talk = Talk.open(ADMIN)
    call = talk.device.calls.ring("a@example.com", "Ada", talk.now)
    assert [one["name"] for one in show(talk.device, talk.now)["calls"]] == ["Ada"]
    talk.result("xCommand/Call/Ignore", CallId=call)
    talk.result("xCommand/UserInterface/Message/Rating/Display", Text="How?", FeedbackId="r")
    talk.result("xCommand/UserInterface/Message/TextInput/Display", Text="PIN?", FeedbackId="t", InputType="PIN")
    talk.result("xCommand/UserInterface/WebView/Display", Url="https://example.com", Title="Menu")
    talk.result("xCommand/Conference/DoNotDisturb/Activate")
    state = show(talk.device, talk.now)
    assert (state["calls"], state["rating"]["text"], state["input"]["kind"]) == ([], "How?", "PIN")
    assert (state["web"]["title"], state["quiet"]) == ("Menu", True)
    assert json.loads(json.dumps(state)) == state
