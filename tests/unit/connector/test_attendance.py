"""A meeting is given back only after its room has said so, with a button against it."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from roomgate.access.offered import offered
from roomgate.clock import HandClock
from roomgate.connector.attendance import HERE, TITLE, Attendance
from roomgate.connector.booking_rules import CheckInRules
from roomgate.connector.consent import Panel
from roomgate.connector.room import RoomCondition
from roomgate.ids import RoomName
from roomgate.meetings.booking import booking_id
from roomgate.meetings.sync import Sync
from roomgate.meetings.understand import DeviceAbilities
from roomgate.xapi.errors import DeviceUnreachable
from support.calendar_in_memory import MemoryCalendar, invited
from support.diaries import MemoryDiary
from support.rooms import MemoryRoom
from support.waiting import until
from support.wished import wished

pytestmark = pytest.mark.asyncio

OSLO = RoomName("oslo")
NOW = HandClock().now()
MINUTE = 60


class Stage:
    def __init__(self, book, clock, rules, calendar):
        self.book, self.clock, self.calendar = book, clock, calendar
        self.room, self.woken = MemoryRoom(), []
        self.sync = Sync(calendar, MemoryDiary(), clock, {OSLO: DeviceAbilities()})
        self.attendance = Attendance(
            rules, self.sync, book.wishes, lambda: [self.room], Panel(offered()), clock, lambda: self.woken.append(1)
        )

    async def after(self, minutes):
        """So long after the start: one look, and what follows from it."""
        self.clock.wall = NOW + timedelta(minutes=minutes)
        await self.attendance.look()
        for _ in range(5):
            await asyncio.sleep(0)

    @property
    def open(self):
        return self.book.wishes.open_of(OSLO)

    def checked(self):
        return self.book.wishes.checked_in(OSLO, booking_id("a", ""))


@asynccontextmanager
async def staged(folder, *invitations, rules=None):
    calendar = MemoryCalendar(*(invitations or (invited("a", NOW, 60),)))
    async with wished(folder) as book:
        stage = Stage(book, HandClock(), rules or CheckInRules(), calendar)
        await stage.sync.sync_room(OSLO)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(stage.attendance.run())
            await asyncio.sleep(0)
            yield stage
            running.cancel()


async def test_nobody_comes(tmp_path):
    async with staged(tmp_path) as stage:
        await stage.after(7)
        assert stage.room.prompts == []
        await stage.after(8)
        await until(lambda: stage.room.prompts)
        (prompt,) = stage.room.prompts
        assert (prompt.argument("Title"), prompt.argument("Option.1")) == (TITLE, HERE)
        assert "Title of a" in str(prompt.argument("Text"))
        await stage.after(9)
        assert (stage.open, len(stage.room.prompts)) == ([], 1)
        await stage.after(10)
        (wish,) = stage.open
        assert (wish.kind, wish.cause, wish.uid) == ("release", "no-show", "a")
        assert stage.woken == [1]
        await until(lambda: stage.room.cleared)
        await stage.after(10.1)
        assert (len(stage.open), stage.woken) == (1, [1])


async def test_whoever_presses_the_button_is_checked_in(tmp_path):
    async with staged(tmp_path) as stage:
        stage.room.answer = 1
        await stage.after(8)
        await until(stage.checked)
        await stage.after(30)
        assert (stage.open, len(stage.room.prompts)) == ([], 1)


async def test_to_have_seen_the_warning_is_not_to_be_there(tmp_path):
    async with staged(tmp_path) as stage:
        stage.room.answer = 2
        await stage.after(8)
        await until(lambda: stage.room.prompts)
        await stage.after(10)
        assert len(stage.open) == 1


@pytest.mark.parametrize(
    ("state", "sign"),
    [({"Call": [{"id": 7}]}, "call"), ({"RoomAnalytics": {"PeoplePresence": "Yes"}}, "presence")],
)
async def test_a_call_or_people_check_in_and_take_the_warning_off(tmp_path, state, sign):
    async with staged(tmp_path) as stage:
        await stage.after(8)
        await until(lambda: stage.room.prompts)
        stage.room.state = {"Status": state}
        await stage.after(8.5)
        stage.room.state = {}
        await until(lambda: stage.room.cleared)
        await stage.after(30)
        assert stage.open == []
        (entry,) = await stage.book.record.entries(0, 10)
        assert (entry.event.kind, entry.event.sign) == ("booking.checked-in", sign)


@pytest.mark.parametrize(("by", "released"), [(("panel",), 0), (("call",), 1)])
async def test_the_devices_own_check_in_counts_where_the_site_says_so(tmp_path, by, released):
    async with staged(tmp_path, rules=CheckInRules(by=by)) as stage:
        event = {"Event": {"Bookings": {"CheckedIn": {"Id": booking_id("a", ""), "MinuteOffset": 0}}}}
        await stage.after(1)
        stage.attendance.hear(OSLO, event)
        stage.attendance.hear(OSLO, {"Event": {"Bookings": {"CheckedIn": "rubbish"}}})
        await stage.after(8)
        await asyncio.sleep(0.01)
        await stage.after(10)
        assert len(stage.open) == released


async def test_a_device_that_is_away_or_cannot_say_it_releases_nothing(tmp_path):
    async with staged(tmp_path) as stage:
        stage.room.condition = RoomCondition.OFFLINE
        await stage.after(8)
        await stage.after(20)
        assert stage.open == []
        stage.room.condition = RoomCondition.FINE
        stage.room.broken_panel = DeviceUnreachable("no panel")
        await stage.after(21)
        await stage.after(30)
        assert stage.open == []
        stage.room.broken_panel = None
        await stage.after(31)
        await until(lambda: stage.room.prompts)
        await stage.after(32)
        assert stage.open == []
        await stage.after(33)
        assert len(stage.open) == 1


async def test_after_a_kill_the_room_is_warned_anew_and_who_came_is_known(tmp_path):
    both = invited("a", NOW, 60), invited("b", NOW + timedelta(minutes=30), 60)
    async with staged(tmp_path, *both) as stage:
        stage.room.state = {"Status": {"Call": [{"id": 7}]}}
        await stage.after(1)
    async with staged(tmp_path, *both) as again:
        await again.after(10)
        assert (again.open, again.room.prompts) == ([], [])
        await again.after(50)
        await until(lambda: again.room.prompts)
        await again.after(51)
        assert again.open == []
        await again.after(52)
        assert [wish.uid for wish in again.open] == ["b"]


async def test_a_warning_goes_when_its_meeting_does(tmp_path):
    async with staged(tmp_path) as stage:
        await stage.after(8)
        await until(lambda: stage.room.prompts)
        stage.calendar.invitations.clear()
        await stage.sync.sync_room(OSLO)
        await stage.after(9)
        await until(lambda: stage.room.cleared)
        assert stage.open == []


async def test_a_private_meetings_title_is_not_on_the_panel(tmp_path):
    async with staged(tmp_path, invited("a", NOW, 60, private=True, title="Merger")) as stage:
        await stage.after(8)
        await until(lambda: stage.room.prompts)
        assert "Merger" not in str(stage.room.prompts)
