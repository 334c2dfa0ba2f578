"""What runs in a loop of its own beside a test that does not await."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from support.echo_device import EchoDevice


@contextmanager
def running_device() -> Iterator[EchoDevice]:
    device, ready, over = EchoDevice(), threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with device.open():
            ready.set()
            await over.wait()

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield device
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()
