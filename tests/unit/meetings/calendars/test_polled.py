"""One look at each room a period; a room that cannot be read stands in nobody's way."""

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from roomgate.clock import HandClock
from roomgate.ids import RoomName
from roomgate.meetings.calendars.base import CalendarUnreachable, Snapshot
from roomgate.meetings.calendars.polled import AT_ONCE, BEYOND, TOGETHER, Copy, Polled, wide
from roomgate.meetings.invite import Window

START = datetime(2026, 3, 10, 9, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=7))
OSLO, BERGEN = RoomName("oslo"), RoomName("bergen")


class Source:
    """A calendar's server: what it holds, who asked, and who gets no answer."""

    def __init__(self) -> None:
        self.cursors: dict[RoomName, str] = {}
        self.asked: Counter[RoomName] = Counter()
        self.away: set[RoomName] = set()
        self.windows: list[Window] = []
        self.now = self.most = 0

    async def refresh(self, room: RoomName, window: Window, before: Copy | None) -> Copy:
        self.asked[room] += 1
        self.windows.append(window)
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        if room in self.away:
            raise CalendarUnreachable("away")
        return Copy(Snapshot((), self.cursors.get(room, "none")), wide(window))


def polled(source: Source, poll_s: float = 30.0) -> tuple[Polled[Copy], HandClock]:
    clock = HandClock()

    async def pause(seconds: float) -> None:
        clock.advance(seconds)
        await asyncio.sleep(0)

    return Polled(source.refresh, clock, random.Random(5), poll_s=poll_s, pause=pause), clock


async def all_known(calendar: Polled[Copy], rooms: list[RoomName]) -> dict[RoomName, str]:
    known: dict[RoomName, str | None] = dict.fromkeys(rooms)
    while None in known.values():
        known |= await calendar.changed(known)
    return {room: cursor for room, cursor in known.items() if cursor is not None}


@pytest.mark.asyncio
async def test_news_does_not_wait_for_the_looks_at_all_rooms():
    source, rooms = Source(), [RoomName(f"r{n}") for n in range(5 * TOGETHER)]
    calendar, _ = polled(source)
    news = await calendar.changed(dict.fromkeys(rooms))
    assert len(news) == source.asked.total() == TOGETHER
    await all_known(calendar, rooms)
    assert set(source.asked.values()) == {1}


@pytest.mark.asyncio
async def test_each_room_is_looked_at_once_a_period():
    source, rooms = Source(), [RoomName(f"r{n}") for n in range(200)]
    calendar, clock = polled(source)
    known = await all_known(calendar, rooms)
    assert set(source.asked.values()) == {1}
    assert source.most <= AT_ONCE
    began = clock.monotonic()
    source.cursors[RoomName("r7")] = "other"
    news = await calendar.changed(known)
    assert set(news) == {"r7"}
    assert clock.monotonic() - began <= 30.25
    while clock.monotonic() - began < 300:
        source.cursors[RoomName("r8")] = str(clock.monotonic())
        known |= await calendar.changed(known)
    assert all(8 <= count <= 16 for count in source.asked.values())


@pytest.mark.asyncio
async def test_looks_are_spread_over_the_period():
    source, rooms = Source(), [RoomName(f"r{n}") for n in range(200)]
    calendar, clock = polled(source)
    known = await all_known(calendar, rooms)
    seconds: Counter[int] = Counter()

    async def refresh(room: RoomName, window: Window, before: Copy | None) -> Copy:
        seconds[int(clock.monotonic())] += 1
        if clock.monotonic() > 1300:
            source.cursors[room] = "the end"
        return await source.refresh(room, window, before)

    calendar._refresh = refresh
    await calendar.changed(known)
    assert sum(seconds.values()) > 2000
    assert max(seconds.values()) < 50


@pytest.mark.asyncio
async def test_a_fetch_after_a_change_asks_nobody_again():
    source = Source()
    calendar, clock = polled(source)
    await calendar.changed({OSLO: None})
    await calendar.fetch(OSLO, WINDOW)
    assert source.asked[OSLO] == 1
    clock.advance(6)
    await calendar.fetch(OSLO, WINDOW)
    calendar.spoil(OSLO)
    await calendar.fetch(OSLO, WINDOW)
    assert source.asked[OSLO] == 3


@pytest.mark.asyncio
async def test_a_look_that_was_on_its_way_when_the_calendar_was_written_is_not_handed_out():
    source, on_its_way, go_on = Source(), asyncio.Event(), asyncio.Event()

    async def refresh(room: RoomName, window: Window, before: Copy | None) -> Copy:
        seen = await source.refresh(room, window, before)
        on_its_way.set()
        await go_on.wait()
        return seen

    calendar = Polled(refresh, HandClock(), random.Random(1))
    async with asyncio.TaskGroup() as group:
        group.create_task(calendar.fetch(OSLO, WINDOW))
        await on_its_way.wait()
        source.cursors[OSLO] = "written"
        calendar.spoil(OSLO)
        go_on.set()
    assert (await calendar.fetch(OSLO, WINDOW)).cursor == "written"


@pytest.mark.asyncio
async def test_a_fetch_counts_as_a_look():
    source = Source()
    calendar, _ = polled(source)
    await calendar.fetch(OSLO, WINDOW)
    assert await calendar.changed({OSLO: None}) == {OSLO: "none"}
    assert source.asked[OSLO] == 1


@pytest.mark.asyncio
async def test_a_larger_window_is_asked_for():
    source = Source()
    calendar, _ = polled(source)
    await calendar.fetch(OSLO, WINDOW)
    larger = Window(START, START + timedelta(days=30))
    await calendar.fetch(OSLO, larger)
    assert [window.end for window in source.windows] == [WINDOW.end, larger.end]
    assert wide(WINDOW).end == WINDOW.end + BEYOND


@pytest.mark.asyncio
async def test_a_room_that_cannot_be_read_is_told_once_and_again_when_it_can():
    source = Source()
    source.away.add(OSLO)
    calendar, _ = polled(source)
    known = await calendar.changed({OSLO: None, BERGEN: None})
    assert known[OSLO] != known[BERGEN] == "none"
    with pytest.raises(CalendarUnreachable):
        await calendar.fetch(OSLO, WINDOW)
    source.cursors[BERGEN] = "news"
    assert await calendar.changed(known) == {BERGEN: "news"}
    known[BERGEN] = "news"
    source.away.clear()
    assert await calendar.changed(known) == {OSLO: "none"}


@pytest.mark.asyncio
async def test_a_failed_look_leaves_the_copy_for_the_next_one():
    befores = []

    async def refresh(room: RoomName, window: Window, before: Copy | None) -> Copy:
        befores.append(before)
        if len(befores) == 2:
            raise CalendarUnreachable("away")
        return Copy(Snapshot((), "x"), wide(window))

    clock = HandClock()
    calendar = Polled(refresh, clock, random.Random(1), fresh_s=0)
    first = await calendar.fetch(OSLO, WINDOW)
    with pytest.raises(CalendarUnreachable):
        await calendar.fetch(OSLO, WINDOW)
    await calendar.fetch(OSLO, WINDOW)
    assert befores[0] is None
    assert befores[2].snapshot is first


@pytest.mark.asyncio
async def test_rooms_that_left_are_forgotten():
    source = Source()
    calendar, _ = polled(source)
    known = await calendar.changed({OSLO: None, BERGEN: None})
    source.cursors[OSLO] = "x"
    await calendar.changed({OSLO: known[OSLO]})
    assert set(calendar._rooms) == {OSLO}
