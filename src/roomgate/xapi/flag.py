"""An event that costs next to nothing while nobody waits for it: there are several for each of thousands of devices."""

import asyncio


class Flag:
    """Like ``asyncio.Event``, whose queue of waiters alone is more than half a kibibyte."""

    __slots__ = ("_set", "_waiting")

    def __init__(self) -> None:
        self._set = False
        self._waiting: list[asyncio.Future[None]] | None = None

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        """Whoever waits goes on."""
        self._set = True
        waiting, self._waiting = self._waiting, None
        for one in waiting or ():
            if not one.done():
                one.set_result(None)

    def clear(self) -> None:
        self._set = False

    async def wait(self) -> None:
        """Wait until it is set, also if it is cleared right after. Cancelling stops the waiting alone."""
        if self._set:
            return
        mine = asyncio.get_running_loop().create_future()
        if self._waiting is None:
            self._waiting = []
        self._waiting.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if self._waiting is not None and mine in self._waiting:
                self._waiting.remove(mine)
            raise
