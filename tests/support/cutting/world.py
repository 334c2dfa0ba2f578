"""One hub, one site with two rooms, the network between, and a clock: what a case happens in."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from roomgate import supervise
from roomgate.clock import HandClock
from roomgate.hub.identity.person import Signed
from roomgate.ids import DeviceId, RoomName
from support.cutting.database import MemoryDatabase
from support.cutting.hub import ROOMS, Hub, Template, papers, template
from support.cutting.site import Device, Site
from support.cutting.wires import Net


@dataclass(eq=False)
class World:
    """``hub`` is None while it is down; ``cookies`` and ``tokens`` are what the people hold now."""

    clock: HandClock
    made: Template
    net: Net
    db: MemoryDatabase
    site: Site
    dice: Random | None
    cookies: dict[str, str]
    tokens: dict[str, str]
    hub: Hub | None = None
    started: asyncio.Event = field(default_factory=asyncio.Event)  # set while the hub is up
    devices: dict[str, Device] = field(default_factory=dict)  # also those that the site has taken out
    restarted: float = 0.0  # when the hub was last killed
    pace: float = 1.0  # how much slower the people's programs are than usual
    patience: float = 1.0  # by how much they wait longer after each refusal
    reached: Callable[[Any], None] | None = None  # told of each frame, with the client that got it
    due: float = 0.0  # when something ends by itself
    locked: str = ""  # the newest lock

    @property
    def now(self) -> float:
        return self.clock.mono

    def device(self, room: str) -> Device:
        return self.devices[room]

    async def start_hub(self, first: Callable[[Hub], Awaitable[None]] | None = None) -> Hub:
        """``first``: what is done before anybody is let in."""
        self.hub = await Hub.start(self.made.folder, self.db, self.clock, self.net)
        if first is not None:
            await first(self.hub)
        self.started.set()
        return self.hub

    async def kill_hub(self) -> None:
        if self.hub is not None:
            hub, self.hub = self.hub, None
            self.started.clear()
            self.restarted = self.now
            self.db = await hub.kill()

    async def kill_site(self) -> None:
        await self.site.kill()

    async def start_site(self) -> None:
        await self.site.start()

    def shift(self, hours: float) -> None:
        """The wall clock is set; the monotonic one runs on."""
        self.clock.wall += timedelta(hours=hours)

    async def admin(self, name: str = "ada") -> Signed:
        assert self.hub is not None
        signed = await self.hub.parts.identity.by_cookie(self.cookies[name])
        assert signed is not None, f"{name} is not signed in any more"
        if signed.fresh is not None:
            self.cookies[name] = signed.fresh.reveal()
        return signed

    @property
    def linked(self) -> bool:
        """Hub and connector can reach each other, and do."""
        up = self.hub is not None and self.site.running is not None and not self.net.parted
        return up and self.site.running is not None and self.site.running.uplink.up


def fresh_clock() -> HandClock:
    """Two hours after everything was made: a clock that is set back by one does not go before it. (Which takes a loop of its own: so before the case's runs.)"""
    template()
    clock = HandClock()
    clock.advance(2 * 3600)
    return clock


@asynccontextmanager
async def world(clock: HandClock, dice: Random | None = None) -> AsyncIterator[World]:
    """Everything up and linked; at the end all of it is killed."""
    made = template()
    supervise._dice.seed(dice.random() if dice else 1)
    net = Net(dice)
    devices = {name: Device(RoomName(name), DeviceId(f"dev_{name}"), clock, dice=dice) for name in ROOMS}
    paper = papers(made.ids["connector"], made.ids["site"])
    site = Site("home", paper, devices, clock, net, MemoryDatabase(made.site, dice))
    here = World(
        clock,
        made,
        net,
        MemoryDatabase(made.hub, dice),
        site,
        dice,
        dict(made.cookies),
        dict(made.tokens),
        devices=dict(devices),
    )
    await here.start_hub()
    await here.start_site()
    async with asyncio.timeout(10):
        while not here.linked:
            await asyncio.sleep(0.01)
    try:
        yield here
    finally:
        await here.kill_site()
        await here.kill_hub()
        for db in (here.db, here.site.db):
            db.close()
