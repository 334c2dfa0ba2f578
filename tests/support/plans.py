"""Plans in a hub with a connector that answers by rote: rooms that keep their settings, and what befalls them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any

from roomgate.access.capability import Capability
from roomgate.fleet.waves import Options
from roomgate.hub.fleet.plan import State
from roomgate.hub.fleet.service import Fleet, Shown
from roomgate.hub.identity.person import Signed
from roomgate.link.messages import Outcome
from roomgate.xapi.call import Verb
from support.console import Console, Site, console

CAPABILITIES = ("observe", "av-control", "configure", "macros", "ui", "users", "system", "security")


@dataclass
class Rooms:
    """The devices behind a site: their settings by room, and what is to go wrong."""

    volume: dict[str, int] = field(default_factory=dict)
    sent: list[tuple[str, str]] = field(default_factory=list)  # what changed something: room, call
    away: set[str] = field(default_factory=set)
    refuses: dict[str, str] = field(
        default_factory=dict
    )  # the beginning of a call: the rule with which the site refuses
    fails: set[str] = field(default_factory=set)  # rooms that refuse every set
    loses: set[str] = field(default_factory=set)  # rooms whose next set is done, and its answer lost
    drops: set[str] = field(default_factory=set)  # rooms whose next set is lost, and so is its answer
    software: dict[str, str] = field(default_factory=dict)
    troubles: dict[str, list[str]] = field(default_factory=dict)  # what a room complains of, by type
    held: asyncio.Event = field(default_factory=asyncio.Event)  # cleared: nothing that changes something is answered
    asked: asyncio.Event = field(default_factory=asyncio.Event)  # something that changes something has come
    macros: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.held.set()

    async def answer(self, order: Any) -> Outcome:
        call, room = order.call(), order.room
        if room in self.away:
            return Outcome(order.id, "failed", rule="unreachable", words="The device does not answer.")
        text = str(call)
        if text.startswith("Command/Roomgate/Allowed"):
            return Outcome(order.id, "done", {"Verdicts": [self.verdict(one["path"]) for one in json.loads(call.body)]})
        if call.verb is Verb.GET:
            return Outcome(order.id, "done", self.read(room, text))
        if text.startswith("Command/Macros/Macro/Get"):
            rows = [{"id": n, "Name": name, **one} for n, (name, one) in enumerate(self.macros.items(), 1)]
            return Outcome(order.id, "done", {"Macro": rows})
        self.asked.set()
        await self.held.wait()
        return self.change(order, room, text)

    def verdict(self, path: str) -> dict[str, str]:
        rule = next((rule for start, rule in self.refuses.items() if path.startswith(start)), "")
        if rule:
            return {"verdict": "refused", "rule": rule, "words": f"{path} is not done here."}
        return {"verdict": "allowed", "rule": "", "words": ""}

    def read(self, room: str, text: str) -> Any:
        if text.startswith("Status/SystemUnit"):
            return self.software.get(room, "ce11.1")
        if text.startswith("Status/Diagnostics"):
            return [{"id": n, "Level": "Error", "Type": kind} for n, kind in enumerate(self.troubles.get(room, ()), 1)]
        if text.startswith("Status/"):
            return []
        volume = self.volume.setdefault(room, 30)
        if text == "Configuration/Audio/DefaultVolume":
            return volume
        return {"Audio": {"DefaultVolume": volume}} if text == "Configuration" else {"DefaultVolume": volume}

    def change(self, order: Any, room: str, text: str) -> Outcome:
        self.sent.append((room, text))
        if room in self.fails:
            return Outcome(order.id, "failed", rule="device.error", words="The device says no.")
        if room not in self.drops and text.startswith("Configuration/Audio/DefaultVolume"):
            self.volume[room] = int(text.rpartition("=")[2])
        if room in self.loses | self.drops:
            self.loses.discard(room)
            self.drops.discard(room)
            return Outcome(order.id, "unknown", rule="device.gone", words="The device went away.")
        return Outcome(order.id, "done", {})


@dataclass
class Plans:
    """``ada`` makes plans; she may do everything in her rooms."""

    console: Console
    site: Site
    rooms: Rooms
    ada: Signed
    waits: list[float] = field(default_factory=list)
    running: asyncio.Task[None] | None = None  # what carries plans out

    @property
    def fleet(self) -> Fleet:
        return self.console.hub.parts.fleet

    async def until(self, id: str, *states: State, by: Signed | None = None) -> Shown:
        """The plan, once it is in one of these states."""
        async with asyncio.timeout(20):
            while True:
                over = self.fleet.engine.over(id)
                shown = await self.fleet.get(id, by or self.ada)
                if shown.plan.state in states:
                    return shown
                await over.wait()

    async def begin(self, wait: Any) -> None:
        """Plans are carried out, as by a hub that has just started."""
        if self.running is not None:
            self.running.cancel()
            await asyncio.wait([self.running])
        relay = self.console.relay.relay
        self.fleet.bind(relay, relay.catalogue, wait)
        self.running = asyncio.create_task(self.fleet.run())

    async def plan(self, text: str, *, by: Signed | None = None, **options: Any) -> Shown:
        """Made, and looked at."""
        made = await self.fleet.make(by or self.ada, text, Options(**options))
        return await self.until(made.id, State.PLANNED, State.HALTED, by=by)

    async def apply(self, id: str, *states: State) -> Shown:
        await self.fleet.start(id, self.ada)
        return await self.until(id, *(states or (State.DONE, State.HALTED)))


@asynccontextmanager
async def plans(
    folder: File, *names: str, capabilities: tuple[str, ...] = CAPABILITIES, pages: bool = False
) -> AsyncIterator[Plans]:
    """A hub, its connector with these rooms, and ada with grants on all of them. Waiting winds the clock."""
    async with console(folder, pages=pages) as made:
        site = await made.connect(*names)
        devices = Rooms()

        async def answer(order: Any) -> None:
            await made.relay.events.message(site, await devices.answer(order))

        site._answer = answer  # type: ignore[method-assign]
        signed = made.hub.admin
        given = frozenset(map(Capability, capabilities))
        await made.hub.parts.grants.make(signed, "ada", list(names), given, minutes=600, reason="test")
        found = Plans(made, site, devices, signed)

        async def wait(seconds: float, news: asyncio.Event) -> None:
            found.waits.append(seconds)
            made.hub.clock.advance(seconds)
            await asyncio.sleep(0)

        await found.begin(wait)
        yield found
        assert found.running is not None
        found.running.cancel()
