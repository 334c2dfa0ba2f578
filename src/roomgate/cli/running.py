"""Running a program until it is told to stop: by SIGTERM, by ctrl-C, or by the end of its terminal."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any

# The event loop shares the interpreter with the storage's writer. CPython lets the one that runs keep it for this
# long while the other waits; its default of 5 ms is longer than a whole ask.
SWITCH_S = 0.0005


def run_program(program: Coroutine[Any, Any, None]) -> None:
    """Run one of our programs until it is told to stop, on uvloop where that is installed."""
    sys.setswitchinterval(SWITCH_S)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(until_stopped(program))


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
