"""A room's booking list on its device: `meetings.sync.Diary` over the keepers.

``Bookings Put`` needs the Admin role and replaces the whole list (RoomOS schema), so it goes by the
privileged account and has a ledger entry; ``Bookings List`` is read by the daily one.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from roomgate.clock import Clock, iso, parse_iso
from roomgate.connector.room import Room
from roomgate.errors import NotFound, Unreachable
from roomgate.ids import RoomName
from roomgate.ledger.event import BookingPut
from roomgate.meetings.booking import Booking, BookingId
from roomgate.meetings.plan import Held
from roomgate.storage.record import Record
from roomgate.xapi import tree
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import BadArgument, CommandFailed, DeviceFault, PermissionDenied, UnknownPath, XapiError
from roomgate.xapi.schema import Catalogue

DAYS = 30  # more than what is synchronised, so that nothing of ours is overlooked

# The device answered, and it cannot be read there: then the list is written without having been compared.
_UNREADABLE = (BadArgument, CommandFailed, DeviceFault, PermissionDenied, UnknownPath)


class DeviceDiary:
    """The booking lists of all rooms of this connector."""

    def __init__(self, find: Callable[[RoomName], Room | None], record: Record, clock: Clock) -> None:
        self._find = find
        self._record = record
        self._clock = clock
        self._catalogue = Catalogue.shipped()
        self._list = self._catalogue.canonical(Verb.COMMAND, "Command/Bookings/List", {"Days": DAYS})

    async def put(self, room: RoomName, entries: Sequence[Booking]) -> None:
        """Replace the whole list, the ledger's entry first. Raises Unreachable; then the outcome may be unknown."""
        body = json.dumps({"Bookings": [one.to_json() for one in entries]}, ensure_ascii=False)
        call = self._catalogue.canonical(Verb.COMMAND, "Command/Bookings/Put", {}, body)
        device = self._room(room)
        await self._record.add(
            BookingPut(at=iso(self._clock.now()), room=room, bookings=len(entries), source="calendar")
        )
        try:
            await device.call(call, privileged=True)
        except XapiError as fault:
            raise Unreachable(f"The bookings of {room} could not be put: {fault}") from fault

    async def current(self, room: RoomName) -> tuple[Held, ...] | None:
        """What the device shows; None where it cannot say. Raises Unreachable."""
        try:
            answer = await self._room(room).call(self._list)
        except _UNREADABLE:
            return None
        except XapiError as fault:
            raise Unreachable(f"The bookings of {room} could not be read: {fault}") from fault
        rows = answer.get("Booking", []) if isinstance(answer, dict) else []
        return tuple(held for row in rows if (held := _held(row)) is not None) if isinstance(rows, list) else None

    def _room(self, room: RoomName) -> Room:
        if (found := self._find(room)) is None:
            raise NotFound(f"This site has no room {room}.")
        return found


def _held(row: Any) -> Held | None:
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
    return Held(BookingId(str(identity)), str(title or ""), str(first.get("Number", "")), start, end)
