"""What goes where: and that a room's cut is told at once, and a lost feedback never in silence."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from roomgate.connector.desk import Desk, Sender, Staff
from roomgate.connector.keeper import Keeper
from roomgate.connector.room import RoomCondition
from roomgate.connector.site_policy import SitePolicy
from roomgate.ledger.event import LinkDown, LinkUp
from roomgate.link.messages import Cut, EffectEnded, Feedback, Outcome, RoomInfo, RoomState, TunnelData, Welcome


@dataclass
class Everybody:
    """Fleet, acts, spool, mirror, bookings and link in one: remembers who was told what."""

    did: list[Any] = field(default_factory=list)
    full: bool = False

    def send(self, message, *, urgent=False):
        if not self.full:
            self.did.append(("sent", message, urgent))
        return not self.full

    async def arrived(self, room):
        self.did.append(("arrived", room))

    def wake(self):
        self.did.append(("woken",))

    def unlinked(self):
        self.did.append(("tunnels shut",))

    def heard(self, message):
        self.did.append(("tunnel", message))

    def info(self, room):
        return RoomInfo(room.device, room.name, room.condition.value)

    def infos(self):
        return []

    def welcomed(self, size):
        self.did.append(("welcomed", size))

    checkpoint = "newest"

    def tell(self, note):
        self.did.append(("told", note))

    def kept(self, size):
        self.did.append(("kept", size))

    def add_soon(self, event):
        self.did.append(event)

    def now(self):
        return NINE

    def up(self):
        self.did.append(("up",))

    def left(self, room):
        self.did.append(("left", room))

    def keepers(self):
        return [ROOM, SimpleNamespace(device="device_2", name="bergen", condition=RoomCondition.FINE)]

    async def end_all(self, cause, words):
        self.did.append(("ended all", cause, words))
        return ["call 7: undone"]

    async def end_room(self, device, cause, words):
        self.did.append(("ended", device, cause, words))
        return []

    async def order(self, order, arrived):
        self.did.append(("order", order, arrived))

    async def refused(self, order, rule, words):
        self.did.append(("refused", order, rule, words))

    async def cut(self, cut):
        self.did.append(("cut", cut))
        return ["call 7: undone"]

    async def lapsed(self, sessions):
        self.did.append(("lapsed", sessions))

    async def unsubscribe(self, order):
        self.did.append(("unsubscribe", order))

    def occupied(self):
        return {"device_1"}


NINE = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
ROOM = SimpleNamespace(device="device_1", name="oslo", condition=RoomCondition.QUARANTINED)


@pytest.fixture
def everybody():
    return Everybody()


@pytest.fixture
def desk(everybody):
    made = Desk(SimpleNamespace(all=list), lambda: SitePolicy.load(None))
    made.attend(Staff(*([everybody] * 12)))
    return made


@pytest.mark.asyncio
async def test_each_message_goes_to_whom_it_concerns(desk, everybody):
    cut = Cut("c", ["ses_1"], "grant.revoked", "words")
    await desk.welcome(Welcome(1, 3.0, 12, "one"))
    await desk.order("order", 1.0)
    await desk.refused(None, "order.signature", "no")
    assert await desk.cut(cut) == ["call 7: undone"]
    await desk.lapsed(["ses_2"])
    await desk.unsubscribe("order_1")
    await desk.kept(15, "two")

    assert everybody.did == [
        ("welcomed", 12), ("up",), ("up",), ("told", "one"), ("order", "order", 1.0), ("refused", None, "order.signature", "no"),
        ("cut", cut), ("lapsed", ["ses_2"]), ("unsubscribe", "order_1"), ("kept", 15), ("told", "two"),
    ]  # fmt: skip
    assert desk.site().hub_checkpoint == "newest"
    assert desk.site().policy == "meetings-only"


def test_when_the_hub_is_heard_and_when_not_is_in_the_ledger(desk, everybody):
    desk.linked("ab", "hub.example.com:443")
    desk.unlinked("ab", "the hub hung up")
    frame = TunnelData("order_1", b"frame")
    desk.tunnel(frame)
    assert everybody.did.pop() == ("tunnel", frame)
    assert everybody.did.pop(1) == ("tunnels shut",)
    assert everybody.did == [
        LinkUp(at="2026-03-10T09:00:00.000Z", session="ab", hub="hub.example.com:443"),
        LinkDown(at="2026-03-10T09:00:00.000Z", session="ab", reason="the hub hung up"),
    ]


@pytest.mark.asyncio
async def test_a_cut_of_the_site_is_told_first_and_urgently_and_then_done(desk, everybody):
    await desk.on_condition(ROOM, RoomCondition.QUARANTINED, "device.credential-changed", True)

    (_, message, urgent), ended = everybody.did
    assert isinstance(message, RoomState)
    assert (message.cut, message.reason, urgent) == (True, "device.credential-changed", True)
    assert ended == ("ended", "device_1", "device.credential-changed", "the device's password was changed")


@pytest.mark.asyncio
async def test_what_the_site_ends_everywhere_is_told_for_each_room_with_somebody_in_it(desk, everybody):
    assert await desk.end_all("policy.changed", "words") == ["call 7: undone"]

    (_, message, urgent), ended = everybody.did
    assert (message.room.device, message.cut, message.reason, urgent) == ("device_1", True, "policy.changed", True)
    assert ended == ("ended all", "policy.changed", "words")


@pytest.mark.asyncio
async def test_without_a_link_the_site_cuts_all_the_same(desk, everybody):
    everybody.full = True
    await desk.on_condition(ROOM, RoomCondition.OFFLINE, "room.removed", True)

    assert [what[0] for what in everybody.did] == ["ended", "left", "left"]


@pytest.mark.asyncio
async def test_mere_news_cuts_nobody(desk, everybody):
    await desk.on_condition(ROOM, RoomCondition.OFFLINE, "device.gone", False)

    assert [what[0] for what in everybody.did] == ["sent"]


@pytest.mark.asyncio
async def test_what_a_room_becomes_between_hello_and_welcome_is_told_with_the_welcome(desk, everybody):
    everybody.full = True
    await desk.on_condition(ROOM, RoomCondition.OFFLINE, "device.gone", False)
    desk.site()  # the hello says that itself
    await desk.on_condition(ROOM, RoomCondition.QUARANTINED, "device.new-certificate", False)
    everybody.full = False
    await desk.welcome(Welcome(1, 3.0, 12))
    await desk.welcome(Welcome(1, 3.0, 12))  # once

    sent = [one[1] for one in everybody.did if one[0] == "sent"]
    assert [(state.reason, state.cut) for state in sent] == [("device.new-certificate", False)]


@pytest.mark.asyncio
async def test_a_cut_that_the_link_did_not_take_is_told_after_all(desk, everybody):
    everybody.full = True
    await desk.on_condition(ROOM, RoomCondition.QUARANTINED, "device.credential-changed", True)
    await desk.on_condition(ROOM, RoomCondition.QUARANTINED, "device.gone", False)
    desk.site()
    everybody.full = False
    await desk.welcome(Welcome(1, 3.0, 12))

    assert [(one[1].cut, one[2]) for one in everybody.did if one[0] == "sent"] == [(True, True)]


def test_a_lost_feedback_is_a_gap_before_the_next_one():
    link = Everybody()
    sender = Sender(link.send)
    sender.outcome(Outcome("order_1", "done"))
    sender.send(EffectEnded("eff_1", "ended"))
    link.full = True
    sender.send(Feedback("order_1", "status", {"a": 1}))
    sender.send(Feedback("order_1", "status", {"a": 2}))
    link.full = False
    sender.send(Feedback("order_2", "status", {"b": 1}))
    sender.send(Feedback("order_1", "status", {"a": 3}))
    sender.send(Feedback("order_1", "status", {"a": 4}))

    told = [(m.order, m.kind) for _, m, _ in link.did if isinstance(m, Feedback)]
    assert told == [("order_2", "status"), ("order_1", "gap"), ("order_1", "status"), ("order_1", "status")]


class Back(Keeper):
    """A keeper whose device is there again, as far as the desk looks."""

    device, name, condition = "device_1", "oslo", RoomCondition.FINE

    def __init__(self):
        pass


@pytest.mark.asyncio
async def test_a_room_that_is_back_has_its_bookings_and_its_call_looked_at(desk, everybody):
    room = Back()
    await desk.on_condition(room, RoomCondition.FINE, "", False)

    assert [what for what in everybody.did if what[0] == "arrived"] == [("arrived", room)] * 2
