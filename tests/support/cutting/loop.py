"""An event loop whose time is a clock wound by hand: when nothing is left to do, it winds to the next thing due.

So a minute of waiting costs what happens in it, and the same seed gives the same schedule. Work for threads is
done on the spot.
"""

import asyncio
import gc
import logging
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from roomgate import log
from roomgate.clock import HandClock

T = TypeVar("T")
_STEPS = 400_000  # turns of the loop after which a run is called a hang


class _Winding(selectors.SelectSelector):
    """Never waits: where the loop would wait for a timer it winds the clock."""

    def __init__(self, clock: HandClock) -> None:
        super().__init__()
        self._clock = clock
        self._turns = 0

    def select(self, timeout: float | None = None) -> list[Any]:
        self._turns += 1
        if self._turns > _STEPS:
            raise RuntimeError("it turns and turns: nothing ends it")
        if timeout is None:
            raise RuntimeError("everything waits, and nothing is due")
        if timeout > 0:
            self._clock.advance(timeout)
        return []


class HandLoop(asyncio.SelectorEventLoop):
    def __init__(self, clock: HandClock) -> None:
        self._hand = clock
        super().__init__(_Winding(clock))
        # What is due at a moment is due at the end of a tick too: the sum of many small steps is not exact.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self._hand.mono

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> "asyncio.Future[T]":  # type: ignore[override]
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as fault:
            done.set_exception(fault)
        return done


def run(clock: HandClock, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run to the end on this clock. Of the log only errors are shown: a minute here is full of lost links."""
    least, log._least = log._least, logging.ERROR
    threshold = gc.get_threshold()
    gc.set_threshold(50_000, 20, 20)  # a case makes many small things, and all of them go at its end
    try:
        with asyncio.Runner(debug=False, loop_factory=lambda: HandLoop(clock)) as runner:
            return runner.run(work())
    finally:
        log._least = least
        gc.set_threshold(*threshold)
