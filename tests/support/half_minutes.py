"""What takes half a minute by its nature, all of it at the same time, so that it costs one half minute and not four.

The rooms wait for nobody's answer, or for the proof of an account; tests await the results. Nobody may stop a
program meanwhile: so whoever awaits one result is given it when all are there.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from roomgate.checks.attempts import Result
from roomgate.cli.demo.cut import Fallen, cut_once
from roomgate.cli.demo.inside import Inside
from roomgate.cli.demo.world import password
from support.attempts import Attempts, both_targets
from support.jsxapi import jsxapi
from support.world import RunningWorld

DEVICE_S = 31.0
MOST_S = 60.0


@dataclass(frozen=True, slots=True)
class Silence:
    """A dial that nobody in the room answers."""

    room: Inside
    said: dict[str, Any]  # by the client


@dataclass(frozen=True, slots=True)
class Shut:
    """A room after the password of one of the connector's accounts was changed at its device."""

    room: Inside
    account: str
    new: str
    changed_ms: int  # when, on the journal's clock
    fallen: Fallen


@dataclass(slots=True)
class HalfMinutes:
    """The running work."""

    attempts: Attempts
    silence: asyncio.Task[Silence]
    shut: dict[str, asyncio.Task[Shut]]
    f4: asyncio.Task[list[Result]]

    @property
    def tasks(self) -> list[asyncio.Task[Any]]:
        return [self.silence, *self.shut.values(), self.f4]

    async def over(self) -> None:
        """All of it has ended, well or badly."""
        async with asyncio.timeout(MOST_S):
            await asyncio.wait(self.tasks)


async def _silence(world: RunningWorld, room: Inside) -> Silence:
    who = await world.guest(room.name)
    async with jsxapi(world, room.name, who.token, "dial") as client:
        return Silence(room, await client.says("dial", 40))


async def _shut(world: RunningWorld, room: Inside, account: str) -> Shut:
    new, at = password(), 0.0

    async def change(_: dict[str, Any]) -> float:
        nonlocal at
        at = asyncio.get_running_loop().time()  # the machine's monotonic clock, as in the journal
        await room.change_password(account, new)
        return at

    fallen = await cut_once(world.world, world.admin, room, f"{account} changed", change, within_s=DEVICE_S + 9)
    return Shut(room, account, new, int(at * 1000), fallen)


@asynccontextmanager
async def half_minutes(world: RunningWorld) -> AsyncIterator[HalfMinutes]:
    """Start it all."""
    async with AsyncExitStack() as stack:
        silent, ours = [await stack.enter_async_context(world.room()) for _ in range(2)]
        # Once their passwords are changed these are of no use to others.
        daily, privileged, shut = [await stack.enter_async_context(world.room(returns=False)) for _ in range(3)]
        attempts, to_be_shut = await stack.enter_async_context(both_targets(world, (ours, shut)))

        def start(work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
            return asyncio.get_running_loop().create_task(work)

        running = HalfMinutes(
            attempts,
            start(_silence(world, silent)),
            {
                "daily": start(_shut(world, daily, daily.user)),
                "privileged": start(_shut(world, privileged, privileged.privileged_user)),
            },
            start(to_be_shut.make("F4")),
        )
        try:
            yield running
        finally:
            for task in running.tasks:
                task.cancel()
            await asyncio.wait(running.tasks)
