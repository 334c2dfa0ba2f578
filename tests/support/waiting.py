"""Wait for something to become true, without a fixed pause: the loop turns until it is, or the time is up."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(condition: Callable[[], object], within_s: float = 5.0) -> None:
    """Returns as soon as the condition holds; TimeoutError says that it never did."""
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.005)


async def until_told(asked: Callable[[], Awaitable[object]], within_s: float = 20.0) -> None:
    """The same of what somebody else has to be asked for."""
    async with asyncio.timeout(within_s):
        while not await asked():
            await asyncio.sleep(0.02)
