"""Several calendars as one: to each room its own, and none that is down holds up another's rooms."""

import asyncio
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from roomgate.ids import RoomName
from roomgate.meetings.calendars.base import CalendarRefused, CalendarUnreachable, Slot, Snapshot, Source
from roomgate.meetings.calendars.several import Several
from roomgate.meetings.invite import Window

OSLO, BERGEN, TROMSO = RoomName("oslo"), RoomName("bergen"), RoomName("tromso")
START = datetime(2026, 3, 10, 9, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=7))


class Still:
    """A calendar that tells what it is told to tell, when it is told to."""

    def __init__(self) -> None:
        self.asked: list[dict[RoomName, str | None]] = []
        self.news: asyncio.Queue[dict[RoomName, str] | CalendarUnreachable] = asyncio.Queue()

    async def fetch(self, room: RoomName, window: Window) -> Snapshot:
        return Snapshot((Source(room, b""),), "x")

    async def changed(self, known: Mapping[RoomName, str | None]) -> dict[RoomName, str]:
        self.asked.append(dict(known))
        news = await self.news.get()
        if isinstance(news, Exception):
            raise news
        return news


class Written(Still):
    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []

    async def book(self, room: RoomName, slot: Slot, uid: str) -> None:
        self.done.append(f"book {uid}")

    async def set_end(self, room: RoomName, uid: str, recurrence_id: str, end: datetime) -> None:
        self.done.append(f"end {uid}")

    async def release(self, room: RoomName, uid: str, recurrence_id: str) -> None:
        self.done.append(f"release {uid}")


async def no_pause(seconds: float) -> None:
    await asyncio.sleep(0)


@pytest.fixture
def both():
    first, second = Still(), Written()
    return first, second, Several({OSLO: first, BERGEN: second}.get, random.Random(1), pause=no_pause)


@pytest.mark.asyncio
async def test_each_room_is_asked_of_its_own_calendar(both):
    first, second, several = both
    assert (await several.fetch(OSLO, WINDOW)).sources[0].name == OSLO
    second.news.put_nowait({BERGEN: "new"})
    async with asyncio.timeout(5):
        assert await several.changed({OSLO: "a", BERGEN: None, TROMSO: None}) == {BERGEN: "new"}
    assert (first.asked, second.asked) == ([{OSLO: "a"}], [{BERGEN: None}])


@pytest.mark.asyncio
async def test_a_room_in_no_calendar_is_refused_and_never_waited_for(both):
    *_, several = both
    with pytest.raises(CalendarUnreachable, match="tromso is in no calendar"):
        await several.fetch(TROMSO, WINDOW)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await several.changed({TROMSO: None})


@pytest.mark.asyncio
async def test_a_calendar_that_is_down_holds_up_no_other_and_comes_back(both):
    first, second, several = both
    for _ in range(3):
        first.news.put_nowait(CalendarUnreachable("down"))
    second.news.put_nowait({BERGEN: "1"})
    async with asyncio.timeout(5):
        assert await several.changed({OSLO: None, BERGEN: None}) == {BERGEN: "1"}
        for _ in range(3):
            first.news.put_nowait(CalendarUnreachable("down"))
        first.news.put_nowait({OSLO: "up"})
        assert await several.changed({OSLO: None, BERGEN: "1"}) == {OSLO: "up"}


@pytest.mark.asyncio
async def test_cancelling_leaves_nobody_waiting(both):
    *_, several = both
    before = asyncio.all_tasks()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await several.changed({OSLO: None, BERGEN: None})
    assert asyncio.all_tasks() == before


@pytest.mark.asyncio
async def test_what_is_written_goes_to_the_rooms_calendar_or_is_refused(both):
    _, second, several = both
    slot = Slot(START, START + timedelta(hours=1), "x")
    await several.book(BERGEN, slot, "u")
    await several.set_end(BERGEN, "u", "", START)
    await several.release(BERGEN, "u", "")
    assert second.done == ["book u", "end u", "release u"]
    for room in (OSLO, TROMSO):
        assert several.writable_of(room) is None
        with pytest.raises(CalendarRefused, match="only be read"):
            await several.book(room, slot, "u")
