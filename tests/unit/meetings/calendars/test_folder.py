import os
from datetime import UTC, datetime

import pytest

from roomgate.errors import BadInput
from roomgate.ids import RoomName
from roomgate.meetings.calendars.base import CalendarUnreachable
from roomgate.meetings.calendars.folder import FEW, LIST_EVERY, POLL_S, TURNS, Folder
from roomgate.meetings.invite import Window

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
