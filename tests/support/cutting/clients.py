"""People's programs: each holds one channel open with one credential, and comes back whenever it is thrown out.

What reaches a person is noted with its time; what was begun in their name is found at the device by its mark. A
client that is refused tries again, since that is what real ones do, and what a cut has to withstand.
"""

import asyncio
import base64
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from roomgate.access.decision import Denied
from roomgate.access.principal import Right
from roomgate.errors import NotFound, RoomgateError
from roomgate.hub.channels import Channel, ChannelClosed, Kind
from roomgate.hub.console.live import PageStream
from roomgate.hub.identity.person import Signed
from roomgate.hub.relay.asked import Wish
from roomgate.hub.relay.parts import RelayParts
from roomgate.ids import RoomId
from roomgate.tunnel.frames import What, build_frame, parse_frame
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import XapiError
from support.cutting.hub import Hub
from support.cutting.world import World

AGAIN_S = 0.4  # between a client's tries
SHOW = "UserInterface.Message.TextLine.Display"
_numbers = count(1)


class Refused(Exception):
    """The hub does not know who asks, or says no."""


@dataclass(eq=False)
class Client:
    """``who``: the person; ``by``: the name of the credential."""

    world: World
    who: str
    by: str
    room: str
    name: str = ""
    frames: list[float] = field(default_factory=list)  # when something reached the person
    closed: list[float] = field(default_factory=list)  # when it was thrown out
    opened: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    task: asyncio.Task[None] | None = None
    faults: list[BaseException] = field(default_factory=list)

    kind = "client"

    def __post_init__(self) -> None:
        self.name = self.name or f"{self.kind} {self.who}.{self.by}@{self.room}"

    @property
    def credential(self) -> str:
        return f"{self.who}.{self.by}"

    @property
    def mark(self) -> str:
        """What the device shows of it."""
        return f"{self.kind}/{self.who}.{self.by}@{self.room}"

    def start(self) -> "Client":
        self.task = asyncio.get_running_loop().create_task(self._keep(), name=self.name)
        return self

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])

    async def _keep(self) -> None:
        tries = 0
        while True:
            await self.world.started.wait()
            before = len(self.frames)
            hub = self.world.hub
            assert hub is not None
            serving = hub.serve(self.connect(hub))
            try:
                await asyncio.wait([serving])
            finally:
                serving.cancel()
            fault = None if serving.cancelled() else serving.exception()
            if isinstance(fault, Refused | RoomgateError | XapiError):
                self.refused.append(self.world.now)
            elif fault is not None and hub.up:
                self.faults.append(fault)
            if self.opened and (not self.closed or self.closed[-1] < self.opened[-1]):
                self.closed.append(self.world.now)
            tries = 0 if len(self.frames) > before else tries + 1
            await asyncio.sleep(AGAIN_S * self.world.pace * min(self.world.patience**tries, 10.0))

    async def connect(self, hub: Hub) -> None:
        """Open it and take what comes until it ends. Each kind of client says how: this one is none."""
        raise NotImplementedError

    def got(self, hub: Hub) -> None:
        """Something was handed to the connection."""
        if hub.up:
            self.frames.append(self.world.now)
            if self.world.reached is not None:
                self.world.reached(self)

    async def signed(self, hub: Hub) -> Signed:
        """Raises Refused."""
        world = self.world
        if self.credential in world.tokens:
            signed = await hub.parts.identity.by_token(world.tokens[self.credential])
        else:
            cookie = world.cookies[self.credential]
            signed = await hub.parts.identity.by_cookie(cookie)
            if signed is not None and signed.fresh is not None:
                world.cookies[self.credential] = signed.fresh.reveal()
        if signed is None:
            raise Refused
        return signed


class RoomPage(Client):
    """The console's page of one room, and its stream; as `rooms.room_page` opens it."""

    kind = "room page"

    async def connect(self, hub: Hub) -> None:
        signed = await self.signed(hub)
        relay = hub.relay
        summary = hub.parts.rooms.get(self.room)
        live = await hub.parts.grants.live_rooms(signed.principal)
        if summary.id not in live and not signed.may(Right.SEE):
            raise Refused
        session = _page_session(relay, signed, summary.id) or await relay.relay.open_session(
            signed.principal, self.room, Kind.PAGE
        )

        async def look(_: Any) -> dict[str, object]:
            return {"now": self.world.device(self.room).volume}

        with hub.parts.rooms.watch() as watch:
            stream = PageStream(watch, look, str)
            await self.read(hub, stream, relay.channels.open(Kind.PAGE, session, stream.cut))

    async def read(self, hub: Hub, stream: PageStream, channel: Channel) -> None:
        async with contextlib.aclosing(stream.run(channel)) as chunks:
            async for chunk in chunks:
                if b"event: cut" in chunk:
                    return
                if b"event: open" in chunk:
                    self.opened.append(self.world.now)
                elif b"event:" in chunk:
                    self.got(hub)


def _page_session(relay: RelayParts, signed: Signed, room: RoomId) -> Any:
    for session in relay.book:
        mine = session.kind is Kind.PAGE and session.room.id == room and session.principal == signed.principal
        if mine and relay.book.lives(session):
            return session
    return None


class RoomsPage(RoomPage):
    """The console's list of rooms; as `rooms.pages` opens it."""

    kind = "rooms page"

    async def connect(self, hub: Hub) -> None:
        signed = await self.signed(hub)

        async def look(_: Any) -> dict[str, object]:
            rooms = await hub.parts.grants.live_rooms(signed.principal)
            return {room: self.world.device("oslo").volume for room in rooms}

        with hub.parts.rooms.watch() as watch:
            stream = PageStream(watch, look, str)
            own = frozenset(r.grant.id for r in await hub.parts.grants.of_person(signed.person.id))
            await self.read(hub, stream, hub.relay.channels.open_page(signed.principal, stream.cut, own))


class Events(Client):
    """The API's event stream; begun anew each time."""

    kind = "API stream"
    resumes = False
    _last: int | None = None

    async def connect(self, hub: Hub) -> None:
        signed = await self.signed(hub)
        last = self._last if self.resumes else None
        chunks = await hub.relay.streams.read(signed.principal, self.room, ["Status/Audio/Volume"], last)
        self.opened.append(self.world.now)
        async with contextlib.aclosing(chunks):
            async for chunk in chunks:
                if b"event: cut" in chunk:
                    return
                if b"event:" in chunk and b"event: gap" not in chunk:
                    self._last = int(chunk.split(b"\n", 1)[0].removeprefix(b"id: "))
                    self.got(hub)


class RoomWatch(Events):
    """`roomgate room watch`: the same stream, taken up where it was lost."""

    kind = "room watch"
    resumes = True


@dataclass(eq=False)
class Socket(Client):
    """`/ws`, with a subscription, and a command now and then (``talks``)."""

    talks: bool = True
    subscribed: list[float] = field(default_factory=list)
    sending: "asyncio.Queue[dict[str, Any]] | None" = None

    kind = "/ws"

    async def connect(self, hub: Hub) -> None:
        inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sending = inbox
        shown = base64.b64encode(f"{self.room}:{self.world.tokens[self.credential]}".encode())
        inbox.put_nowait({"type": "websocket.connect"})
        accepted = False

        async def send(event: dict[str, Any]) -> None:
            nonlocal accepted
            if event["type"] == "websocket.accept":
                accepted = True
                self.opened.append(self.world.now)
                self.ask("xFeedback/Subscribe", {"Query": ["Status", "Audio"], "NotifyCurrentValue": True}, "sub")
                if self.talks:
                    hub.serve(self._talk(hub, inbox))
            elif event["type"] == "websocket.send":
                said = json.loads(event["text"])
                if "error" not in said:
                    self.got(hub)
                if said.get("id") == "sub" and "error" in said:
                    asyncio.get_running_loop().call_later(AGAIN_S, self._leave, inbox)
                if said.get("method") == "xFeedback/Event":
                    self.subscribed.append(self.world.now)

        headers = [(b"authorization", b"Basic " + shown)]
        await hub.gateway({"type": "websocket", "headers": headers}, inbox.get, send)
        if self.sending is inbox:
            self.sending = None
        if not accepted:
            raise Refused

    def _leave(self, inbox: "asyncio.Queue[dict[str, Any]]") -> None:
        inbox.put_nowait({"type": "websocket.disconnect"})

    def ask(self, method: str, params: dict[str, Any], id: str = "x") -> None:
        if self.sending is not None:
            text = json.dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
            self.sending.put_nowait({"type": "websocket.receive", "text": text})

    async def _talk(self, hub: Hub, inbox: "asyncio.Queue[dict[str, Any]]") -> None:
        while self.sending is inbox and hub.up:
            self.ask("xCommand/UserInterface/Message/TextLine/Display", {"Text": self.mark}, f"c{next(_numbers)}")
            await asyncio.sleep(0.5 * self.world.pace)


class Tunnel(Client):
    """`roomgate room tunnel` with one connection in it, in which both sides say something now and then."""

    kind = "tunnel"

    async def connect(self, hub: Hub) -> None:
        inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        inbox.put_nowait({"type": "websocket.connect"})
        stands = False

        async def send(event: dict[str, Any]) -> None:
            nonlocal stands
            if event.get("bytes") and parse_frame(event["bytes"]).what is What.DATA:
                self.got(hub)
            elif event.get("text") and json.loads(event["text"])["outcome"] == "done":
                stands = True
                self.opened.append(self.world.now)
                hub.serve(self._talk(hub, inbox, lambda: stands))

        headers = [(b"authorization", f"Bearer {self.world.tokens[self.credential]}".encode())]
        path = f"/api/v1/rooms/{self.room}/tunnel"
        scope = {"type": "websocket", "path": path, "headers": headers, "query_string": b""}
        try:
            await hub.tunnels(scope, inbox.get, send)
            if not stands:
                raise Refused
        finally:
            stands = False

    async def _talk(self, hub: Hub, inbox: "asyncio.Queue[dict[str, Any]]", stands: Callable[[], bool]) -> None:
        frame = build_frame(What.OPEN, 1)
        while stands() and hub.up:
            inbox.put_nowait({"type": "websocket.receive", "bytes": frame})
            frame = build_frame(What.DATA, 1, self.mark.encode())
            await asyncio.sleep(0.5 * self.world.pace)


class Rest(Client):
    """Asks one after another, as a script does. What it is told counts as a frame."""

    kind = "REST"
    every_s = 0.3

    async def connect(self, hub: Hub) -> None:
        tries = 0
        while True:
            signed = await self.signed(hub)
            wish = Wish(Verb.COMMAND, SHOW, {"Text": self.mark})
            try:
                answer = await hub.relay.relay.ask(signed.principal, self.room, wish, wait_s=1.5)
            except (Denied, NotFound, ChannelClosed):
                self.refused.append(self.world.now)
                tries += 1
            else:
                tries = 0
                self.opened.append(self.world.now)
                if answer.outcome == "done":
                    self.got(hub)
            await asyncio.sleep(self.every_s * self.world.pace * min(self.world.patience**tries, 10.0))


@dataclass(eq=False)
class Once(Client):
    """One ask for a call; it is not asked again. ``dial``: the room is asked first."""

    dial: bool = False
    outcome: str = ""
    kind = "call"

    @property
    def mark(self) -> str:
        return f"{self.who}.{self.by}.{self.room}.{'dial' if self.dial else 'join'}.{id(self)}@example.com"

    async def _keep(self) -> None:
        hub = self.world.hub
        assert hub is not None
        serving = hub.serve(self.connect(hub))
        await asyncio.wait([serving])

    async def connect(self, hub: Hub) -> None:
        path = "Dial" if self.dial else "Webex.Join"
        try:
            signed = await self.signed(hub)
            answer = await hub.relay.relay.ask(
                signed.principal, self.room, Wish(Verb.COMMAND, path, {"Number": self.mark}), wait_s=60.0
            )
            self.outcome = answer.outcome
        except RoomgateError as no:
            self.outcome = no.code
        except Refused:
            self.outcome = "refused"

    @property
    def lasts(self) -> bool:
        return self.mark in self.world.device(self.room).calls.values()
