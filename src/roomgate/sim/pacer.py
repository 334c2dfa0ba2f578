"""Time for very many rooms: one task that lets it pass in each when something is due there, and else in none."""

import asyncio
import heapq
from functools import partial
from itertools import count

from roomgate.clock import Clock
from roomgate.sim.room import Room

_LONGEST_S = 3600.0


class Pacer:
    """Rooms come in by `add`; `run` is the passing of time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: dict[str, float] = {}  # a room's name → the monotonic moment that counts
        self._heap: list[tuple[float, int, Room]] = []  # what is here beside that moment is out of date
        self._turns = count()
        self._sooner = asyncio.Event()
        self._beating: Room | None = None

    def add(self, room: Room) -> None:
        room.woken = partial(self._wake, room)
        self._wake(room)

    def _wake(self, room: Room) -> None:
        if room is not self._beating:  # a beat says itself when the next is due
            self._plan(room, self._clock.monotonic())
            self._sooner.set()

    def _plan(self, room: Room, at: float) -> None:
        if self._due.get(room.name) != at:
            self._due[room.name] = at
            heapq.heappush(self._heap, (at, next(self._turns), room))

    def step(self) -> float:
        """Let time pass wherever something is due; in how many seconds the next is."""
        while self._heap:
            at, _, room = self._heap[0]
            now = self._clock.monotonic()
            if at > now and self._due.get(room.name) == at:
                return min(_LONGEST_S, at - now)
            heapq.heappop(self._heap)
            if self._due.get(room.name) != at:
                continue
            del self._due[room.name]
            self._beating = room
            try:
                wait_s = room.beat()
            finally:
                self._beating = None
            if wait_s is not None:
                self._plan(room, self._clock.monotonic() + wait_s)
        return _LONGEST_S

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._sooner.clear()
            wait_s = self.step()
            try:
                async with asyncio.timeout(wait_s):
                    await self._sooner.wait()
            except TimeoutError:
                pass
