"""HttpFeedback: who gets which document, and what becomes of a slot."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from roomgate.sim.device import Device
from roomgate.sim.profile import get_profile
from roomgate.sim.refusal import CommandError, Denied, InvalidParams
from roomgate.sim.slots import FILE, Post, Slots
from support.simulated import NINE

URL = "http://192.0.2.9/feedback"


class Room:
    def __init__(self, folder: Path) -> None:
        self.device = Device.new("Birch", get_profile("26"), NINE)
        self.admin = self.device.accounts.add("admin", "correct horse", ["Admin"])
        self.slots = Slots.load(folder, self.device)

    def do(self, name: str, now: datetime = NINE, **arguments: Any) -> None:
        self.device.command(self.admin, ["HttpFeedback", name], arguments, "", now)

    def register(self, *expressions: str, **more: Any) -> None:
        self.do("Register", **{"FeedbackSlot": 1, "ServerUrl": URL, "Expression": list(expressions), **more})
        self.device.state.take_changes()

    def posts(self) -> list[Post]:
        return self.slots.notify(self.device.state.take_changes())


def test_a_change_is_posted_with_who_says_it(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.register("/Status/Audio/Volume")
    room.device.state.put("Audio", "Volume", value=7)
    room.device.state.put("Standby", "State", value="Standby")
    (post,) = room.posts()
    assert (post.slot, post.url, post.type, post.verify) == (1, URL, "text/xml; charset=utf-8", True)
    body = post.body.decode().partition("\n")[2]
    assert body.startswith("<Status><Identification><SystemName>Birch</SystemName><MACAddress>02:")
    assert body.endswith("</Identification><Audio><Volume>7</Volume></Audio></Status>")
    assert "<ProductID>Cisco Board Pro 55</ProductID><SWVersion>ce26.4.1.3.0123456789a</SWVersion>" in body


def test_an_event_and_its_members_have_a_number(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.register("/Event/CallDisconnect")
    room.device.state.event("CallDisconnect", CauseValue=1, CauseType="LocalDisconnect")
    (post,) = room.posts()
    assert (
        '<CallDisconnect item="1"><CauseValue item="1">1</CauseValue><CauseType item="1">LocalDisconnect</CauseType>'
        "</CallDisconnect></Event>"
    ) in post.body.decode()


def test_a_member_that_went_away_is_a_ghost(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.device.state.put("Call", 8, "Status", value="Connected")
    room.register("/Status/Call")
    room.device.state.drop("Call", 8)
    assert '<Call item="8" ghost="True"/></Status>' in room.posts()[0].body.decode()


def test_json_is_the_same_tree(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.register("/Status/Audio", Format="JSON")
    room.device.state.put("Audio", "Volume", value=7)
    (post,) = room.posts()
    assert post.type == "application/json"
    assert post.body.startswith(b'{"Status": {"Identification": {"SystemName": "Birch"')
    assert post.body.endswith(b'"Audio": {"Volume": 7}}}')


def test_one_change_is_one_document_however_many_expressions_it_concerns(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.register("/Status/Audio", "/Status/Audio/Volume", "/Configuration/Audio")
    room.device.state.put("Audio", "Volume", value=7)
    assert len(room.posts()) == 1


def test_a_failed_slot_is_silent_until_it_is_enabled(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.register("/Status/Audio")
    room.slots.fail(1, "http://192.0.2.9/another")
    assert room.device.state.read("Status", "HttpFeedback", 1, "Status") == "OK"
    room.slots.fail(1, URL)
    assert room.device.state.read("Status", "HttpFeedback", 1, "Status") == "Failed"
    room.device.state.put("Audio", "Volume", value=7)
    assert room.posts() == []
    room.do("Enable", FeedbackSlot=1)
    room.device.state.put("Audio", "Volume", value=8)
    assert len(room.posts()) == 1
    assert room.device.state.read("Status", "HttpFeedback", 1, "Status") == "OK"


def test_a_slot_that_is_given_back_is_gone(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.register("/Status/Audio")
    room.do("Deregister", FeedbackSlot=1)
    room.do("Deregister", FeedbackSlot=1)
    assert room.device.state.read("Status", "HttpFeedback") is None
    with pytest.raises(CommandError):
        room.do("Enable", FeedbackSlot=1)


def test_registrations_outlive_a_restart_and_a_broken_file_costs_no_more_than_them(tmp_path: Path) -> None:
    Room(tmp_path).register("/Status/Audio", FeedbackSlot=3)
    again = Room(tmp_path)
    assert again.device.state.read("Status", "HttpFeedback", 3, "URL") == URL
    again.device.state.put("Audio", "Volume", value=7)
    assert [post.slot for post in again.posts()] == [3]
    (tmp_path / FILE).write_bytes(b"{")
    assert Room(tmp_path).slots.by_number == {}


def test_a_certificate_need_not_be_good_where_it_is_said(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.register("/Status/Audio")
    room.device.state.configure("HttpFeedback", "TlsVerify", value="Off", quiet=True)
    room.device.state.put("Audio", "Volume", value=7)
    assert not room.posts()[0].verify


@pytest.mark.parametrize(
    ("more", "refused"),
    [
        ({"Expression": []}, InvalidParams),
        ({"Expression": ["/Status/Nonsense"]}, InvalidParams),
        ({"Expression": ["x" * 255]}, InvalidParams),
        ({"FeedbackSlot": 5}, InvalidParams),
        ({"ServerUrl": "ftp://192.0.2.9"}, CommandError),
    ],
)
def test_what_cannot_be_registered_is_refused(tmp_path: Path, more: dict[str, Any], refused: type[Exception]) -> None:
    with pytest.raises(refused):
        Room(tmp_path).register("/Status/Audio", **more)


def test_only_an_admin_registers(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.admin.roles = ["User"]
    with pytest.raises(Denied):
        room.register("/Status/Audio")


def test_an_account_that_is_gone_hears_nothing(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.register("/Status/Audio")
    del room.device.accounts.by_name["admin"]
    room.device.state.put("Audio", "Volume", value=7)
    assert room.posts() == []
