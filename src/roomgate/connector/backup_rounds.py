"""Backups by the site's own schedule: each room once in a period, one after the other, at no fixed hour.

A room that is away is passed over and looked at again with the next round; one whose backup failed waits a while. What
is the same as the newest backup is not written again, so ``keep`` counts states of the room, not days.
"""

import asyncio
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from roomgate import log
from roomgate.clock import Clock, parse_iso
from roomgate.connector.backups import Backups
from roomgate.connector.room import Room, RoomCondition
from roomgate.errors import RoomgateError
from roomgate.ids import DeviceId
from roomgate.xapi.errors import XapiError

LOOK_EVERY_S = 60.0
AGAIN_S = 3600.0  # after one that failed
HOUR_S = 3600.0
_log = log.get("backups")


@dataclass(slots=True)
class BackupRounds:
    """``period_s`` between two looks at a room, give or take a tenth; the first comes within a quarter of it."""

    backups: Backups
    rooms: Callable[[], Iterable[Room]]
    clock: Clock
    period_s: float
    keep: int
    dice: random.Random
    _due: dict[DeviceId, float] = field(default_factory=dict)  # by the monotonic clock

    async def run(self) -> None:
        """For ever. Cancelling leaves no half backup."""
        await asyncio.to_thread(self.backups.files.sweep)
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Make the backups that are due now."""
        here = list(self.rooms())
        self._due = {device: at for device, at in self._due.items() if device in {room.device for room in here}}
        for room in here:
            if room.device not in self._due:
                self._due[room.device] = await self._first(room.device)
            if room.condition is RoomCondition.FINE and self._due[room.device] <= self.clock.monotonic():
                await self._make(room)

    async def _first(self, device: DeviceId) -> float:
        """After a start: when the newest one is a period old, and in any case not at once."""
        newest = await self.backups.newest(device)
        try:
            age = (self.clock.now() - parse_iso(newest)).total_seconds()
        except ValueError:  # none yet, or a file that says nonsense
            age = self.period_s
        rest = min(max(self.period_s - age, 0.0), self.period_s)  # also by a wall clock that was set back
        return self.clock.monotonic() + rest + self.dice.uniform(0.02, 0.25) * self.period_s

    async def _make(self, room: Room) -> None:
        try:
            await self.backups.keep(room, "", "")
            await self.backups.prune(room, self.keep)
        except (XapiError, RoomgateError) as fault:
            _log.warning("backup.not-made", room=room.name, error=str(fault)[:200])
            self._due[room.device] = self.clock.monotonic() + min(AGAIN_S, self.period_s)
        else:
            self._due[room.device] = self.clock.monotonic() + self.period_s * self.dice.uniform(0.9, 1.1)
