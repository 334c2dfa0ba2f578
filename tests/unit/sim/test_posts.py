"""HttpFeedback: who gets which document, and what becomes of a slot."""

from datetime import datetime
from typing import Any

from roomgate.sim.device import Device
from roomgate.sim.posts import Post, fail, plan_posts
from roomgate.sim.profile import get_profile
from support.simulated import NINE

URL = "http://192.0.2.9/feedback"


class Room:
    def __init__(self) -> None:
        self.device = Device.new("Birch", get_profile("26"), NINE)
        self.admin = self.device.accounts.add("admin", "correct horse", ["Admin"])

    def do(self, name: str, now: datetime = NINE, **arguments: Any) -> None:
        self.device.command(self.admin, ["HttpFeedback", name], arguments, "", now)

    def register(self, *expressions: str, **more: Any) -> None:
        self.do("Register", **{"FeedbackSlot": 1, "ServerUrl": URL, "Expression": list(expressions), **more})
        self.device.state.take_changes()

    def posts(self) -> list[Post]:
        return plan_posts(self.device, self.device.state.take_changes())


def test_a_change_is_posted_with_who_says_it() -> None:
    room = Room()
    room.register("/Status/Audio/Volume")
    room.device.state.put("Audio", "Volume", value=7)
    room.device.state.put("Standby", "State", value="Standby")
    (post,) = room.posts()
    assert (post.slot, post.url, post.type, post.verify) == (1, URL, "text/xml; charset=utf-8", True)
    body = post.body.decode().partition("\n")[2]
    assert body.startswith("<Status><Identification><SystemName>Birch</SystemName><MACAddress>02:")
    assert body.endswith("</Identification><Audio><Volume>7</Volume></Audio></Status>")
    assert "<ProductID>Cisco Board Pro 55</ProductID><SWVersion>ce26.4.1.3.0123456789a</SWVersion>" in body


def test_an_event_and_its_members_have_a_number() -> None:
    room = Room()
    room.register("/Event/CallDisconnect")
    room.device.state.event("CallDisconnect", CauseValue=1, CauseType="LocalDisconnect")
    (post,) = room.posts()
    assert (
        '<CallDisconnect item="1"><CauseValue item="1">1</CauseValue><CauseType item="1">LocalDisconnect</CauseType>'
        "</CallDisconnect></Event>"
    ) in post.body.decode()


def test_a_member_that_went_away_is_a_ghost() -> None:
    room = Room()
    room.device.state.put("Call", 8, "Status", value="Connected")
    room.register("/Status/Call")
    room.device.state.drop("Call", 8)
    assert '<Call item="8" ghost="True"/></Status>' in room.posts()[0].body.decode()


def test_json_is_the_same_tree() -> None:
    room = Room()
    room.register("/Status/Audio", Format="JSON")
    room.device.state.put("Audio", "Volume", value=7)
    (post,) = room.posts()
    assert post.type == "application/json"
    assert post.body.startswith(b'{"Status": {"Identification": {"SystemName": "Birch"')
    assert post.body.endswith(b'"Audio": {"Volume": 7}}}')


def test_one_change_is_one_document_however_many_expressions_it_concerns() -> None:
    room = Room()
    room.register("/Status/Audio", "/Status/Audio/Volume", "/Configuration/Audio")
    room.device.state.put("Audio", "Volume", value=7)
    assert len(room.posts()) == 1


def test_a_failed_slot_is_silent_until_it_is_enabled() -> None:
    room = Room()
    room.register("/Status/Audio")
    fail(room.device, 1, "http://192.0.2.9/another")
    assert room.device.state.read("Status", "HttpFeedback", 1, "Status") == "OK"
    fail(room.device, 1, URL)
    assert room.device.state.read("Status", "HttpFeedback", 1, "Status") == "Failed"
    room.device.state.put("Audio", "Volume", value=7)
    assert room.posts() == []
    room.do("Enable", FeedbackSlot=1)
    room.device.state.put("Audio", "Volume", value=8)
    assert len(room.posts()) == 1
    assert room.device.state.read("Status", "HttpFeedback", 1, "Status") == "OK"


def test_a_certificate_need_not_be_good_where_it_is_said() -> None:
    room = Room()
    room.register("/Status/Audio")
    room.device.state.configure("HttpFeedback", "TlsVerify", value="Off", quiet=True)
    room.device.state.put("Audio", "Volume", value=7)
    assert not room.posts()[0].verify


def test_an_account_that_is_gone_hears_nothing() -> None:
    room = Room()
    room.register("/Status/Audio")
    del room.device.accounts.by_name["admin"]
    room.device.state.put("Audio", "Volume", value=7)
    assert room.posts() == []
