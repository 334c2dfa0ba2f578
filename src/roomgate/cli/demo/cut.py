"""The cut, once for each cause: a guest with every kind of channel and a call, and the moment it all falls.

The guest is a process of its own (`guest.py`). Times are the machine's monotonic clock, read where the channel
ends: in the guest's process, and in the device's journal for the call.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from roomgate.cli.demo.inside import Inside
from roomgate.cli.demo.people import Caller, Unexpected
from roomgate.cli.demo.world import World, password

ENDS = {"rest": "refused", "events": "closed", "socket": "closed"}


@dataclass(slots=True)
class Guest:
    """The guest's process, and what it has said so far."""

    process: asyncio.subprocess.Process
    heard: list[dict[str, Any]] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    async def start(cls, world: World, room: str, token: str) -> "Guest":
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "roomgate.cli.demo.guest",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        assert process.stdin is not None
        task = {"hub": world.hub, "ca": world.ca, "room": room, "token": token}
        process.stdin.write(json.dumps(task).encode() + b"\n")
        await process.stdin.drain()
        return cls(process)

    async def listen(self) -> None:
        """Read what the guest says until it ends."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.heard.append(json.loads(line))
            self._news.set()

    def said(self, channel: str, event: str) -> dict[str, Any] | None:
        return next((h for h in self.heard if h["channel"] == channel and h["event"] == event), None)

    async def says(self, wanted: dict[str, str], within_s: float) -> dict[str, dict[str, Any]]:
        """Wait until each channel has said its event; raises TimeoutError."""
        async with asyncio.timeout(within_s):
            while True:
                found = {channel: self.said(channel, event) for channel, event in wanted.items()}
                if all(found.values()):
                    return {channel: line for channel, line in found.items() if line}
                self._news.clear()
                await self._news.wait()

    async def stop(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


@dataclass(frozen=True, slots=True)
class Fallen:
    """When everything fell, in seconds after the cause."""

    cause: str
    channels: dict[str, float]  # rest, events, socket: read in the guest's process
    call: float  # read in the device's journal

    @property
    def last(self) -> float:
        return max(*self.channels.values(), self.call)


Cause = Callable[[dict[str, Any]], Awaitable[float]]  # the guest's facts → the monotonic moment of the cause


async def cut_once(
    world: World, admin: Caller, room: Inside, name: str, cause: Cause, *, minutes: float = 10, within_s: float = 5.0
) -> Fallen:
    """A new guest with a grant, three channels and a call; then the cause; then the times."""
    who = await admin.call("POST", "/api/v1/people", {"name": world.somebody("guest"), "password": password()})
    token = await admin.call("POST", "/api/v1/tokens", {"person": who["id"], "minutes": 30})
    grant = await admin.call(
        "POST",
        "/api/v1/grants",
        {
            "person": who["id"],
            "rooms": [room.name],
            "capabilities": ["observe", "call"],
            "minutes": minutes,
            "reason": f"the cut: {name}",
        },
    )
    facts = {"person": who["id"], "token": token["id"], "grant": grant["id"], "until": grant["until"]}
    guest = await Guest.start(world, room.name, token["token"])
    calling = world.caller(token["token"])
    try:
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(guest.listen())
            await guest.says({"rest": "answer", "events": "status", "socket": "answer"}, 15)
            began = time.monotonic()
            dialling = group.create_task(
                calling.ask(room.name, {"command": "Dial", "arguments": {"Number": "friend@example.com"}}, wait_s=20)
            )
            await room.say_yes()
            status, answer = await dialling
            if answer.get("outcome") != "done":
                raise Unexpected(f"The guest's call was not made: {status} {answer}")
            await room.journal_says("call.connected", after=began)
            at = await cause(facts)
            ends = await guest.says(ENDS, within_s)
            call = await room.journal_says("call.ended", after=began, within_s=within_s)
            listening.cancel()
    finally:
        await calling.close()
        await guest.stop()
    return Fallen(name, {c: e["at"] - at for c, e in ends.items()}, call["mono_ms"] / 1000 - at)


def causes(admin: Caller) -> dict[str, Cause]:
    """Six causes, each by its public route. The seventh, at the device itself, takes longer and starts earlier."""

    async def now(act: Awaitable[Any]) -> float:
        at = time.monotonic()
        await act
        return at

    return {
        "grant revoked": lambda f: now(admin.call("DELETE", f"/api/v1/grants/{f['grant']}")),
        "person disabled": lambda f: now(admin.call("PATCH", f"/api/v1/people/{f['person']}", {"active": False})),
        "person deleted": lambda f: now(admin.call("DELETE", f"/api/v1/people/{f['person']}")),
        "password changed": lambda f: now(
            admin.call("PATCH", f"/api/v1/people/{f['person']}", {"password": password()})
        ),
        "lock": lambda f: now(admin.call("POST", "/api/v1/locks", {"person": f["person"], "reason": "the story"})),
    }
