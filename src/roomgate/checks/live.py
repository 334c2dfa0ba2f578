"""Live channels, held open by somebody who is let in: WebSocket, server-sent events, long-poll, slow download.

What comes is counted, and some of it recorded as frames: the first, the last, and one a second. Only data that
serves counts: a heartbeat does not, and neither does a connection that is merely open.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from roomgate.checks.addresses import NotPermitted
from roomgate.checks.forms import has_password_field
from roomgate.checks.kit import Kit
from roomgate.checks.recorder import Recorder
from roomgate.checks.served import Known, Manner, is_heartbeat, manner_of_text
from roomgate.checks.snapshot import Frame
from roomgate.checks.sockets import Socket, SocketClosed, SocketRefused, socket_url
from roomgate.checks.target import Channel, filled
from roomgate.checks.web import AGENT, Session, Stream, StreamBroke, with_cookies

_TEXT_MOST = 8192
_BODY_MOST = 256 * 1024
_LINE_MOST = 64 * 1024
_FIRST = 5
_CLOSE_S = 3.0


class Frames:
    """Records what came and went on one channel, thinned: the first few, one a second of each way, the last."""

    def __init__(self, recorder: Recorder, label: str, channel: str, subject: str = "") -> None:
        self._recorder = recorder
        self._fields: dict[str, Any] = {"label": label, "channel": channel, "subject": subject or channel}
        self._kept: dict[str, float] = {}
        self._waiting: dict[str, Frame] = {}
        self.seen: dict[str, int] = {}

    def add(self, way: str, text: str = "", *, url: str = "", code: int = 0, size: int | None = None) -> Frame:
        frame: Frame = self._recorder.make(
            Frame, way=way, url=url, code=code, size=len(text.encode("utf-8", "replace")) if size is None else size,
            text=text[:_TEXT_MOST], **self._fields,
        )  # fmt: skip
        count = self.seen[way] = self.seen.get(way, 0) + 1
        thin = way in ("sent", "received")
        if not thin or count <= _FIRST or frame.t - self._kept.get(way, -1.0) >= 1.0:
            self.flush() if not thin else self._waiting.pop(way, None)
            self._kept[way] = frame.t
            return self._recorder.keep(frame)
        self._waiting[way] = frame
        return frame

    def flush(self) -> None:
        """The last ones, which were not due yet."""
        for frame in self._waiting.values():
            self._recorder.keep(frame)
        self._waiting.clear()


class Held:
    """One live channel. ``hold`` opens it and reads until it ends; it may be held again afterwards.

    Times are the recorder's. ``refused`` says that it was not opened, or ended at once with nothing served.
    """

    def __init__(self, kit: Kit, channel: Channel, session: Session, known: Known, label: str) -> None:
        self._kit = kit
        self._session = session
        self.known = known
        self._socket: Socket | None = None
        self._frames = Frames(kit.recorder, label, channel.name, channel.name)
        self.channel = channel
        self.task: asyncio.Task[None] | None = None  # the one that holds it
        self.open = False
        self.opened = 0
        self.tries = 0  # to open it again, since it last served
        self.stopped_t = 0.0
        self.marked = 0  # which opening the cause met
        self.marked_last_t: float | None = None
        self.marked_end_t: float | None = None
        self.refused = ""
        self.trouble = ""
        self.ended_t: float | None = None
        self.ended_how = ""
        self.whole = False  # a download that came to its own end
        self.vague = False  # one that ended, and nothing says whether it was to be longer
        self.asked = 0
        self.unanswered = 0  # pings since the last that was served
        self.served: list[float] = []  # the first few and the last
        self.widest_s = 0.0  # between two served messages
        self.unclear_t: float | None = None
        self.counts = dict.fromkeys(Manner, 0)

    @property
    def held(self) -> bool:
        """Somebody is waiting for what comes; a long-poll is not open before it answers."""
        return self.task is not None and not self.task.done()

    @property
    def last_t(self) -> float | None:
        return self.served[-1] if self.served else None

    async def hold(self) -> None:
        """Returns when it is over. What goes wrong on the way is a fact about it, not an error."""
        self.refused = self.trouble = ""
        self.tries += bool(self.opened)
        self.opened += 1
        self.unanswered = 0
        before = self.counts[Manner.SERVED]
        try:
            if self.channel.kind == "websocket":
                await self._hold_socket()
            else:
                async with self._kit.web.stream(self.channel.request, self._session, pace=self._kit.pace) as stream:
                    await self._hold_stream(stream)
                self._end("it came to its end")
        except SocketRefused as refused:
            self._turn_away(refused.status, str(refused))
        except NotPermitted as forbidden:
            self._turn_away(0, str(forbidden))
        except SocketClosed as closed:
            self._end(f"closed with {closed.status} ({closed})", closed.status)
            if self.counts[Manner.SERVED] == before and closed.status in (1008, 3000, 3003, *range(4001, 5000)):
                self.refused = self.ended_how
        except StreamBroke as broke:
            if self.open:
                self._end(f"it broke off ({broke})")
            else:
                self._turn_away(0, str(broke))
        finally:
            self.open = False
            self.stopped_t = self._kit.recorder.t
            if self.opened == self.marked:
                self.marked_end_t = self.stopped_t
            if self.ended_t is None:
                self.ended_t = self.stopped_t
            await self.close()
            self._frames.flush()

    def mark(self) -> None:
        """The cause meets this opening: what it serves is told apart from what is served when it is opened again."""
        if self.held:
            self.marked, self.marked_last_t, self.marked_end_t = self.opened, None, None

    async def ask(self) -> None:
        """What is sent each time, if the channel has it and is open."""
        socket = self._socket
        if socket is None or not self.channel.send:
            return
        text = filled(self.channel.send, self._session.values)
        try:
            async with asyncio.timeout(_CLOSE_S):
                await socket.send(text)
        except (SocketClosed, TimeoutError):
            return  # the reader says when it ended
        self.asked += 1
        self.unanswered += 1
        self._frames.add("sent", text)

    async def close(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_S):
                    await socket.close()

    def silent(self) -> bool:
        """Open, and has stopped to serve: pings stay unanswered, or its rhythm broke off."""
        if not self.open or self.last_t is None or (self.unclear_t or 0.0) > self.last_t:
            return False
        if self.channel.send:
            return self.unanswered >= 3
        quiet_s = self._kit.recorder.t - self.last_t
        return self.counts[Manner.SERVED] >= 3 and quiet_s >= max(5 * self.widest_s, 5.0)

    async def _hold_socket(self) -> None:
        url = filled(self.channel.request.url, self._session.values)
        given = {name: filled(value, self._session.values) for name, value in self.channel.request.headers.items()}
        origin = None if any(name.lower() == "origin" for name in given) else origin_of(self._kit.target.front)
        await self._kit.pace.turn()
        headers = handshake(url, self._session, origin=origin, given=given)
        self._socket = await self._kit.open_socket(socket_url(url), headers, self.channel.subprotocols)
        self._begin(101, url)
        await self.ask()
        while True:
            message = await self._socket.recv()
            self._hear(message if isinstance(message, str) else message.decode("utf-8", "replace"))

    async def _hold_stream(self, stream: Stream) -> None:
        if not 200 <= stream.status < 300:
            self._turn_away(stream.status, f"the answer was {stream.status}")
            return
        self._begin(stream.status, self.channel.request.url)
        match self.channel.kind:
            case "events":
                async for event in events_of(stream.parts):
                    self._hear(event)
            case "download":
                await self._download(stream)
            case _:
                body = bytearray()
                async for part in stream.parts:
                    body += part[: _BODY_MOST - len(body)]
                self._hear(body.decode("utf-8", "replace"))

    async def _download(self, stream: Stream) -> None:
        size = 0
        async for part in stream.parts:
            if not size and has_password_field(part[:_BODY_MOST].decode("utf-8", "replace")):
                self.refused = "a sign-in page came instead"
                return
            size += len(part)
            if part:
                self._note(Manner.SERVED)
                self._frames.add("received", f"{size} bytes so far", size=len(part))
        self.whole = stream.length is not None and size >= stream.length
        self.vague = stream.length is None

    def _begin(self, code: int, url: str) -> None:
        self.open = True
        self.ended_t = None
        self._frames.add("opened", url=url, code=code)

    def _end(self, how: str, code: int = 0) -> None:
        if self.open:
            self.ended_t = self._kit.recorder.t
            self.ended_how = how
            self._frames.add("closed", how, code=code)
        self.open = False

    def _turn_away(self, status: int, how: str) -> None:
        """Not opened: by the target's word, or by trouble."""
        if status in (0, 408, 425, 429) or status >= 500:
            self.trouble = how
            self.counts[Manner.TROUBLE] += 1
        else:
            self.refused = how
            self.counts[Manner.REFUSED] += 1
        self.ended_t = self._kit.recorder.t if self.ended_t is None else self.ended_t
        self.ended_how = self.ended_how or how
        self._frames.add("refused", how, url=self.channel.request.url, code=status)

    def _hear(self, text: str) -> None:
        manner = manner_of_text(text, self.known)
        if manner is not Manner.SERVED or not self.known.told:
            if is_heartbeat(text):
                return
            if manner is Manner.SERVED and has_password_field(text) and not self.known.learning:
                manner = Manner.REFUSED
        if manner is Manner.SERVED:
            self.known.learn(text)
        self._note(manner)
        self._frames.add("received", text)

    def _note(self, manner: Manner) -> None:
        t = self._kit.recorder.t
        self.counts[manner] += 1
        if manner is Manner.UNCLEAR:
            self.unclear_t = t
        if manner is not Manner.SERVED:
            return
        self.unanswered = self.tries = 0
        if self.opened == self.marked:
            self.marked_last_t = t
        if self.served:
            self.widest_s = max(self.widest_s, t - self.served[-1])
        if len(self.served) >= 2:
            self.served.pop()
        self.served.append(t)


async def events_of(parts: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """The data of server-sent events; comments and empty ones are none. A line without an end is cut off."""
    rest = b""
    data: list[str] = []
    async for part in parts:
        *lines, rest = (rest + part).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        rest = rest[:_LINE_MOST]
        for line in lines:
            if line.startswith(b"data:") and len(data) < 1000:
                data.append(line[5:_LINE_MOST].strip().decode("utf-8", "replace"))
            elif not line and data:
                yield "\n".join(data)
                data = []


def origin_of(url: str) -> str:
    """As a browser writes it: a page's scheme and place."""
    parts = urlsplit(url)
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    return f"{scheme}://{parts.netloc.rpartition('@')[2]}"


def handshake(
    url: str, session: Session | None, *, origin: str | None, given: Mapping[str, str] | None = None
) -> list[tuple[str, str]]:
    """The headers of an upgrade: what this session sends, its cookies for that address, the Origin."""
    headers = {"User-Agent": AGENT, **(session.headers if session is not None else {}), **(given or {})}
    parts = urlsplit(url)
    page = urlunsplit(parts._replace(scheme={"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)))
    if session is not None:
        headers = with_cookies(headers, session, page)
    if origin is not None:
        headers["Origin"] = origin
    return list(headers.items())


async def upgrade(
    kit: Kit, url: str, label: str, *, origin: str | None, session: Session | None, subprotocols: Sequence[str] = (),
    subject: str = "",
) -> Frame:  # fmt: skip
    """Try to open a WebSocket, and close it at once. Gives the frame: opened, or refused with the answer's status."""
    return (
        await converse(kit, url, label, origin=origin, session=session, subprotocols=subprotocols, subject=subject)
    )[0]


async def converse(
    kit: Kit, url: str, label: str, *, origin: str | None, session: Session | None, subprotocols: Sequence[str] = (),
    subject: str = "", send: str = "", listen_s: float = 0.0, enough: Callable[[Frame], bool] | None = None,
    given: Mapping[str, str] | None = None,
) -> list[Frame]:  # fmt: skip
    """Open a WebSocket, send one text, and listen for a while: what came and went. Closed afterwards.

    ``enough``: a function of a frame that says when to stop listening; ``given``: further headers.
    """
    frames = Frames(kit.recorder, label, subject or url, subject)
    await kit.pace.turn()
    try:
        socket = await kit.open_socket(
            socket_url(url), handshake(url, session, origin=origin, given=given), subprotocols
        )
    except (SocketRefused, NotPermitted) as refused:
        return [frames.add("refused", str(refused), url=url, code=getattr(refused, "status", 0))]
    seen = [frames.add("opened", url=url, code=101)]
    over = asyncio.Event()

    async def listen() -> None:
        try:
            while len(seen) < 50:
                message = await socket.recv()
                text = message if isinstance(message, str) else message.decode("utf-8", "replace")
                seen.append(frames.add("received", text))
                if enough is not None and enough(seen[-1]):
                    break
        except SocketClosed as closed:
            seen.append(frames.add("closed", str(closed), code=closed.status))
        over.set()

    async with asyncio.TaskGroup() as group:
        reader = group.create_task(listen())
        try:
            if send and listen_s:
                with suppress(SocketClosed):
                    await socket.send(send)
                    seen.append(frames.add("sent", send))
            until = kit.time.monotonic() + listen_s
            while not over.is_set() and kit.time.monotonic() < until:
                await kit.time.sleep(0.25)
        finally:
            reader.cancel()
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_S):
                    await socket.close()
            frames.flush()
    return seen
