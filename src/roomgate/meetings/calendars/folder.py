"""A calendar that is a folder: ``<root>/<room>/*.ics``, looked at four times a second; with many rooms, once.

Whatever comes or goes changes the folder's own time, and that is nearly all that happens: so most looks ask each
folder for its time alone, and list those where something came or went of late. Every sixteenth look lists all of them,
and sees a file that was written in its place. All of it runs in a thread. A file that is still being written is read
again when it changes. Hidden files, links and folders are left alone.

Even to ask for a time is a call of the system for each folder. So where there are more than `FEW`, a look is at a
quarter of them: each has its turn once a second, and is listed every sixteen.
"""

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import NamedTuple

from roomgate.errors import BadInput
from roomgate.ids import RoomName
from roomgate.meetings.calendars.base import CalendarUnreachable, Snapshot, Source
from roomgate.meetings.invite import MOST_BYTES, Window

MOST_FILES = 2000
POLL_S = 0.25
LIST_EVERY = 16  # looks at a folder: four seconds where there are few
FEW = 500  # rooms, all of which one look is at
TURNS = 4  # looks that are at all of more rooms, together


class _Glimpse(NamedTuple):
    """What was seen of one folder. ``lately``: so many looks more it is listed, since what came may still grow."""

    time: int
    cursor: str
    lately: int


class Folder:
    """``pause`` waits between two looks; it is handed in so that tests need not wait."""

    def __init__(
        self, root: Path, *, poll_s: float = POLL_S, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._root = root
        self._poll_s = poll_s
        self._pause = pause

    async def fetch(self, room: RoomName, window: Window) -> Snapshot:
        """All files, whatever the window: a series may have begun years ago."""
        return await asyncio.to_thread(self._load, self._folder(room))

    async def changed(self, known: Mapping[RoomName, str | None]) -> dict[RoomName, str]:
        folders = [(room, str(self._folder(room))) for room in known]
        turns = 1 if len(folders) <= FEW else TURNS
        some, seen = folders, dict[RoomName, _Glimpse]()  # the first look is at all
        for look in count():
            news = await asyncio.to_thread(_glance, some, seen, look // turns % LIST_EVERY == 0)
            seen.update(news)
            if differs := {room: one.cursor for room, one in news.items() if one.cursor != known[room]}:
                return differs
            some = folders[look % turns :: turns]
            await self._pause(self._poll_s)
        raise AssertionError("count() ends")

    def _folder(self, room: RoomName) -> Path:
        if not room or room.startswith(".") or any(sign in room for sign in "/\\\0"):
            raise BadInput(f"{room!r} cannot be the name of a room's folder")
        return self._root / room

    def _load(self, folder: Path) -> Snapshot:
        cursor, paths = _look(folder)  # before reading: a file that changes meanwhile is seen at the next look
        sources: list[Source] = []
        for path in paths:
            try:
                with path.open("rb") as file:
                    sources.append(Source(path.name, file.read(MOST_BYTES + 1)))
            except FileNotFoundError:
                continue  # gone since the listing
            except OSError as bad:
                raise CalendarUnreachable(f"{path.name}: {bad.strerror}") from bad
        return Snapshot(tuple(sources), cursor)


def _glance(
    folders: Sequence[tuple[RoomName, str]], before: Mapping[RoomName, _Glimpse], list_all: bool
) -> dict[RoomName, _Glimpse]:
    """What is new of these folders: of one where nothing is, nothing."""
    found: dict[RoomName, _Glimpse] = {}
    for room, folder in folders:
        try:
            time = os.stat(folder).st_mtime_ns  # before the listing: what comes meanwhile is seen at the next look
        except OSError:
            time = 0
        known = before.get(room)
        if known is None or known.time != time:
            found[room] = _Glimpse(time, _cursor(folder), LIST_EVERY)
        elif known.lately or list_all:
            found[room] = _Glimpse(time, _cursor(folder), max(0, known.lately - 1))
    return found


def _cursor(folder: str) -> str:
    try:
        return _look(Path(folder))[0]
    except CalendarUnreachable as bad:
        return f"unreachable: {bad.message}"  # tell it once, by way of fetch


def _look(folder: Path) -> tuple[str, list[Path]]:
    """The cursor and the files. A folder that is not there yet is an empty calendar."""
    seen: list[tuple[str, int, int, int]] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if not entry.name.lower().endswith(".ics") or entry.name.startswith("."):
                    continue
                try:
                    if not entry.is_file(follow_symlinks=False):
                        continue
                    about = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # gone since the listing
                seen.append((entry.name, about.st_mtime_ns, about.st_size, about.st_ino))
    except FileNotFoundError:
        return "none", []
    except OSError as bad:
        raise CalendarUnreachable(f"the folder {folder.name} cannot be read: {bad.strerror}") from bad
    seen.sort()
    if len(seen) > MOST_FILES:
        raise CalendarUnreachable(f"the folder {folder.name} holds more than {MOST_FILES} files")
    return hashlib.sha256(repr(seen).encode()).hexdigest(), [folder / name for name, *_ in seen]
