"""What people do about bookings in the room reaches the calendar once, or is taken back in words."""

import asyncio
import tempfile
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from roomgate.access.offered import offered
from roomgate.clock import HandClock, iso
from roomgate.connector.booking_rules import BookingRules
from roomgate.connector.consent import Panel
from roomgate.connector.room_changes import (
    TAKEN,
    UNWRITABLE,
    Gone,
    Moved,
    RoomChanges,
    build_release,
    find_conflict,
    parse_change,
)
from roomgate.connector.wishes import Answer
from roomgate.ids import RoomName
from roomgate.meetings.booking import BookingId, booking_id
from roomgate.meetings.calendars.base import CalendarRefused, CalendarUnreachable
from roomgate.meetings.plan import Held
from roomgate.meetings.sync import Sync
from roomgate.meetings.understand import DeviceAbilities, understand
from support.calendar_in_memory import MemoryCalendar, ReadOnlyCalendar, invited
from support.diaries import MemoryDiary
from support.rooms import MemoryRoom
from support.wished import wished

pytestmark = pytest.mark.asyncio

OSLO = RoomName("oslo")
NOW = HandClock().now()
ADHOC = {"Configuration": {"Bookings": {"AdhocBooking": {"Enabled": "True"}}}}


class Telling(Panel):
    """A panel that remembers what it said."""

    def __init__(self):
        super().__init__(offered())
        self.told = []

    async def tell(self, room, text, seconds=20):
        self.told.append(text)


class Stage:
    def __init__(self, book, calendar, clock, rules=None):
        self.book, self.calendar, self.clock = book, calendar, clock
        self.room, self.diary, self.panel = MemoryRoom(), MemoryDiary(), Telling()
        self.room.document = ADHOC
        rules = rules or BookingRules()
        self.changes = RoomChanges(
            calendar, book.wishes, rules, {OSLO: self.room}.get, self.panel, clock, settle_s=0, again_s=0.01
        )
        self.sync = Sync(calendar, self.diary, clock, {OSLO: DeviceAbilities()}, house=rules.house, about=self.changes)
        self.changes.attend(self.sync)

    def event(self, kind, **facts):
        self.changes.hear(OSLO, {"Event": {"Bookings": {kind: facts}}})

    def moved(self, uid, minutes, start=NOW):
        self.event("BookingMoved", Id=booking_id(uid, ""), StartTime=iso(start), Duration=minutes)

    def gone(self, uid, cause="Deleted"):
        self.event("Deleted", Id=booking_id(uid, ""), Cause=cause)

    def adhoc(self, start=NOW, minutes=30, id_="adhoc-1"):
        entry = Held(BookingId(id_), "Ad hoc", "", start, start + timedelta(minutes=minutes), "Ada Example")
        self.diary.lists[OSLO] = (*self.diary.lists.get(OSLO, ()), entry)

    async def settle(self):
        """All that follows: wishes, calendar, list."""
        await self.sync.sync_room(OSLO)
        await self.changes.work()
        await self.sync.sync_room(OSLO)

    def shows(self):
        return {one.title: one.end for one in self.diary.lists.get(OSLO, ())}


@asynccontextmanager
async def staged(folder, calendar, clock=None, rules=None):
    async with wished(folder) as book:
        stage = Stage(book, calendar, clock or HandClock(), rules)
        await stage.sync.sync_room(OSLO)
        yield stage


async def test_a_room_that_is_booked_at_its_device_is_booked_in_its_calendar(tmp_path):
    calendar = MemoryCalendar()
    async with staged(tmp_path, calendar) as stage:
        stage.adhoc()
        stage.event("BookingCreated", Id="adhoc-1")
        await stage.settle()
        (one,) = calendar.invitations.values()
        assert (one.title, one.organizer.name) == ("Ad hoc", "Ada Example")
        assert (one.start, one.end) == (NOW, NOW + timedelta(minutes=30))
        assert [held.ours for held in stage.diary.lists[OSLO]] == [True]
        await stage.settle()
        assert calendar.asked == [("book", one.uid)]
        assert await stage.book.kinds() == ["booking.asked", "booking.answered"]
        assert stage.panel.told == []


async def test_killed_anywhere_between_a_booking_is_made_once(tmp_path):
    calendar = MemoryCalendar()
    async with staged(tmp_path, calendar) as stage:
        stage.adhoc()
        await stage.sync.sync_room(OSLO)  # the wish is written down, and nothing else
    async with staged(tmp_path, calendar) as again:
        calendar.late = CalendarUnreachable("it was done, and the answer got lost")
        await again.changes.work()
        assert len(again.book.wishes.open_of(OSLO)) == 1
    calendar.late = None
    async with staged(tmp_path, calendar) as again:
        await again.settle()
        assert again.book.wishes.open_of(OSLO) == []
    assert len(calendar.invitations) == len(calendar.asked) == 1


@pytest.mark.parametrize(
    ("calendar", "rules", "words"),
    [
        (ReadOnlyCalendar(), BookingRules(), UNWRITABLE),
        (MemoryCalendar(), BookingRules(write_back=False), UNWRITABLE),
        (MemoryCalendar(invited("other", NOW + timedelta(minutes=20))), BookingRules(), TAKEN),
    ],
)
async def test_what_the_calendar_does_not_grant_comes_off_the_device_and_is_told(tmp_path, calendar, rules, words):
    async with staged(tmp_path, calendar, rules=rules) as stage:
        stage.adhoc()
        await stage.settle()
        assert all(one.ours for one in stage.diary.lists[OSLO])
        assert stage.panel.told == [f"Not changed. {words}"]
        assert calendar.asked == []
        await stage.settle()
        assert len(stage.panel.told) == 1


async def test_entries_of_others_are_nobodys_wish_where_the_device_lets_nobody_book(tmp_path):
    async with staged(tmp_path, MemoryCalendar()) as stage:
        stage.room.document = {}
        stage.adhoc()
        await stage.settle()
        assert stage.book.wishes.open_of(OSLO) == []
        stage.room.document = ADHOC
        stage.room.state = {"Status": {"Webex": {"Status": "Registered"}}}
        await stage.settle()
        assert stage.calendar.asked == []
        stage.event("BookingCreated", Id="adhoc-1")
        await stage.settle()
        assert len(stage.calendar.asked) == 1


async def test_an_extension_goes_into_the_calendar(tmp_path):
    calendar = MemoryCalendar(invited("a", NOW), invited("b", NOW + timedelta(hours=1)))
    async with staged(tmp_path, calendar) as stage:
        stage.moved("a", 45)
        await stage.settle()
        assert calendar.asked == [("set-end", "a")]
        assert stage.shows()["Title of a"] == NOW + timedelta(minutes=45)
        stage.moved("a", 45)  # the same again: it is so
        await stage.settle()
        assert len(calendar.asked) == 1


async def test_an_extension_into_the_next_meeting_is_refused_in_words_and_the_list_put_again(tmp_path):
    calendar = MemoryCalendar(invited("a", NOW), invited("b", NOW + timedelta(minutes=40), private=True))
    async with staged(tmp_path, calendar) as stage:
        puts = len(stage.diary.puts)
        for _ in range(2):
            stage.moved("a", 45)
            await stage.settle()
        assert calendar.asked == []
        assert stage.panel.told == [f"Not changed. {TAKEN}"] * 2
        assert len(stage.diary.puts) > puts
        assert stage.shows()["Title of a"] == NOW + timedelta(minutes=30)


async def test_another_start_is_refused(tmp_path):
    calendar = MemoryCalendar(invited("a", NOW))
    async with staged(tmp_path, calendar) as stage:
        stage.moved("a", 30, NOW + timedelta(minutes=15))
        await stage.settle()
        assert calendar.asked == []
        assert "start" in stage.panel.told[0]


async def test_who_leaves_early_gives_back_the_rest_and_who_deletes_a_coming_meeting_all_of_it(tmp_path):
    clock = HandClock()
    calendar = MemoryCalendar(invited("a", NOW), invited("b", NOW + timedelta(hours=1)))
    async with staged(tmp_path, calendar, clock) as stage:
        clock.advance(605)
        stage.gone("a", "ManualCheckOut")
        await stage.settle()
        assert calendar.invitations["a", ""].end == NOW + timedelta(minutes=10)
        stage.gone("b")
        await stage.settle()
        assert calendar.asked == [("set-end", "a"), ("release", "b")]
        assert stage.shows() == {}


async def test_a_list_that_somebody_cleared_is_put_again_and_releases_nothing(tmp_path):
    calendar = MemoryCalendar(invited("a", NOW), invited("b", NOW + timedelta(hours=1)))
    async with staged(tmp_path, calendar) as stage:
        stage.diary.lists[OSLO] = ()
        stage.gone("a")
        stage.gone("b")
        await stage.settle()
        assert calendar.asked == []
        assert len(stage.diary.lists[OSLO]) == 2


async def test_what_is_not_ours_or_no_persons_changes_nothing(tmp_path):
    calendar = MemoryCalendar(invited("a", NOW))
    async with staged(tmp_path, calendar) as stage:
        stage.gone("other")
        stage.gone("a", "HotdeskSignout")
        stage.event("Start", Id=booking_id("a", ""))
        stage.changes.hear(OSLO, "rubbish")
        await stage.settle()
        assert (calendar.asked, stage.panel.told) == ([], [])


@pytest.mark.parametrize("cause", ["", "HotdeskSignout", "HotdeskOrganizerNotFoundInOrg", "Rubbish"])
async def test_one_that_goes_without_a_word_or_for_no_reason_of_a_persons_is_put_again(tmp_path, cause):
    calendar = MemoryCalendar(invited("a", NOW), invited("b", NOW + timedelta(hours=1)))
    async with staged(tmp_path, calendar) as stage:
        stage.diary.lists[OSLO] = stage.diary.lists[OSLO][1:]
        assert list(stage.shows()) == ["Title of b"]
        if cause:
            stage.gone("a", cause)
        await stage.settle()
        await stage.sync.sync_room(OSLO)  # as within a minute, or when the device says that its list changed
        assert list(stage.shows()) == ["Title of a", "Title of b"]
        assert (calendar.asked, stage.panel.told) == ([], [])


async def no_show(stage, uid="a"):
    (one,) = [one for one in stage.sync.shown(OSLO) if one.meeting.uid == uid]
    return await stage.book.wishes.add(build_release(OSLO, one.meeting, one.id), stage.clock.now())


async def test_a_no_show_is_released_once_and_leaves_the_list_at_once(tmp_path):
    calendar = MemoryCalendar(invited("a", NOW))
    async with staged(tmp_path, calendar) as stage:
        assert await no_show(stage)
        await stage.sync.sync_room(OSLO)
        assert stage.shows() == {}
        await stage.settle()
        await stage.settle()
        assert calendar.asked == [("release", "a")]


@pytest.mark.parametrize("when", ["before the calendar heard of it", "after the calendar did it"])
async def test_killed_while_a_no_show_is_released_it_is_released_once(tmp_path, when):
    calendar = MemoryCalendar(invited("a", NOW))
    async with staged(tmp_path, calendar) as stage:
        await no_show(stage)
        if when.startswith("after"):
            calendar.late = CalendarUnreachable("the answer got lost")
            await stage.changes.work()
            calendar.late = None
    async with staged(tmp_path, calendar) as again:
        assert again.shows() == {}
        await again.settle()
        assert again.book.wishes.open_of(OSLO) == []
        assert (await again.book.kinds()).count("booking.asked") == 1
        assert (await again.book.kinds()).count("booking.answered") == 1
    assert calendar.asked == [("release", "a")]


@pytest.mark.parametrize("how", ["read only", "unwilling"])
async def test_where_the_calendar_cannot_be_written_a_no_show_is_only_hidden(tmp_path, how):
    calendar = (MemoryCalendar if how == "unwilling" else ReadOnlyCalendar)(invited("a", NOW))
    calendar.unwilling = CalendarRefused("The account may not.")
    async with staged(tmp_path, calendar) as stage:
        await no_show(stage)
        await stage.settle()
        assert stage.shows() == {}
        assert stage.panel.told == []
        last = (await stage.book.record.entries(0, 100))[-1].event
        assert (last.kind, last.outcome) == ("booking.answered", Answer.KEPT)
    async with staged(tmp_path, calendar) as again:
        assert again.shows() == {}


async def test_a_person_who_deletes_what_cannot_be_written_is_told_and_it_comes_back(tmp_path):
    calendar = ReadOnlyCalendar(invited("a", NOW + timedelta(hours=1)))
    async with staged(tmp_path, calendar) as stage:
        stage.gone("a")
        await stage.settle()
        assert stage.panel.told == [f"Not changed. {UNWRITABLE}"]
        assert list(stage.shows()) == ["Title of a"]


async def test_while_the_calendar_is_away_a_wish_waits(tmp_path):
    calendar = MemoryCalendar(invited("a", NOW))
    async with staged(tmp_path, calendar) as stage:
        await no_show(stage)
        calendar.fault = CalendarUnreachable("away")
        await stage.changes.work()
        assert len(stage.book.wishes.open_of(OSLO)) == 1
        calendar.fault = None
        await stage.changes.work()
        assert (stage.book.wishes.open_of(OSLO), calendar.asked) == ([], [("release", "a")])


async def test_it_works_by_itself(tmp_path):
    calendar = MemoryCalendar(invited("a", NOW))
    async with staged(tmp_path, calendar) as stage:
        running = asyncio.create_task(stage.changes.run())
        stage.moved("a", 45)
        async with asyncio.timeout(5):
            while not calendar.asked:
                await asyncio.sleep(0)
        running.cancel()
        assert calendar.asked == [("set-end", "a")]


async def test_what_holds_a_room_and_what_does_not():
    other = understand(invited("b", NOW), DeviceAbilities())
    end = NOW + timedelta(minutes=30)
    assert find_conflict([other], NOW, end, "a", {}) is other
    assert find_conflict([other], end, end + timedelta(minutes=1), "a", {}) is None
    assert find_conflict([other], NOW, end, "b", {}) is None
    for freed in (
        replace(other, all_day=True),
        replace(other, cancelled=True),
        replace(other, declined_by=frozenset({"oslo@example.com"})),
    ):
        assert find_conflict([freed], NOW, end, "a", {}, "oslo@example.com") is None
    assert find_conflict([other], NOW, end, "a", {booking_id("b", ""): NOW}) is None
    assert find_conflict([other], NOW, end, "a", {booking_id("b", ""): end}) is other


values = st.none() | st.integers() | st.text(max_size=12) | st.sampled_from([iso(NOW), "30", 30, 10**12, "Deleted"])
events = st.dictionaries(
    st.sampled_from(["BookingMoved", "Deleted"]),
    values | st.dictionaries(st.sampled_from(["Id", "StartTime", "Duration", "Cause"]), values),
)


@given(events | values)
async def test_rubbish_is_no_change_or_one_that_makes_sense(event):
    match parse_change({"Event": {"Bookings": event}}):
        case Moved(_, start, end):
            assert start < end <= start + timedelta(days=1)
        case found:
            assert found is None or isinstance(found, Gone)


steps = st.lists(
    st.sampled_from(["work", "kill", "no-show", "leave", "lost answer", "calendar away", "calendar refuses"]),
    max_size=10,
)


@settings(max_examples=25)
@given(steps)
async def test_whatever_happens_in_whatever_order_a_meeting_is_released_once_at_most(happens):
    calendar, clock = MemoryCalendar(invited("a", NOW, 60)), HandClock()
    lives: list[list[str]] = [[]]
    for step in happens:
        if step == "kill":
            lives.append([])
        else:
            lives[-1].append(step)
    with tempfile.TemporaryDirectory() as folder:
        for life in lives:
            calendar.fault = calendar.late = calendar.unwilling = None
            async with staged(Path(folder), calendar, clock) as stage:
                for step in life:
                    match step:
                        case "work":
                            await stage.changes.work()
                        case "no-show" if stage.sync.shown(OSLO):
                            await no_show(stage)
                        case "leave":
                            stage.gone("a", "NoShow")
                        case "lost answer":
                            calendar.late = CalendarUnreachable("lost")
                        case "calendar away":
                            calendar.fault = CalendarUnreachable("away")
                        case "calendar refuses":
                            calendar.unwilling = CalendarRefused("no")
        calendar.fault = calendar.late = calendar.unwilling = None
        async with staged(Path(folder), calendar, clock) as stage:
            await stage.settle()
            kinds = await stage.book.kinds()
            assert kinds.count("booking.asked") == kinds.count("booking.answered") <= 1
            assert len(calendar.asked) <= 1
            assert stage.shows() == {} if kinds else list(stage.shows()) == ["Title of a"]
