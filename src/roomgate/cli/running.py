"""Running a program until it is told to stop: SIGTERM and SIGINT end it cleanly, a second one at once."""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from typing import Any


async def until_stopped(program: Coroutine[Any, Any, None]) -> None:
    """Run it; a signal cancels it, and a cancelled program ends without a word."""
    stopped = False
    async with asyncio.TaskGroup() as group:
        task = group.create_task(program)

        def stop() -> None:
            nonlocal stopped
            stopped = True
            task.cancel()

        loop = asyncio.get_running_loop()
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, stop)
        with contextlib.suppress(asyncio.CancelledError):
            await task
            return
        if not stopped:
            raise asyncio.CancelledError
