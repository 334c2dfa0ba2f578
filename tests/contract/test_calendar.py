"""What every Calendar promises. A new implementation joins by a line in MAKERS, and in WEB or WRITTEN if it is that.

A stage is a calendar together with the hand that writes into it. What is compared is what is understood of the
events, not their bytes: servers write them their own way.
"""

import asyncio
import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from roomgate.clock import SystemClock
from roomgate.ids import RoomName
from roomgate.meetings.calendars.address import Address
from roomgate.meetings.calendars.base import (
    Calendar,
    CalendarRefused,
    CalendarUnreachable,
    Slot,
    Snapshot,
    Writable,
)
from roomgate.meetings.calendars.caldav import CalDav
from roomgate.meetings.calendars.credentials import Basic, SecretFile
from roomgate.meetings.calendars.folder import Folder
from roomgate.meetings.calendars.http import Web
from roomgate.meetings.invite import BadInvitation, Window, occurrences, parse_events
from roomgate.redact import Secret
from support.cloud_stage import google_stage, graph_stage
from support.dav_server import PASSWORD, USER, DavServer, dav_server
from support.feeds import Feeds, feeds
from support.link import Papers
from support.memory_calendar import MemoryCalendar
from support.wsgi_thread import Served

ROOM, OTHER = RoomName("oslo"), RoomName("bergen")
START = datetime(2026, 3, 10, 9, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=7))
POLL_S = 0.02
HOUR = timedelta(hours=1)

Found = dict[tuple[str, datetime], datetime]  # uid and start → end, of what is not called off


class Stage(Protocol):
    """``names``: what the hand can do is the same for all, an event of these lines under this uid."""

    calendar: Calendar

    def write(self, room: RoomName, uid: str, *lines: str) -> None: ...
    def remove(self, room: RoomName, uid: str) -> None: ...


class WebStage(Stage, Protocol):
    served: Served  # which can be told to fail
    clock: "ThatDay"


def event(uid: str, *lines: str) -> bytes:
    whole = ["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260301T080000Z", *lines, "END:VEVENT", ""]
    return "\r\n".join(whole).encode()


def file(uid: str, *lines: str) -> bytes:
    head = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//tests//EN\r\n"
    return head + event(uid, *lines) + b"END:VCALENDAR\r\n"


def understood(snapshot: Snapshot) -> Found:
    """What the room would show; an event that cannot be read is left out, as the synchronisation does it."""
    found: Found = {}
    for source in snapshot.sources:
        try:
            ones = occurrences(parse_events(source.raw), WINDOW)
        except BadInvitation:
            continue
        found |= {(one.uid, one.start): one.end for one in ones if not one.cancelled}
    ones = [one for one in snapshot.invitations if one.end > WINDOW.start and one.start < WINDOW.end]
    return found | {(one.uid, one.start): one.end for one in ones if not one.cancelled}


class ThatDay(SystemClock):
    """The day of the window, on a machine whose seconds pass, and where some may be skipped."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def now(self) -> datetime:
        return START

    def monotonic(self) -> float:
        return super().monotonic() + self.skipped


class FolderStage:
    def __init__(self, root: Path) -> None:
        self.calendar: Calendar = Folder(root, poll_s=0.01)
        self._root = root

    def write(self, room: RoomName, uid: str, *lines: str) -> None:
        (self._root / room).mkdir(exist_ok=True)
        (self._root / room / f"{uid}.ics").write_bytes(file(uid, *lines))

    def remove(self, room: RoomName, uid: str) -> None:
        (self._root / room / f"{uid}.ics").unlink()


class MemoryStage:
    def __init__(self) -> None:
        self.calendar: MemoryCalendar = MemoryCalendar()

    def write(self, room: RoomName, uid: str, *lines: str) -> None:
        self.calendar.write(room, uid, file(uid, *lines))

    def remove(self, room: RoomName, uid: str) -> None:
        self.calendar.write(room, uid, None)


class CalDavStage:
    """Radicale itself, with a calendar for each room."""

    numbers = itertools.count()

    def __init__(self, server: DavServer, folder: Path, web: Web, clock: ThatDay) -> None:
        number = next(self.numbers)
        self.served, self.clock, self._server = server.served, clock, server
        self._paths = {room: server.make(f"{room}-{number}") for room in (ROOM, OTHER)}
        (folder / "pw").write_text(PASSWORD)
        credentials = Basic(USER, SecretFile(folder / "pw"))
        dice = random.Random(number)
        self.calendar: Calendar = CalDav(
            web, credentials, server.url, self._paths.get, clock, dice, poll_s=POLL_S, fresh_s=0
        )

    def write(self, room: RoomName, uid: str, *lines: str) -> None:
        self._server.put(f"{self._paths[room]}{uid}.ics", file(uid, *lines))

    def remove(self, room: RoomName, uid: str) -> None:
        self._server.delete(f"{self._paths[room]}{uid}.ics")


class AddressStage:
    """An .ics file for each room at an address of its own."""

    def __init__(self, served: Served, published: Feeds, web: Web, clock: ThatDay) -> None:
        self.served, self.clock, self._published = served, clock, published
        published.events = {f"/{room}.ics": {} for room in (ROOM, OTHER)}
        places = {room: Secret(f"{served.url}{room}.ics") for room in (ROOM, OTHER)}
        self.calendar: Calendar = Address(
            web, places.get, clock, random.Random(1), poll_s=POLL_S, fresh_s=0
        )  # fmt: skip

    def write(self, room: RoomName, uid: str, *lines: str) -> None:
        self._published.events[f"/{room}.ics"][uid] = event(uid, *lines)

    def remove(self, room: RoomName, uid: str) -> None:
        del self._published.events[f"/{room}.ics"][uid]


@pytest.fixture(scope="module")
def radicale(tmp_path_factory) -> Iterator[DavServer]:
    with dav_server(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture(scope="module")
def published() -> Iterator[tuple[Served, Feeds]]:
    with feeds() as found:
        yield found


@asynccontextmanager
async def _folder(request, tmp_path):
    yield FolderStage(tmp_path)


@asynccontextmanager
async def _memory(request, tmp_path):
    yield MemoryStage()


@asynccontextmanager
async def _caldav(request, tmp_path):
    clock = ThatDay()
    async with Web(clock, random.Random(1)) as web:
        stage = CalDavStage(request.getfixturevalue("radicale"), tmp_path, web, clock)
        try:
            yield stage
        finally:
            stage.served.fail(0)


@asynccontextmanager
async def _address(request, tmp_path):
    clock = ThatDay()
    async with Web(clock, random.Random(1)) as web:
        stage = AddressStage(*request.getfixturevalue("published"), web, clock)
        try:
            yield stage
        finally:
            stage.served.fail(0)


@pytest.fixture(scope="module")
def papers(tmp_path_factory) -> Papers:
    return Papers(tmp_path_factory.mktemp("papers"))


@asynccontextmanager
async def _graph(request, tmp_path):
    async with graph_stage(tmp_path, request.getfixturevalue("papers"), ThatDay(), POLL_S) as stage:
        yield stage


@asynccontextmanager
async def _google(request, tmp_path):
    async with google_stage(tmp_path, request.getfixturevalue("papers"), ThatDay(), POLL_S) as stage:
        yield stage


Maker = Callable[[pytest.FixtureRequest, Path], AbstractAsyncContextManager[Stage]]
MAKERS: dict[str, Maker] = {
    "folder": _folder, "caldav": _caldav, "address": _address, "memory": _memory, "graph": _graph, "google": _google,
}  # fmt: skip
CLOUDS = ("graph", "google")  # doubles: written from the services' published references, served over real TLS
WEB = ("caldav", "address", *CLOUDS)  # over HTTP, so that the server can fail
WRITTEN = ("folder", "caldav", "memory", *CLOUDS)
everyone = pytest.mark.parametrize("kind", MAKERS)
over_the_web = pytest.mark.parametrize("kind", WEB)
that_is_written = pytest.mark.parametrize("kind", WRITTEN)


@pytest.fixture
def staged(request, tmp_path):
    def build(kind: str) -> AbstractAsyncContextManager[Stage]:
        return MAKERS[kind](request, tmp_path)

    return build


async def read(stage: Stage, room: RoomName = ROOM) -> Found:
    return understood(await stage.calendar.fetch(room, WINDOW))


# ---- reading ------------------------------------------------------------------------------------------


@everyone
@pytest.mark.asyncio
async def test_an_empty_calendar_has_a_cursor(staged, kind):
    async with staged(kind) as stage:
        first = await stage.calendar.fetch(ROOM, WINDOW)
        assert understood(first) == {}
        assert (await stage.calendar.fetch(ROOM, WINDOW)).cursor == first.cursor


@everyone
@pytest.mark.asyncio
async def test_what_is_written_is_fetched_and_moves_the_cursor(staged, kind):
    async with staged(kind) as stage:
        cursors = {(await stage.calendar.fetch(ROOM, WINDOW)).cursor}
        stage.write(ROOM, "a", "DTSTART:20260310T090000Z", "DTEND:20260310T100000Z")
        for _ in range(2):
            seen = await stage.calendar.fetch(ROOM, WINDOW)
            assert understood(seen) == {("a", START): START + HOUR}
            cursors.add(seen.cursor)
        stage.write(ROOM, "a", "DTSTART:20260310T100000Z", "DTEND:20260310T120000Z")
        seen = await stage.calendar.fetch(ROOM, WINDOW)
        assert understood(seen) == {("a", START + HOUR): START + 3 * HOUR}
        cursors.add(seen.cursor)
        stage.remove(ROOM, "a")
        assert await read(stage) == {}
        assert len(cursors) == 3


@everyone
@pytest.mark.asyncio
async def test_all_events_of_the_window_come_series_and_all(staged, kind):
    async with staged(kind) as stage:
        for n in range(60):
            stage.write(
                ROOM, f"u{n}", f"DTSTART:2026031{n % 6}T{n % 24:02}0000Z", "DURATION:PT1H", f"SUMMARY:{n} ü 会議"
            )
        stage.write(ROOM, "series", "DTSTART:20200107T090000Z", "DURATION:PT30M", "RRULE:FREQ=WEEKLY")
        stage.write(ROOM, "past", "DTSTART:20200107T090000Z", "DURATION:PT30M")
        found = await read(stage)
        wanted = {f"u{n}" for n in range(60) if START.day <= 10 + n % 6 and (n % 6, n % 24) >= (0, 9)}
        assert {uid for uid, _ in found} == {*wanted, "series"}
        assert found["series", START] == START + timedelta(minutes=30)


@everyone
@pytest.mark.asyncio
async def test_rooms_are_apart(staged, kind):
    async with staged(kind) as stage:
        stage.write(ROOM, "a", "DTSTART:20260310T090000Z")
        assert await read(stage, OTHER) == {}


@everyone
@pytest.mark.asyncio
async def test_an_event_that_cannot_be_read_takes_no_other_along(staged, kind):
    async with staged(kind) as stage:
        stage.write(ROOM, "good", "DTSTART:20260310T090000Z", "DURATION:PT1H")
        stage.write(ROOM, "bad", "DTSTART:20260310T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;INTERVAL=7;BYDAY=TU")
        assert set(await read(stage)) == {("good", START)}


@everyone
@pytest.mark.asyncio
async def test_news_comes_for_the_room_that_changed_and_only_once(staged, kind):
    async with staged(kind) as stage:
        calendar = stage.calendar
        async with asyncio.timeout(20):
            known = await calendar.changed({ROOM: None, OTHER: None})
            assert set(known) == {ROOM, OTHER}
            for step in ("added", "moved", "removed"):
                async with asyncio.TaskGroup() as group:
                    waiting = group.create_task(calendar.changed(known))
                    if step == "removed":
                        stage.remove(ROOM, "a")
                    else:
                        stage.write(ROOM, "a", f"DTSTART:20260310T{10 if step == 'added' else 11}0000Z")
                assert set(waiting.result()) == {ROOM}, step
                known |= waiting.result()
                assert known[ROOM] == (await calendar.fetch(ROOM, WINDOW)).cursor
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await calendar.changed(known)


@everyone
@pytest.mark.asyncio
async def test_a_fetch_that_is_cancelled_leaves_nothing_behind(staged, kind):
    async with staged(kind) as stage:
        stage.write(ROOM, "a", "DTSTART:20260310T090000Z")
        async with asyncio.TaskGroup() as group:
            cut = group.create_task(stage.calendar.fetch(ROOM, WINDOW))
            await asyncio.sleep(0)
            cut.cancel()
        assert set(await read(stage)) == {("a", START)}


@pytest.mark.parametrize("token", ["", "rubbish", "http://radicale.org/ns/sync/" + "0" * 64])
@pytest.mark.asyncio
async def test_a_token_that_the_real_server_does_not_know_loses_and_repeats_nothing(staged, token):
    async with staged("caldav") as stage:
        calendar = stage.calendar
        assert isinstance(calendar, CalDav)
        for uid in ("a", "b"):
            stage.write(ROOM, uid, "DTSTART:20260310T090000Z", "DURATION:PT1H")
        await calendar.fetch(ROOM, WINDOW)
        stage.remove(ROOM, "a")
        stage.write(ROOM, "c", "DTSTART:20260310T090000Z", "DURATION:PT1H")
        kept = calendar._polled._rooms[ROOM]
        kept.copy = replace(kept.copy, token=token)
        for _ in range(2):
            snapshot = await calendar.fetch(ROOM, WINDOW)
            assert sorted(source.name for source in snapshot.sources) == ["b.ics", "c.ics"]
            assert set(understood(snapshot)) == {("b", START), ("c", START)}


# ---- servers that fail ----------------------------------------------------------------------------------


@over_the_web
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, CalendarRefused),
        (403, CalendarRefused),
        (404, CalendarUnreachable),
        (429, CalendarUnreachable),
        (500, CalendarUnreachable),
        (502, CalendarUnreachable),
        (503, CalendarUnreachable),
    ],
)
@pytest.mark.asyncio
async def test_each_no_of_a_server_is_told_with_what_to_do(staged, kind, status, error):
    if status == 404 and kind in CLOUDS:
        error = CalendarRefused  # their way of saying that the account has no right to it
    async with staged(kind) as stage:
        stage.write(ROOM, "a", "DTSTART:20260310T090000Z")
        before = await stage.calendar.fetch(ROOM, WINDOW)
        stage.served.fail(status, Retry_After="0")
        with pytest.raises(error) as told:
            await stage.calendar.fetch(ROOM, WINDOW)
        assert told.value.hint
        assert PASSWORD not in f"{told.value} {told.value.hint}"
        stage.served.fail(0)
        stage.clock.skipped += 61  # whatever pause was due is over
        after = await stage.calendar.fetch(ROOM, WINDOW)
        assert (after.cursor, understood(after)) == (before.cursor, understood(before))


@over_the_web
@pytest.mark.asyncio
async def test_a_server_that_asks_for_patience_is_not_asked_meanwhile(staged, kind):
    async with staged(kind) as stage:
        stage.served.fail(429, Retry_After="3600")
        for _ in range(20):
            with pytest.raises(CalendarUnreachable) as told:
                await stage.calendar.fetch(ROOM, WINDOW)
            asked = stage.served.asked
        assert told.value.retry_after_s == pytest.approx(3600, abs=60)
        with pytest.raises(CalendarUnreachable):
            await stage.calendar.fetch(ROOM, WINDOW)
        assert stage.served.asked == asked


@over_the_web
@pytest.mark.parametrize("body", [b"", b"<html>Sign in</html>", b"\xff\x00rubbish", b"BEGIN:VCALENDAR\nBEGIN:VEVENT"])
@pytest.mark.parametrize("status", [200, 207])
@pytest.mark.asyncio
async def test_rubbish_is_never_an_empty_calendar(staged, kind, status, body):
    async with staged(kind) as stage:
        stage.served.fail(status, body)
        with pytest.raises(CalendarUnreachable):
            await stage.calendar.fetch(ROOM, WINDOW)


@over_the_web
@pytest.mark.asyncio
async def test_a_huge_answer_is_not_read_to_its_end(staged, kind):
    async with staged(kind) as stage:
        stage.served.fail(207 if kind == "caldav" else 200, b"x" * (17 * 1024 * 1024))
        with pytest.raises(CalendarUnreachable, match="more than"):
            await stage.calendar.fetch(ROOM, WINDOW)


@over_the_web
@pytest.mark.asyncio
async def test_while_a_server_fails_changed_tells_it_once_and_then_that_it_is_back(staged, kind):
    async with staged(kind) as stage:
        async with asyncio.timeout(20):
            known = await stage.calendar.changed({ROOM: None})
            good = known[ROOM]
            stage.served.fail(500)
            known = await stage.calendar.changed(known)
            assert known[ROOM] != good
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await stage.calendar.changed(known)
            stage.served.fail(0)
            assert await stage.calendar.changed(known) == {ROOM: good}


# ---- writing ------------------------------------------------------------------------------------------


@that_is_written
@pytest.mark.asyncio
async def test_who_can_be_written_says_so(staged, kind):
    async with staged(kind) as stage:
        assert isinstance(stage.calendar, Writable)


@pytest.mark.parametrize("kind", [kind for kind in MAKERS if kind not in WRITTEN])
@pytest.mark.asyncio
async def test_who_cannot_be_written_does_not_pretend_to(staged, kind):
    async with staged(kind) as stage:
        assert not isinstance(stage.calendar, Writable)


@that_is_written
@pytest.mark.asyncio
async def test_a_booking_is_made_once_lengthened_and_given_back(staged, kind):
    async with staged(kind) as stage:
        calendar = stage.calendar
        assert isinstance(calendar, Writable)
        cursors = {(await stage.calendar.fetch(ROOM, WINDOW)).cursor}
        for _ in range(2):
            await calendar.book(ROOM, Slot(START, START + HOUR, "Ad hoc", "Ada"), "ad-hoc-1")
        assert await read(stage) == {("ad-hoc-1", START): START + HOUR}
        cursors.add((await stage.calendar.fetch(ROOM, WINDOW)).cursor)
        for _ in range(2):
            await calendar.set_end(ROOM, "ad-hoc-1", "", START + 2 * HOUR)
        assert await read(stage) == {("ad-hoc-1", START): START + 2 * HOUR}
        cursors.add((await stage.calendar.fetch(ROOM, WINDOW)).cursor)
        assert await read(stage, OTHER) == {}
        for _ in range(2):
            await calendar.release(ROOM, "ad-hoc-1", "")
        assert await read(stage) == {}
        assert len(cursors) == 3


@that_is_written
@pytest.mark.asyncio
async def test_of_a_series_only_the_one_occurrence_is_changed(staged, kind):
    async with staged(kind) as stage:
        calendar = stage.calendar
        assert isinstance(calendar, Writable)
        stage.write(ROOM, "s", "DTSTART:20260309T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY")
        before = await read(stage)
        day, next_day = START, START + timedelta(days=1)
        await calendar.set_end(ROOM, "s", day.isoformat(), day + 2 * HOUR)
        await calendar.release(ROOM, "s", next_day.isoformat())
        wanted = {**before, ("s", day): day + 2 * HOUR}
        del wanted["s", next_day]
        assert await read(stage) == wanted
        await calendar.release(ROOM, "s", day.isoformat())
        del wanted["s", day]
        assert await read(stage) == wanted


@that_is_written
@pytest.mark.asyncio
async def test_what_cannot_be_done_is_refused_and_changes_nothing(staged, kind):
    async with staged(kind) as stage:
        calendar = stage.calendar
        assert isinstance(calendar, Writable)
        stage.write(ROOM, "a", "DTSTART:20260310T090000Z", "DURATION:PT1H")
        cursor = (await stage.calendar.fetch(ROOM, WINDOW)).cursor
        with pytest.raises(CalendarRefused):
            await calendar.set_end(ROOM, "nobody", "", START + HOUR)
        with pytest.raises(CalendarRefused):
            await calendar.set_end(ROOM, "a", "", START - HOUR)
        await calendar.release(ROOM, "nobody", "")
        assert (await stage.calendar.fetch(ROOM, WINDOW)).cursor == cursor


@that_is_written
@pytest.mark.asyncio
async def test_what_is_written_wakes_who_waits(staged, kind):
    async with staged(kind) as stage:
        calendar = stage.calendar
        assert isinstance(calendar, Writable)
        async with asyncio.timeout(20):
            known = await stage.calendar.changed({ROOM: None})
            await calendar.book(ROOM, Slot(START, START + HOUR, "Ad hoc"), "u")
            news = await stage.calendar.changed(known)
            assert news == {ROOM: (await stage.calendar.fetch(ROOM, WINDOW)).cursor}
