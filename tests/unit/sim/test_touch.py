"""What a finger on the screen does to the device."""

from datetime import timedelta
from typing import Any

import pytest

from roomgate.errors import BadInput
from roomgate.sim.device import Device
from roomgate.sim.profile import get_profile
from roomgate.sim.refusal import CommandError, Refused
from roomgate.sim.touch import Touch, press
from support.simulated import ADMIN, NINE, Talk


def made() -> tuple[Device, Talk]:
    device = Device.new("Birch", get_profile("26"), NINE)
    return device, Talk.open(ADMIN, device=device)


def touched(device: Device, act: str, talk: Talk, **said: Any) -> None:
    press(device, act, Touch(**said), talk.now)
    talk.settle()


def test_a_touch_wakes_the_room_and_the_world_does_not() -> None:
    device, talk = made()
    touched(device, "/rest", talk)
    assert device.state.read("Status", "Standby", "State") == "Standby"
    touched(device, "/wake", talk)
    assert device.state.read("Status", "Standby", "State") == "Off"
    assert device.standby.sleeps_at == NINE + timedelta(minutes=10)


def test_a_call_is_dialled_held_transferred_and_ended() -> None:
    device, talk = made()
    touched(device, "/dial", talk, number="a@example.com")
    talk.wait(1)
    touched(device, "/tones", talk, call=1, text="12#")
    touched(device, "/hold", talk, call=1, option=1)
    assert device.calls.ongoing[1].status == "OnHold"
    touched(device, "/dial", talk, number="b@example.com")
    talk.wait(1)
    touched(device, "/transfer", talk)
    assert device.calls.ongoing == {}
    assert "12#" not in str(list(device.state.take_notes()))
    for act in ("/hold", "/resume", "/tones", "/transfer", "/pick-up", "/hang-up", "/far-end"):
        with pytest.raises(CommandError):
            touched(device, act, talk)


def test_a_call_that_comes_is_answered_held_and_left_by_the_other_side() -> None:
    device, talk = made()
    touched(device, "/ring", talk, number="ada@example.com", name="Ada")
    touched(device, "/pick-up", talk)
    touched(device, "/hold", talk, call=1)
    touched(device, "/resume", talk, call=1)
    assert device.calls.ongoing[1].status == "Connected"
    touched(device, "/far-end", talk, call=1)
    assert [entry.cause for entry in device.history.entries] == ["RemoteDisconnect"]


def test_questions_are_answered_or_skipped() -> None:
    device, talk = made()
    message = "xCommand/UserInterface/Message"
    talk.result(f"{message}/Rating/Display", Text="How?", FeedbackId="r")
    with pytest.raises(Refused):
        touched(device, "/rate", talk, feedback="r", option=9)
    touched(device, "/rate", talk, feedback="r", option=5)
    talk.result(f"{message}/TextInput/Display", Text="Name?", FeedbackId="t")
    touched(device, "/write", talk, feedback="t", text="Ada")
    assert (device.questions.rating, device.questions.text_input) == (None, None)
    talk.result(f"{message}/TextInput/Display", Text="Name?", FeedbackId="t")
    touched(device, "/skip", talk)
    assert device.questions.text_input is None


def test_microphones_camera_and_volume() -> None:
    device, talk = made()
    for act in ("/mute", "/camera"):
        touched(device, act, talk)
    touched(device, "/volume", talk, option=200)
    assert device.state.read("Status", "Audio", "Microphones", "Mute") == "On"
    assert device.state.read("Status", "Video", "Input", "MainVideoMute") == "On"
    assert device.state.read("Status", "Audio", "Volume") == 100
    touched(device, "/camera", talk)
    assert device.state.read("Status", "Video", "Input", "MainVideoMute") == "Off"


def test_a_tap_on_a_widget_sends_all_that_its_type_sends() -> None:
    device, talk = made()
    pages = "".join(
        f"<Page><PageId>{page}</PageId><Row><Widget><WidgetId>go</WidgetId><Type>Button</Type></Widget></Row></Page>"
        for page in ("one", "two")
    )
    body = f"<Extensions><Panel><PanelId>p</PanelId>{pages}</Panel></Extensions>"
    talk.result("xCommand/UserInterface/Extensions/Panel/Save", PanelId="p", body=body)
    talk.result("xFeedback/Subscribe", Query=["Event", "UserInterface", "Extensions", "Widget", "Action"])
    touched(device, "/panel", talk, panel="p")
    touched(device, "/page", talk, page="two")
    assert (device.extensions.open_panel, device.extensions.open_page) == ("p", "two")
    touched(device, "/widget", talk, widget="go")
    said = [one["Event"]["UserInterface"]["Extensions"]["Widget"]["Action"]["Type"] for one in talk.heard()]
    assert said == ["pressed", "released", "clicked"]
    touched(device, "/close-panel", talk)
    assert device.extensions.open_panel == ""
    for act, said_of in (("/panel", {"panel": "x"}), ("/page", {"page": "x"}), ("/widget", {"widget": "x"})):
        with pytest.raises(CommandError):
            touched(device, act, talk, **said_of)


def test_there_is_no_other_button() -> None:
    device, talk = made()
    with pytest.raises(BadInput):
        touched(device, "/explode", talk)
