"""The simulator: several rooms in one program, each with its own listener, certificate, folder and screen.

Up to some two hundred have doors of their own (`roomgate.sim.apart`); more than that share them
(`roomgate.sim.fleet`).
"""

import asyncio
import re
from collections.abc import Callable
from contextlib import ExitStack

from roomgate.clock import Clock, SystemClock
from roomgate.errors import BadInput
from roomgate.folder import alone_in
from roomgate.sim.apart import Apart
from roomgate.sim.baresip import parse_proxy
from roomgate.sim.config import RoomConfig, RoomReady, SimConfig
from roomgate.sim.faults import Fault
from roomgate.sim.fleet import MOST, Fleet
from roomgate.sim.profile import get_profile
from roomgate.sim.schedule import EVERYWHERE, Schedule, parse_schedule
from roomgate.sim.servers.poster import Poster
from roomgate.sim.sip_agent import find_agent

__all__ = ["RoomConfig", "RoomReady", "SimConfig", "serve"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _\-]{0,48}")
_OURS = {"certificates"}  # what the data folder holds beside the folders of rooms


async def serve(config: SimConfig, ready: Callable[[list[RoomReady]], None], *, clock: Clock | None = None) -> None:
    """Run the rooms until cancelled; ``ready`` is called once, when every one of them accepts connections.

    Raises BadInput for a configuration that cannot be, CannotStart for a port, a data folder or a SIP user agent that
    cannot be had.
    """
    names = [room.name for room in config.rooms]
    lower = set(map(str.lower, names))
    if not names or len(lower) != len(names) or lower & _OURS or not all(map(_NAME.fullmatch, names)):
        raise BadInput("Rooms need different names of letters, digits, spaces and dashes")
    if len(names) > MOST:
        raise BadInput(f"{MOST} rooms at most")
    for profile in {room.profile for room in config.rooms}:
        get_profile(profile)
    if config.sip:
        parse_proxy(config.sip)
        find_agent()
        if config.is_shared:
            raise BadInput("Rooms that share their ports have no real SIP: fewer of them, please.")
    schedule = parse_schedule(config.faults, names) if config.faults else None
    clock = clock or SystemClock()
    with ExitStack() as stack:
        stack.enter_context(alone_in(config.data))
        poster = Poster()
        houses = _Shared(config, clock, poster, stack) if config.is_shared else _Each(config, clock, poster, stack)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(poster.run(), name="sim.posts")
                houses.start(group)
                ready(houses.ready)
                if schedule is not None:
                    await _break(schedule, names, houses.break_down)
        except* BadInput as bad:
            raise bad.exceptions[0] from None


class _Each:
    """Rooms with doors of their own."""

    def __init__(self, config: SimConfig, clock: Clock, poster: Poster, stack: ExitStack) -> None:
        self._rooms = [Apart(config, one, clock, poster, stack) for one in config.rooms]
        self.ready = [one.ready for one in self._rooms]

    def start(self, group: asyncio.TaskGroup) -> None:
        for one in self._rooms:
            one.start(group)

    def break_down(self, name: str, fault: Fault) -> None:
        for one in self._rooms:
            if name in (EVERYWHERE, one.room.name):
                one.room.break_down(fault)


class _Shared:
    """Rooms behind shared doors."""

    def __init__(self, config: SimConfig, clock: Clock, poster: Poster, stack: ExitStack) -> None:
        self._fleet = Fleet(config, clock, poster, stack)
        self.start = self._fleet.start

    @property
    def ready(self) -> list[RoomReady]:
        return self._fleet.ready

    def break_down(self, name: str, fault: Fault) -> None:
        if name == EVERYWHERE:
            self._fleet.break_all(fault)
        else:
            self._fleet.break_down(name, fault)


async def _break(schedule: Schedule, names: list[str], break_down: Callable[[str, Fault], None]) -> None:
    """Let the schedule happen, in true time from now on."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for planned in schedule.plan(names):
        await asyncio.sleep(max(0.0, began + planned.at_s - loop.time()))
        break_down(planned.room, planned.fault)
