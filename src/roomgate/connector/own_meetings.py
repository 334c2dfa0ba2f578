"""``Roomgate Meetings``: a room's meetings as whoever may see its bookings is told of them from outside.

Of a private meeting neither title nor organizer leaves the site, whatever the room itself shows; of no meeting its
passcode. Only the room's own calendar is told, and how it is.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec

from roomgate.clock import Clock, iso
from roomgate.connector.bookings_state import BookingsState
from roomgate.connector.own import Deed
from roomgate.errors import RoomgateError
from roomgate.ids import RoomName
from roomgate.meetings import plaintext
from roomgate.meetings.masking import masked_address, masked_steps, passcodes_of
from roomgate.meetings.showing import Shown
from roomgate.meetings.sync import Standing, Sync
from roomgate.redact import foreign
from roomgate.xapi.errors import CommandFailed

WEEK = 7
AGAIN_S = 5.0  # between two looks at a calendar that somebody outside asked for
NO_CALENDAR = Standing(words="This site has no calendar for its rooms.")


class Why(msgspec.Struct, frozen=True, rename="pascal"):
    """One decision on the way from the invitation to the button."""

    step: str
    saw: str
    decided: str


class Told(msgspec.Struct, frozen=True, rename="pascal"):
    """One meeting. ``address`` has dots for its passcode; ``shown``: the room's device shows it."""

    id: str
    title: str
    organizer: str
    private: bool
    tentative: bool
    start: str
    end: str
    all_day: bool
    service: str
    how: str
    address: str
    shown: bool
    why: list[Why]


class RoomMeetings:
    """The deeds. ``state`` tells how the list on a room's device is."""

    def __init__(self, sync: Sync | None, state: Callable[[RoomName], BookingsState], clock: Clock) -> None:
        self._sync = sync
        self._state = state
        self._clock = clock
        self._looked: dict[RoomName, float] = {}

    async def list(self, deed: Deed) -> Any:
        """``Meetings List``: the coming days' meetings, each with the last of its reasons."""
        return self._told(deed)

    async def sync(self, deed: Deed) -> Any:
        """``Meetings Sync``: the calendar is looked at now, and the list put if it differs. A calendar or a device
        that cannot be reached is told in the answer; a look of a moment ago is not repeated, for a calendar in a cloud
        counts them. Cancelling leaves it to the next look, within a minute."""
        room = self._room(deed)
        if self._sync is not None and room in self._sync.rooms() and self._due(room):
            try:
                await self._sync.sync_room(room)
            except (RoomgateError, TimeoutError):
                pass  # the states say which of the two it was, in words
        return self._told(deed)

    async def explain(self, deed: Deed) -> Any:
        """``Meetings Explain``: one meeting with every reason. Raises CommandFailed where the room has none of this id."""
        wanted = deed.call.argument("Id")
        for one in self._shown(deed):
            if one.id == wanted:
                return msgspec.to_builtins(_told(one, whole=True))
        raise CommandFailed("This room has no meeting with this id in the coming days.")

    def _due(self, room: RoomName) -> bool:
        now = self._clock.monotonic()
        if now - self._looked.get(room, float("-inf")) < AGAIN_S:
            return False
        self._looked[room] = now
        return True

    def _told(self, deed: Deed) -> dict[str, Any]:
        days = deed.call.argument("Days")
        end = self._clock.now() + timedelta(days=days if isinstance(days, int) else WEEK)
        room = self._room(deed)
        standing = self._sync.calendar(room) if self._sync is not None else NO_CALENDAR
        bad = self._sync.bad(room) if self._sync is not None else {}
        state = self._state(room)
        return {
            "Meetings": [
                msgspec.to_builtins(_told(one, whole=False)) for one in self._shown(deed) if one.meeting.start < end
            ],
            "Calendar": {
                "State": standing.state.value,
                "Words": foreign(standing.words, 600),
                "At": iso(standing.at) if standing.at else "",
            },
            "Bookings": {"State": state.code.value, "Words": state.words},
            "Bad": [
                {"Name": plaintext.line(name, 100), "Reason": plaintext.line(reason, 300)}
                for name, reason in sorted(bad.items())
            ],
        }

    def _shown(self, deed: Deed) -> tuple[Shown, ...]:
        """Those that are not over. What was called off is told by `Bookings` no longer, and so not here."""
        if self._sync is None:
            return ()
        now = self._clock.now()
        found = self._sync.shown(self._room(deed))
        return tuple(one for one in found if one.meeting.end > now and not one.meeting.cancelled)

    def _room(self, deed: Deed) -> RoomName:
        return deed.room.name


def _told(one: Shown, *, whole: bool) -> Told:
    """``whole``: all reasons, not only why it is shown or not."""
    meeting = one.meeting
    because = masked_steps(one.because, meeting)
    return Told(
        id=one.id,
        title="" if meeting.private else meeting.title,
        organizer="" if meeting.private else meeting.organizer.name or meeting.organizer.email,
        private=meeting.private,
        tentative=meeting.tentative,
        start=iso(meeting.start),
        end=iso(meeting.end),
        all_day=meeting.all_day,
        service=meeting.service,
        how=meeting.join.how.value,
        address="" if meeting.private else masked_address(meeting.join, passcodes_of(meeting)),
        shown=one.booking is not None,
        why=[Why(step.step, step.saw, step.decided) for step in (because if whole else because[-1:])],
    )
