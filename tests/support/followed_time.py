"""Time that is handed over, and that others can wait for: nobody has to ask again and again whether it has moved."""

import asyncio
from typing import Any

from roomgate.checks.pace import HandTime


class WatchedTime(HandTime):
    """Wakes whoever waits for it to move."""

    def __init__(self, **begins: Any) -> None:
        super().__init__(**begins)
        self._moved: asyncio.Future[None] | None = None

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        self.stir()

    def stir(self) -> None:
        """Something else has changed that they may be waiting for."""
        moved, self._moved = self._moved, None
        if moved is not None and not moved.done():
            moved.set_result(None)

    async def moved(self) -> None:
        """Until it moves, or is stirred."""
        if self._moved is None or self._moved.get_loop() is not asyncio.get_running_loop():
            self._moved = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._moved)


class FollowedTime:
    """Waits until somebody else has moved the clock on."""

    def __init__(self, time: WatchedTime) -> None:
        self._time = time
        self.now, self.monotonic = time.now, time.monotonic

    async def sleep(self, seconds: float) -> None:
        until = self._time.monotonic() + seconds
        while self._time.monotonic() < until:
            await self._time.moved()
