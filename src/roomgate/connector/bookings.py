"""Which rooms' calendars are kept, and whether a dial joins a meeting that this connector itself put there."""

from collections.abc import Callable
from typing import Any

from roomgate.connector.diary import DeviceDiary
from roomgate.connector.keeper import Keeper
from roomgate.ids import RoomName
from roomgate.meetings.sync import Sync
from roomgate.meetings.understand import DeviceAbilities
from roomgate.xapi import tree
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import XapiError
from roomgate.xapi.path import Path

_EVENTS = Path.parse("Event/Bookings")


class RoomBookings:
    """The calendars of the rooms that are there now. Without a calendar folder there is no `Sync`, and no booking."""

    def __init__(self, sync: Sync | None, diary: DeviceDiary, domains: frozenset[str] | None) -> None:
        """``domains``: where a plain address of an invitation may lead; None means anywhere, none nowhere."""
        self._sync = sync
        self._diary = diary
        self._domains = domains
        self._forget: dict[RoomName, Callable[[], None]] = {}

    def booked(self, room: str, call: Call) -> bool:
        """Whether the call is the dial of a meeting on the room's own list, joinable now, to the letter."""
        number, booking = call.argument("Number"), call.argument("BookingId")
        if self._sync is None or call.verb is not Verb.COMMAND or call.path.words != ("Dial",):
            return False
        if not isinstance(number, str | int) or isinstance(booking, tuple):
            return False
        return self._sync.match(RoomName(room), str(number), None if booking is None else str(booking)) is not None

    async def arrived(self, keeper: Keeper) -> None:
        """A room is connected, or again: its list is looked at, and put if the device lost it."""
        if self._sync is None:
            return
        self._diary.anew(keeper.name)
        self._sync.add_room(keeper.name, self._abilities(keeper))
        if keeper.name not in self._forget:
            try:
                self._forget[keeper.name] = await keeper.subscribe(_EVENTS, self._listener(keeper))
            except XapiError:
                return  # it says SyncRequired to nobody, and is looked at once a minute all the same

    def left(self, room: RoomName) -> None:
        """The site let the room go."""
        if forget := self._forget.pop(room, None):
            forget()
        if self._sync is not None:
            self._sync.remove_room(room)

    def _abilities(self, keeper: Keeper) -> DeviceAbilities:
        status = keeper.fact("Status/Webex/Status")
        return DeviceAbilities(registered=status == "Registered" if status else None, allowed_domains=self._domains)

    def _listener(self, keeper: Keeper) -> Callable[[str, Any], None]:
        """``SyncRequired`` asks for a look at the list (RoomOS workspace integration guide), not for another one."""

        def hear(kind: str, document: Any) -> None:
            events = tree.lookup(document, ("Event", "Bookings"))
            if kind == "event" and isinstance(events, dict) and "SyncRequired" in events and self._sync is not None:
                self._sync.add_room(keeper.name, self._abilities(keeper))

        return hear
