"""A promise of time is measured while no other worker of the same run has a test of its own under way.

Every test holds a shared lock while it runs (tests/conftest.py). `alone` changes it for the exclusive one, and back.
Who wants to be alone holds the turnstile while waiting, so that short tests of others do not keep slipping in.
Without pytest-xdist there is nobody else, and nothing is locked.
"""

import asyncio
import fcntl
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class Turns:
    """The two locks of one test run. They are files, since workers are processes; a process that dies lets go."""

    turnstile: int
    room: int

    @classmethod
    def of(cls, run: str) -> "Turns":
        """``run``: what names the whole run, the same in each worker."""
        turnstile, room = (os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600) for file in files(run))
        return cls(turnstile, room)

    @contextmanager
    def beside_others(self) -> Iterator[None]:
        self._enter(fcntl.LOCK_SH)
        try:
            yield
        finally:
            fcntl.flock(self.room, fcntl.LOCK_UN)

    def _enter(self, how: int) -> None:
        fcntl.flock(self.turnstile, fcntl.LOCK_EX)
        try:
            fcntl.flock(self.room, how)
        finally:
            fcntl.flock(self.turnstile, fcntl.LOCK_UN)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Only inside `beside_others`."""
        fcntl.flock(self.room, fcntl.LOCK_UN)  # never an upgrade: two who want one would wait for each other
        await asyncio.to_thread(self._enter, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self.room, fcntl.LOCK_UN)
            await asyncio.to_thread(self._enter, fcntl.LOCK_SH)


_turns: Turns | None = None


def begin(run: str) -> Turns:
    global _turns
    _turns = Turns.of(run)
    return _turns


def files(run: str) -> tuple[Path, Path]:
    folder = Path(tempfile.gettempdir())
    return folder / f"roomgate-tests-{run}.turnstile", folder / f"roomgate-tests-{run}.room"


@asynccontextmanager
async def alone() -> AsyncIterator[None]:
    """While this is entered, no other worker runs a test; waits until theirs have ended."""
    if _turns is None:
        yield
        return
    async with _turns.alone():
        yield
