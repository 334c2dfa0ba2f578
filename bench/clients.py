"""The clients' process, seen from the measurement: what to open, what to ask, what came of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Literal

from bench.program import Program, WentWrong, started

Kind = Literal["read", "command"]


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


@dataclass(frozen=True, slots=True)
class Clients:
    """The process, and its conversation."""

    program: Program

    @property
    def pid(self) -> int:
        return self.program.pid

    async def open(self, group: str, peers: list[Peer]) -> None:
        """Connect; raises WentWrong."""
        await self.program.say(do="open", group=group, peers=[asdict(one) for one in peers])

    async def ask(
        self, group: str, kind: Kind, *, people: int, seconds: float = 0.0, asks: int = 0, pace_s: float = 0.0
    ) -> Answers:
        """See `bench/asker.py`; raises WentWrong where one ask was not answered with a result."""
        said = await self.program.say(
            do="ask", group=group, kind=kind, people=people, seconds=seconds, asks=asks, pace_s=pace_s
        )
        if said["faults"]:
            raise WentWrong(f"{group}, {kind}: {said['faults'][0]}")
        return Answers([[ns / 1000 for ns in peer] for peer in said["took_ns"]], said["elapsed_s"], said["cpu_s"])


@asynccontextmanager
async def clients() -> AsyncIterator[Clients]:
    async with started("bench.asker") as program:
        yield Clients(program)
