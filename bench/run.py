"""One run of the bench: what a measurement is handed, and how it says where it is."""

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bench.machine import Machine
from bench.result import Result


@dataclass(slots=True)
class Run:
    """``folder`` is new and on the disk that is measured. ``quick``: small sizes, to try whether all works; its
    figures are worth nothing and are not kept."""

    folder: Path
    machine: Machine
    quick: bool = False
    name: str = ""
    _began: float = field(default_factory=time.monotonic)

    def size(self, usual: int, quick: int) -> int:
        """How many of something."""
        return quick if self.quick else usual

    def seconds(self, usual: float, quick: float) -> float:
        return quick if self.quick else usual

    def place(self, name: str) -> Path:
        """A folder of its own for one world; it is not there yet."""
        return self.folder / f"{self.name}-{name}"

    def say(self, words: str) -> None:
        """Progress, on standard error."""
        print(f"[{time.monotonic() - self._began:6.1f} s] {self.name}: {words}", file=sys.stderr, flush=True)


class Measurement(Protocol):
    """What each module of `bench/measurements` is."""

    NAME: str
    SECONDS: float  # how long it takes on two cores, about; three times as long is an error

    async def measure(self, run: Run) -> Result:
        """Start what it needs, measure, and leave nothing running. Raises WentWrong."""
