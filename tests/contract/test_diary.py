"""What every Diary promises. A new implementation joins by a line in MAKERS."""

import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from roomgate.clock import HandClock
from roomgate.connector.diary import DeviceDiary
from roomgate.ids import RoomName
from roomgate.meetings.booking import Booking, booking_id
from roomgate.meetings.plan import Held, plan_bookings
from roomgate.meetings.showing import MOST_BOOKINGS
from roomgate.meetings.sync import Diary
from support.diaries import MemoryDiary
from support.kept import kept
from support.simulated import simulator

ROOM = RoomName("oslo")
START = datetime(2026, 3, 10, 9, tzinfo=UTC)


@asynccontextmanager
async def memory() -> AsyncIterator[Diary]:
    yield MemoryDiary()


@asynccontextmanager
async def device() -> AsyncIterator[Diary]:
    """A simulated device's own list, by way of its keeper and both its accounts."""
    clock = HandClock(START - timedelta(minutes=30))
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        async with simulator(here / "sim", ROOM, clock=clock) as rooms, kept(here, rooms) as site:
            yield DeviceDiary(site.fleet.by_name, site.record, clock)


MAKERS: dict[str, Callable[[], AbstractAsyncContextManager[Diary]]] = {"memory": memory, "device": device}


def booking(name: str, hour: int = 0) -> Booking:
    return Booking(
        booking_id(name, ""), name, f"{name}@example.com", "SIP", "Other", "Ada", "ada@example.com",
        START + timedelta(hours=hour), 30, False,
    )  # fmt: skip


@pytest.fixture(params=MAKERS.values(), ids=MAKERS.keys())
def maker(request):
    return request.param


@pytest.mark.asyncio
async def test_a_new_list_is_empty(maker):
    async with maker() as diary:
        assert await diary.current(ROOM) in ((), None)


@pytest.mark.asyncio
async def test_what_was_put_is_shown(maker):
    async with maker() as diary:
        await diary.put(ROOM, [booking("a"), booking("b", 1)])
        shown = await diary.current(ROOM)
        assert {one.id: one for one in shown} == {one.id: Held.of(one) for one in (booking("a"), booking("b", 1))}
        assert plan_bookings([booking("a"), booking("b", 1)], shown).put is None


@pytest.mark.asyncio
async def test_a_put_replaces_the_whole_list(maker):
    async with maker() as diary:
        await diary.put(ROOM, [booking("a"), booking("b", 1)])
        await diary.put(ROOM, [booking("b", 2)])
        assert await diary.current(ROOM) == (Held.of(booking("b", 2)),)
        await diary.put(ROOM, [])
        assert await diary.current(ROOM) == ()


@pytest.mark.asyncio
async def test_whatever_a_booking_holds_the_list_shows_it_and_needs_no_second_put(maker):
    """Nothing to join, buffers, private, at the same time, long, and words that no ASCII has."""
    plain = booking("a")
    odd = [
        plain,
        replace(booking("b"), number="", protocol="None", platform="None", title="会议 “Ü” \\ <b>"),
        replace(booking("c"), early_s=10_800, late_s=10_800, private=True),
        replace(booking("d"), duration_min=1440 * 5),
        replace(booking("e"), number="198.51.100.7##123#456", protocol="H323"),
    ]
    async with maker() as diary:
        await diary.put(ROOM, odd)
        shown = await diary.current(ROOM)
        assert {one.id: one for one in shown} == {one.id: Held.of(one) for one in odd}
        assert plan_bookings(odd, shown).put is None


@pytest.mark.asyncio
async def test_a_full_list_is_shown_whole(maker):
    many = [booking(f"m{n}", n) for n in range(MOST_BOOKINGS)]
    async with maker() as diary:
        await diary.put(ROOM, many)
        assert len(await diary.current(ROOM)) == MOST_BOOKINGS
