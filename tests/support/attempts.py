"""The seven attempts of 2019 on two targets: the double beside Roomgate, told as the demonstration tells them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from roomgate.checks.attempts import Result, Target, attempt
from roomgate.cli.demo.inside import Inside
from roomgate.cli.demo.targets import roomgate, wrong
from roomgate.cli.demo.world import password
from support.world import RunningWorld


@dataclass(frozen=True, slots=True)
class Attempts:
    """``double`` is the wrong connector, ``ours`` is Roomgate."""

    double: Target
    ours: Target

    async def make(self, name: str) -> list[Result]:
        """One attempt on both: the double's result first."""
        return [await attempt(name, target) for target in (self.double, self.ours)]


@asynccontextmanager
async def both_targets(world: RunningWorld, rooms: Sequence[Inside]) -> AsyncIterator[list[Attempts]]:
    """A double, in a process of its own, for the device that no connector of ours has; beside each of our rooms."""
    secret = password()
    address = await world.world.start_double(secret)
    try:
        double = await wrong(world.world, address, secret)
        yield [Attempts(double, await roomgate(world.world, room, world.admin)) for room in rooms]
    finally:
        await world.world.programs.stop("double")
