"""A calendar in memory that can be written: what every room has, and what was asked of it."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from roomgate.ids import RoomName
from roomgate.meetings.calendars.base import Slot, Snapshot
from roomgate.meetings.invite import Invitation, Window
from roomgate.meetings.meeting import Organizer


def invited(uid: str, start: datetime, minutes: int = 30, **changes: object) -> Invitation:
    one = Invitation(
        uid, "", f"Title of {uid}", start, start + timedelta(minutes=minutes), False, Organizer("Ada", "ada@example.com"),
        False, False, (),
    )  # fmt: skip
    return replace(one, **changes)  # type: ignore[arg-type]  # each has the type of what it replaces


class ReadOnlyCalendar:
    """``fault`` is raised by every look; ``asked`` is what was written, in order."""

    def __init__(self, *invitations: Invitation) -> None:
        self.invitations = {(one.uid, one.recurrence_id): one for one in invitations}
        self.fault: Exception | None = None
        self.unwilling: Exception | None = None  # raised by every write
        self.late: Exception | None = None  # raised by every write, after it was done
        self.asked: list[tuple[str, ...]] = []
        self.looks = 0

    async def fetch(self, room: RoomName, window: Window) -> Snapshot:
        self.looks += 1
        if self.fault:
            raise self.fault
        return Snapshot((), str(hash(tuple(self.invitations.values()))), tuple(self.invitations.values()))

    async def changed(self, known: object) -> dict[RoomName, str]:
        await asyncio.get_running_loop().create_future()
        raise AssertionError("never")


class MemoryCalendar(ReadOnlyCalendar):
    async def book(self, room: RoomName, slot: Slot, uid: str) -> None:
        self._ask("book", uid)
        organizer = Organizer(slot.organizer)
        self.invitations[uid, ""] = invited(uid, slot.start, title=slot.title, end=slot.end, organizer=organizer)
        self._end()

    async def set_end(self, room: RoomName, uid: str, recurrence_id: str, end: datetime) -> None:
        self._ask("set-end", uid)
        self.invitations[uid, recurrence_id] = replace(self.invitations[uid, recurrence_id], end=end)
        self._end()

    async def release(self, room: RoomName, uid: str, recurrence_id: str) -> None:
        self._ask("release", uid)
        del self.invitations[uid, recurrence_id]
        self._end()

    def _ask(self, *what: str) -> None:
        self.asked.append(what)
        if self.unwilling:
            raise self.unwilling

    def _end(self) -> None:
        if self.late:
            raise self.late
