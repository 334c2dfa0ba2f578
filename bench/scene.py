"""The world that is measured: the demonstration's own programs with their own defaults, and people with grants.

Nothing is set otherwise than `roomgate demo` sets it, but for what a caller names: the number of rooms, and the
site's cap on commands, which is there to stop just what a measurement does.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench import ROOT
from bench.clients import Peer
from bench.nginx import Chain
from roomgate.cli.demo.inside import Inside
from roomgate.cli.demo.people import Caller
from roomgate.cli.demo.world import POLICY, STORY, World
from roomgate.clock import SystemClock

START_S = 120.0
UNCAPPED = 1_000_000
PROGRAMS = ("hub", "connector", "sim")


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str
    token: str
    grant: str


@dataclass(slots=True)
class Scene:
    """The running programs. ``admin`` asks as the hub's first administrator."""

    world: World
    admin: Caller

    @property
    def rooms(self) -> list[Inside]:
        """All that the connector has, as they are seen from within."""
        return [self.world.inside[name] for name in (*self.world.names, *STORY)]

    def pid(self, program: str) -> int:
        return self.world.programs.pid(program)

    def now(self) -> float:
        """Seconds of the wall clock, as the ledgers have it."""
        return SystemClock().now().timestamp()

    async def people(self, count: int, capabilities: Sequence[str], start: int = 0) -> list[Person]:
        """New people, each with a token and one grant on every room. None has a password."""
        made = []
        for number in range(start, start + count):
            name = f"person-{number}"
            who = await self.admin.call("POST", "/api/v1/people", {"name": name})
            token = await self.admin.call("POST", "/api/v1/tokens", {"person": who["id"], "minutes": 60})
            made.append(Person(who["id"], name, token["token"], await self._grant(who["id"], capabilities)))
        return made

    async def grant_again(self, person: Person, capabilities: Sequence[str]) -> Person:
        return replace(person, grant=await self._grant(person.id, capabilities))

    async def _grant(self, person: str, capabilities: Sequence[str]) -> str:
        wish = {
            "person": person, "rooms": [room.name for room in self.rooms], "capabilities": list(capabilities),
            "minutes": 60, "reason": "a measurement",
        }  # fmt: skip
        made: str = (await self.admin.call("POST", "/api/v1/grants", wish))["id"]
        return made

    def through_hub(self, people: Sequence[Person]) -> list[Peer]:
        """A connection for each: person after person, room after room."""
        url = f"wss://localhost:{self.world.port}/ws"
        rooms = self.rooms
        return [
            Peer(url, rooms[number % len(rooms)].name, one.token, self.world.ca) for number, one in enumerate(people)
        ]

    def through(self, chain: Chain, count: int) -> list[Peer]:
        """As many through the proxies, to the same rooms in the same order, with each room's daily account."""
        rooms = [self.rooms[number % len(self.rooms)] for number in range(count)]
        return [Peer(chain.url(room.name), room.user, room.password, self.world.ca) for room in rooms]

    async def set_cap(self, a_minute: int) -> None:
        """The site's own cap on commands in one room; takes a restart of the connector."""
        await self.set_policy(f"{POLICY}commands_per_minute = {a_minute}\n")

    async def set_policy(self, text: str) -> None:
        """The site's own policy; takes a restart of the connector."""
        await self.world.programs.stop("connector")
        self.world.file("policy.toml", text)
        await self.world.run_connector()
        await self.fine()

    async def fine(self, within_s: float = 60.0) -> None:
        """Wait until the hub has live news of every room."""
        wanted = {room.name for room in self.rooms}
        async with asyncio.timeout(within_s):
            while True:
                page = await self.admin.call("GET", "/api/v1/rooms?limit=200")
                if wanted <= {room["name"] for room in page["items"] if room["state"] in ("fine", "call")}:
                    return
                await asyncio.sleep(0.05)


@asynccontextmanager
async def scene(folder: Path, rooms: int = 3) -> AsyncIterator[Scene]:
    """Hub, connector, witness and simulator in a new folder; every room is connected when the block begins."""
    world = World(folder, rooms, hub_port=0)
    world.programs.env |= {"PYTHONPATH": str(ROOT / "src")}
    try:
        async with asyncio.timeout(START_S):
            await world.start_all()
        made = Scene(world, world.caller())
        try:
            await made.fine()
            yield made
        finally:
            await made.admin.close()
    finally:
        await world.programs.stop_all()
