"""The endpoint against a connector that says whatever it likes, over ASGI events in memory."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.clock import HandClock
from roomgate.hub.relay import link as tested
from roomgate.hub.relay.link import HubLinkSession, LinkEndpoint, LinkTimes
from roomgate.ids import ConnectorId, SiteId
from roomgate.link.frames import CHUNK, Priority, Receiver, Sender
from roomgate.link.identity import CONNECTOR, HUB, build_certificate, build_private_pem
from roomgate.link.inner_tls import InnerTls
from roomgate.link.messages import (
    CutDone,
    Heartbeat,
    Hello,
    LinkBroken,
    Outcome,
    ToHub,
    TunnelData,
    Welcome,
    decode_at_connector,
    encode,
)
from roomgate.link.order import signed_outcome
from roomgate.link.version import VERSION
from support.link import NAME, HubSide, Record
from support.waiting import until

HUB_KEY, KEY = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
HELLO = Hello(VERSION, NAME, b"n" * 16, "roomgate", "p", "d", [], [])


class Connector:
    """Speaks the wire honestly, and says what the test wants."""

    def __init__(self, query: bytes = b"connector=" + NAME.encode()) -> None:
        self.scope = {"type": "websocket", "query_string": query, "client": ("192.0.2.1", 1)}
        self.to_hub: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.to_hub.put_nowait({"type": "websocket.connect"})
        self.events: list[dict[str, Any]] = []
        self.heard: list[Any] = []
        certificate = build_certificate(HUB_KEY, HUB)
        self.tls = InnerTls(False, build_certificate(KEY, CONNECTOR), build_private_pem(KEY), certificate)
        self._receiver = Receiver()

    async def send(self, event: dict[str, Any]) -> None:
        self.events.append(event)
        if event["type"] == "websocket.accept":
            self.flush()
        elif event["type"] == "websocket.send":
            for piece in self.tls.receive(event["bytes"]):
                self.heard += [decode_at_connector(raw) for raw in self._receiver.feed(piece)]
            self.flush()

    def flush(self) -> None:
        if said := self.tls.outgoing():
            self.to_hub.put_nowait({"type": "websocket.receive", "bytes": said})

    async def say(self, *messages: ToHub) -> None:
        await until(lambda: self.tls.established)
        sender = Sender()
        for message in messages:
            sender.put(encode(message))
        while (chunk := sender.next_chunk()) is not None:
            self.tls.send(chunk)
        self.flush()

    @property
    def closed(self) -> bool:
        return any(event["type"] == "websocket.close" for event in self.events)


class Stage:
    def __init__(self, **times: float) -> None:
        self.hub, self.clock = HubSide(), HandClock()
        self.hub.records[NAME] = Record(build_certificate(KEY, CONNECTOR))
        settings = LinkTimes(**{"hello_s": 1.0, "tick_s": 0.01, **times})
        self.endpoint = LinkEndpoint(self.hub, HUB_KEY, self.hub, self.clock, self.hub.ledger_size, settings)

    @contextlib.asynccontextmanager
    async def dialled(self, connector: Connector) -> AsyncIterator[Connector]:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.endpoint(connector.scope, connector.to_hub.get, connector.send))
            try:
                yield connector
            finally:
                task.cancel()


@pytest.mark.asyncio
async def test_hello_welcome_messages_in_order_and_the_end() -> None:
    stage = Stage()
    async with stage.dialled(Connector()) as connector:
        await connector.say(HELLO, Heartbeat(1, []), CutDone("c", []))
        await stage.hub.saw("CutDone")
        assert connector.heard == [Welcome(VERSION, 3.0, 7)]
        link = stage.endpoint.links[NAME]
        assert (link.nonce, link.last_heartbeat, link.source) == (b"n" * 16, 1, "192.0.2.1")
        connector.to_hub.put_nowait({"type": "websocket.disconnect", "code": 1006})
        assert (await stage.hub.saw("gone")).ended == "lost"
        assert [event[0] for event in stage.hub.events] == ["arrived", "Heartbeat", "CutDone", "gone"]
        assert NAME not in stage.endpoint.links
        await until(link.gone.is_set)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "first",
    [
        Hello(VERSION + 1, NAME, b"n" * 16, "", "", "", [], []),
        Hello(VERSION, "connector_2", b"n" * 16, "", "", "", [], []),
        Hello(VERSION, NAME, b"n" * 15, "", "", "", [], []),
        Heartbeat(1, []),
    ],
    ids=["version", "connector", "nonce", "no hello"],
)
async def test_a_hello_that_does_not_hold_is_the_end(first: ToHub) -> None:
    stage = Stage()
    async with stage.dialled(Connector()) as connector:
        await connector.say(first)
        await until(lambda: connector.closed)
    assert stage.hub.events == []


@pytest.mark.asyncio
async def test_whoever_says_nothing_is_closed() -> None:
    stage = Stage(hello_s=0.05)
    async with stage.dialled(Connector()) as connector:
        await until(lambda: connector.closed)
    assert stage.hub.events == []


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "then",
    [HELLO, Heartbeat(1, []), Outcome("order_1", "done"), signed_outcome(HUB_KEY, Outcome("order_1", "done"))],
    ids=["second hello", "heartbeat goes back", "unsigned outcome", "another key's outcome"],
)
async def test_a_breach_ends_the_link_before_the_handler_sees_it(then: ToHub) -> None:
    stage = Stage()
    async with stage.dialled(Connector()) as connector:
        await connector.say(HELLO, Heartbeat(1, []))
        await stage.hub.saw("Heartbeat")
        await connector.say(then)
        assert (await stage.hub.saw("gone")).ended == "broken"
        await until(lambda: connector.closed)
    assert [event[0] for event in stage.hub.events] == ["arrived", "Heartbeat", "gone"]


@pytest.mark.asyncio
@pytest.mark.parametrize("frame", [{"text": "hello"}, {"bytes": b""}, {"bytes": bytes(tested.MAX_FRAME + 1)}])
async def test_a_frame_that_is_not_of_the_link_is_the_end(frame: dict[str, Any]) -> None:
    stage = Stage()
    async with stage.dialled(Connector()) as connector:
        await connector.say(HELLO)
        await stage.hub.saw("arrived")
        connector.to_hub.put_nowait({"type": "websocket.receive", **frame})
        await stage.hub.saw("gone")


@pytest.mark.asyncio
@pytest.mark.parametrize("query", [b"", b"connector=", b"connector=a&connector=connector_1", b"connector=" + b"x" * 81])
async def test_whoever_names_no_connector_is_refused_like_an_unknown_one(query: bytes) -> None:
    stage = Stage()
    async with stage.dialled(Connector(query)) as connector:
        await until(lambda: connector.closed)
    assert connector.events == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.asyncio
async def test_a_connector_that_is_disabled_between_dial_and_hello_is_refused() -> None:
    stage = Stage()
    async with stage.dialled(Connector()) as connector:
        await until(lambda: connector.tls.established)
        stage.hub.records[NAME].state = "disabled"
        await connector.say(HELLO)
        await until(lambda: connector.closed)
    assert stage.hub.events == []


@pytest.mark.asyncio
async def test_strangers_are_bounded() -> None:
    stage = Stage()
    stage.endpoint._strangers = tested.STRANGERS
    async with stage.dialled(Connector()) as connector:
        await until(lambda: connector.closed)
    assert connector.events == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.asyncio
async def test_a_handler_that_fails_ends_this_link_alone() -> None:
    stage = Stage()

    async def fail(link: HubLinkSession, message: ToHub) -> None:
        raise ZeroDivisionError

    stage.hub.message = fail  # type: ignore[method-assign]  # the fake is ours
    async with stage.dialled(Connector()) as connector:
        await connector.say(HELLO, Heartbeat(1, []))
        await stage.hub.saw("gone")
        await until(lambda: connector.closed)


@pytest.mark.asyncio
async def test_a_tunnels_frames_wait_for_room_and_for_nothing_once_the_link_has_ended() -> None:
    link = HubLinkSession(ConnectorId(NAME), SiteId("site_1"), KEY.public_key(), HUB_KEY, "")
    frame = TunnelData("order_1", bytes(CHUNK // 2))
    while link.sender.room_for(CHUNK, Priority.BULK):
        await link.carry(frame)
    late = asyncio.ensure_future(link.carry(TunnelData("order_1", bytes(CHUNK))))
    await asyncio.sleep(0)
    assert not late.done()
    link.end("broken")
    with pytest.raises(LinkBroken):
        await late


@pytest.mark.asyncio
async def test_silence_is_the_end() -> None:
    stage = Stage()
    async with stage.dialled(Connector()) as connector:
        await connector.say(HELLO, Heartbeat(1, []))
        await stage.hub.saw("Heartbeat")
        stage.clock.advance(14.9)
        await connector.say(Heartbeat(2, []))
        await stage.hub.saw("Heartbeat", lambda beat: beat.number == 2)
        stage.clock.advance(14.9)
        assert NAME in stage.endpoint.links
        stage.clock.advance(0.2)
        assert (await stage.hub.saw("gone")).ended == "idle"


@pytest.mark.asyncio
async def test_the_older_link_is_gone_before_the_newer_arrives() -> None:
    stage = Stage()
    async with stage.dialled(Connector()) as one:
        await one.say(HELLO)
        await stage.hub.saw("arrived")
        async with stage.dialled(Connector()) as two:
            await two.say(HELLO)
            await until(lambda: len(stage.hub.links) == 2)
            first, second = stage.hub.links
            assert stage.hub.events == [("arrived", first), ("gone", first), ("arrived", second)]
            assert first.ended == "replaced"
            with pytest.raises(LinkBroken):
                first.send(Welcome(VERSION, 3.0, 0))


@pytest.mark.asyncio
async def test_it_is_a_websocket_only() -> None:
    stage, events = Stage(), []

    async def send(event: dict[str, Any]) -> None:
        events.append(event)

    await stage.endpoint({"type": "http"}, asyncio.Queue().get, send)
    assert events[0]["status"] == 404
