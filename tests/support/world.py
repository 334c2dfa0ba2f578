"""A world of real processes: hub, connector, witness and simulator, started as the demonstration starts them.

One world serves all tests of a worker (see ``tests/e2e/conftest.py``): mark a file that uses it with
``in_world``. Tests do not disturb each other, since each takes people and rooms of its own: ``world.person``
makes somebody new, ``world.room`` lends a room and takes it back in order.
"""

import asyncio
import json
import os
import signal
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

import roomgate
from roomgate.cli.demo.inside import Inside
from roomgate.cli.demo.people import Caller, Visitor
from roomgate.cli.demo.world import CEDAR, STORY, World, password
from roomgate.hub.http.door import COOKIE

ROOMS = 7  # beside the five of the demonstration's story
PROGRAMS = ("hub", "connector", "witness", "sim")
VOLUME = 50  # of a simulated room, until somebody changes it
EVERYTHING = ("observe", "bookings", "call", "in-call", "av-control", "privacy", "configure")  # that the console offers
START_S = 300.0  # a machine may be busy; a world that hangs is stopped all the same
_LOOK_S = 0.02
_TIDY_S = 60.0
# Beside what the demonstration's site allows: the page of every device, to whoever has a grant for it.
CEDAR_WITH_PAGES = CEDAR + 'permit (principal, action == Action::"web", resource);\n'
# Many people with passwords are made here, and none of these tests is about the price of a guess.
CHEAP = {"ROOMGATE_HUB_ARGON2_TIME_COST": "1", "ROOMGATE_HUB_ARGON2_MEMORY_KIB": "1024"}


def in_world(group: str = "world") -> list[pytest.MarkDecorator]:
    """The marks of a test file that uses the world: one worker, and one event loop for the whole session."""
    return [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group(group)]


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person with a password and an access token, and the grant that they were given, if any."""

    id: str
    name: str
    password: str
    token: str
    token_id: str
    grant: str = ""
    until: str = ""
    cookie: str = ""  # of a sign-in with a second factor, for whoever's role takes one


@dataclass(slots=True)
class RunningWorld:
    """The four programs, and what tests do with them. ``admin`` asks as the hub's first administrator."""

    world: World
    admin: Caller
    spent: set[str] = field(default_factory=set)  # rooms that are no longer as they were, for good
    _free: deque[str] = field(default_factory=deque)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    # ---- where things are --------------------------------------------------------------------------

    @property
    def hub(self) -> str:
        return self.world.hub

    @property
    def ca(self) -> str:
        return self.world.ca

    @property
    def folder(self) -> Path:
        """``hub``, ``connector``, ``witness`` and ``sim`` are data folders in it; ``calendar/<room>`` is a mailbox."""
        return self.world.folder

    def data(self, program: str) -> Path:
        return self.folder / program

    def log(self, program: str) -> Path:
        return self.folder / "logs" / f"{program}.log"

    def pid(self, program: str) -> int:
        return self.world.programs.pid(program)

    def alive(self, program: str) -> bool:
        return self.world.programs.running[program].returncode is None

    @property
    def rooms(self) -> list[str]:
        """The names of all rooms that the connector has."""
        return [*self.world.names, *STORY]

    # ---- rooms -------------------------------------------------------------------------------------

    @asynccontextmanager
    async def room(self, *, returns: bool = True) -> AsyncIterator[Inside]:
        """A room that no other test uses now, seen from within; the one that rested longest.

        Afterwards its calls are hung up, its meetings are gone, and its volume is as it was. ``returns=False``: what the test does to it cannot be undone (it is
        removed, its password is changed), so nobody gets it again.
        """
        inside = self.world.inside[self._free.popleft()]
        if not returns:
            self.spent.add(inside.name)
        try:
            yield inside
        finally:
            if returns:
                await self._tidy(inside)
                self._free.append(inside.name)

    async def _tidy(self, room: Inside) -> None:
        state = await room.state()
        if state["volume"] != VOLUME:
            await room.touch("volume", option=VOLUME)
        if state["calls"]:
            await room.touch("hang-up")
            await room.shows(lambda state: not state["calls"])
        async with asyncio.timeout(_TIDY_S):
            while (await room.state())["bookings"]:  # again: what was booked last may come to the calendar yet
                for file in (self.folder / "calendar" / room.name).glob("*.ics"):
                    file.unlink(missing_ok=True)
                await asyncio.sleep(_LOOK_S)

    async def fine(self, names: Iterable[str] | None = None, within_s: float = 60.0) -> None:
        """Wait until the hub has live news of these rooms, or of all that no test has spent."""
        wanted = set(self.rooms) - self.spent if names is None else set(names)
        async with asyncio.timeout(within_s):
            while True:
                page = await self.admin.call("GET", "/api/v1/rooms?limit=200")
                if wanted <= {room["name"] for room in page["items"] if room["state"] in ("fine", "call")}:
                    return
                await asyncio.sleep(_LOOK_S)

    async def answers(self, caller: Caller, room: str, within_s: float = 60.0) -> None:
        """Wait until a room answers somebody who has a grant on it, by way of hub, connector and device."""
        async with asyncio.timeout(within_s):
            while True:
                status, answer = 0, {}
                try:
                    status, answer = await caller.ask(room, {"get": "Status/Audio/Volume"})
                except httpx.TransportError:
                    pass  # the hub is not up yet
                if status == httpx.codes.OK and answer["outcome"] == "done":
                    return
                await asyncio.sleep(_LOOK_S)

    # ---- people ------------------------------------------------------------------------------------

    async def person(self, *, roles: Sequence[str] = (), minutes: float = 30, name: str = "") -> Somebody:
        """Somebody new, with a password and a token."""
        name, secret = name or f"visitor-{next(self._numbers)}", password()
        who = await self.admin.call("POST", "/api/v1/people", {"name": name, "password": secret, "roles": list(roles)})
        cookie = await self._enrolled(name, secret) if "administrator" in roles else ""
        token = await self.admin.call("POST", "/api/v1/tokens", {"person": who["id"], "minutes": minutes})
        return Somebody(who["id"], name, secret, token["token"], token["id"], cookie=cookie)

    async def _enrolled(self, name: str, secret: str) -> str:
        """The cookie of an administrator who has just added an app. (Each code of it serves once: tests keep this.)"""
        one = await Visitor.sign_in(self.hub, self.ca, name, secret)
        try:
            await one.enrol()
            return one.http.cookies[COOKIE]
        finally:
            await one.close()

    async def grant(
        self, person: str, room: str, capabilities: Sequence[str] = ("observe", "call"), *, minutes: float = 10
    ) -> dict[str, Any]:
        wish = {
            "person": person,
            "rooms": [room],
            "capabilities": list(capabilities),
            "minutes": minutes,
            "reason": "a test",
        }
        made: dict[str, Any] = await self.admin.call("POST", "/api/v1/grants", wish)
        return made

    async def guest(
        self, room: str, capabilities: Sequence[str] = ("observe", "call"), *, minutes: float = 10
    ) -> Somebody:
        """Somebody new with a grant on one room."""
        who = await self.person()
        grant = await self.grant(who.id, room, capabilities, minutes=minutes)
        return Somebody(who.id, who.name, who.password, who.token, who.token_id, grant["id"], grant["until"])

    @asynccontextmanager
    async def caller(self, token: str) -> AsyncIterator[Caller]:
        """REST, with this token."""
        one = self.world.caller(token)
        try:
            yield one
        finally:
            await one.close()

    @asynccontextmanager
    async def visitor(self, who: Somebody) -> AsyncIterator[Visitor]:
        """The console, signed in."""
        one = await self.sign_in(who)
        try:
            yield one
        finally:
            await one.close()

    async def sign_in(self, who: Somebody) -> Visitor:
        """At the console, by the form; an administrator goes on with the sign-in that added their app."""
        if not who.cookie:
            return await Visitor.sign_in(self.hub, self.ca, who.name, who.password)
        one = Visitor.of(self.hub, self.ca)
        one.http.cookies.set(COOKIE, who.cookie, domain="localhost.local")
        return one

    # ---- programs ----------------------------------------------------------------------------------

    async def cli(self, *words: str, token: str = "") -> tuple[int, str, str]:
        """``roomgate WORDS`` as a process of its own; exit code, standard output, standard error."""
        env = {"ROOMGATE_HUB": self.hub, "ROOMGATE_CA": self.ca, "ROOMGATE_TOKEN": token} if token else {}
        return await self.world.programs.finish(*words, env=env)

    async def verify(self, program: str, *words: str) -> tuple[int, dict[str, Any]]:
        """``roomgate ledger verify`` on the data folder of hub or connector, with the witness."""
        folder, witness = str(self.data(program)), str(self.world.witness["vkey"])
        code, out, err = await self.cli("ledger", "verify", folder, "--witness", witness, *words, "--json")
        assert out, err
        return code, json.loads(out)

    @asynccontextmanager
    async def killed(self, program: str) -> AsyncIterator[None]:
        """kill -9; when the block ends the program runs again, whatever happened in it."""
        await self.kill(program)
        try:
            yield
        finally:
            await self.start(program)

    async def kill(self, program: str) -> None:
        """kill -9, and wait until it is gone."""
        process = self.world.programs.running[program]
        os.kill(process.pid, signal.SIGKILL)
        async with asyncio.timeout(10):
            await process.wait()

    async def start(self, program: str) -> None:
        """Start a program again that was killed or stopped; returns when it says that it is ready."""
        starts = {
            "hub": self.world.run_hub,
            "connector": self.world.run_connector,
            "witness": self.world.run_witness,
            "sim": self.world.start_sim,
        }
        await starts[program]()


@asynccontextmanager
async def running_world(
    folder: Path, rooms: int = ROOMS, sip: str = "", source: Path | None = None
) -> AsyncIterator[RunningWorld]:
    """All four programs in a new folder, on free ports; every room is connected when the block begins.

    ``sip``: where the rooms' SIP calls really go. ``source``: the programs of another tree than this one.
    """
    made = World(folder, rooms, hub_port=0, cedar=CEDAR_WITH_PAGES, sip=sip)
    made.programs.start_s = START_S
    made.programs.env |= {"PYTHONPATH": str(source or Path(roomgate.__file__).parents[1]), **CHEAP}
    try:
        async with asyncio.timeout(START_S):
            await made.start_all()
        world = RunningWorld(made, made.caller())
        world._free.extend(world.rooms)
        try:
            await world.fine()
            yield world
        finally:
            await world.admin.close()
    finally:
        await made.programs.stop_all()
