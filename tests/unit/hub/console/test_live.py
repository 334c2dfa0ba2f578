"""A page's stream, driven by hand: what it says, and that a cut is its last word."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from roomgate.hub.channels import Channels, Cutoff
from roomgate.hub.console.live import PageStream, encode, mark_of
from roomgate.hub.rooms.state import Watch
from roomgate.ids import RoomId
from support.relay_rig import ADA

pytestmark = pytest.mark.asyncio
WHY = Cutoff("lock", "It was locked.")


class Seen:
    """What the page shows, by key."""

    def __init__(self) -> None:
        self.marks: dict[str, object] = {"a": 1, "b": 1}

    async def look(self, _: frozenset[RoomId] | None) -> dict[str, object]:
        return dict(self.marks)


def open_stream(seen: Seen, channels: Channels) -> tuple[PageStream, Watch, AsyncIterator[bytes]]:
    watch = Watch()
    stream = PageStream(watch, seen.look, str.upper)
    return stream, watch, stream.run(channels.open_page(ADA, stream.cut))


async def following(told: AsyncIterator[bytes]) -> tuple[str, object]:
    """The next event that is one."""
    async with asyncio.timeout(10):
        while True:
            chunk = (await anext(told)).decode()
            if "event: " in chunk:
                lines = dict(line.split(": ", 1) for line in chunk.strip().splitlines() if ": " in line)
                return lines["event"], json.loads(lines["data"])


async def test_what_changed_is_told_by_key() -> None:
    seen = Seen()
    _, watch, told = open_stream(seen, Channels())
    assert await following(told) == ("open", {"mark": ""})
    seen.marks["b"] = 2
    seen.marks["c"] = 1
    watch.tell(RoomId("b"))
    assert await following(told) == ("changed", ["b", "c"])


async def test_what_nobody_tells_of_is_found_all_the_same() -> None:
    seen = Seen()
    _, _, told = open_stream(seen, Channels())
    await following(told)
    seen.marks["a"] = 2  # a session ended: no room changed
    assert await following(told) == ("changed", ["a"])


async def test_the_cut_is_the_last_word_in_the_readers_language() -> None:
    seen, channels = Seen(), Channels()
    stream, _, told = open_stream(seen, channels)
    await following(told)
    seen.marks["a"] = 2  # what changes with the cut is not shown any more
    async with asyncio.TaskGroup() as group:
        cutting = group.create_task(stream.cut(WHY))
        assert await following(told) == ("cut", {"cause": "lock", "words": "IT WAS LOCKED."})
        with pytest.raises(StopAsyncIteration):
            await anext(told)
        await cutting
    assert len(channels) == 0


async def test_a_page_that_goes_away_leaves_the_registry() -> None:
    channels = Channels()
    _, _, told = open_stream(Seen(), channels)
    await following(told)
    assert len(channels) == 1
    await told.aclose()  # type: ignore[attr-defined]  # it is a generator
    assert len(channels) == 0


async def test_text_cannot_break_out_of_its_event() -> None:
    chunk = encode("cut", {"words": "a\n\nevent: open\ndata: {}"})
    assert chunk.count(b"\n\n") == 1
    assert chunk.endswith(b"\n\n")


async def test_a_page_that_carries_the_streams_word_is_up_to_date() -> None:
    seen = Seen()
    stream = PageStream(Watch(), seen.look, str.upper, mark_of)
    told = stream.run(Channels().open_page(ADA, stream.cut))
    page = mark_of({"b": 1, "a": 1})
    assert await following(told) == ("open", {"mark": page})
    assert mark_of({"a": 1, "b": 2}) != page
