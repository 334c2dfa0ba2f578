"""Running a program until it is told to stop: by SIGTERM, by ctrl-C, or by the end of its terminal."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any


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
