"""The clients' process, seen from the measurement: what to open, what to ask, what came of it."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

from bench import ROOT

Kind = Literal["read", "command"]
_LONGEST_LINE = 1 << 28
_STOP_S = 5.0


class WentWrong(Exception):
    """Something that is measured did not do what it is there for: its figure would be worth nothing."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One connection that somebody opens. ``ca`` is a PEM file."""

    url: str
    user: str
    password: str
    ca: str


@dataclass(frozen=True, slots=True)
class Answers:
    """Times in microseconds, one list for each peer; ``cpu_s`` is the clients' own."""

    took_us: list[list[float]]
    elapsed_s: float
    cpu_s: float

    @property
    def all_us(self) -> list[float]:
        return [one for peer in self.took_us for one in peer]

    @property
    def a_second(self) -> float:
        return len(self.all_us) / self.elapsed_s


class Clients:
    """The process, and its conversation."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    async def open(self, group: str, peers: list[Peer]) -> None:
        """Connect; raises WentWrong."""
        shown = [{"url": one.url, "user": one.user, "password": one.password, "ca": one.ca} for one in peers]
        await self._say({"do": "open", "group": group, "peers": shown})

    async def ask(
        self, group: str, kind: Kind, *, people: int, seconds: float = 0.0, asks: int = 0, pace_s: float = 0.0
    ) -> Answers:
        """See `bench/asker.py`; raises WentWrong where one ask was not answered with a result."""
        said = await self._say(
            {"do": "ask", "group": group, "kind": kind, "people": people, "seconds": seconds, "asks": asks, "pace_s": pace_s}
        )  # fmt: skip
        if said["faults"]:
            raise WentWrong(f"{group}, {kind}: {said['faults'][0]}")
        return Answers([[ns / 1000 for ns in peer] for peer in said["took_ns"]], said["elapsed_s"], said["cpu_s"])

    async def _say(self, words: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(words).encode() + b"\n")
        await self._process.stdin.drain()
        line = await self._process.stdout.readline()
        if not line:
            raise WentWrong("the clients' process ended")
        said: dict[str, Any] = json.loads(line)
        if "fault" in said:
            raise WentWrong(f"{words['group']}: {said['fault']}")
        return said


@asynccontextmanager
async def started(*words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A program of the bench's own (``python -m WORDS``); it is gone when the block ends, whatever happens in it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *words, cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_LONGEST_LINE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(_STOP_S):
                    await process.wait()
            finally:
                if process.returncode is None:
                    process.kill()


@asynccontextmanager
async def clients() -> AsyncIterator[Clients]:
    async with started("bench.asker") as process:
        yield Clients(process)
