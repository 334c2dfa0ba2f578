"""A guest in a room with everything open at once, in other processes, and a call that they started.

What is held: the room's page, an event stream, the xAPI sockets of PyPI's xows and npm's jsxapi with subscriptions,
a tunnel with a connection to the device's own page in it, readings one after another, commands one after another by REST and by ``/putxml``, an ask that waits for the room's consent, and, where wanted,
``roomgate room watch`` as a process of its own.
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from roomgate.cli.demo.inside import Inside
from roomgate.cli.demo.people import Caller
from roomgate.clock import SystemClock, parse_iso
from support.channels import Held, Machine, all_say
from support.world import RunningWorld, Somebody

SHOW = "UserInterface/Message/TextLine/Display"
EVERY = ("rest", "acts", "putxml", "events", "page", "xows", "jsxapi", "tunnel", "consent")
BY_TOKEN = tuple(name for name in EVERY if name != "page")
WATCH = "watch"
CALL = "the call"
PAUSED = ("acts", "putxml")  # they find out with their next try, after a pause of their own
MAY = ("observe", "call", "privacy", "ui", "web")
STANDS_S = 20.0


@dataclass(slots=True)
class Watching:
    """``roomgate room watch``: its lines, and when it ended with which exit code and words."""

    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)
    code: int = -1
    words: str = ""
    ended: float = 0.0

    async def read(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        async for line in self.process.stdout:
            self.lines.append(line.decode())
        self.ended = time.monotonic()
        self.words = (await self.process.stderr.read()).decode()
        self.code = await self.process.wait()


@dataclass(slots=True)
class Fallen:
    """What one cut did: seconds from its commit to each end."""

    took: dict[str, float]
    at: float  # the commit, on the machine's monotonic clock
    spread: float = 0.0  # where one act makes several: from the first to the last, from which it is counted


@dataclass(slots=True)
class CutScene:
    world: RunningWorld
    clients: Machine
    room: Inside
    guest: Somebody
    giver: Somebody | None = None
    clock_off_s: Callable[[], float] = lambda: 0.0  # of the hub
    began: float = field(default_factory=time.monotonic)
    held: dict[str, Held] = field(default_factory=dict)
    watching: Watching | None = None
    lock: str = ""

    @property
    def admin(self) -> Caller:
        return self.world.admin

    async def open(self, channels: Sequence[str] = EVERY, *, within_s: float = 30.0) -> None:
        """Open them; those that are not there any more are opened anew."""
        for name in channels:
            self.held[name] = self.clients.begin(
                name, self.room.name, self.guest.token, user=self.guest.name, password=self.guest.password
            )
        await all_say([self.held[name] for name in channels], "open", within_s=within_s)

    async def dial(self) -> None:
        """The guest dials, somebody in the room touches Yes."""
        calling = self.clients.begin("dial", self.room.name, self.guest.token)
        await self.room.say_yes()
        assert (await calling.says("open", within_s=20))["outcome"] == "done"
        await self.room.journal_says("call.connected", after=self.began)

    async def watch(self, group: asyncio.TaskGroup) -> None:
        """Start `roomgate room watch` and wait for its first line."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "roomgate.cli.main", "room", "watch", self.room.name, "Status/Audio",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env=os.environ | self.world.world.programs.env | {
                "ROOMGATE_HUB": self.world.hub, "ROOMGATE_CA": self.world.ca, "ROOMGATE_TOKEN": self.guest.token,
                "PYTHONUNBUFFERED": "1",
            },
        )  # fmt: skip
        self.watching = Watching(process)
        group.create_task(self.watching.read())
        async with asyncio.timeout(STANDS_S):
            while not self.watching.lines:
                await asyncio.sleep(0.02)

    async def newest(self) -> int:
        """The index of the ledger's newest entry."""
        page = await self.admin.call("GET", "/api/v1/ledger?limit=1")
        return int(page["items"][0]["index"])

    async def committed(self, after: int, causes: Sequence[str] = ()) -> tuple[float, float]:
        """When the first and the last revocation behind that entry were written, on the machine's monotonic clock."""
        async with asyncio.timeout(STANDS_S):
            while True:
                page = await self.admin.call("GET", "/api/v1/ledger?kind=revocation&limit=50")
                found = [
                    parse_iso(entry["event"]["at"]).timestamp() - self.clock_off_s()
                    for entry in page["items"]
                    if entry["index"] > after and (not causes or entry["event"]["cause"] in causes)
                ]
                if found:
                    ago = SystemClock().now().timestamp() - time.monotonic()
                    return min(found) - ago, max(found) - ago
                await asyncio.sleep(0.05)

    async def cut(
        self,
        act: Callable[["CutScene"], Awaitable[Any]],
        channels: Sequence[str],
        *,
        causes: Sequence[str] = (),
        each: bool = False,
        within_s: float = 10.0,
    ) -> Fallen:
        """Do it, and wait until all of these have ended. ``each``: the act commits one revocation after another."""
        newest = await self.newest()
        await act(self)
        first, last = await self.committed(newest, causes)
        at = last if each else first
        ends = await all_say([self.held[name] for name in channels], "closed", after=self.began, within_s=within_s)
        took = {name: max(0.0, line["at"] - at) for name, line in ends.items()}
        if self.watching is not None:
            async with asyncio.timeout(within_s):
                while self.watching.code < 0:
                    await asyncio.sleep(0.01)
            took[WATCH] = self.watching.ended - at
        return Fallen(took, at, last - first)

    async def call_ended(self, fallen: Fallen, within_s: float) -> None:
        ended = await self.room.journal_says("call.ended", after=self.began, within_s=within_s)
        fallen.took[CALL] = max(0.0, ended["mono_ms"] / 1000 - fallen.at)

    def acts_after(self, at: float) -> list[dict[str, Any]]:
        """The guest's own commands that reached the device after this moment."""
        return [
            line
            for line in self.room.lines()
            if line["what"] == "command"
            and line["mono_ms"] / 1000 > at
            and line["arguments"].get("Text") == self.guest.name
        ]

    def news_after(self, at: float) -> list[str]:
        """The channels that heard anything of the room after this moment."""
        return [name for name, held in self.held.items() if held.said("news", after=at)]

    async def asks(self, wish: dict[str, Any] | None = None) -> int:
        """The status that a new ask gets, by the guest's token."""
        async with self.world.caller(self.guest.token) as caller:
            return (await caller.ask(self.room.name, wish or {"get": "Status/Audio/Volume"}))[0]

    async def sessions(self) -> list[dict[str, Any]]:
        page = await self.admin.call("GET", f"/api/v1/sessions?room={self.room.name}")
        return [one for one in page["items"] if one["person"] == self.guest.id]
