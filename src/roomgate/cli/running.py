"""Running a program until it is told to stop: by SIGTERM, by ctrl-C, or by the end of its terminal."""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

# The event loop shares the interpreter with the storage's writer. CPython lets the one that runs keep it for this
# long while the other waits; its default of 5 ms is longer than a whole ask.
SWITCH_S = 0.0005
THRESHOLDS = (10_000, 20, 20)  # new objects before the collector looks at the youngest; and at the older ones
C = TypeVar("C")
R = TypeVar("R")


def run_program(
    serve: Callable[[C, Callable[[R], None]], Coroutine[Any, Any, None]], made: C, ready: Callable[[R], None]
) -> None:
    """Run ``serve(made, ready)`` until it is told to stop, on uvloop where that is installed."""
    sys.setswitchinterval(SWITCH_S)

    def settled(told: R) -> None:
        ready(told)
        settle()

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(until_stopped(serve(made, settled)))


def settle() -> None:
    """A program is up: what it has made so far lives as long as it does, so the collector looks at it no more.

    It would otherwise walk through all of it (catalogue, routes, SQL) again and again while people ask.
    """
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None  # asyncio's own
    found: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return found


async def until_stopped(program: Coroutine[Any, Any, None]) -> None:
    """Run it; a signal cancels it, and a program that was stopped so ends without a word.

    A second signal cancels again, so that a clean-up that hangs is cut short. What the program raises comes out
    as it is.
    """
    stopped = False
    task = asyncio.current_task()
    assert task is not None

    def stop() -> None:
        nonlocal stopped
        stopped = True
        task.cancel()

    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(sign) is not signal.SIG_IGN:  # `nohup` means what it says
            loop.add_signal_handler(sign, stop)
    try:
        await program
    except asyncio.CancelledError:
        if not stopped:
            raise
