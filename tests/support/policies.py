"""Another policy for the site of a world of real processes, for as long as a test takes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from roomgate.connector.local import ask_local
from roomgate.connector.site_policy import SitePolicy
from support.world import RunningWorld


@asynccontextmanager
async def policy(world: RunningWorld, text: str) -> AsyncIterator[None]:
    """The site's policy within the block; it is as before afterwards."""
    file = world.folder / "policy.toml"
    before = file.read_text()
    await _put(world, file, text)
    try:
        yield
    finally:
        await _put(world, file, before)


async def _put(world: RunningWorld, file: Path, text: str) -> None:
    """Until it is in force, and no other that somebody wrote just before. At once, so that no half of it ever is."""
    fresh = file.with_suffix(".fresh")
    fresh.write_text(text)
    fresh.replace(file)
    wanted = SitePolicy.load(file).digest
    async with asyncio.timeout(30):
        while (await _status(world))["policy"]["digest"] != wanted:
            await asyncio.sleep(0.05)


async def _status(world: RunningWorld) -> dict[str, Any]:
    return dict(await ask_local(world.data("connector") / "connector.sock", {"do": "status"}))
