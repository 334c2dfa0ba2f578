"""How often the target is asked: at most so many requests a second, over all looks, however many run at once."""

import asyncio
from typing import Protocol

from roomgate.clock import Clock, HandClock, SystemClock

_TURNS = 20


class Time(Clock, Protocol):
    """A clock that one can wait by."""

    async def sleep(self, seconds: float) -> None: ...


class SystemTime(SystemClock):
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class HandTime(HandClock):
    """Waiting moves the clock, and takes no time. For tests: tasks that wait at once are woken in their order.

    Whoever has something to do at this moment (a server in memory) does it before the clock moves.
    """

    async def sleep(self, seconds: float) -> None:
        until = self.mono + max(seconds, 0.0)
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        if self.mono < until:
            self.advance(until - self.mono)


class Pace:
    """Slots at even distances; whoever comes takes the next one."""

    def __init__(self, per_second: float, time: Time) -> None:
        self._gap_s = 1.0 / per_second
        self._time = time
        self._next = 0.0

    async def turn(self) -> None:
        """Returns when this request may be sent. Cancelled, its slot is lost: the pace is never exceeded."""
        now = self._time.monotonic()
        mine = max(now, self._next)
        self._next = mine + self._gap_s
        if mine > now:
            await self._time.sleep(mine - now)
