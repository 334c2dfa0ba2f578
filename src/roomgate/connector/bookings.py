"""Which rooms' calendars are kept, and whether a dial joins a meeting that this connector itself put there."""

from collections.abc import Callable, Sequence
from typing import Any

from roomgate.clock import Clock
from roomgate.connector.diary import DeviceDiary
from roomgate.connector.keeper import Keeper
from roomgate.ids import RoomName
from roomgate.meetings.sync import Sync
from roomgate.meetings.understand import DeviceAbilities
from roomgate.xapi import tree
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import XapiError
from roomgate.xapi.path import Path

AGAIN_S = 10.0  # a device that asks for its list more often gets a look, and a list only where it lacks it

_EVENTS = Path.parse("Event/Bookings")


class RoomBookings:
    """The calendars of the rooms that are there now. Without a calendar folder there is no `Sync`, and no booking."""

    def __init__(
        self,
        sync: Sync | None,
        diary: DeviceDiary,
        domains: frozenset[str],
        clock: Clock,
        listeners: Sequence[Callable[[RoomName, Any], None]] = (),
    ) -> None:
        """``domains``: the customer's own, where an address may lead that no known service vouches for.
        ``listeners`` hear of every event below ``Bookings``, and may not wait."""
        self._sync = sync
        self._diary = diary
        self._domains = domains
        self._clock = clock
        self._listeners = listeners
        self._asked: dict[RoomName, float] = {}  # when a device last had its list put because it asked
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
        self._asked.pop(room, None)
        if self._sync is not None:
            self._sync.remove_room(room)

    def _abilities(self, keeper: Keeper) -> DeviceAbilities:
        status = keeper.fact("Status/Webex/Status")
        return DeviceAbilities(registered=status == "Registered" if status else None, allowed_domains=self._domains)

    def _listener(self, keeper: Keeper) -> Callable[[str, Any], None]:
        """``SyncRequired`` says that the device may have lost its list (after a restart, or without network): it is
        put again, whatever the device shows. After any other change of the list it is looked at."""

        def hear(kind: str, document: Any) -> None:
            events = tree.lookup(document, ("Event", "Bookings"))
            if kind != "event" or not isinstance(events, dict) or self._sync is None:
                return
            if "SyncRequired" in events:
                self._ask_again(keeper.name)
            elif "Updated" in events:
                self._sync.wake(keeper.name)
            for listener in self._listeners:
                listener(keeper.name, document)

        return hear

    def _ask_again(self, room: RoomName) -> None:
        assert self._sync is not None, "only a site with a calendar listens"
        now = self._clock.monotonic()
        if now - self._asked.get(room, float("-inf")) < AGAIN_S:
            self._sync.wake(room)  # were a put itself a reason to ask, this would go on for ever
            return
        self._asked[room] = now
        self._sync.resync(room)
