import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from roomgate.clock import HandClock
from roomgate.errors import BadInput
from roomgate.ids import RoomName
from roomgate.meetings.calendars.base import CalendarRefused, CalendarUnreachable, Slot
from roomgate.meetings.calendars.folder import FEW, LIST_EVERY, POLL_S, TURNS, Folder
from roomgate.meetings.invite import Window, occurrences, parse_events
from support.invites import ics

ROOM = RoomName("oslo")
WINDOW = Window(datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 3, 17, tzinfo=UTC))


@pytest.mark.asyncio
async def test_only_plain_ics_files_count(tmp_path):
    room = tmp_path / ROOM
    room.mkdir()
    (tmp_path / "secret").write_bytes(b"s")
    for name in (".hidden.ics", "note.txt", "a.ics.tmp"):
        (room / name).write_bytes(b"x")
    (room / "folder.ics").mkdir()
    os.symlink(tmp_path / "secret", room / "link.ics")
    (room / "B.ICS").write_bytes(b"b")
    assert [source.raw for source in (await Folder(tmp_path).fetch(ROOM, WINDOW)).sources] == [b"b"]


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["..", "../x", "a/b", "", ".x", "a\0b", "a\\b"])
async def test_a_rooms_name_never_leaves_the_root(tmp_path, name):
    with pytest.raises(BadInput):
        await Folder(tmp_path).fetch(RoomName(name), WINDOW)
    with pytest.raises(BadInput):
        await Folder(tmp_path).changed({RoomName(name): None})


@pytest.mark.asyncio
async def test_a_folder_that_is_none_is_told(tmp_path):
    (tmp_path / ROOM).write_bytes(b"x")
    with pytest.raises(CalendarUnreachable):
        await Folder(tmp_path).fetch(ROOM, WINDOW)
    assert ROOM in await Folder(tmp_path).changed({ROOM: "before"})


@pytest.mark.asyncio
async def test_a_file_half_written_is_read_again_and_the_pause_is_the_one_handed_in(tmp_path):
    room = tmp_path / ROOM
    room.mkdir()
    (room / "a.ics").write_bytes(b"half")
    pauses = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        (room / "a.ics").write_bytes(b"half and half")

    calendar = Folder(tmp_path, pause=pause)
    before = await calendar.fetch(ROOM, WINDOW)
    news = await calendar.changed({ROOM: before.cursor})
    assert pauses == [POLL_S]
    after = await calendar.fetch(ROOM, WINDOW)
    assert (after.cursor, after.sources[0].raw) == (news[ROOM], b"half and half")


@pytest.mark.asyncio
@pytest.mark.parametrize(("how", "more"), [("comes", 0), ("grows", 0), ("in place", LIST_EVERY - 1)])
async def test_what_comes_is_seen_at_the_next_look_and_what_is_written_in_its_place_soon(tmp_path, how, more):
    room = tmp_path / ROOM
    room.mkdir()
    (room / "a.ics").write_bytes(b"one")
    begun = 2 * LIST_EVERY + 1  # by then nothing has come or gone of late
    written = begun + (how == "grows")
    pauses = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if how == "grows" and len(pauses) == begun:
            (room / "other.txt").write_bytes(b"no calendar, but the folder's time is another")
        if len(pauses) == written:
            (room / ("b.ics" if how == "comes" else "a.ics")).write_bytes(b"another")

    calendar = Folder(tmp_path, pause=pause)
    before = await calendar.fetch(ROOM, WINDOW)
    news = await calendar.changed({ROOM: before.cursor})
    assert len(pauses) - written == more
    assert news[ROOM] == (await calendar.fetch(ROOM, WINDOW)).cursor


@pytest.mark.asyncio
@pytest.mark.parametrize(("rooms", "turns"), [(FEW, 1), (FEW + 1, TURNS)])
@pytest.mark.parametrize("which", [0, 1, 2, 3, FEW - 1])
async def test_of_many_rooms_each_has_its_turn_in_time(tmp_path, rooms, turns, which):
    names = [RoomName(f"room-{number}") for number in range(rooms)]
    begun = (LIST_EVERY + 1) * turns
    pauses = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == begun:
            (tmp_path / names[which]).mkdir()
            (tmp_path / names[which] / "a.ics").write_bytes(b"one")

    calendar = Folder(tmp_path, pause=pause)
    before = await calendar.fetch(names[0], WINDOW)
    news = await calendar.changed(dict.fromkeys(names, before.cursor))

    assert list(news) == [names[which]]
    assert len(pauses) - begun < turns
    assert turns * POLL_S <= 1.0


# ---- writing ------------------------------------------------------------------------------------------

UID = "one@example.com"
AT = datetime(2026, 3, 10, 9, tzinfo=UTC)


def meetings(root: Path) -> dict[datetime, datetime]:
    events = [event for path in (root / "oslo").glob("*.ics") for event in parse_events(path.read_bytes())]
    window = Window(AT - timedelta(days=1), AT + timedelta(days=3))
    return {one.start: one.end for one in occurrences(events, window) if not one.cancelled}


@pytest.mark.asyncio
async def test_the_latest_word_is_the_one_that_is_changed(tmp_path):
    (tmp_path / "oslo").mkdir()
    for name, hour in (("b", "09"), ("a", "10")):  # an update that came as a file of its own
        sequence = f"SEQUENCE:{int(hour) - 9}"
        (tmp_path / "oslo" / f"{name}.ics").write_bytes(ics(f"DTSTART:20260310T{hour}0000Z", "DURATION:PT1H", sequence))
    folder = Folder(tmp_path, clock=HandClock())
    start = AT + timedelta(hours=1)
    await folder.set_end(ROOM, UID, "", start + timedelta(hours=3))
    assert meetings(tmp_path) == {start: start + timedelta(hours=3)}
    await folder.release(ROOM, UID, "")
    assert list((tmp_path / "oslo").iterdir()) == []


@pytest.mark.asyncio
async def test_an_exception_in_a_file_of_its_own_is_changed_there(tmp_path):
    (tmp_path / "oslo").mkdir()
    (tmp_path / "oslo" / "series.ics").write_bytes(ics("DTSTART:20260309T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY"))
    moved = ics("RECURRENCE-ID:20260310T090000Z", "DTSTART:20260310T120000Z", "DURATION:PT1H", "SEQUENCE:5")
    (tmp_path / "oslo" / "moved.ics").write_bytes(moved)
    folder, name = Folder(tmp_path, clock=HandClock()), "2026-03-10T09:00:00+00:00"
    start = AT + timedelta(hours=3)
    await folder.set_end(ROOM, UID, name, start + timedelta(hours=2))
    assert meetings(tmp_path)[start] == start + timedelta(hours=2)
    await folder.release(ROOM, UID, name)
    assert start not in meetings(tmp_path)
    assert AT not in meetings(tmp_path)
    assert not (tmp_path / "oslo" / "moved.ics").exists()


@pytest.mark.asyncio
async def test_what_is_written_is_put_in_place_whole(tmp_path):
    folder = Folder(tmp_path, clock=HandClock())
    await folder.book(ROOM, Slot(AT, AT + timedelta(hours=1), "Ad hoc"), UID)
    assert [path.name[:9] for path in (tmp_path / "oslo").iterdir()] == ["roomgate-"]
    (tmp_path / "oslo" / ".half.ics.new").write_bytes(b"BEGIN")  # what a kill left
    assert len((await folder.fetch(ROOM, Window(AT, AT + timedelta(days=1)))).sources) == 1


@pytest.mark.asyncio
async def test_a_folder_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "oslo").write_bytes(b"")  # in the folder's place stands a file
    folder = Folder(tmp_path, clock=HandClock())
    with pytest.raises((CalendarRefused, CalendarUnreachable)) as told:
        await folder.book(ROOM, Slot(AT, AT + timedelta(hours=1), "Ad hoc"), UID)
    assert told.value.hint
