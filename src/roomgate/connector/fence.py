"""The fence: a change that may cut our own way to the device is proven at once, or taken back.

Theory. The connection over which the change is made stays open: a device leaves open sockets alone while it turns
new ones away. Behind it both accounts log in afresh. If they are not let in within the time, the old value is set
over the old connection, which is the way back; so a setting whose old value cannot be read is never changed here.
What the device does with a new value only after its next restart cannot be proven now, and is not promised.

What takes a change back is on the disk before the change is made (`unproven`). Where the connector is killed before
the proof, or the device lost in the middle, `run` looks again as soon as the device lets it in: a change that can be
proven then stays, any other is taken back; either way hub and site are told. The connection that was the way back
dies with the connector: a device that lets nobody in afresh has to be mended at the site, and that is told too.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

from roomgate import log
from roomgate.clock import Clock, iso
from roomgate.connector.room import Room, RoomCondition, Way
from roomgate.connector.unproven import Change, Unproven, change_of
from roomgate.ids import OrderId
from roomgate.ledger.event import SettingReverted
from roomgate.link.messages import Outcome
from roomgate.redact import foreign
from roomgate.storage.record import Record
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import CommandFailed, DeviceGone, XapiError
from roomgate.xapi.schema import Catalogue

MASK = "***"
BACK_S = 5.0  # how long one try to set the old value may take
MOST_S = 300.0  # between two looks at a change that was left; ``again_s`` at first

_log = log.get("fence")


class NoWayBack(CommandFailed):
    """The old value cannot be read, or could not be set again: nothing was changed."""

    code = "fence.no-way-back"


class TakenBack(CommandFailed):
    """With the new value the device let nobody of ours in afresh, so it has its old value again."""

    code = "fence.reverted"

    @classmethod
    def to(cls, change: Change) -> "TakenBack":
        return cls(f"With it the device let the connector in no more: it was set back to {_shown(change)}.")


class NotTakenBack(CommandFailed):
    """With the new value nobody of ours gets in afresh, and the old one could not be set any more."""

    code = "fence.not-reverted"

    @classmethod
    def to(cls, change: Change) -> "NotTakenBack":
        return cls(
            f"With it the device lets the connector in no more, and it could not be set back to {_shown(change)}."
            " Somebody at the site has to."
        )


class Interrupted(CommandFailed):
    """The connector was stopped, or lost the device, before the change was proven; and it is not in force now."""

    code = "fence.interrupted"


class Rooms(Protocol):
    def by_device(self, device: str) -> Room | None: ...


Tell = Callable[[Room, Outcome], None]  # what became of an order after all


@dataclass(slots=True)
class Fence:
    """``settle_s``: what a device may take until a change is in force; ``within_s``: until it must let us in."""

    record: Record
    clock: Clock
    catalogue: Catalogue
    unproven: Unproven
    within_s: float = 20.0
    settle_s: float = 2.0
    again_s: float = 1.0
    _left: dict[OrderId, Change] = field(default_factory=dict)  # that nobody sees to but `run`
    _stuck: set[OrderId] = field(default_factory=set)  # those of which it was told that somebody has to mend them
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._left = {change.order: change for change in self.unproven.all()}

    async def set(self, order: str, room: Room, call: Call, *, privileged: bool) -> Any:
        """Make the change. Raises XapiError: one of those above, or as the device says; StorageFailed or
        StorageBusy where it could not be written down: then it was not made.

        Cancelling while it is not proven takes it back.
        """
        async with room.hold(call.path, privileged=privileged) as way:
            back = await self._way_back(way, call)
            if back == call:
                return await way.call(call)
            change = change_of(order, room, call, back, privileged)
            await self.unproven.begin(change)
            try:
                result = await way.call(call)
            except DeviceGone:  # made or not: looked at again
                self._leave(change)
                raise
            except XapiError:
                await self.unproven.forget(change)
                raise
            try:
                held = await self._proven(room)
            except asyncio.CancelledError:
                await self._take_back(change, room, way)
                raise
            if held:
                await self.unproven.forget(change)
                return result
            if await self._take_back(change, room, way):
                raise TakenBack.to(change)
        self._say_stuck(change, room)
        self._leave(change)
        raise NotTakenBack.to(change)

    async def run(self, rooms: Rooms, tell: Tell) -> None:
        """See to what was left unproven, by an earlier run or this one. To be supervised."""
        seen_to: set[OrderId] = set()
        async with asyncio.TaskGroup() as group:
            while True:
                for change in [one for order, one in self._left.items() if order not in seen_to]:
                    seen_to.add(change.order)
                    group.create_task(self._settle(change, rooms, tell), name=f"fence.{change.order}")
                self._news.clear()
                await self._news.wait()

    def _leave(self, change: Change) -> None:
        self._left[change.order] = change
        self._news.set()

    async def _settle(self, change: Change, rooms: Rooms, tell: Tell) -> None:
        """Look at the setting as soon as the device lets us in, and tell what became of the order."""
        pause_s, waited_s = self.again_s, 0.0
        while True:
            room = rooms.by_device(change.device)
            if room is not None and room.condition is not RoomCondition.QUARANTINED:
                try:
                    outcome = await self._looked_at(change, room)
                except (XapiError, TimeoutError) as away:
                    _log.info("fence.not-seen", room=room.name, error=foreign(str(away), 200))
                    late = waited_s + pause_s >= self.settle_s + self.within_s
                    if late and self._say_stuck(change, room):
                        tell(room, _failed(change, NotTakenBack.to(change)))
                else:
                    await self.unproven.forget(change)
                    del self._left[change.order]
                    tell(room, outcome)
                    return
            await asyncio.sleep(pause_s)
            waited_s, pause_s = waited_s + pause_s, min(2 * pause_s, MOST_S)

    async def _looked_at(self, change: Change, room: Room) -> Outcome:
        """Raises XapiError where the device does not let us in, or cannot be set back."""
        async with room.hold(change.made.path, privileged=change.privileged) as way:
            now = await self._way_back(way, change.made)
            if now == change.back:
                words = f"The connector lost it before it was proven; it has its old value {_shown(change)}."
                return _failed(change, Interrupted(words))
            if now != change.made:
                return _failed(
                    change, Interrupted("The connector lost it before it was proven; it was set anew since.")
                )
            if await self._proven(room):
                return Outcome(change.order, "done")
            if await self._take_back(change, room, way):
                return _failed(change, TakenBack.to(change))
        raise NotTakenBack.to(change)

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

    async def _take_back(self, change: Change, room: Room, way: Way) -> bool:
        """Whether it could be; then it is struck out of the book."""
        try:
            async with asyncio.timeout(BACK_S):
                await way.call(change.back)
        except (XapiError, TimeoutError) as fault:
            _log.warning("fence.not-set-back", room=room.name, error=foreign(str(fault), 200))
            return False
        self._note(change, room, "reverted")
        await self.unproven.forget(change)
        return True

    def _say_stuck(self, change: Change, room: Room) -> bool:
        """Whether that is news."""
        if change.order in self._stuck:
            return False
        self._stuck.add(change.order)
        _log.error("fence.not-reverted", room=room.name, path=str(change.back.path))
        self._note(change, room, "not-reverted")
        return True

    def _note(self, change: Change, room: Room, outcome: str) -> None:
        at, path = iso(self.clock.now()), str(change.back.path)
        self.record.add_soon(SettingReverted(at=at, order=change.order, room=room.name, path=path, outcome=outcome))


def _shown(change: Change) -> str:
    return f"“{foreign(str(change.old), 60)}”"


def _failed(change: Change, why: CommandFailed) -> Outcome:
    return Outcome(change.order, "failed", rule=why.code, words=why.message)
