"""The fence: a change that may cut our own way to the device is proven at once, or taken back.

Theory. The connection over which the change is made stays open: a device leaves open sockets alone while it turns
new ones away. Behind it both accounts log in afresh. If they are not let in within the time, the old value is set
over the old connection, which is the way back; so a setting whose old value cannot be read is never changed here.
What the device does with a new value only after its next restart cannot be proven now, and is not promised.
"""

import asyncio
from dataclasses import dataclass
from itertools import count
from typing import Any

from roomgate import log
from roomgate.clock import Clock, iso
from roomgate.connector.room import Room, Way
from roomgate.ledger.event import SettingReverted
from roomgate.redact import foreign
from roomgate.storage.record import Record
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import CommandFailed, XapiError
from roomgate.xapi.schema import Catalogue

MASK = "***"
BACK_S = 5.0  # how long one try to set the old value may take

_log = log.get("fence")


class NoWayBack(CommandFailed):
    """The old value cannot be read, or could not be set again: nothing was changed."""

    code = "fence.no-way-back"


class TakenBack(CommandFailed):
    """With the new value the device let nobody of ours in afresh, so it has its old value again."""

    code = "fence.reverted"


class NotTakenBack(CommandFailed):
    """With the new value nobody of ours gets in afresh, and the old one could not be set any more."""

    code = "fence.not-reverted"


@dataclass(frozen=True, slots=True)
class Fence:
    """``settle_s``: what a device may take until a change is in force; ``within_s``: until it must let us in."""

    record: Record
    clock: Clock
    catalogue: Catalogue
    within_s: float = 20.0
    settle_s: float = 2.0
    again_s: float = 1.0

    async def set(self, order: str, room: Room, call: Call, *, privileged: bool) -> Any:
        """Make the change. Raises XapiError: one of those above, or as the device says.

        Cancelling while it is not proven takes it back.
        """
        async with room.hold(call.path, privileged=privileged) as way:
            back = await self._way_back(way, call)
            result = await way.call(call)
            if back == call:
                return result
            try:
                held = await self._proven(room)
            except asyncio.CancelledError:
                await self._take_back(order, room, way, back)
                raise
            if held:
                return result
            taken = await self._take_back(order, room, way, back)
        shown = foreign(str(back.argument("Value")), 60)
        if taken:
            raise TakenBack(f"With it the device let the connector in no more: it was set back to “{shown}”.")
        raise NotTakenBack(
            f"With it the device lets the connector in no more, and it could not be set back to “{shown}”."
            " Somebody at the site has to."
        )

    async def _way_back(self, way: Way, call: Call) -> Call:
        """The change that undoes this one; raises NoWayBack."""
        old = await way.call(self.catalogue.canonical(Verb.GET, call.path))
        if isinstance(old, str | int) and old != MASK:
            try:
                return self.catalogue.canonical(Verb.SET, call.path, {"Value": old})
            except XapiError:
                pass  # a value that is not known here cannot be set again
        raise NoWayBack("It may cut the connector off, and its present value cannot be read: nothing was changed.")

    async def _proven(self, room: Room) -> bool:
        """Whether both accounts were let in afresh in time."""
        try:
            async with asyncio.timeout(self.settle_s + self.within_s):
                await asyncio.sleep(self.settle_s)
                for _ in count():
                    if await room.prove():
                        return True
                    await asyncio.sleep(self.again_s)
        except TimeoutError:
            pass
        return False

    async def _take_back(self, order: str, room: Room, way: Way, back: Call) -> bool:
        taken = False
        try:
            async with asyncio.timeout(BACK_S):
                await way.call(back)
            taken = True
        except (XapiError, TimeoutError) as fault:
            _log.error("fence.not-reverted", room=room.name, path=str(back.path), error=foreign(str(fault), 200))
        outcome = "reverted" if taken else "not-reverted"
        self.record.add_soon(
            SettingReverted(at=iso(self.clock.now()), order=order, room=room.name, path=str(back.path), outcome=outcome)
        )
        return taken
