"""The role of a calendar: hand out a room's invitations as they are, and tell when they change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from roomgate.errors import RoomgateError
from roomgate.ids import RoomName
from roomgate.meetings.invite import Window


class CalendarUnreachable(RoomgateError):
    """The calendar does not answer; what the room shows stays as it is."""

    code = "meeting.calendar.unreachable"
    hint = "Check the calendar's address, its credentials, and the room's folder or mailbox."


@dataclass(frozen=True, slots=True)
class Source:
    """One invitation as it came: its name in the calendar, and its bytes."""

    name: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All of a room's invitations that may touch the window. Equal cursors mean equal content."""

    sources: tuple[Source, ...]
    cursor: str


class Calendar(Protocol):
    async def fetch(self, room: RoomName, window: Window) -> Snapshot:
        """Raises `CalendarUnreachable`. Cancelling leaves nothing behind."""

    async def changed(self, known: Mapping[RoomName, str | None]) -> dict[RoomName, str]:
        """Wait until a room's content differs from its known cursor; None, never seen, always differs.

        Returns the present cursors of all that differ, at least one; at once if some differ already. Cancelling
        leaves nothing behind. Raises `CalendarUnreachable`.
        """
