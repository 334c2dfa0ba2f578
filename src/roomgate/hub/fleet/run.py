"""One plan that is being carried out: what its rooms are looked at with, and whether it is to go on."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from roomgate.access.principal import Principal
from roomgate.fleet.document import Document
from roomgate.fleet.layers import About, Layers
from roomgate.fleet.waves import Options
from roomgate.hub.fleet.plan import Plan, PlanRoom

AT_ONCE = 64  # rooms of one connector

Wait = Callable[[float, asyncio.Event], Awaitable[None]]


async def wait_for(seconds: float, news: asyncio.Event) -> None:
    """So long, or until something is said."""
    try:
        async with asyncio.timeout(seconds):
            await news.wait()
    except TimeoutError:
        pass


@dataclass(slots=True)
class Known:
    """What a plan's rooms are looked at with: read once, kept while it is carried out."""

    document: Document
    layers: Layers
    principal: Principal
    about: Callable[[str], About | None]  # a room, by its id
    place: Callable[[str], str]  # its connector
    bodies: Mapping[str, str]  # what steps send along, by its digest


Learn = Callable[[Plan], Awaitable[Known]]


@dataclass(slots=True)
class Run:
    """One plan that is being carried out."""

    plan: Plan
    known: Known
    gates: defaultdict[str, asyncio.Semaphore] = field(
        default_factory=lambda: defaultdict(lambda: asyncio.Semaphore(AT_ONCE))
    )
    news: asyncio.Event = field(default_factory=asyncio.Event)
    stopped: str = ""  # why it goes no further
    told: bool = False  # whoever stopped it has written that down
    failed: int = 0
    ended: int = 0

    @property
    def options(self) -> Options:
        return self.plan.options

    @property
    def reason(self) -> str:
        return self.options.reason or f"Plan {self.plan.name or self.plan.id}"

    def stop(self, why: str) -> None:
        self.stopped = self.stopped or why
        self.news.set()


class Stopped(Exception):
    """The plan was stopped before the step was permitted: nothing of it was written or sent."""


class Rest(Exception):
    """The room is to be tried again later: since it is away, or since the site takes no more just now."""

    def __init__(self, row: PlanRoom, *, away: bool = True) -> None:
        super().__init__()
        self.row = row
        self.away = away
