"""A process of the bench's own: started, spoken to in JSON lines, and gone when its block ends."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bench import ROOT

_LONGEST_LINE = 1 << 28
_STOP_S = 5.0


class WentWrong(Exception):
    """Something that is measured did not do what it is there for: its figure would be worth nothing."""


@dataclass(frozen=True, slots=True)
class Program:
    process: asyncio.subprocess.Process

    @property
    def pid(self) -> int:
        return self.process.pid

    async def say(self, **words: Any) -> dict[str, Any]:
        """One line there, one line back; raises WentWrong with what the program says went wrong."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(words).encode() + b"\n")
        await self.process.stdin.drain()
        line = await self.process.stdout.readline()
        if not line:
            raise WentWrong("a process of the bench's own ended")
        said: dict[str, Any] = json.loads(line)
        if "fault" in said:
            raise WentWrong(said["fault"])
        return said


async def stop(process: asyncio.subprocess.Process) -> None:
    """End it, by force if it takes too long, and also where this is cancelled."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(_STOP_S):
            await process.wait()
    except TimeoutError:
        pass
    finally:
        if process.returncode is None:
            process.kill()


@asynccontextmanager
async def started(*words: str, **environment: str) -> AsyncIterator[Program]:
    """``python -m MODULE`` on the clone's own code, or another command that speaks JSON lines."""
    command = words if len(words) > 1 else (sys.executable, "-m", *words)
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env={**os.environ, **environment},  # noqa: TID251 (what a child of ours is given)
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_LONGEST_LINE,
    )  # fmt: skip
    try:
        yield Program(process)
    finally:
        await stop(process)


async def serve_lines(works: dict[str, Any]) -> None:
    """The other side: read lines for ever, do what each says by the word ``do``, answer with one line."""
    reader = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async for line in reader:
        words: dict[str, Any] = json.loads(line)
        try:
            said = await works[words.pop("do")](**words)
        except Exception as fault:  # the edge of the program: whoever asked is told
            said = {"fault": leaf(fault)}
        print(json.dumps(said, separators=(",", ":")), flush=True)


def leaf(fault: BaseException) -> str:
    """The first cause in a group of them, in a line."""
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    return f"{type(fault).__name__}: {fault}"[:500]
