"""What a room's own calendar can do besides, where it may be one of several: be written, and tell the room's address."""

from typing import Protocol, runtime_checkable

from roomgate.ids import RoomName
from roomgate.meetings.calendars.base import Calendar, Writable


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


def _of(calendar: Calendar, room: RoomName) -> Calendar | None:
    return calendar.calendar_of(room) if isinstance(calendar, ByRoom) else calendar
