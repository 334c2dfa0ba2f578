"""The role of a calendar: hand out a room's invitations as they are, and tell when they change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from roomgate.errors import RoomgateError
from roomgate.ids import RoomName
from roomgate.meetings.invite import Invitation, Window


class CalendarUnreachable(RoomgateError):
    """The calendar does not answer; what the room shows stays as it is."""

    code = "meeting.calendar.unreachable"
    hint = "Check the calendar's address, its credentials, and the room's folder or mailbox."

    def __init__(self, message: str = "", *, hint: str | None = None, retry_after_s: float | None = None) -> None:
        """``retry_after_s``: sooner than that, to ask again is in vain; None where nobody said so."""
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class CalendarRefused(RoomgateError):
    """The calendar answers, and says no: a credential, a right, a conflict. Nothing was changed."""

    code = "meeting.calendar.refused"
    hint = "Check what the account may do in the room's calendar."


@dataclass(frozen=True, slots=True)
class Source:
    """One invitation as it came: its name in the calendar, and its bytes."""

    name: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All of a room's invitations that may touch the window. Equal cursors mean equal content.

    ``sources`` are files, whose series are still to be expanded; ``invitations`` are occurrences, as calendars that
    speak JSON hand them out. One meeting stands in one of the two. ``bad``: the name of each event that could not be
    understood, and the reason.
    """

    sources: tuple[Source, ...]
    cursor: str
    invitations: tuple[Invitation, ...] = ()
    bad: tuple[tuple[str, str], ...] = ()


class Calendar(Protocol):
    async def fetch(self, room: RoomName, window: Window) -> Snapshot:
        """Raises `CalendarUnreachable` or `CalendarRefused`. Cancelling leaves nothing behind."""

    async def changed(self, known: Mapping[RoomName, str | None]) -> dict[RoomName, str]:
        """Wait until a room's content differs from its known cursor; None, never seen, always differs.

        Returns the present cursors of all that differ, at least one; at once if some differ already. Cancelling
        leaves nothing behind. Raises `CalendarUnreachable`.
        """


@dataclass(frozen=True, slots=True)
class Slot:
    """A booking that somebody makes in the room itself. Times with a zone, ``end`` after ``start``."""

    start: datetime
    end: datetime
    title: str
    organizer: str = ""  # a name, as far as the device knows one


@runtime_checkable
class Writable(Protocol):
    """What a calendar plays besides where it can be written. Each raises `CalendarUnreachable`, after which the outcome
    may be unknown and the next fetch tells it, or `CalendarRefused`. ``uid`` and ``recurrence_id`` are an
    `Invitation`'s own; of a series only that occurrence is changed.
    """

    async def book(self, room: RoomName, slot: Slot, uid: str) -> None:
        """Make an event with this uid. Safe to repeat with the same uid."""

    async def set_end(self, room: RoomName, uid: str, recurrence_id: str, end: datetime) -> None:
        """A meeting is made longer, or ends early. Safe to repeat."""

    async def release(self, room: RoomName, uid: str, recurrence_id: str) -> None:
        """The room gives the meeting's time back: it declines, or the event goes, as the service does it."""
