import asyncio
import base64
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from roomgate.access.principal import Principal
from roomgate.hub.gateway.socket import MAX_MESSAGE, MOST_OUTGOING, MOST_SUBSCRIPTIONS, Gateway
from roomgate.hub.revocation import Cause, SubjectKind
from support.relay_rig import ADA, OSLO, rig
from support.waiting import until


@dataclass
class SignedAs:
    principal: Principal


class Tokens:
    def __init__(self):
        self.asked = []

    async def by_token(self, text, source):
        self.asked.append(text)
        return SignedAs(ADA) if text == "rg_ada" else None


class Socket:
    """The client's end, in ASGI events."""

    def __init__(self, gateway, room="oslo", token="rg_ada", protocol=False):  # noqa: S107 (no secret: a test's own)
        pair = base64.b64encode(f"{room}:{token}".encode())
        self.scope = {"type": "websocket", "headers": [(b"authorization", b"Basic " + pair)], "subprotocols": []}
        if protocol:
            offered = "auth-" + pair.decode().rstrip("=")
            self.scope = {"type": "websocket", "headers": [], "subprotocols": [offered]}
        self.gateway = gateway
        self.to_hub = asyncio.Queue()
        self.from_hub = asyncio.Queue()
        self.stuck = None

    async def serve(self):
        self.to_hub.put_nowait({"type": "websocket.connect"})
        await self.gateway(self.scope, self.to_hub.get, self._send)

    async def _send(self, event):
        if self.stuck is not None and event["type"] == "websocket.send":
            await self.stuck.wait()
        self.from_hub.put_nowait(event)

    def say(self, text):
        self.to_hub.put_nowait({"type": "websocket.receive", "text": text})

    def ask(self, id, method, **params):
        self.say(json.dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))

    def leave(self):
        self.to_hub.put_nowait({"type": "websocket.disconnect", "code": 1000})

    async def event(self):
        async with asyncio.timeout(5):
            return await self.from_hub.get()

    async def hear(self):
        event = await self.event()
        assert event["type"] == "websocket.send", event
        return json.loads(event["text"])


async def subscribed(hub, socket, **more):
    """The order of a subscription that holds."""
    socket.ask(1, "xFeedback/Subscribe", Query=["Status", "Audio", "Volume"], **more)
    order = await hub.link.order()
    await hub.answer(order)
    await socket.hear()
    return order


@asynccontextmanager
async def connected(tmp_path, *capabilities, **how):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, *capabilities)
        socket = Socket(Gateway(hub.relay, hub.parts.channels, Tokens()), **how)
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(socket.serve())
            assert (await socket.event())["type"] == "websocket.accept"
            yield hub, socket
            socket.leave()
            async with asyncio.timeout(5):
                await asyncio.wait([serving])
        assert len(hub.parts.channels) == 0


@pytest.mark.asyncio
async def test_a_get_is_answered_as_a_device_does(tmp_path):
    async with connected(tmp_path, "observe") as (hub, socket):
        socket.ask("a", "xGet", Path=["status", "audio", "volume"])
        order = await hub.link.order()
        assert order.path == ["Status", "Audio", "Volume"]
        await hub.answer(order, result=50)
        event = await socket.event()
        assert event["text"] == '{"id":"a","jsonrpc":"2.0","result":50}'


@pytest.mark.asyncio
async def test_the_sub_protocol_is_echoed(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "observe")
        socket = Socket(Gateway(hub.relay, hub.parts.channels, Tokens()), protocol=True)
        group.create_task(socket.serve())
        assert (await socket.event())["subprotocol"] == socket.scope["subprotocols"][0]
        socket.leave()


@pytest.mark.asyncio
async def test_unknown_room_forbidden_room_and_bad_token_are_one_answer_after_the_same_work(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "observe")
        tokens, answers = Tokens(), []
        for room, token in (("rome", "rg_ada"), ("nowhere", "rg_ada"), ("oslo", "rg_bad"), ("", "")):
            before = (len(tokens.asked), hub.given.reads)
            socket = Socket(Gateway(hub.relay, hub.parts.channels, tokens), room=room, token=token)
            await socket.serve()
            answers.append([socket.from_hub.get_nowait() for _ in range(socket.from_hub.qsize())])
            assert (len(tokens.asked), hub.given.reads) == (before[0] + 1, before[1] + 1)
        assert all(answer == answers[0] for answer in answers)
        assert answers[0] == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.asyncio
async def test_what_the_grants_and_the_catalogue_do_not_know(tmp_path):
    async with connected(tmp_path, "observe") as (hub, socket):
        socket.ask(1, "xCommand/Dial", Number="x")
        assert (await socket.hear())["error"]["code"] == -31999
        socket.ask(2, "xCommand/Explode")
        assert (await socket.hear())["error"]["code"] == -32601
        socket.ask(3, "xSet", Path=["Configuration", "Explode"], Value=1)
        assert (await socket.hear())["error"]["code"] == -32601
        socket.say("[]")
        assert (await socket.hear())["error"]["code"] == -32600
        socket.say("{")
        assert (await socket.hear())["id"] is None
        socket.say('{"jsonrpc":"2.0","method":"xNothing"}')
        socket.ask(4, "xDoc", Path=["Command", "Explode"], Type="Schema")
        assert await socket.hear() == {"id": 4, "jsonrpc": "2.0", "result": []}
        assert hub.link.orders == []


@pytest.mark.asyncio
async def test_a_dial_that_the_room_does_not_answer_is_an_error_and_one_order(tmp_path):
    async with connected(tmp_path, "call") as (hub, socket):
        socket.ask(1, "xCommand/Dial", Number="x")
        order = await hub.link.order()
        await hub.answer(order, "waiting")
        words = "Nobody in the room answered within 25 seconds: refused."
        await hub.answer(order, "refused", rule="consent.nothing", words=words)
        assert (await socket.hear())["error"] == {"code": 1, "message": words}
        assert len(hub.link.orders) == 1


@pytest.mark.asyncio
async def test_feedback_comes_after_its_reply_and_the_present_value_only_when_asked_for(tmp_path):
    async with connected(tmp_path, "observe") as (hub, socket):
        for count, wanted in enumerate((False, True), 1):
            socket.ask(count, "xFeedback/Subscribe", Query=["Status", "Audio", "Volume"], NotifyCurrentValue=wanted)
            order = await hub.link.order(count)
            await hub.feed(order, "status", {"Status": {"Audio": {"Volume": 1}}})
            await hub.answer(order)
            assert (await socket.hear())["result"] == {"Id": count}
            if wanted:
                assert (await socket.hear())["params"] == {"Id": 2, "Status": {"Audio": {"Volume": 1}}}
        await hub.feed(hub.link.orders[0], "status", {"Status": {"Audio": {"Volume": 2}}})
        assert (await socket.hear())["params"] == {"Id": 1, "Status": {"Audio": {"Volume": 2}}}
        socket.ask(3, "xFeedback/Unsubscribe", Id=1)
        assert (await socket.hear())["result"] is True
        assert hub.link.unsubscribed == [hub.link.orders[0].id]
        socket.ask(4, "xFeedback/Unsubscribe", Id=1)
        assert (await socket.hear())["error"]["data"] == {"Id": 1}


@pytest.mark.asyncio
async def test_replies_and_events_keep_their_order_while_a_reader_is_slow(tmp_path):
    async with connected(tmp_path, "observe") as (hub, socket):
        order = await subscribed(hub, socket, NotifyCurrentValue=True)
        socket.stuck = asyncio.Event()
        for n in range(2, 5):
            socket.ask(n, "xGet", Path=["Status", "Audio", "Volume"])
            await hub.answer(await hub.link.order(n), result=n)
            await hub.feed(order, "status", {"Status": {"Audio": {"Volume": n}}})
            await hub.entries("outcome", n - 1)  # as long as that takes, the answer could have gone
        assert socket.from_hub.empty()
        socket.stuck.set()
        told = [await socket.hear() for _ in range(6)]
        volumes = [one["result"] if "id" in one else one["params"]["Status"]["Audio"]["Volume"] for one in told]
        assert volumes == [2, 2, 3, 3, 4, 4]


@pytest.mark.asyncio
async def test_there_is_a_limit_of_subscriptions(tmp_path):
    async with connected(tmp_path, "observe") as (hub, socket):
        for count in range(1, MOST_SUBSCRIPTIONS + 1):
            socket.ask(count, "xFeedback/Subscribe", Query=["Status", "Audio", "Volume"])
            await hub.answer(await hub.link.order(count))
            await socket.hear()
        socket.ask(0, "xFeedback/Subscribe", Query=["Status", "Audio", "Volume"])
        assert (await socket.hear())["error"]["code"] == -31998


@pytest.mark.asyncio
async def test_a_cut_closes_the_socket_with_4403_and_nothing_follows(tmp_path):
    async with connected(tmp_path, "observe") as (hub, socket):
        order = await subscribed(hub, socket)
        await hub.revoke(Cause.LOCK, SubjectKind.ROOM, OSLO.id)
        closed = await socket.event()
        assert (closed["type"], closed["code"], closed["reason"]) == ("websocket.close", 4403, "lock")
        await hub.feed(order, "status", {"Status": {"Audio": {"Volume": 2}}})
        assert socket.from_hub.empty()


@pytest.mark.asyncio
async def test_a_message_that_is_too_big_closes_the_socket(tmp_path):
    async with connected(tmp_path, "observe") as (_, socket):
        socket.say("x" * (MAX_MESSAGE + 1))
        assert (await socket.event())["code"] == 1009


@pytest.mark.asyncio
async def test_a_reader_that_does_not_read_is_closed(tmp_path):
    async with connected(tmp_path, "observe") as (hub, socket):
        order = await subscribed(hub, socket, NotifyCurrentValue=True)
        socket.stuck = asyncio.Event()
        for volume in range(MOST_OUTGOING + 10):
            await hub.feed(order, "status", {"Status": {"Audio": {"Volume": volume}}})
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        closed = await socket.event()
        assert (closed["type"], closed["code"]) == ("websocket.close", 1008)


@pytest.mark.asyncio
async def test_leaving_leaves_nothing_behind(tmp_path):
    async with connected(tmp_path, "observe") as (hub, socket):
        order = await subscribed(hub, socket)
        socket.leave()
        await until(lambda: hub.link.unsubscribed)
        assert hub.link.unsubscribed == [order.id]
