"""A real keeper, a real simulator, a calendar: what the room shows, and what people in it do to their bookings."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from roomgate import xapi
from roomgate.access.offered import offered
from roomgate.clock import HandClock
from roomgate.connector import wishes as wishes_book
from roomgate.connector.attendance import HERE, Attendance
from roomgate.connector.booking_rules import BookingRules, CheckInRules
from roomgate.connector.bookings import AGAIN_S, RoomBookings
from roomgate.connector.bookings_state import Code
from roomgate.connector.consent import Panel
from roomgate.connector.diary import DeviceDiary
from roomgate.connector.room_changes import UNWRITABLE, RoomChanges
from roomgate.connector.wishes import Wishes
from roomgate.ids import RoomName
from roomgate.meetings.calendars.base import Calendar
from roomgate.meetings.calendars.folder import Folder
from roomgate.meetings.invite import Text
from roomgate.meetings.sync import Sync, Timing
from roomgate.sim.app import RoomReady
from support.calendar_in_memory import MemoryCalendar, ReadOnlyCalendar, invited
from support.invites import ics
from support.kept import KeptSite, kept
from support.simulated import simulator, touch
from support.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio]

OSLO = RoomName("oslo")
NOW = HandClock().now()
TEN = NOW + timedelta(hours=1)


@dataclass
class Scene:
    clock: HandClock
    ready: RoomReady
    site: KeptSite
    sync: Sync
    diary: DeviceDiary
    calendar: Any

    def admin(self) -> Any:
        room = self.ready
        return xapi.connect(
            f"wss://{room.host}:{room.port}/ws",
            user=room.privileged_user,
            password=room.privileged_password,
            pin=room.pin,
        )

    async def panel(self) -> dict[str, Any]:
        async with httpx.AsyncClient(trust_env=False) as http:
            return dict((await http.get(f"{self.ready.panel}state")).json())

    async def shows(self, condition: Callable[[dict[str, Any]], Any]) -> Any:
        async with asyncio.timeout(15):
            while not (found := condition(await self.panel())):
                await asyncio.sleep(0.02)
        return found

    async def listed(self, titles: list[str]) -> None:
        await self.shows(lambda state: [one["title"] for one in state["bookings"]] == titles)

    async def puts(self) -> int:
        return (await self.site.kinds()).count("booking.put")

    async def put_since(self, before: int) -> None:
        async with asyncio.timeout(15):
            while await self.puts() <= before:
                await asyncio.sleep(0.02)


@asynccontextmanager
async def scene(
    folder: Path, calendar: Calendar, *, check_in: bool = False, profile: str = "26"
) -> AsyncIterator[Scene]:
    """The parts of a connector that keep one room's bookings, as `connector.app` puts them together."""
    clock, rules = HandClock(), BookingRules(check_in=CheckInRules() if check_in else None)
    devices = simulator(folder / "sim", OSLO, profile=profile, clock=clock)
    async with devices as rooms, kept(folder, rooms, clock=clock) as site:
        await site.db.write(wishes_book.metadata.create_all)
        book, panel = await Wishes.open(site.db, site.record), Panel(offered())
        diary = DeviceDiary(site.fleet.by_name, site.record, clock)
        changes = RoomChanges(calendar, book, rules, site.fleet.by_name, panel, clock, settle_s=0.05)
        timing = Timing(tick_s=0.2, first_pause_s=0.02)
        sync = Sync(calendar, diary, clock, timing=timing, house=rules.house, about=changes)
        changes.attend(sync)
        attendance = Attendance(CheckInRules(), sync, book, site.fleet.rooms, panel, clock, changes.wake, look_s=0.02)
        listeners = [changes.hear, attendance.hear]
        bookings = RoomBookings(sync, diary, frozenset({"example.com"}), clock, listeners)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(sync.run()), group.create_task(changes.run())]
            if check_in:
                tasks.append(group.create_task(attendance.run()))
            await bookings.arrived(site.keeper(OSLO))
            try:
                yield Scene(clock, rooms[0], site, sync, diary, calendar)
            finally:
                for task in tasks:
                    task.cancel()


def joinable(uid: str, start: Any = TEN, minutes: int = 30, **changes: Any) -> Any:
    return invited(uid, start, minutes, texts=(Text("LOCATION", f"sip:{uid}@v.example.com"),), **changes)


async def test_an_invitation_is_a_button_and_the_button_joins(tmp_path: Path) -> None:
    (tmp_path / "calendar" / OSLO).mkdir(parents=True)
    text = ics("DTSTART:20260310T090200Z", "DTEND:20260310T093000Z", "SUMMARY:Stand-up", "LOCATION:sip:s@v.example.com")
    (tmp_path / "calendar" / OSLO / "a.ics").write_bytes(text)
    async with scene(tmp_path, Folder(tmp_path / "calendar")) as room:
        (booking,) = await room.shows(lambda state: [one for one in state["bookings"] if one["joinable"]])
        assert booking["title"] == "Stand-up"
        await touch(room.ready, "/join", {"booking": booking["id"]})
        (call,) = await room.shows(lambda state: state["calls"])
        assert "s@v.example.com" in str(call)
        assert room.diary.state(OSLO).code is Code.OK


async def test_what_another_cleared_and_what_a_restart_lost_is_put_again(tmp_path: Path) -> None:
    calendar = MemoryCalendar(joinable("a"), joinable("b", TEN + timedelta(hours=1)))
    async with scene(tmp_path, calendar, profile="26; bookings_survive_boot=off") as room:
        await room.listed(["Title of a", "Title of b"])
        async with room.admin() as device:
            await device.command("Bookings.Clear")
            await room.listed(["Title of a", "Title of b"])
        before = await room.puts()
        await touch(room.ready, "/fault", {"kind": "reboot", "seconds": 1})
        await room.listed([])
        room.clock.advance(2)
        await room.listed(["Title of a", "Title of b"])
        await room.put_since(before)
        assert calendar.asked == []


async def test_a_device_that_asks_for_its_list_is_sent_it_again_and_not_for_ever(tmp_path: Path) -> None:
    """This one asks after each put, as it might: without a bound that would go on and on."""
    async with scene(tmp_path, MemoryCalendar(joinable("a")), profile="26; put_event=SyncRequired") as room:
        await room.put_since(1)
        looks = room.calendar.looks
        await until(lambda: room.calendar.looks > looks + 5)
        assert await room.puts() == 2
        room.clock.advance(AGAIN_S)
        async with room.admin() as device:
            await device.command("Bookings.Clear")  # it asks once more
        await room.put_since(2)
        await room.listed(["Title of a"])


@pytest.mark.parametrize(
    ("profile", "code"),
    [
        ("26; mode=teams", Code.TEAMS_ROOM),
        ("26; mode=zoom", Code.ZOOM_ROOM),
        ("26; without=Bookings", Code.OLD_SOFTWARE),
    ],
)
async def test_a_device_that_takes_no_list_is_told_apart_and_left_alone(
    tmp_path: Path, profile: str, code: Code
) -> None:
    async with scene(tmp_path, MemoryCalendar(joinable("a")), profile=profile) as room:
        await until(lambda: room.diary.state(OSLO).code is code, within_s=15)
        looks = room.calendar.looks
        await until(lambda: room.calendar.looks > looks + 3)
        assert await room.puts() == 1


async def test_a_privileged_account_that_is_no_administrator_is_told(tmp_path: Path) -> None:
    calendar = MemoryCalendar()
    async with scene(tmp_path, calendar) as room:
        ready = room.ready
        where = f"wss://{ready.host}:{ready.port}/ws"
        async with xapi.connect(where, user=ready.admin_user, password=ready.admin_password, pin=ready.pin) as device:
            await device.command(
                "UserManagement.User.Modify",
                Username=ready.privileged_user,
                RemoveRole="Admin",
                YourPassphrase=ready.admin_password,
            )
        calendar.invitations["a", ""] = joinable("a")
        await until(lambda: room.diary.state(OSLO).code is Code.NO_RIGHT, within_s=15)


async def test_a_room_is_booked_extended_and_freed_at_its_device(tmp_path: Path) -> None:
    calendar = MemoryCalendar(joinable("a"))
    async with scene(tmp_path, calendar) as room, room.admin() as device:
        await room.listed(["Title of a"])
        await device.set("Configuration/Bookings/AdhocBooking/Enabled", "True")
        await device.command("Bookings.Book", Duration=15, Title="Quick word")
        await until(lambda: len(calendar.invitations) == 2)
        await room.listed(["Quick word", "Title of a"])
        async with asyncio.timeout(15):  # the device's own entry gives way to the calendar's
            while not all(row["Id"].startswith("rg-") for row in await rows(device)):
                await asyncio.sleep(0.05)
        first = (await rows(device))[0]["Id"]
        await device.command("Bookings.Extend", Id=first, Duration=15)
        await until(lambda: [one[0] for one in calendar.asked] == ["book", "set-end"])
        last = (await rows(device))[1]["Id"]
        await device.command("Bookings.Delete", Id=last)
        await until(lambda: [one[0] for one in calendar.asked] == ["book", "set-end", "release"])
        await room.listed(["Quick word"])
        assert [one.title for one in calendar.invitations.values()] == ["Quick word"]


async def rows(device: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await device.command("Bookings.List")).get("Booking", [])
    return found


async def test_where_the_calendar_cannot_be_written_the_device_says_so_and_shows_what_it_says(tmp_path: Path) -> None:
    calendar = ReadOnlyCalendar(joinable("a"))
    async with scene(tmp_path, calendar) as room, room.admin() as device:
        await room.listed(["Title of a"])
        await device.set("Configuration/Bookings/AdhocBooking/Enabled", "True")
        await device.command("Bookings.Book", Duration=15, Title="Quick word")
        alert = await room.shows(lambda state: state["alert"])
        assert UNWRITABLE in alert["text"]
        await room.listed(["Title of a"])


async def test_a_meeting_to_which_nobody_comes_is_announced_and_released_once(tmp_path: Path) -> None:
    calendar = MemoryCalendar(joinable("a", NOW + timedelta(minutes=5), 60))
    async with scene(tmp_path, calendar, check_in=True) as room:
        await room.listed(["Title of a"])
        room.clock.advance(13 * 60)
        prompt = await room.shows(lambda state: state["prompt"])
        assert prompt["options"][0]["text"] == HERE
        room.clock.advance(2 * 60)
        await room.listed([])
        await until(lambda: calendar.asked == [("release", "a")])
        await room.shows(lambda state: not state["prompt"])
        kinds = await room.site.kinds()
        assert (kinds.count("booking.asked"), kinds.count("booking.answered")) == (1, 1)


async def test_somebody_touches_that_they_are_here(tmp_path: Path) -> None:
    calendar = MemoryCalendar(joinable("a", NOW + timedelta(minutes=5), 60))
    async with scene(tmp_path, calendar, check_in=True) as room:
        await room.listed(["Title of a"])
        room.clock.advance(13 * 60)
        prompt = await room.shows(lambda state: state["prompt"])
        await touch(room.ready, "/answer", {"feedback": prompt["feedback"], "option": 1})
        await room.shows(lambda state: not state["prompt"])
        async with asyncio.timeout(15):
            while "booking.checked-in" not in await room.site.kinds():
                await asyncio.sleep(0.02)
        room.clock.advance(20 * 60)
        await room.listed(["Title of a"])
        assert calendar.asked == []
