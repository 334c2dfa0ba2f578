"""A wish is durable before anybody hears of it, made once however often it is said, and answered once."""

from datetime import timedelta

import msgspec
import pytest

from roomgate.clock import HandClock
from roomgate.connector.wishes import MOST_OPEN, Answer, Cause, Kind, Wish
from roomgate.ids import RoomName
from roomgate.meetings.booking import BookingId
from roomgate.storage.database import StorageBusy, StorageFailed
from support.wished import wished

OSLO, BERGEN = RoomName("oslo"), RoomName("bergen")
NOW = HandClock().now()


def wish(kind=Kind.RELEASE, booking="rg-1", room=OSLO, minutes=30, cause=Cause.NO_SHOW):
    return Wish(
        room=room, kind=kind, cause=cause, booking=BookingId(booking), uid="u", recurrence_id="", start=NOW,
        end=NOW + timedelta(minutes=minutes),
    )  # fmt: skip


@pytest.mark.asyncio
async def test_a_wish_and_its_entry_are_there_after_a_kill(tmp_path):
    async with wished(tmp_path) as book:
        assert await book.wishes.add(wish(), NOW)
        assert not await book.wishes.add(wish(), NOW)
    async with wished(tmp_path) as book:
        assert book.wishes.open_of(OSLO) == [wish()]
        assert book.wishes.open_of(BERGEN) == []
        assert book.wishes.rooms() == {OSLO}
        assert not await book.wishes.add(wish(), NOW)
        assert await book.kinds() == ["booking.asked"]


@pytest.mark.asyncio
async def test_what_was_given_back_is_withheld_at_once_and_after_a_kill_until_it_is_over(tmp_path):
    async with wished(tmp_path) as book:
        await book.wishes.add(wish(), NOW)
        assert book.wishes.withheld(OSLO) == {"rg-1": NOW}
        await book.wishes.settle(wish(), Answer.KEPT, "read only", NOW)
        assert book.wishes.withheld(BERGEN) == {}
    async with wished(tmp_path) as book:
        assert book.wishes.withheld(OSLO) == {"rg-1": NOW}
        assert book.wishes.rooms() == set()
        await book.wishes.forget_before(NOW + timedelta(minutes=29))
        assert book.wishes.withheld(OSLO) == {"rg-1": NOW}
        await book.wishes.forget_before(NOW + timedelta(minutes=30))
        assert book.wishes.withheld(OSLO) == {}
    async with wished(tmp_path) as book:
        assert book.wishes.withheld(OSLO) == {}


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", [Answer.DONE, Answer.KEPT])
async def test_a_wish_is_answered_once_and_a_release_is_not_made_again(tmp_path, answer):
    async with wished(tmp_path) as book:
        await book.wishes.add(wish(), NOW)
        await book.wishes.settle(wish(), answer, "", NOW)
        await book.wishes.settle(wish(), Answer.REFUSED, "", NOW)
        assert not await book.wishes.add(wish(), NOW)
        assert await book.kinds() == ["booking.asked", "booking.answered"]


@pytest.mark.asyncio
async def test_another_end_may_be_wished_again_and_so_may_what_was_refused(tmp_path):
    async with wished(tmp_path) as book:
        longer = wish(Kind.END, cause=Cause.PANEL)
        for answer in (Answer.DONE, Answer.REFUSED):
            assert await book.wishes.add(longer, NOW)
            await book.wishes.settle(longer, answer, "", NOW)
        refused = wish(cause=Cause.PANEL)
        await book.wishes.add(refused, NOW)
        await book.wishes.settle(refused, Answer.REFUSED, "", NOW)
        assert book.wishes.withheld(OSLO) == {}
        assert await book.wishes.add(refused, NOW)


@pytest.mark.asyncio
async def test_a_room_that_was_booked_once_is_not_booked_again_for_the_same_entry(tmp_path):
    async with wished(tmp_path) as book:
        booked = wish(Kind.BOOK, "adhoc-1", cause=Cause.PANEL)
        await book.wishes.add(booked, NOW)
        await book.wishes.settle(booked, Answer.REFUSED, "", NOW)
        assert not await book.wishes.add(booked, NOW)


@pytest.mark.asyncio
async def test_a_mad_device_fills_no_disk(tmp_path):
    async with wished(tmp_path) as book:
        for n in range(MOST_OPEN):
            await book.wishes.add(wish(Kind.END, minutes=n + 1), NOW)
        with pytest.raises(StorageBusy):
            await book.wishes.add(wish(Kind.END, minutes=999), NOW)
        assert await book.wishes.add(wish(room=BERGEN), NOW)


@pytest.mark.asyncio
async def test_an_early_end_is_asked_for_after_the_end_while_it_is_open(tmp_path):
    async with wished(tmp_path) as book:
        early = wish(Kind.END, minutes=1)
        await book.wishes.add(early, NOW)
        await book.wishes.forget_before(NOW + timedelta(minutes=5))
        assert book.wishes.open_of(OSLO) == [early]
        await book.wishes.settle(early, Answer.DONE, "", NOW)
        await book.wishes.forget_before(NOW + timedelta(minutes=5))
        assert await book.wishes.add(early, NOW)


@pytest.mark.asyncio
async def test_who_came_is_known_after_a_kill_and_written_down_once(tmp_path):
    until = NOW + timedelta(minutes=30)
    async with wished(tmp_path) as book:
        assert await book.wishes.check_in(OSLO, BookingId("rg-1"), until, "call", NOW)
        assert not await book.wishes.check_in(OSLO, BookingId("rg-1"), until, "panel", NOW)
    async with wished(tmp_path) as book:
        assert book.wishes.checked_in(OSLO, BookingId("rg-1"))
        assert not book.wishes.checked_in(BERGEN, BookingId("rg-1"))
        assert await book.kinds() == ["booking.checked-in"]
        await book.wishes.forget_before(until)
        assert not book.wishes.checked_in(OSLO, BookingId("rg-1"))


@pytest.mark.asyncio
async def test_what_cannot_be_written_is_not_wished(tmp_path):
    async with wished(tmp_path) as book:
        await book.db.aclose()
        with pytest.raises((StorageFailed, StorageBusy)):
            await book.wishes.add(wish(), NOW)
        assert book.wishes.withheld(OSLO) == {}


def test_the_id_is_of_the_content():
    ids = {wish().id, wish(Kind.END).id, wish(booking="rg-2").id, wish(room=BERGEN).id, wish(minutes=31).id}
    assert len(ids) == 5
    assert msgspec.structs.replace(wish(), answer=Answer.DONE).id == wish().id
