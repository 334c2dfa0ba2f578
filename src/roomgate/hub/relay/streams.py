"""Event streams that a client can leave and take up again within a minute.

Theory: a stream keeps its last minute in a ring, and lingers for a minute after its reader has gone. A reader is
a position in the ring: one that comes back with the id of the last event that it saw goes on behind it; one
whose position has fallen out of the ring, or that fell behind too far, is told `gap` and then the present
values. A stream belongs to one principal, credential, room and list of paths, and it falls with its session.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from roomgate.access.principal import Principal
from roomgate.clock import Clock, iso
from roomgate.errors import BadInput
from roomgate.hub.channels import Channel, ChannelClosed, Channels, Cutoff, Kind, Session
from roomgate.hub.relay.service import Relay
from roomgate.hub.relay.watch import Seen, Watch
from roomgate.xapi import tree
from roomgate.xapi.path import Path

LONGEST_LAG = 256  # events that a reader may be behind
RESUME_S = 60.0
BEAT_S = 10.0
MOST_PATHS = 20
SWEEP_EVERY_S = 5.0

_json = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Sent:
    """One event of a stream. ``value`` is relative to the path, as far as the path is no pattern."""

    number: int
    at_s: float  # monotonic
    name: str  # status, configuration, event, gap
    data: dict[str, Any]

    def encode(self) -> bytes:
        return b"id: %d\nevent: %s\ndata: %s\n\n" % (self.number, self.name.encode(), _json.encode(self.data))


def encode_cut(why: Cutoff, at: str) -> bytes:
    """The last event before a cut."""
    return b"event: cut\ndata: %s\n\n" % _json.encode({"reason": why.cause, "words": why.words, "at": at})


class Numbers:
    """Event ids: whole numbers that rise, also over a restart of the hub."""

    def __init__(self, clock: Clock) -> None:
        self._last = int(clock.now().timestamp() * 1000) * 1000

    def next(self) -> int:
        self._last += 1
        return self._last


@dataclass(slots=True, eq=False)
class Stream:
    """What one reader is told of some paths of a room."""

    session: Session
    paths: tuple[Path, ...]
    clock: Clock
    numbers: Numbers
    watches: list[Watch] = field(default_factory=list)
    ring: deque[Sent] = field(default_factory=deque)
    before: int = 0  # the number of the last event that is not in the ring any more
    reader: object | None = None  # the attached one
    left: float = 0.0  # when the last reader left
    news: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False

    def take(self, watch: Watch, seen: Seen) -> Sent:
        """Put one feedback into the ring."""
        value: Any = None
        if seen.kind != "gap":
            path = watch.call.path
            value = seen.document if path.is_pattern else tree.lookup(seen.document, path.parts)
        return self._put(seen.kind, watch.call.path, value)

    def gap(self) -> None:
        """Say of every path that something was missed; the present values follow."""
        for path in self.paths:
            self._put("gap", path, None)

    def _put(self, name: str, path: Path, value: Any) -> Sent:
        now = self.clock.monotonic()
        data = {"path": str(path), "value": value, "at": iso(self.clock.now())}
        sent = Sent(self.numbers.next(), now, name, data)
        self.ring.append(sent)
        while self.ring and (self.ring[0].at_s < now - RESUME_S or len(self.ring) > 4 * LONGEST_LAG):
            self.before = self.ring.popleft().number
        self.news.set()
        return sent

    def holds(self, number: int) -> bool:
        """Whether a reader that saw this event can go on behind it."""
        return number == self.before or any(sent.number == number for sent in self.ring)

    def behind(self, number: int) -> list[Sent]:
        return [sent for sent in self.ring if sent.number > number]

    def present(self) -> list[Sent]:
        """A gap, and the present values of every path that has any."""
        told = []
        for watch in self.watches:
            told.append(self._put("gap", watch.call.path, None))
            if watch.call.path.root != "Event":
                told.append(self.take(watch, watch.present()))
        return told

    def close(self) -> None:
        self.closed = True
        for watch in self.watches:
            watch.close()
        self.news.set()

    def fallen(self) -> Cutoff | None:
        """Why nothing of it is left, if so: every one of its paths has ended."""
        ended = [watch.ended for watch in self.watches]
        return ended[0] if ended and all(ended) else None


class EventStreams:
    """The streams of this hub."""

    def __init__(self, relay: Relay, channels: Channels, clock: Clock) -> None:
        self._relay = relay
        self._channels = channels
        self._clock = clock
        self._numbers = Numbers(clock)
        self._streams: list[Stream] = []

    async def read(
        self, principal: Principal, room: str, paths: list[str], last: int | None
    ) -> AsyncGenerator[bytes, None]:
        """Open a stream, or take up the one that ``last`` is an event of.

        Raises what `Relay.ask` raises, before anything is sent. The iterator must be run to its end or closed.
        """
        self.sweep()
        if not 1 <= len(paths) <= MOST_PATHS:
            raise BadInput(f"Give 1 to {MOST_PATHS} paths, as ?path=Status/Audio/Volume.")
        wanted = tuple(Path.parse(path) for path in dict.fromkeys(paths))
        stream = None if last is None else self._find(principal, room, wanted, last)
        position = last or 0
        if stream is None:
            session = await self._relay.open_session(principal, room, Kind.EVENTS)
            stream = Stream(session, wanted, self._clock, self._numbers, before=self._numbers.next())
            position = stream.before
            if last is not None:
                stream.gap()
            await self._fill(stream)
            self._streams.append(stream)
            stream.left = self._clock.monotonic()
        return self._run(_Reader(stream, position, self._clock))

    async def _fill(self, stream: Stream) -> None:
        """Subscribe to its paths. Each is judged; one that is refused refuses the whole stream."""

        async def cut(why: Cutoff) -> None:
            stream.close()

        with self._channels.open(Kind.EVENTS, stream.session, cut) as channel:
            for path in stream.paths:
                watch = await self._watch(stream, channel, path)
                self._relay.background(self._pump(stream, watch), "events.pump")

    async def _watch(self, stream: Stream, channel: Channel, path: Path) -> Watch:
        try:
            watch = await self._relay.watch(channel, path)
        except BaseException:
            stream.close()
            raise
        stream.watches.append(watch)
        return watch

    def _find(self, principal: Principal, room: str, paths: tuple[Path, ...], last: int) -> Stream | None:
        for stream in self._streams:
            session = stream.session
            mine = session.principal.id == principal.id and session.principal.credential == principal.credential
            same = mine and session.room.name == room and stream.paths == paths
            if same and not stream.closed and session.ended is None and stream.holds(last):
                return stream
        return None

    async def _pump(self, stream: Stream, watch: Watch) -> None:
        async for seen in watch:
            stream.take(watch, seen)
        if watch.ended is None:
            stream.close()  # it hears nothing more, and no cut says so: the reader is to come back
        stream.news.set()

    async def _run(self, reader: "_Reader") -> AsyncGenerator[bytes, None]:
        stream = reader.stream
        stream.reader = reader  # whoever read it before reads no more
        stream.news.set()
        try:
            with self._channels.open(Kind.EVENTS, stream.session, reader.cut) as channel:
                async for chunk in reader.chunks(channel):
                    yield chunk
        except ChannelClosed:
            if stream.session.ended is not None:  # cut between the answer's head and its first event
                yield encode_cut(stream.session.ended, iso(self._clock.now()))
        finally:
            if stream.reader is reader:
                stream.reader = None
                stream.left = self._clock.monotonic()
            stream.session.touched = self._clock.monotonic()

    async def keep(self) -> None:
        """Let go of streams that nobody came back for. To be supervised."""
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            self.sweep()

    def sweep(self) -> None:
        """Close the streams that nobody came back for."""
        now = self._clock.monotonic()
        for stream in list(self._streams):
            stale = stream.reader is None and now - stream.left > RESUME_S
            if stale or stream.closed or stream.session.ended is not None:
                stream.close()
                self._streams.remove(stream)


class _Reader:
    """One connection that reads a stream."""

    def __init__(self, stream: Stream, position: int, clock: Clock) -> None:
        self.stream = stream
        self.position = position
        self._clock = clock
        self._cut: Cutoff | None = None
        self._told = asyncio.Event()

    async def cut(self, why: Cutoff) -> None:
        """Called by the registry; returns when the last event has been handed to the connection."""
        self._cut = why
        self.stream.news.set()
        await self._told.wait()

    async def chunks(self, channel: Channel) -> AsyncIterator[bytes]:
        """Until the cut, or until somebody else reads the stream."""
        stream = self.stream
        try:
            while stream.reader is self:
                why = self._cut or (channel.session.ended if channel.session else None) or stream.fallen()
                if why is not None:
                    yield encode_cut(why, iso(self._clock.now()))
                    return
                waiting = stream.behind(self.position)
                if len(waiting) > LONGEST_LAG or self.position < stream.before:
                    waiting = stream.present()
                for sent in waiting:
                    if self._cut is not None:
                        break
                    channel.require_open()
                    self.position = sent.number
                    yield sent.encode()
                if waiting or stream.closed:
                    if stream.closed and stream.fallen() is None:
                        return
                    continue
                if not await _news(stream.news, BEAT_S):
                    yield b": beat\n\n"
        finally:
            self._told.set()


async def _news(news: asyncio.Event, within_s: float) -> bool:
    news.clear()
    try:
        async with asyncio.timeout(within_s):
            await news.wait()
    except TimeoutError:
        return False
    return True
