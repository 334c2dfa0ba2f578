"""What people put onto a device comes back."""

import msgspec
import pytest

from roomgate.sim.contents import Contents, contents_of, parts, restore
from roomgate.sim.device import Device
from roomgate.sim.profile import get_profile
from support.simulated import ADMIN, NINE, Talk, pems

EXTENSIONS = "xCommand/UserInterface/Extensions"
PANEL = "<Extensions><Panel><PanelId>p</PanelId><Page><PageId>one</PageId></Page></Panel></Extensions>"


def filled() -> Device:
    talk = Talk.open(ADMIN)
    talk.result("xCommand/Macros/Macro/Save", Name="m", body="text")
    talk.result("xCommand/Macros/Macro/Activate", Name="m")
    talk.result(f"{EXTENSIONS}/Panel/Save", PanelId="p", body=PANEL)
    talk.result("xCommand/HttpFeedback/Register", FeedbackSlot=3, ServerUrl="https://x", Expression=["/Status/Call"])
    talk.result("xCommand/Camera/Preset/Store", CameraId=1, PresetId=4, Name="Door")
    talk.result("xCommand/SystemUnit/SignInBanner/Set", body="Be kind.")
    talk.result("xCommand/Security/Certificates/CA/Add", body=pems("one")[0])
    return talk.device


def test_all_of_it_goes_to_a_file_and_back_and_nobody_is_told() -> None:
    before = filled()
    packed = msgspec.json.encode(contents_of(before))
    after = Device.new("Birch", get_profile("26"), NINE)
    restore(after, msgspec.json.decode(packed, type=Contents))
    assert msgspec.json.encode(contents_of(after)) == packed
    assert after.state.take_changes() == []
    assert after.state.read("Status", "HttpFeedback", 3, "URL") == "https://x"


def test_a_change_shows_in_the_parts_and_reading_does_not() -> None:
    device = filled()
    talk = Talk.open(ADMIN, device=device)
    before = parts(device)
    talk.result("xCommand/Macros/Macro/Get", Content="True")
    assert parts(device) == before
    for command, arguments in (
        ("Macros/Macro/Deactivate", {"Name": "m"}),
        ("UserInterface/Extensions/Panel/Update", {"PanelId": "p", "Name": "Lamps"}),
        ("Camera/Preset/Edit", {"PresetId": 4, "Name": "Window"}),
        ("HttpFeedback/Deregister", {"FeedbackSlot": 3}),
        ("SystemUnit/SignInBanner/Clear", {}),
    ):
        talk.result(f"xCommand/{command}", **arguments)
        assert parts(device) != before
        before = parts(device)


def test_a_certificate_that_is_none_is_an_error() -> None:
    packed = b'{"services": [{"pem": "rubbish"}]}'
    with pytest.raises(ValueError, match="PEM"):
        restore(Device.new("Birch", get_profile("26"), NINE), msgspec.json.decode(packed, type=Contents))
