"""The hub's part of a tunnel: who gets one, what goes through it, and what shuts it at once."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from roomgate.access.principal import Principal
from roomgate.errors import BadInput
from roomgate.hub.channels import Kind
from roomgate.hub.http.websocket import CLOSE_CUT, CLOSE_LOST, CLOSE_SLOW
from roomgate.hub.relay import tunnel as module
from roomgate.hub.relay.asked import Wish
from roomgate.hub.relay.tunnel import CLOSE_RULE, PATH, TunnelEndpoint
from roomgate.hub.revocation import Cause, SubjectKind
from roomgate.link.messages import TunnelData, TunnelEnd
from roomgate.tunnel.frames import What, build_frame
from roomgate.xapi.call import Verb
from support.relay_rig import ADA, rig
from support.waiting import until

pytestmark = pytest.mark.asyncio
FRAME = build_frame(What.DATA, 1, b"inside the device's own TLS")
PRINT = "ab" * 32


@dataclass
class SignedAs:
    principal: Principal


class Tokens:
    async def by_token(self, text, source):
        return SignedAs(ADA) if text == "rg_ada" else None


class Socket:
    """The person's end, in ASGI events."""

    def __init__(self, hub, room="oslo", token="rg_ada", query=b""):  # noqa: S107 (no secret: a test's own)
        self.endpoint = TunnelEndpoint(hub.relay, hub.parts.channels, Tokens(), hub.record, hub.clock)
        headers = [(b"authorization", f"Bearer {token}".encode())]
        self.scope = {
            "type": "websocket", "path": f"/api/v1/rooms/{room}/tunnel", "headers": headers, "query_string": query,
        }  # fmt: skip
        self.to_hub = asyncio.Queue()
        self.from_hub = asyncio.Queue()
        self.stuck = None

    async def serve(self):
        self.to_hub.put_nowait({"type": "websocket.connect"})
        await self.endpoint(self.scope, self.to_hub.get, self._send)

    async def _send(self, event):
        if self.stuck is not None and "bytes" in event:
            await self.stuck.wait()
        self.from_hub.put_nowait(event)

    def say(self, frame):
        self.to_hub.put_nowait({"type": "websocket.receive", "bytes": frame})

    def leave(self):
        self.to_hub.put_nowait({"type": "websocket.disconnect", "code": 1000})

    async def event(self):
        async with asyncio.timeout(5):
            return await self.from_hub.get()

    async def told(self):
        return json.loads((await self.event())["text"])

    async def closed(self):
        event = await self.event()
        assert event["type"] == "websocket.close", event
        return event["code"], event["reason"]


@asynccontextmanager
async def accepted(tmp_path, *capabilities, **how):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, *(capabilities or ("observe", "web")))
        socket = Socket(hub, **how)
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(socket.serve())
            assert (await socket.event())["type"] == "websocket.accept"
            yield hub, socket
            socket.leave()
            async with asyncio.timeout(5):
                await asyncio.wait([serving])
        assert len(hub.parts.channels) == 0
        assert hub.parts.links._tunnels == {}


@asynccontextmanager
async def opened(tmp_path, **how):
    async with accepted(tmp_path, **how) as (hub, socket):
        order = await hub.link.order()
        await hub.answer(order, result={"Fingerprint": PRINT, "By": "pin"})
        assert await socket.told() == {"outcome": "done", "order": order.id, "fingerprint": PRINT, "by": "pin"}
        yield hub, socket, order


async def test_frames_go_both_ways_as_they_are_and_both_are_counted(tmp_path):
    async with opened(tmp_path, query=b"reason=the%20camera") as (hub, socket, order):
        assert (order.path, order.reason) == (["Command", "Roomgate", "Tunnel", "Open"], "the camera")
        socket.say(FRAME)
        await until(lambda: hub.link.carried)
        assert hub.link.carried == [TunnelData(order.id, FRAME)]
        await hub.say(TunnelData(order.id, FRAME[:9]))
        assert (await socket.event())["bytes"] == FRAME[:9]
        socket.leave()
        await until(lambda: hub.link.tunnel_ends)
        assert hub.link.tunnel_ends == [TunnelEnd(order.id, "left")]
        [begun] = await hub.entries("tunnel.opened", 1)
        [over] = await hub.entries("tunnel.closed", 1)
        assert (begun.order, begun.room, begun.principal) == (order.id, "oslo", ADA.id)
        assert (over.cause, over.to_device, over.from_device) == ("left", len(FRAME), 9)


async def test_a_cut_closes_it_at_once_and_nothing_more_goes_through(tmp_path):
    async with opened(tmp_path) as (hub, socket, order):
        await hub.revoke(Cause.PERSON_DISABLED, SubjectKind.PERSON, ADA.id)
        assert await socket.closed() == (CLOSE_CUT, "person.disabled")
        assert hub.link.cuts[0].sessions == [order.session]
        await hub.say(TunnelData(order.id, FRAME))
        socket.say(FRAME)
        await hub.entries("tunnel.closed", 1)
        assert (socket.from_hub.empty(), hub.link.carried) == (True, [])


async def test_a_grant_that_no_longer_gives_it_ends_it_though_the_person_stays(tmp_path):
    async with opened(tmp_path) as (hub, socket, order):
        hub.given.narrow("grant_1", "observe")
        await hub.revoke(Cause.GRANT_NARROWED, SubjectKind.GRANT, "grant_1")
        assert await socket.closed() == (CLOSE_CUT, "grant.narrowed")
        assert [cut.sessions for cut in hub.link.cuts] == [[order.session]]


async def test_another_grant_that_gives_it_keeps_it_open(tmp_path):
    async with opened(tmp_path) as (hub, socket, _):
        hub.given.give(ADA, "web", id="grant_2")
        hub.given.take("grant_1")
        await hub.revoke(Cause.GRANT_REVOKED, SubjectKind.GRANT, "grant_1")
        socket.say(FRAME)
        await until(lambda: hub.link.carried)
        assert hub.link.cuts == []


async def test_what_the_site_shuts_is_shut_here(tmp_path):
    async with opened(tmp_path) as (hub, socket, order):
        await hub.say(TunnelEnd(order.id, "room.shut", "Somebody in the room shut it."))
        assert await socket.closed() == (CLOSE_CUT, "room.shut")
        assert hub.link.tunnel_ends == [], "the connector knows"


async def test_a_lost_link_ends_it(tmp_path):
    async with opened(tmp_path) as (hub, socket, _):
        await hub.parts.events.gone(hub.link)
        assert await socket.closed() == (CLOSE_LOST, "link.lost")


async def test_a_link_that_breaks_while_a_frame_is_sent_ends_it(tmp_path):
    async with opened(tmp_path) as (hub, socket, _):
        hub.link.lost = True
        socket.say(FRAME)
        assert await socket.closed() == (CLOSE_LOST, "link.lost")


async def test_whoever_keeps_to_no_rule_is_shut_out(tmp_path):
    async with opened(tmp_path) as (_, socket, __):
        socket.say(b"x" * 100_000)
        assert await socket.closed() == (CLOSE_RULE, "tunnel.broken")


async def test_frames_before_it_stands_are_no_frames(tmp_path):
    async with accepted(tmp_path) as (hub, socket):
        await hub.link.order()
        socket.say(FRAME)
        assert (await socket.closed())[0] == CLOSE_RULE
        assert hub.link.carried == []


async def test_a_connector_that_sends_more_than_the_windows_fills_no_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_QUEUED", 3 * len(FRAME))
    async with opened(tmp_path) as (hub, socket, order):
        socket.stuck = asyncio.Event()
        for _ in range(5):
            await hub.say(TunnelData(order.id, FRAME))
        assert await socket.closed() == (CLOSE_SLOW, "slow")


async def test_what_another_connector_says_of_it_is_nothing(tmp_path):
    async with opened(tmp_path) as (hub, socket, order):
        hub.parts.links.tunnel(TunnelData(order.id, b"planted"), "connector_2")
        hub.parts.links.tunnel(TunnelEnd(order.id, "planted"), "connector_2")
        await hub.say(TunnelData(order.id, FRAME))
        assert (await socket.event())["bytes"] == FRAME


async def test_a_room_that_is_asked_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "TOLD_WITHIN_S", 0.0)
    async with accepted(tmp_path) as (hub, socket):
        order = await hub.link.order()
        await hub.answer(order, outcome="waiting")
        assert await socket.told() == {"outcome": "waiting"}
        await hub.answer(order, outcome="refused", rule="consent.no", words="Somebody in the room said no.")
        said = await socket.told()
        assert (said["outcome"], said["rule"]) == ("refused", "consent.no")
        await socket.closed()


async def test_without_the_class_it_is_refused_in_words_and_no_order_goes_out(tmp_path):
    async with accepted(tmp_path, "observe", "system") as (hub, socket):
        assert (await socket.told())["rule"] == "capability"
        await socket.closed()
        assert hub.link.orders == []
        assert await hub.entries("tunnel.opened") == []


async def test_what_the_site_refuses_is_told_with_its_rule(tmp_path):
    async with accepted(tmp_path) as (hub, socket):
        order = await hub.link.order()
        await hub.answer(order, outcome="refused", rule="never", words="never done for somebody outside")
        assert (await socket.told())["rule"] == "never"
        await socket.closed()


async def test_nobody_learns_whether_there_is_such_a_room(tmp_path):
    shown = [("oslo", "rg_eve"), ("paris", "rg_ada"), ("rome", "rg_ada"), ("oslo", ""), ("x" * 200, "rg_ada")]
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "observe", "web")
        for room, token in shown:
            socket = Socket(hub, room=room, token=token)
            await socket.serve()
            assert await socket.event() == {"type": "websocket.close", "code": 1008}
        assert len(list(hub.parts.book)) == 0


async def test_one_session_carries_a_few_and_no_more(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_TUNNELS", 1)
    async with opened(tmp_path) as (hub, _, order):
        second = Socket(hub)
        await second.serve()
        assert (await second.event())["code"] == 1008
        monkeypatch.setattr(module, "MOST_TUNNELS", 2)
        async with asyncio.TaskGroup() as group:
            group.create_task(second.serve())
            other = await hub.link.order(2)
            second.leave()
        assert other.session == order.session


async def test_nothing_else_opens_one_whatever_the_room(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "observe", "web")
        session = await hub.relay.open_session(ADA, "oslo", Kind.XAPI)
        for room in ("oslo", "paris"):
            with pytest.raises(BadInput, match="roomgate room tunnel"):
                await hub.relay.ask(ADA, room, Wish(Verb.COMMAND, "Roomgate.Tunnel.Open"))
            with pytest.raises(BadInput):
                await hub.relay.ask(ADA, room, Wish(Verb.COMMAND, "roomgate tunnel open"), session=session)
        assert hub.link.orders == []


async def test_the_address_is_one_rooms():
    assert PATH.fullmatch("/api/v1/rooms/oslo/tunnel")
    assert not PATH.fullmatch("/api/v1/rooms/oslo/tunnel/x")
    assert not PATH.fullmatch("/api/v1/rooms/a/b/tunnel")
