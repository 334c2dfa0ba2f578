"""Another policy for the site of a world of real processes, for as long as a test takes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from roomgate.connector.local import ask_local
from support.world import RunningWorld


@asynccontextmanager
async def policy(world: RunningWorld, text: str) -> AsyncIterator[None]:
    """The site's policy within the block; it is as before afterwards."""
    file = world.folder / "policy.toml"
    before = file.read_text()
    was = await _digest(world)
    _write(file, text)
    try:
        await _until(world, was, same=False)
        yield
    finally:
        _write(file, before)
        await _until(world, was, same=True)


def _write(file: Path, text: str) -> None:
    """At once: what a connector reads of a file half written is another policy, and it would be waited for in vain."""
    fresh = file.with_suffix(".fresh")
    fresh.write_text(text)
    fresh.replace(file)


async def _digest(world: RunningWorld) -> str:
    told = await ask_local(world.data("connector") / "connector.sock", {"do": "status"})
    return str(told["policy"]["digest"])


async def _until(world: RunningWorld, digest: str, *, same: bool) -> None:
    async with asyncio.timeout(30):
        while (await _digest(world) == digest) is not same:
            await asyncio.sleep(0.05)
