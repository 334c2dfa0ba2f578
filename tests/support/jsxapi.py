"""npm's jsxapi on the hub's /ws, in a process of its own (``tests/e2e/hub_jsxapi.js``)."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.node import node_binary, node_environment, node_modules
from support.world import RunningWorld

SCRIPT = Path(__file__).resolve().parents[1] / "e2e" / "hub_jsxapi.js"


@dataclass
class Jsxapi:
    """A running client; `says` gives its lines in their order."""

    process: asyncio.subprocess.Process

    async def says(self, what: str, within_s: float = 20.0) -> dict[str, Any]:
        """The next line, which must be of this kind."""
        assert self.process.stdout is not None
        async with asyncio.timeout(within_s):
            line = await self.process.stdout.readline()
        assert line, f"jsxapi ended before it said {what!r}"
        said = dict(json.loads(line))
        assert said["what"] == what, said
        return said


@asynccontextmanager
async def jsxapi(world: RunningWorld, room: str, token: str, story: str) -> AsyncIterator[Jsxapi]:
    env = node_environment(
        Path(world.ca), node_modules("jsxapi", "ws"), HUB=world.hub, ROOM=room, TOKEN=token, STORY=story
    )
    process = await asyncio.create_subprocess_exec(
        node_binary(), str(SCRIPT), env=env, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield Jsxapi(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
