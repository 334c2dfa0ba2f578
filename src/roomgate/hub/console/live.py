"""A page's stream: says that something on the page has changed, and when it is cut, why.

It carries no state of any room: the page fetches its parts again, through the same checks as any page.
Theory: `look` gives marks of what the page shows, by key; what differs from last time is told. The watch
wakes it when a room changes, and the tick finds what nobody tells: sessions that come and go, grants.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractContextManager

import msgspec
from litestar.response import Stream

from roomgate.hub.channels import Channel, ChannelClosed, Cutoff
from roomgate.hub.rooms.state import Watch
from roomgate.ids import RoomId

TICK_S = 1.0
BEAT_EVERY = 10  # ticks without news
_WAKE = RoomId("")

Look = Callable[[frozenset[RoomId] | None], Awaitable[dict[str, object]]]
Marks = Mapping[str, object]

_json = msgspec.json.Encoder()


def encode(name: str, data: object) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), _json.encode(data))


def mark_of(marks: Marks) -> str:
    """One word for all marks, good while this process runs."""
    return f"{hash(frozenset(marks.items())):x}"


def no_mark(_: Marks) -> str:
    return ""


class PageStream:
    """One open page. ``cut`` is for the registry; ``run`` is what is sent."""

    def __init__(
        self, watch: Watch, look: Look, said: Callable[[str], str], mark: Callable[[Marks], str] = no_mark
    ) -> None:
        """``said`` gives a sentence of the hub's in the reader's language; ``mark`` one word for all that was seen.

        A page that carries the same word is up to date; without one it is fetched again.
        """
        self._watch = watch
        self._look = look
        self._said = said
        self._mark = mark
        self._why: Cutoff | None = None
        self._told = asyncio.Event()

    async def cut(self, why: Cutoff) -> None:
        """Returns when the last event has been handed to the connection."""
        self._why = why
        self._watch.tell(_WAKE)
        await self._told.wait()

    async def run(self, channel: Channel) -> AsyncIterator[bytes]:
        """Until the cut, or until the page goes away."""
        try:
            with channel:
                known = await self._look(None)
                yield b"retry: 2000\n\n" + encode("open", {"mark": self._mark(known)})
                quiet = 0
                while self._why is None:
                    fresh = await self._look(await self._news())
                    changed = sorted(key for key, mark in fresh.items() if known.get(key) != mark)
                    known |= fresh
                    if self._why is not None:
                        break
                    if changed:
                        channel.require_open()
                        yield encode("changed", changed[:200])
                    quiet = 0 if changed else quiet + 1
                    if quiet >= BEAT_EVERY:
                        quiet = 0
                        yield b": beat\n\n"
                yield encode("cut", {"cause": self._why.cause, "words": self._said(self._why.words)})
        except ChannelClosed as closed:  # cut before it began
            yield encode(
                "cut", {"cause": channel.cut.cause if channel.cut else closed.code, "words": self._said(closed.message)}
            )
        finally:
            self._told.set()

    async def _news(self) -> frozenset[RoomId] | None:
        try:
            async with asyncio.timeout(TICK_S):
                return await self._watch.next() - {_WAKE}
        except TimeoutError:
            return None


def stream_page(
    watching: AbstractContextManager[Watch],
    look: Look,
    said: Callable[[str], str],
    enter: Callable[[PageStream], Awaitable[Channel]],
    mark: Callable[[Marks], str] = no_mark,
) -> Stream:
    """The answer that is a page's stream. ``enter`` opens its channel, once the watch is on."""

    async def run() -> AsyncIterator[bytes]:
        with watching as watch:
            stream = PageStream(watch, look, said, mark)
            async for chunk in stream.run(await enter(stream)):
                yield chunk

    return Stream(run(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
