"""A hub and its rooms by rote in a process of its own, with the hub program's own settings; for plans over very many.

Hub and connector's end of the link are in this one process, and the devices are a delay: so what is measured is the
hub's own work, beside devices that take as long as real ones.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.program import WentWrong, serve_lines
from roomgate import log
from roomgate.access.capability import Capability, Classes
from roomgate.access.offered import offered
from roomgate.cli.running import SWITCH_S, settle
from roomgate.clock import SystemClock
from roomgate.fleet.waves import Options
from roomgate.hub.config import parse_config
from roomgate.hub.fleet.plan import State
from roomgate.hub.grants.wanted import Wanted
from roomgate.hub.identity.person import Proof, Signed
from roomgate.hub.parts import Parts, open_parts
from roomgate.hub.relay.extension import open_relay
from roomgate.hub.relay.parts import RelayParts
from roomgate.ids import ConnectorId, SiteId
from roomgate.link.enrolment import build_ask
from roomgate.link.messages import Heartbeat, Hello, Outcome, RoomInfo, TunnelData
from roomgate.link.order import Order, Renewal, seal
from roomgate.xapi.call import Verb
from roomgate.xapi.path import Path as Address
from roomgate.xapi.tree import expand, merge
from roomgate.xapi.values import Literals, Number

CHEAP = {"argon2_time_cost": 1, "argon2_memory_kib": 8, "argon2_parallelism": 1}


class RoteLink:
    """A connector whose devices answer after a while, each on its own."""

    last_heartbeat = 1

    def __init__(
        self, parts: Parts, relay: RelayParts, connector: ConnectorId, site: SiteId, rooms: list[RoomInfo]
    ) -> None:
        self.connector, self.site, self.nonce = connector, site, b"bench"
        self.key = Ed25519PrivateKey.generate().public_key()
        self.hello = Hello(1, connector, self.nonce, "bench", "policy", "digest", rooms, [])
        self.configuration: dict[str, Any] = {}
        self.away: frozenset[str] = frozenset()
        self.device_s = 0.0
        self.orders = 0
        self._sequence, self._order_key, self._relay = 0, parts.keys.order, relay

    def send_signed(self, make: Callable[[bytes, int], Order | Renewal]) -> None:
        self._sequence += 1
        body = make(self.nonce, self._sequence)
        seal(self._order_key, body)  # what a link pays for each
        if isinstance(body, Order):
            self.orders += 1
            # What would be said to a call is the site's own to say: no device is asked.
            after = 0.0 if body.path[:2] == ["Command", "Roomgate"] else self.device_s
            asyncio.get_running_loop().call_later(after, self._answer, body)

    def send(self, message: Any, urgent: bool = False) -> None:
        pass

    async def carry(self, message: TunnelData) -> None:
        """Nobody has a tunnel."""

    def _answer(self, order: Order) -> None:
        call, result = order.call(), None
        if order.room in self.away:
            self._say(Outcome(order.id, "failed", rule="unreachable", words="The device does not answer."))
            return
        if call.verb is Verb.GET:
            result = self.configuration
            for part in call.path.parts[1:]:
                result = result.get(str(part), {}) if isinstance(result, dict) else {}
        elif call.path.words[:1] == ("Roomgate",):
            result = {
                "Verdicts": [{"verdict": "allowed", "rule": "", "words": ""} for _ in json.loads(call.body or "[]")]
            }
        self._say(Outcome(order.id, "done", result))

    def _say(self, outcome: Outcome) -> None:
        self._relay.relay.background(self._relay.events.message(self, outcome), "bench.answer")


def some_settings(count: int) -> dict[str, tuple[Any, Any]]:
    """So many settings of the catalogue, each with two values of its own."""
    found: dict[str, tuple[Any, Any]] = {}
    for node in offered().root("Configuration").walk():
        if (
            node.leaf is None
            or any(one is not None for v in node.leaf.variants for one in v.indices)
            or node.leaf.masked
        ):
            continue
        space, classes = node.leaf.space, Classes.shipped()
        if classes.of(node.leaf.path) is None or len(found) >= count:
            continue
        key = "/".join(map(str, node.leaf.path.parts[1:]))
        if isinstance(space, Literals) and len(space.words) > 1:
            found[key] = (space.words[0], space.words[1])
        elif isinstance(space, Number) and space.low is not None:
            found[key] = (space.low, space.low + 1)
    return found


async def open_town(folder: Path, rooms: int) -> tuple[Parts, RelayParts, RoteLink, Signed]:
    parts = await open_parts(parse_config({"data": str(folder), **CHEAP}), SystemClock())
    relay = open_relay(parts)
    await parts.identity.create_first_admin("ada", "four unrelated words here")
    opened = await parts.identity.open_web(
        (await parts.identity.get("ada")).id, Proof("totp", strong=True), "192.0.2.1"
    )
    signed = await parts.identity.by_cookie(opened[1].reveal()) if opened else None
    if signed is None:
        raise WentWrong("nobody could sign in")
    await parts.sites.create("home", signed)
    code = await parts.sites.make_code("home", signed)
    ask = build_ask(Ed25519PrivateKey.generate(), code.reveal(), parts.sites.hub_fingerprint, "connector", "bench")
    connector = await parts.sites.confirm((await parts.sites.enrol(ask, "192.0.2.9")).connector, signed)
    infos = [
        RoomInfo(f"device-{n:04}", f"room-{n:04}", "fine", product="Room Bar", software="ce11") for n in range(rooms)
    ]
    await parts.rooms.saw(connector.id, connector.site, infos)
    wanted = Wanted(
        person="ada", sites=("home",), capabilities=tuple(sorted(one.value for one in Capability)), minutes=600, reason="x"
    )  # fmt: skip
    await parts.grants.give(signed, wanted)
    return parts, relay, RoteLink(parts, relay, connector.id, connector.site, infos), signed


class Town:
    """What a measurement says to this process, a line each."""

    def __init__(self) -> None:
        self._parts: Parts | None = None
        self._tasks = asyncio.TaskGroup()

    async def open(self, folder: str, rooms: int, settings: int, differ: int, device_s: float) -> dict[str, Any]:
        """A hub with so many rooms, in which ``differ`` of the settings are not as the plan wants them."""
        self._parts, relay, link, self._signed = await open_town(Path(folder), rooms)
        self._link, link.device_s = link, device_s
        self._settings = some_settings(settings)
        for number, (key, (first, second)) in enumerate(self._settings.items()):
            value = second if number < differ else first
            link.configuration = merge(
                link.configuration, expand(Address.parse(f"Configuration/{key}"), value)["Configuration"]
            )
        await self._tasks.__aenter__()
        self._running = [
            self._tasks.create_task(relay.relay.run(), name="relay"),
            self._tasks.create_task(self._parts.fleet.run(), name="fleet"),
        ]
        await asyncio.sleep(0)
        await relay.events.arrived(link)
        await relay.events.message(link, Heartbeat(1, []))
        settle()
        return {"settings": len(self._settings)}

    async def plan(self, settings: int, **options: Any) -> dict[str, Any]:
        """Plan so many of the settings in every room, in one wave."""
        wanted = {key: first for key, (first, _) in list(self._settings.items())[:settings]}
        text, before, began = json.dumps({"everything": {"settings": wanted}}), self._link.orders, time.monotonic()
        assert self._parts is not None
        made = await self._parts.fleet.make(self._signed, text, Options(waves=(0,), **options))
        return await self._until(made.id, State.PLANNED, began, before)

    async def apply(self, id: str) -> dict[str, Any]:
        assert self._parts is not None
        before, began = self._link.orders, time.monotonic()
        await self._parts.fleet.start(id, self._signed)
        return await self._until(id, State.DONE, began, before)

    async def cancel(self, id: str) -> dict[str, Any]:
        assert self._parts is not None
        await self._parts.fleet.cancel(id, self._signed)
        return {}

    async def away(self, count: int) -> dict[str, Any]:
        """The last so many rooms do not answer from now on; all others do."""
        rooms = self._link.hello.rooms
        self._link.away = frozenset(room.name for room in rooms[len(rooms) - count :])
        return {}

    async def _until(self, id: str, state: State, began: float, orders: int) -> dict[str, Any]:
        assert self._parts is not None
        fleet = self._parts.fleet
        shown = await fleet.get(id, self._signed)
        while shown.plan.state in (State.PLANNING, State.RUNNING):
            shown = await fleet.past(id, self._signed, shown.plan.state.value)
        if shown.plan.state is not state:
            raise WentWrong(f"the plan is {shown.plan.state}: {shown.counts} {shown.plan.words}")
        counts = {one.value: count for one, count in shown.counts.items()}
        took = time.monotonic() - began
        return {"id": id, "seconds": took, "counts": counts, "asks": self._link.orders - orders}


async def main() -> None:
    town = Town()
    await serve_lines(
        {"open": town.open, "plan": town.plan, "apply": town.apply, "cancel": town.cancel, "away": town.away}
    )


if __name__ == "__main__":
    log.setup("ERROR")
    sys.setswitchinterval(SWITCH_S)
    uvloop.run(main())
