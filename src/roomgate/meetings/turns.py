"""One at a time, and who took long the last time waits longer: no room's calendar keeps the others from their turn."""

import heapq
from asyncio import Future, get_running_loop
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from roomgate.clock import Clock

PATIENCE = 10.0  # seconds behind those who came at the same time, for each second that one took
MOST_BEHIND_S = 60.0  # however long it took: nobody waits for ever


class Turns:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._taken = False
        self._waiting: list[tuple[float, int, Future[None]]] = []
        self._count = 0

    @asynccontextmanager
    async def turn(self, took_s: float = 0.0) -> AsyncIterator[None]:
        """``took_s``: what the last turn of whoever asks took. Cancelling gives the place, or the turn, to the next."""
        await self._enter(self._clock.monotonic() + min(PATIENCE * took_s, MOST_BEHIND_S))
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, due: float) -> None:
        if not self._taken:
            self._taken = True
            return
        mine: Future[None] = get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._waiting, (due, self._count, mine))
        try:
            await mine
        except BaseException:
            if mine.done() and not mine.cancelled():
                self._leave()  # it was given the turn, and cancelled before it could take it
            raise

    def _leave(self) -> None:
        while self._waiting:
            *_, first = heapq.heappop(self._waiting)
            if not first.done():
                first.set_result(None)
                return
        self._taken = False
