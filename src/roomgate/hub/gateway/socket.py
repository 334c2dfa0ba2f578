"""The xAPI endpoint ``/ws``: one WebSocket, one room, one person, spoken to as a device is.

Before the upgrade everything that is not "this person may be in this room now" answers the same 403, after the
same work: the token is hashed and looked up, and so is the room, whatever the other was.

Origin: a browser's page may open this socket from anywhere, and that is no hole: no cookie is accepted here.
Whoever opens it must show the token itself, in the header or the sub-protocol, which no foreign page has.
"""

import asyncio
from typing import Any

from roomgate import log
from roomgate.access.decision import Denied
from roomgate.errors import RoomgateError
from roomgate.hub.channels import Channel, ChannelClosed, Channels, Kind, Session
from roomgate.hub.gateway import answers, rpc
from roomgate.hub.gateway.auth import read_credentials
from roomgate.hub.gateway.doc import describe
from roomgate.hub.http.asgi import source_of
from roomgate.hub.http.reception import proven
from roomgate.hub.http.websocket import (
    CLOSE_CUT,
    CLOSE_LOST,
    CLOSE_REFUSED,
    CLOSE_SLOW,
    NOBODY,
    SIGN_IN_WITHIN_S,
    Over,
    Receive,
    Send,
    Socket,
    Tokens,
)
from roomgate.hub.relay.asked import Wish
from roomgate.hub.relay.service import Relay
from roomgate.hub.relay.watch import Watch
from roomgate.xapi.call import Verb

MAX_MESSAGE = 1024 * 1024  # bytes
MOST_SUBSCRIPTIONS = 50
MOST_AT_ONCE = 32  # requests under way; more wait in the socket
MOST_OUTGOING = 512  # frames that wait for a slow reader
CONSENT_S = 26.0  # the room has 25 seconds to answer; one more for the way
CLOSE_TOO_BIG = 1009
_log = log.get("gateway")


class Gateway:
    """The ASGI application."""

    def __init__(self, relay: Relay, channels: Channels, tokens: Tokens) -> None:
        self._relay = relay
        self._channels = channels
        self._tokens = tokens

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
            return
        await receive()  # websocket.connect
        shown = read_credentials(scope.get("headers", ()), scope.get("subprotocols", ()))
        source = source_of(scope)
        session = await self._sign_in(shown.room, shown.token.reveal(), source)
        if session is None:
            await send({"type": "websocket.close", "code": CLOSE_REFUSED})
            return
        connection = _Connection(self._relay, session, receive, send)
        try:
            with self._channels.open(Kind.XAPI, session, connection.cut) as channel:
                await send({"type": "websocket.accept", "subprotocol": shown.protocol})
                proven(scope)
                await connection.run(channel)
        except ChannelClosed:
            await send({"type": "websocket.close", "code": CLOSE_REFUSED})

    async def _sign_in(self, room: str, token: str, source: str) -> Session | None:
        try:
            async with asyncio.timeout(SIGN_IN_WITHIN_S):
                signed = await self._tokens.by_token(token, source)
                principal = signed.principal if signed is not None else NOBODY
                session = await self._relay.open_session(principal, room, Kind.XAPI)
        except (Denied, TimeoutError):
            return None
        return session if signed is not None else None


class _Connection(Socket):
    """One socket after sign-in."""

    def __init__(self, relay: Relay, session: Session, receive: Receive, send: Send) -> None:
        super().__init__(receive, send)
        self._relay = relay
        self._session = session
        self._group: asyncio.TaskGroup
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue(MOST_OUTGOING)
        self._sending = asyncio.Lock()  # fair: frames keep their order
        self._slots = asyncio.Semaphore(MOST_AT_ONCE)
        self._subscriptions: dict[int, Watch] = {}
        self._last = 0  # the number of the newest subscription
        self._subscribing = 0

    async def run(self, channel: Channel) -> None:
        """Until either side closes. Leaves no task and no subscription behind."""
        try:
            await self.until_over(channel, self._begin)
        finally:
            for watch in list(self._subscriptions.values()):
                watch.close()

    def _begin(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        group.create_task(self._read(), name="ws.read")
        group.create_task(self._write(), name="ws.write")

    async def _write(self) -> None:
        while True:
            await self._transmit(await self._outgoing.get())

    async def _transmit(self, frame: bytes) -> None:
        async with self._sending:
            await self.transmit({"type": "websocket.send", "text": frame.decode()})

    async def _say(self, frame: bytes) -> None:
        """At once where nothing waits before it: the queue and the writer's turn cost more than the frame."""
        if self._sending.locked() or not self._outgoing.empty():
            self._put(frame)
        else:
            await self._transmit(frame)

    def _put(self, frame: bytes) -> None:
        if not self.channel.open:
            return
        try:
            self._outgoing.put_nowait(frame)
        except asyncio.QueueFull:
            self.end(CLOSE_SLOW, "slow")

    async def _read(self) -> None:
        while True:
            event = await self.receive()
            if event["type"] != "websocket.receive":
                raise Over(0, "left")
            text = event.get("text")
            frame: str | bytes = text if text is not None else event.get("bytes") or b""
            if len(frame) > MAX_MESSAGE or (isinstance(frame, str) and len(frame.encode()) > MAX_MESSAGE):
                raise Over(CLOSE_TOO_BIG, "too big")
            await self._slots.acquire()
            self._group.create_task(self._answer(frame), name="ws.request")

    async def _answer(self, frame: str | bytes) -> None:
        try:
            request = rpc.parse_request(frame)
            meant = rpc.interpret(request)
        except rpc.RpcError as bad:
            if bad.answer:
                await self._say(rpc.build_error(bad))
            self._slots.release()
            return
        try:
            result = await self._do(meant)
            if request.id is not None:
                await self._say(rpc.build_reply(request.id, result[0]))
            if result[1] is not None:
                self._forward(*result[1])
        except ChannelClosed:
            self.end(CLOSE_CUT, "cut")
        except Exception as fault:  # the outermost edge of a request: the client gets a device's answer
            if not isinstance(fault, RoomgateError) and answers.from_fault(fault).number == rpc.INTERNAL_ERROR:
                _log.error("ws.fault", error=f"{type(fault).__name__}: {fault}"[:300])
            if request.id is not None:
                await self._say(answers.with_id(answers.from_fault(fault), request.id))
        finally:
            self._slots.release()

    async def _do(self, meant: rpc.Meant) -> tuple[Any, tuple[int, Watch, bool] | None]:
        """The result, and the subscription that begins with it: its events come after the reply."""
        match meant:
            case rpc.Subscribe():
                number, watch = await self._subscribe(meant)
                return {"Id": number}, (number, watch, meant.present)
            case rpc.Unsubscribe(number=number):
                if number not in self._subscriptions:
                    raise rpc.RpcError(rpc.INVALID_PARAMS, "Unknown subscription Id", data={"Id": number})
                self._subscriptions.pop(number).close()
                return True, None
            case rpc.Doc(path=path):
                return describe(path, self._relay.catalogue), None
            case rpc.Get(path=path) | rpc.Query(path=path):
                wish = Wish(Verb.GET, path)
            case rpc.Set(path=path, value=value):
                wish = Wish(Verb.SET, path, {"Value": value})
            case rpc.Command(path=path, arguments=arguments, body=body):
                wish = Wish(Verb.COMMAND, path, arguments, body)
        session = self._session
        answer = await self._relay.ask(session.principal, session.room.name, wish, session=session, wait_s=CONSENT_S)
        return answers.build_result(meant, answer), None

    async def _subscribe(self, meant: rpc.Subscribe) -> tuple[int, Watch]:
        if len(self._subscriptions) + self._subscribing >= MOST_SUBSCRIPTIONS:
            raise rpc.RpcError(rpc.SUBSCRIBER_COUNT_EXCEEDED, "Subscriber count exceeded")
        self._subscribing += 1
        try:
            watch = await self._relay.watch(self.channel, meant.path)
        finally:
            self._subscribing -= 1
        self._last += 1
        self._subscriptions[self._last] = watch
        return self._last, watch

    def _forward(self, number: int, watch: Watch, present: bool) -> None:
        self._group.create_task(self._feed(number, watch, present), name="ws.feedback")

    async def _feed(self, number: int, watch: Watch, wanted: bool) -> None:
        first = True
        async for seen in watch:
            if seen.kind == "gap":
                continue  # devices know no gap: the present values that follow it are told as changes
            skip = first and seen.present and not wanted
            first = False
            for root in ("Status", "Configuration", "Event"):
                if not skip and root in seen.document:
                    self._put(rpc.build_event(number, root, seen.document[root]))
        if self._subscriptions.pop(number, None) is not None and watch.ended is None:
            self.end(CLOSE_LOST, "lost")  # it would hear nothing more, and never know: it is to come back
