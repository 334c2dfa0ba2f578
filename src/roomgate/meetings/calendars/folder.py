"""A calendar that is a folder: ``<root>/<room>/*.ics``, looked at four times a second; with many rooms, once.

Whatever comes or goes changes the folder's own time, and that is nearly all that happens: so most looks ask each
folder for its time alone, and list those where something came or went of late. Every sixteenth look lists all of them,
and sees a file that was written in its place. All of it runs in a thread. A file that is still being written is read
again when it changes. Hidden files, links and folders are left alone.

Even to ask for a time is a call of the system for each folder. So where there are more than `FEW`, a look is at a
quarter of them: each has its turn once a second, and is listed every sixteen.

It can be written: a file is put in place whole, under a hidden name first. What fills the folder may of course write
over that again.
"""

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from itertools import count
from pathlib import Path
from typing import NamedTuple

from roomgate.clock import Clock, SystemClock
from roomgate.errors import BadInput
from roomgate.ids import RoomName
from roomgate.meetings.calendars import edit
from roomgate.meetings.calendars.base import CalendarRefused, CalendarUnreachable, Slot, Snapshot, Source
from roomgate.meetings.invite import MOST_BYTES, BadInvitation, Event, Window, parse_file

MOST_FILES = 2000
POLL_S = 0.25
LIST_EVERY = 16  # looks at a folder: four seconds where there are few
FEW = 500  # rooms, all of which one look is at
TURNS = 4  # looks that are at all of more rooms, together


_LET_WRITE = "Let the connector's account write in the room's folder."


class _Glimpse(NamedTuple):
    """What was seen of one folder. ``lately``: so many looks more it is listed, since what came may still grow."""

    time: int
    cursor: str
    lately: int


class Folder:
    """``pause`` waits between two looks; it is handed in so that tests need not wait."""

    def __init__(
        self,
        root: Path,
        *,
        poll_s: float = POLL_S,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Clock | None = None,
        zone: tzinfo = UTC,
        find: Callable[[RoomName], str | None] = lambda room: room,
    ) -> None:
        """``find``: the name of a room's folder. ``zone``: where floating times are; ``clock``: for the stamps of what is written."""
        self._clock = clock or SystemClock()
        self._zone = zone
        self._find = find
        self._writing = asyncio.Lock()
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

    # -- writing

    async def book(self, room: RoomName, slot: Slot, uid: str) -> None:
        async with self._writing:
            await asyncio.to_thread(self._book, self._folder(room), slot, uid)

    async def set_end(self, room: RoomName, uid: str, recurrence_id: str, end: datetime) -> None:
        async with self._writing:
            await asyncio.to_thread(self._set_end, self._folder(room), uid, recurrence_id, end)

    async def release(self, room: RoomName, uid: str, recurrence_id: str) -> None:
        async with self._writing:
            await asyncio.to_thread(self._release, self._folder(room), uid, recurrence_id)

    def _book(self, folder: Path, slot: Slot, uid: str) -> None:
        if self._holding(folder, uid):
            return
        try:
            folder.mkdir(exist_ok=True)
        except OSError as bad:
            raise CalendarRefused(f"the folder {folder.name} cannot be made: {bad.strerror}") from bad
        name = f"roomgate-{hashlib.sha256(uid.encode()).hexdigest()[:32]}.ics"
        _save(folder / name, edit.build_event(slot, uid, self._clock.now()))

    def _set_end(self, folder: Path, uid: str, recurrence_id: str, end: datetime) -> None:
        """In the file with the latest word of it: an update may have come as a file of its own."""
        for path, raw in self._holding(folder, uid, recurrence_id):
            try:
                changed = edit.with_end(raw, uid, recurrence_id, end, self._clock.now(), self._zone)
            except edit.NotThere:
                continue
            except BadInvitation as bad:
                raise CalendarRefused(bad.message, hint=bad.hint) from bad
            if changed != raw:
                _save(path, changed)
            return
        raise CalendarRefused("The calendar has no such event.", hint=edit.NotThere.hint)

    def _release(self, folder: Path, uid: str, recurrence_id: str) -> None:
        for path, raw in self._holding(folder, uid):
            try:
                left = edit.without(raw, uid, recurrence_id, self._clock.now(), self._zone)
            except BadInvitation as bad:
                raise CalendarRefused(bad.message, hint=bad.hint) from bad
            if left is None:
                _remove(path)
            elif left != raw:
                _save(path, left)

    def _holding(self, folder: Path, uid: str, recurrence_id: str = "") -> list[tuple[Path, bytes]]:
        """The files with this event; first the one whose word of the occurrence, or else of the event, is latest."""
        found: list[tuple[bool, tuple[int, str, bool], Path, bytes]] = []
        for source in self._load(folder).sources:
            try:
                events = [event for event in parse_file(source.raw, self._zone)[0] if event.uid == uid]
            except BadInvitation:
                continue
            own = [event for event in events if event.recurrence_id == recurrence_id]
            if events:
                found.append((bool(own), max(map(_rank, own or events)), folder / source.name, source.raw))
        return [(path, raw) for *_, path, raw in sorted(found, reverse=True)]

    def _folder(self, room: RoomName) -> Path:
        name = self._find(room)
        if not name or name.startswith(".") or any(sign in name for sign in "/\\\0"):
            raise BadInput(f"{name!r} cannot be the name of a room's folder")
        return self._root / name

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


def _rank(event: Event) -> tuple[int, str, bool]:
    return event.rank


def _save(path: Path, raw: bytes) -> None:
    """Whole or not at all: under a name that nobody reads, then in its place."""
    hidden = path.with_name(f".{path.name}.new")
    try:
        with hidden.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.replace(hidden, path)
        _settle(path.parent)
    except OSError as bad:
        with suppress(OSError):
            hidden.unlink(missing_ok=True)
        raise CalendarRefused(f"{path.name} cannot be written: {bad.strerror}", hint=_LET_WRITE) from bad


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
        _settle(path.parent)
    except OSError as bad:
        raise CalendarRefused(f"{path.name} cannot be removed: {bad.strerror}", hint=_LET_WRITE) from bad


def _settle(folder: Path) -> None:
    """What stands in a folder survives a power cut only once the folder itself is on the disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


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
