"""Real clients in other processes, and what they feel when they are cut.

``cut_clients.py`` (REST, event stream, page stream, PyPI's xows, the tunnel) and ``cut_jsxapi.js`` (npm's jsxapi) run for
as long as the tests do; a test opens channels in them and reads there when each fell.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import roomgate
from support.node import node_binary, node_environment, node_modules

HERE = Path(__file__).parents[1] / "e2e"
EVERY = ("rest", "events", "page", "xows", "jsxapi", "tunnel")
OPEN_S = 20.0

Line = dict[str, Any]


@dataclass(slots=True)
class Machine:
    """Two processes, and what they have said."""

    hub: str
    ca: str
    _python: asyncio.subprocess.Process
    _node: asyncio.subprocess.Process
    _said: dict[str, list[Line]] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for text in process.stdout:
            line = json.loads(text)
            self._said.setdefault(line["id"], []).append(line)
            self._news.set()

    async def open(
        self, channel: str, room: str, token: str = "", *, user: str = "", password: str = "", cookie: str = ""
    ) -> "Held":
        """Open one channel; returns when it is open."""
        held = self.begin(channel, room, token, user=user, password=password, cookie=cookie)
        await held.says("open", within_s=OPEN_S)
        return held

    def begin(
        self, channel: str, room: str, token: str = "", *, user: str = "", password: str = "", cookie: str = ""
    ) -> "Held":
        id = f"{channel}-{next(self._numbers)}"
        task = {
            "id": id, "channel": channel, "hub": self.hub, "ca": self.ca, "room": room, "token": token,
            "user": user, "password": password, "cookie": cookie,
        }  # fmt: skip
        where = self._node if channel == "jsxapi" else self._python
        assert where.stdin is not None
        self._said[id] = []
        where.stdin.write(json.dumps(task).encode() + b"\n")
        return Held(self, id, channel)

    def lines(self, id: str) -> list[Line]:
        return self._said[id]

    async def news(self) -> None:
        self._news.clear()
        await self._news.wait()


@dataclass(frozen=True, slots=True)
class Held:
    """One channel that is held open in another process."""

    machine: Machine
    id: str
    channel: str

    def said(self, event: str, after: float = 0.0) -> Line | None:
        return next((x for x in self.machine.lines(self.id) if x["event"] == event and x["at"] >= after), None)

    async def says(self, event: str, *, after: float = 0.0, within_s: float = 5.0) -> Line:
        """Wait for it; TimeoutError, or AssertionError where the channel failed otherwise."""
        async with asyncio.timeout(within_s):
            while (found := self.said(event, after)) is None:
                assert (fault := self.said("fault")) is None, f"{self.id}: {fault}"
                await self.machine.news()
        return found


async def all_say(held: Iterable[Held], event: str, *, after: float = 0.0, within_s: float = 5.0) -> dict[str, Line]:
    """Wait until each says it; gives the lines by channel, and names those that were silent."""
    found: dict[str, Line] = {}
    try:
        async with asyncio.timeout(within_s):
            for one in held:
                found[one.channel] = await one.says(event, after=after, within_s=within_s)
    except TimeoutError:
        silent = sorted({one.channel for one in held if one.said(event, after) is None})
        raise AssertionError(f"{', '.join(silent)}: not “{event}” within {within_s} s") from None
    return found


@asynccontextmanager
async def machine(hub: str, ca: str) -> AsyncIterator[Machine]:
    """The two processes, until the block ends."""
    pipe = asyncio.subprocess.PIPE
    path = os.pathsep.join([str(Path(roomgate.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    python = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", str(HERE / "cut_clients.py"), stdin=pipe, stdout=pipe,
        env=os.environ | {"PYTHONPATH": path},
    )  # fmt: skip
    node = await asyncio.create_subprocess_exec(
        node_binary(), str(HERE / "cut_jsxapi.js"), stdin=pipe, stdout=pipe,
        env=node_environment(Path(ca), node_modules("jsxapi", "ws")),
    )  # fmt: skip
    made = Machine(hub, ca, python, node)
    listening = [asyncio.create_task(made.listen(process)) for process in (python, node)]
    try:
        yield made
    finally:
        for process, task in zip((python, node), listening, strict=True):
            process.kill()
            await process.wait()
            await task
