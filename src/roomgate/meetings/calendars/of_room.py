"""What a room's own calendar can do besides, where it may be one of several: be written, tell the room's address, and
what is not as it should be."""

from typing import Protocol, runtime_checkable

from roomgate.ids import RoomName
from roomgate.meetings.calendars.base import Calendar, Writable
from roomgate.meetings.calendars.entry import Notice, Telling


@runtime_checkable
class ByRoom(Protocol):
    """Several calendars as one."""

    def calendar_of(self, room: RoomName) -> Calendar | None: ...


@runtime_checkable
class Addressed(Protocol):
    """A calendar whose rooms have mail addresses of their own."""

    def mailbox_of(self, room: RoomName) -> str:
        """The room's own address, under which it declines; "" where it has none. Raises nothing."""


def find_writable(calendar: Calendar, room: RoomName) -> Writable | None:
    """The room's calendar where it can be written."""
    own = _of(calendar, room)
    return own if isinstance(own, Writable) else None


def find_mailbox(calendar: Calendar, room: RoomName) -> str:
    """The room's own address in lower case, as its calendar knows it; "" where that knows none."""
    own = _of(calendar, room)
    return own.mailbox_of(room).strip().lower() if isinstance(own, Addressed) else ""


def find_notices(calendar: Calendar, room: RoomName) -> str:
    """What an administrator should know of the room's calendar though it works, and what to do; "" for nothing."""
    own = _of(calendar, room)
    told: tuple[Notice, ...] = own.notices(room) if isinstance(own, Telling) else ()
    return " ".join(f"{one.message} {one.remedy}" for one in told)


def _of(calendar: Calendar, room: RoomName) -> Calendar | None:
    return calendar.calendar_of(room) if isinstance(calendar, ByRoom) else calendar
