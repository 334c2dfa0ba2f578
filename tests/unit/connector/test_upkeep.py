"""What is asked, heard and told of certificates and calls, and what is kept inside."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from roomgate.clock import HandClock
from roomgate.connector.room import RoomCondition
from roomgate.connector.upkeep import AGAIN_S, DAY_S, Upkeeps
from roomgate.ids import DeviceId, RoomName
from roomgate.link.messages import CertificateEnd, Upkeep
from roomgate.xapi.call import Call
from roomgate.xapi.errors import CommandFailed, DeviceUnreachable
from support.rooms import MemoryRoom
from support.waiting import until

pytestmark = pytest.mark.asyncio
ENDS = "2026-03-20T00:00:00Z"
HTTPS = [CertificateEnd("HTTPS", "2026-03-20T00:00:00.000Z")]
WHO = {"RemoteURI": "sip:eve@example.com", "DisplayName": "Eve", "RequestedURI": "sip:eve@example.com"}


@dataclass
class Device(MemoryRoom):
    ends: str = ENDS
    asked: int = 0

    async def call(self, call: Call, *, privileged: bool = False) -> Any:
        assert not privileged
        self.asked += 1
        if self.failure:
            raise self.failure
        return {"Details": [{"Purposes": "HTTPS", "NotAfter": self.ends, "SubjectName": "CN=secret.example.com"}]}

    def hang_up(self, **how: Any) -> None:
        self.feedback("event", {"Event": {"CallDisconnect": {**WHO, **how}}})


@dataclass
class Scene:
    rooms: list[Device] = field(default_factory=lambda: [Device()])
    clock: HandClock = field(default_factory=HandClock)
    sent: list[Upkeep] = field(default_factory=list)
    linked: bool = True

    def made(self, **more: Any) -> Upkeeps:
        return Upkeeps(lambda: self.rooms, self._send, self.clock, **more)

    def _send(self, told: Upkeep) -> bool:
        if self.linked:
            self.sent.append(told)
        return self.linked

    def taken(self) -> list[Upkeep]:
        sent, self.sent = self.sent, []
        return sent


async def look(it: Upkeeps) -> None:
    await it.ask()
    await it.listen()


async def test_each_device_is_asked_once_a_day_and_news_alone_is_told() -> None:
    scene = Scene()
    it = scene.made()
    for _ in range(3):
        await look(it)
    assert scene.taken() == [Upkeep("", []), Upkeep("dev_oslo", HTTPS)]
    scene.clock.advance(DAY_S)
    await look(it)
    assert (scene.rooms[0].asked, scene.taken()) == (2, [])
    scene.rooms[0].ends = "2027-03-20T00:00:00Z"
    scene.clock.advance(DAY_S)
    await look(it)
    (told,) = scene.taken()
    assert told.certificates == [CertificateEnd("HTTPS", "2027-03-20T00:00:00.000Z")]


async def test_of_a_call_the_kind_of_its_failure_is_told_and_no_more() -> None:
    scene = Scene()
    it = scene.made(tells=["calls"])
    await look(it)
    assert scene.taken() == []
    scene.rooms[0].hang_up(CauseOrigin="SIP", CauseCode=404, Duration=0)
    await look(it)
    (told,) = scene.taken()
    assert (told.certificates, told.call, bool(told.call_at)) == (None, "not-found", True)
    assert "eve" not in str(told).lower()
    scene.rooms[0].hang_up(CauseOrigin="Internal", CauseType="RemoteBusy", Duration=0)
    await look(it)
    assert scene.taken() == []
    scene.rooms[0].hang_up(CauseOrigin="Internal", CauseType="LocalDisconnect", Duration=9)
    await look(it)
    assert [one.call for one in scene.taken()] == ["fine"]
    assert scene.rooms[0].asked == 0


async def test_one_that_has_just_come_is_listened_to_at_once_and_what_is_heard_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("roomgate.connector.upkeep.LOOK_EVERY_S", 600.0)
    scene = Scene([Device(condition=RoomCondition.OFFLINE)])
    (room,) = scene.rooms
    it = scene.made(tells=["calls"])
    running = asyncio.ensure_future(it.run())
    await asyncio.sleep(0)  # it has begun, and has nobody to listen to
    room.condition = RoomCondition.FINE
    it.wake()
    await until(lambda: room.heard("Event/CallDisconnect"))
    room.hang_up(CauseOrigin="SIP", CauseCode=404, Duration=0)
    await until(lambda: scene.sent)
    running.cancel()


async def test_what_the_site_keeps_to_itself_is_neither_asked_nor_heard() -> None:
    scene = Scene()
    it = scene.made(tells=[], own=lambda: HTTPS)
    await look(it)
    it.up()
    await look(it)
    assert (scene.sent, scene.rooms[0].asked, scene.rooms[0].heard("Event/CallDisconnect")) == ([], 0, 0)


async def test_a_new_link_is_told_everything_and_a_lost_word_is_said_again() -> None:
    scene = Scene(linked=False)
    it = scene.made(own=lambda: HTTPS)
    await look(it)
    scene.linked = True
    await look(it)
    everything = scene.taken()
    assert [one.room for one in everything] == ["", "dev_oslo"]
    it.up()
    await look(it)
    assert scene.taken() == everything


async def test_a_device_that_does_not_answer_keeps_nobody_waiting() -> None:
    away = Device(DeviceId("dev_rome"), RoomName("rome"), RoomCondition.OFFLINE)
    scene = Scene([away, Device(failure=DeviceUnreachable("gone")), Device(DeviceId("dev_bern"), RoomName("bern"))])
    it = scene.made()
    await look(it)
    assert [one.room for one in scene.taken()] == ["", "dev_bern"]
    away.condition, scene.rooms[1].failure = RoomCondition.FINE, None
    await look(it)
    assert [one.room for one in scene.taken()] == ["dev_rome"]
    scene.clock.advance(AGAIN_S)
    await look(it)
    assert [one.room for one in scene.taken()] == ["dev_oslo"]


async def test_another_device_in_a_room_is_another_one() -> None:
    scene = Scene()
    it = scene.made()
    await look(it)
    scene.rooms = [Device()]
    await look(it)
    assert (scene.rooms[0].asked, scene.rooms[0].heard("Event/CallDisconnect")) == (1, 1)
    scene.rooms = []
    it.up()
    scene.taken()
    await look(it)
    assert [one.room for one in scene.sent] == [""]


@pytest.mark.parametrize(("fault", "tries"), [(DeviceUnreachable("not yet"), 2), (CommandFailed("never"), 1)])
async def test_a_refused_subscription_is_not_asked_for_again(fault: Exception, tries: int) -> None:
    scene = Scene()
    done = []

    async def subscribe(*_: Any) -> Any:
        done.append(1)
        raise fault

    scene.rooms[0].subscribe = subscribe  # type: ignore[method-assign]
    it = scene.made()
    await look(it)
    await look(it)
    assert len(done) == tries
