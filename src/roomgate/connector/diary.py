"""A room's booking list on its device: `meetings.sync.Diary` over the keepers.

``Bookings Put`` needs the Admin role and replaces the whole list (RoomOS schema), so it goes by the
privileged account and has a ledger entry; ``Bookings List`` is read by the daily one.

A device that cannot take a list, for what it is or whom it lets in, is asked why, once, and then left alone for a
while: each try is a login of the administrator's and an entry in the ledger.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from roomgate.clock import Clock, iso, parse_iso
from roomgate.connector.bookings_state import OK, UNTRIED, BookingsState, Code, Facts, judge_put, judge_shown
from roomgate.connector.room import Room
from roomgate.connector.vault import NoCredential, VaultDamaged
from roomgate.errors import NotFound, RoomgateError, Unreachable
from roomgate.ids import RoomName
from roomgate.ledger.event import BookingPut
from roomgate.meetings.booking import Booking, BookingId
from roomgate.meetings.masking import DOTS
from roomgate.meetings.plan import Held
from roomgate.storage.record import Record
from roomgate.xapi import tree
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import BadArgument, CommandFailed, DeviceFault, PermissionDenied, UnknownPath, XapiError
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue

DAYS = 30  # more than what is synchronised, so that nothing of ours is overlooked

# The device answered, and it cannot be read there: then the list is written without having been compared.
LASTING_S = 900.0  # how long a device that cannot take a list is left alone, unless it comes back anew
_LASTING = {
    Code.NO_ACCOUNT, Code.NO_RIGHT, Code.REFUSED, Code.OLD_SOFTWARE, Code.TEAMS_ROOM, Code.ZOOM_ROOM,
}  # fmt: skip
_FACTS = {
    "version": "Status/SystemUnit/Software/Version",
    "teams_app": "Status/MicrosoftTeams/Software/Version/TeamsApp",
    "teams_signed_in": "Status/MicrosoftTeams/User/SignedIn",
    "zoom_app": "Status/Zoom/AppExperience/State",
    "webex": "Status/Webex/Status",
}

_UNREADABLE = (BadArgument, CommandFailed, DeviceFault, PermissionDenied, UnknownPath)


class NotTaken(RoomgateError):
    """The device cannot take a booking list: a right, a mode, its software."""

    code = "meeting.bookings.not-taken"
    hint = "`roomgate connector status` says what to do for each room."


class DeviceDiary:
    """The booking lists of all rooms of this connector."""

    def __init__(self, find: Callable[[RoomName], Room | None], record: Record, clock: Clock) -> None:
        self._find = find
        self._record = record
        self._clock = clock
        self._catalogue = Catalogue.shipped()
        self._states: dict[RoomName, tuple[BookingsState, float]] = {}  # with the moment of the last put
        self._strangers: dict[RoomName, int] = {}  # bookings that others put there, as last seen
        self._list = self._catalogue.canonical(Verb.COMMAND, "Command/Bookings/List", {"Days": DAYS})

    async def put(self, room: RoomName, entries: Sequence[Booking]) -> None:
        """Replace the whole list, the ledger's entry first. Raises Unreachable; then the outcome may be unknown.
        Raises NotTaken where the device cannot take it, or could not a short while ago."""
        if (left := self._left_alone(room)) is not None:
            raise NotTaken(left.words)
        body = json.dumps({"Bookings": [one.to_json() for one in entries]}, ensure_ascii=False)
        call = self._catalogue.canonical(Verb.COMMAND, "Command/Bookings/Put", {}, body)
        device = self._room(room)
        await self._record.add(
            BookingPut(at=iso(self._clock.now()), room=room, bookings=len(entries), source="calendar")
        )
        try:
            await device.call(call, privileged=True)
        except XapiError as fault:
            said = _without(str(fault), entries)
            state = judge_put(await self._facts(device, fault), fault, said)
            self._states[room] = (state, self._clock.monotonic())
            if state.code in _LASTING:
                raise NotTaken(state.words) from fault
            raise Unreachable(f"The bookings of {room} could not be put: {said}") from fault
        self._states[room] = (OK, self._clock.monotonic())

    def state(self, room: RoomName) -> BookingsState:
        """How it is with the list on this room's device, in words."""
        state = self._states.get(room, (UNTRIED, 0.0))[0]
        if not state.fine or (device := self._find(room)) is None or not (strangers := self._strangers.get(room, 0)):
            return state
        return judge_shown(Facts(webex=str(tree.lookup(device.state, ("Status", "Webex", "Status")))), strangers)

    def anew(self, room: RoomName) -> None:
        """The device came back, or was changed: what it could not do before, it may be able to do now."""
        if self.state(room).code in _LASTING:
            del self._states[room]

    def _left_alone(self, room: RoomName) -> BookingsState | None:
        state, since = self._states.get(room, (UNTRIED, 0.0))
        return state if state.code in _LASTING and self._clock.monotonic() - since < LASTING_S else None

    async def _facts(self, device: Room, fault: XapiError) -> Facts:
        """What the device says of itself; nothing where it does not answer."""
        told: dict[str, str] = {}
        for name, text in _FACTS.items():
            path = Path.parse(text)
            try:
                found = await device.call(self._catalogue.canonical(Verb.GET, path))
            except XapiError:
                continue
            told[name] = str(found) if isinstance(found, str | int) else ""
        return Facts(**told, account=not isinstance(fault.__cause__, NoCredential | VaultDamaged))

    async def current(self, room: RoomName) -> tuple[Held, ...] | None:
        """What the device shows; None where it cannot say. Raises Unreachable."""
        try:
            answer = await self._room(room).call(self._list)
        except _UNREADABLE:
            return None
        except XapiError as fault:
            raise Unreachable(f"The bookings of {room} could not be read: {fault}") from fault
        rows = answer.get("Booking", []) if isinstance(answer, dict) else []
        if not isinstance(rows, list):
            return None
        found = tuple(held for row in rows if (held := parse_held(row)) is not None)
        self._strangers[room] = sum(not one.ours for one in found)
        return found

    def _room(self, room: RoomName) -> Room:
        if (found := self._find(room)) is None:
            raise NotFound(f"This site has no room {room}.")
        return found


def _without(said: str, entries: Sequence[Booking]) -> str:
    """A device's no may repeat what it was sent. It goes into logs, and to the hub: without any meeting's content."""
    for one in entries:
        for text in (one.title, one.number, one.organizer_name, one.organizer_email):
            said = said.replace(text, DOTS) if text else said
    return said


def parse_held(row: Any) -> Held | None:
    """One row of the device's list; None for one that makes no sense."""
    time = tree.lookup(row, ("Time",))
    identity = tree.lookup(row, ("Id",))
    if not isinstance(time, dict) or not isinstance(identity, str | int):
        return None
    calls = tree.lookup(row, ("DialInfo", "Calls", "Call"))
    first = calls[0] if isinstance(calls, list) and calls and isinstance(calls[0], dict) else {}
    try:
        start, end = parse_iso(str(time.get("StartTime"))), parse_iso(str(time.get("EndTime")))
    except ValueError:
        return None
    title = tree.lookup(row, ("Title",))
    names = (tree.lookup(row, ("Organizer", part)) for part in ("FirstName", "LastName"))
    organizer = " ".join(str(name) for name in names if name)
    return Held(BookingId(str(identity)), str(title or ""), str(first.get("Number", "")), start, end, organizer)
