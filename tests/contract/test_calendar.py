"""What every Calendar promises. A new implementation joins by a line in MAKERS."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from roomgate.ids import RoomName
from roomgate.meetings.calendars.base import Calendar
from roomgate.meetings.calendars.folder import Folder
from roomgate.meetings.invite import Window
from support.invites import ics

ROOM, OTHER = RoomName("oslo"), RoomName("bergen")
START = datetime(2026, 3, 10, 9, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=7))
ONE, TWO = ics("DTSTART:20260310T090000Z"), ics("DTSTART:20260310T100000Z", "SUMMARY:moved")


class Stage(Protocol):
    """A calendar together with the hand that writes into it."""

    calendar: Calendar

    def write(self, room: RoomName, name: str, raw: bytes) -> None: ...
    def remove(self, room: RoomName, name: str) -> None: ...


class FolderStage:
    def __init__(self, root: Path) -> None:
        self.calendar: Calendar = Folder(root, poll_s=0.01)
        self._root = root

    def write(self, room: RoomName, name: str, raw: bytes) -> None:
        (self._root / room).mkdir(exist_ok=True)
        (self._root / room / f"{name}.ics").write_bytes(raw)

    def remove(self, room: RoomName, name: str) -> None:
        (self._root / room / f"{name}.ics").unlink()


MAKERS: dict[str, Callable[[Path], Stage]] = {"folder": FolderStage}


@pytest.fixture(params=MAKERS.values(), ids=MAKERS.keys())
def stage(request, tmp_path):
    return request.param(tmp_path)


@pytest.mark.asyncio
async def test_an_empty_calendar_has_a_cursor(stage):
    first = await stage.calendar.fetch(ROOM, WINDOW)
    assert first.sources == ()
    assert (await stage.calendar.fetch(ROOM, WINDOW)).cursor == first.cursor


@pytest.mark.asyncio
async def test_what_is_written_is_fetched_and_moves_the_cursor(stage):
    cursors = {(await stage.calendar.fetch(ROOM, WINDOW)).cursor}
    stage.write(ROOM, "a", ONE)
    seen = await stage.calendar.fetch(ROOM, WINDOW)
    assert [source.raw for source in seen.sources] == [ONE]
    cursors.add(seen.cursor)
    stage.write(ROOM, "a", TWO)
    seen = await stage.calendar.fetch(ROOM, WINDOW)
    assert [source.raw for source in seen.sources] == [TWO]
    cursors.add(seen.cursor)
    stage.remove(ROOM, "a")
    assert (await stage.calendar.fetch(ROOM, WINDOW)).sources == ()
    assert len(cursors) == 3


@pytest.mark.asyncio
async def test_rooms_are_apart(stage):
    stage.write(ROOM, "a", ONE)
    assert (await stage.calendar.fetch(OTHER, WINDOW)).sources == ()


@pytest.mark.asyncio
async def test_news_comes_for_the_room_that_changed_and_only_once(stage):
    calendar = stage.calendar
    async with asyncio.timeout(5):
        known = await calendar.changed({ROOM: None, OTHER: None})
        assert set(known) == {ROOM, OTHER}
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(calendar.changed(known))
            stage.write(ROOM, "a", ONE)
        assert set(waiting.result()) == {ROOM}
        known |= waiting.result()
        assert known[ROOM] == (await calendar.fetch(ROOM, WINDOW)).cursor
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await calendar.changed(known)
