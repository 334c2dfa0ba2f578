"""The hub's part of a tunnel: one WebSocket of a person, bound to one order at a connector.

Theory: the hub decides whether there is a tunnel, and can shut it; of what goes through it, it sees frames of a
TLS session between a browser and a device, and passes them on. The order is an ask like any other. Before the
upgrade everything that is not "this person may be in this room now" answers the same 403, after the same work.
"""

import asyncio
import re
from collections import deque
from typing import Any, Protocol
from urllib.parse import parse_qs

import msgspec

from roomgate.access.decision import Denied
from roomgate.clock import Clock, iso
from roomgate.errors import RoomgateError
from roomgate.hub.channels import Channel, ChannelClosed, Channels, Kind, Session
from roomgate.hub.http.asgi import header, source_of
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
from roomgate.hub.relay.asked import LONGEST_REASON, Answer, Wish
from roomgate.hub.relay.links import Live
from roomgate.hub.relay.service import OPEN_TUNNEL, Relay
from roomgate.ids import OrderId
from roomgate.ledger.event import Event, TunnelClosed, TunnelOpened
from roomgate.link.messages import LinkBroken, TunnelData, TunnelEnd
from roomgate.redact import foreign
from roomgate.tunnel.frames import LARGEST, MOST_HELD
from roomgate.xapi.call import Verb

PATH = re.compile(r"/api/v1/rooms/([^/]{1,80})/tunnel")
ANSWER_S = 95.0  # an ask ends within 90, the room's consent included
TOLD_WITHIN_S = 1.0  # by then somebody is told that the room is being asked
MOST_TUNNELS = 4  # that one session has open
MOST_QUEUED = MOST_HELD + MOST_HELD // 8  # what the windows let a connector send, and the frames' heads
CLOSE_DONE = 1000
CLOSE_RULE = 1002


class Notes(Protocol):
    def add_soon(self, event: Event) -> None: ...


class TunnelEndpoint:
    """The ASGI application."""

    def __init__(self, relay: Relay, channels: Channels, tokens: Tokens, record: Notes, clock: Clock) -> None:
        self._relay = relay
        self._channels = channels
        self._tokens = tokens
        self._record = record
        self._clock = clock

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        asked = PATH.fullmatch(scope["path"])
        scheme, _, token = header(scope, "authorization").partition(" ")
        shown = token.strip() if scheme.lower() == "bearer" else ""
        session = await self._sign_in(asked[1] if asked else "", shown, source_of(scope))
        if session is None or session.channels >= MOST_TUNNELS:
            await send({"type": "websocket.close", "code": CLOSE_REFUSED})
            return
        reasons = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=4).get("reason", [""])
        carried = Carried(self._relay, session, reasons[0][:LONGEST_REASON], receive, send, self._record, self._clock)
        try:
            with self._channels.open(Kind.TUNNEL, session, carried.cut) as channel:
                await send({"type": "websocket.accept"})
                proven(scope)
                await carried.run(channel)
        except ChannelClosed:
            await send({"type": "websocket.close", "code": CLOSE_REFUSED})

    async def _sign_in(self, room: str, token: str, source: str) -> Session | None:
        try:
            async with asyncio.timeout(SIGN_IN_WITHIN_S):
                signed = await self._tokens.by_token(token, source)
                principal = signed.principal if signed is not None else NOBODY
                await self._relay.require_room(principal, room)
                if signed is None:
                    return None
                for session in self._relay.book:
                    mine = session.kind is Kind.TUNNEL and session.room.name == room and session.principal == principal
                    if mine and self._relay.book.lives(session):
                        return session
                return await self._relay.open_session(principal, room, Kind.TUNNEL)
        except (Denied, TimeoutError):
            return None


class Carried(Socket):
    """One tunnel, from its ask to its end. `feed`, `ended` and `lost` are called by the link, and never wait."""

    def __init__(
        self, relay: Relay, session: Session, reason: str, receive: Receive, send: Send, record: Notes, clock: Clock
    ) -> None:
        super().__init__(receive, send)
        self._relay = relay
        self._session = session
        self._reason = reason
        self._record = record
        self._clock = clock
        self._queue: deque[bytes] = deque()
        self._queued = 0
        self._news = asyncio.Event()
        self._ready = asyncio.Event()  # the tunnel stands: frames may go
        self._live: Live | None = None
        self._order = OrderId("")
        self._open = False  # at the connector
        self._to_device = 0
        self._from_device = 0

    @property
    def connector(self) -> str:
        return self._session.room.connector

    # -- what others call ---------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        if self._queued + len(data) > MOST_QUEUED:
            self.end(CLOSE_SLOW, "slow")  # more than the windows allow: one of the two ends keeps to no rule
            return
        self._queue.append(data)
        self._queued += len(data)
        self._news.set()

    def ended(self, cause: str) -> None:
        """The connector has shut it."""
        self._open = False
        self.end(CLOSE_CUT, foreign(cause, 60))

    def lost(self) -> None:
        """The link has gone: the connector shuts it by itself."""
        self._open = False
        self.end(CLOSE_LOST, "link.lost")

    # -- its life -----------------------------------------------------------------------------------

    async def run(self, channel: Channel) -> None:
        """Until either side closes. Leaves no task, and no tunnel at the connector that is told of it."""
        cause = "failed"
        try:
            cause = await self.until_over(channel, self._start)
        finally:
            self._leave(cause)

    def _start(self, group: asyncio.TaskGroup) -> None:
        group.create_task(self._read(), name="tunnel.read")
        group.create_task(self._ask(), name="tunnel.ask")
        group.create_task(self._write(), name="tunnel.write")

    def _leave(self, cause: str) -> None:
        if not self._ready.is_set():
            return
        self._relay.links.drop_tunnel(self._order)
        if self._open and self._live is not None:
            self._relay.links.end_tunnel(self._live, TunnelEnd(self._order, cause))
        self._record.add_soon(
            TunnelClosed(
                at=iso(self._clock.now()),
                order=self._order,
                room=self._session.room.name,
                cause=cause,
                to_device=self._to_device,
                from_device=self._from_device,
            )
        )

    async def _ask(self) -> None:
        """Ask for it, tell what became of that, and let the frames go."""
        session = self._session
        wish = Wish(Verb.COMMAND, OPEN_TUNNEL, reason=self._reason)
        try:
            answer = await self._relay.ask(
                session.principal, session.room.name, wish, session=session, wait_s=TOLD_WITHIN_S
            )
            if answer.outcome == "waiting":
                await self._say({"outcome": "waiting"})
                answer = await self._relay.answer(answer.ask, session.principal, may_see=False, wait_s=ANSWER_S)
        except Denied as no:
            await self._refuse(no.rule, no.message)
        except RoomgateError as fault:
            await self._refuse(fault.code, fault.message)
        else:
            if answer.outcome != "done":
                await self._refuse(answer.rule or answer.outcome, answer.words)
            await self._begin(answer)

    async def _refuse(self, rule: str, words: str) -> None:
        await self._say({"outcome": "refused", "rule": rule, "words": words})
        raise Over(CLOSE_DONE, rule)

    async def _begin(self, answer: Answer) -> None:
        assert answer.order is not None, "what was done had an order"
        told = answer.result if isinstance(answer.result, dict) else {}
        self._order = answer.order
        self._live = self._relay.links.ready(self._session.room)
        if self._live is None:
            await self._refuse("link.lost", "The link to the site was lost.")
        self._open = True
        self._relay.links.add_tunnel(self._order, self)
        self._record.add_soon(
            TunnelOpened(
                at=iso(self._clock.now()),
                order=self._order,
                room=self._session.room.name,
                principal=self._session.principal.id,
            )
        )
        self._ready.set()
        await self._say(
            {
                "outcome": "done",
                "order": self._order,
                "fingerprint": str(told.get("Fingerprint", "")),
                "by": str(told.get("By", "")),
            }
        )

    async def _read(self) -> None:
        while True:
            event = await self.receive()
            if event["type"] != "websocket.receive":
                raise Over(0, "left")
            frame = event.get("bytes")
            if not frame or len(frame) > LARGEST or not self._ready.is_set() or self._live is None:
                raise Over(CLOSE_RULE, "tunnel.broken")
            if not self.channel.open:
                continue  # what was cut says nothing more
            try:
                await self._live.link.carry(TunnelData(self._order, frame))
            except LinkBroken as gone:
                raise Over(CLOSE_LOST, "link.lost") from gone
            self._to_device += len(frame)

    async def _write(self) -> None:
        await self._ready.wait()
        while True:
            while not self._queue:
                self._news.clear()
                await self._news.wait()
            data = self._queue.popleft()
            self._queued -= len(data)
            self._from_device += len(data)
            await self.transmit({"type": "websocket.send", "bytes": data})

    async def _say(self, told: dict[str, str]) -> None:
        await self.transmit({"type": "websocket.send", "text": msgspec.json.encode(told).decode()})
