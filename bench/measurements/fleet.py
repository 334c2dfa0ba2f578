"""A plan over 2,000 rooms and 200 settings, and one setting applied to all of them.

Hub and connectors' ends of the link are in this one process, and the devices are a delay: so what is measured is the
hub's own work, beside devices that take as long as real ones. A device answers a reading or a change after
`DEVICE_S`, and the hub has `AT_ONCE` rooms of a connector under way: the devices' own rate is so many in each delay.
"""

import asyncio
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.program import WentWrong
from bench.result import Result, Table, judged
from bench.run import Run
from bench.samples import Spread
from bench.words import number
from roomgate.access.capability import Capability, Classes
from roomgate.access.offered import offered
from roomgate.clock import SystemClock
from roomgate.fleet.waves import Options
from roomgate.hub.config import parse_config
from roomgate.hub.fleet.engine import AT_ONCE
from roomgate.hub.fleet.plan import RoomState, State
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

NAME = "fleet"
SECONDS = 90.0
ROOMS, SETTINGS = 2000, 200
DIFFER = 100  # of the settings of each room
DEVICE_S = 0.25
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
        self.orders = 0
        self._sequence, self._order_key, self._relay = 0, parts.keys.order, relay

    def send_signed(self, make: Callable[[bytes, int], Order | Renewal]) -> None:
        self._sequence += 1
        body = make(self.nonce, self._sequence)
        seal(self._order_key, body)  # what a link pays for each
        if isinstance(body, Order):
            self.orders += 1
            asyncio.get_running_loop().call_later(DEVICE_S, self._answer, body)

    def send(self, message: Any, urgent: bool = False) -> None:
        pass

    async def carry(self, message: TunnelData) -> None:
        """Nobody has a tunnel."""

    def _answer(self, order: Order) -> None:
        call, result = order.call(), None
        if call.verb is Verb.GET:
            result = self.configuration
            for part in call.path.parts[1:]:
                result = result.get(str(part), {}) if isinstance(result, dict) else {}
        elif call.path.words[:1] == ("Roomgate",):
            result = {
                "Verdicts": [{"verdict": "allowed", "rule": "", "words": ""} for _ in json.loads(call.body or "[]")]
            }
        self._relay.relay.background(
            self._relay.events.message(self, Outcome(order.id, "done", result)),
            "bench.answer",
        )


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


async def measure(run: Run) -> Result:
    rooms, settings = run.size(ROOMS, 50), some_settings(SETTINGS)
    parts, relay, link, signed = await open_town(run.place("hub"), rooms)
    for number_, (key, (first, second)) in enumerate(settings.items()):
        value = second if number_ < DIFFER else first
        link.configuration = merge(
            link.configuration, expand(Address.parse(f"Configuration/{key}"), value)["Configuration"]
        )
    plans, applied = [], []
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(relay.relay.run(), name="relay"),
                group.create_task(parts.fleet.run(), name="fleet"),
            ]
            await asyncio.sleep(0)
            await relay.events.arrived(link)
            await relay.events.message(link, Heartbeat(1, []))
            everything = json.dumps({"everything": {"settings": {key: first for key, (first, _) in settings.items()}}})
            key, (first, _) = next(iter(settings.items()))
            one = json.dumps({"everything": {"settings": {key: first}}})
            for repeat in range(run.size(3, 1)):
                run.say(f"repeat {repeat + 1}")
                began, before = time.monotonic(), link.orders
                id = (await parts.fleet.make(signed, everything)).id
                await _until(parts, signed, id, State.PLANNED, {RoomState.WAITING: rooms})
                plans.append(time.monotonic() - began)
                asks = link.orders - before
                await parts.fleet.cancel(id, signed)
                id = (await parts.fleet.make(signed, one, Options(waves=(0,)))).id
                await _until(parts, signed, id, State.PLANNED, {RoomState.WAITING: rooms})
                began = time.monotonic()
                await parts.fleet.start(id, signed)
                await _until(parts, signed, id, State.DONE, {RoomState.DONE: rooms})
                applied.append(time.monotonic() - began)
            for task in tasks:
                task.cancel()
    finally:
        await parts.aclose()
    return build(rooms, asks, plans, applied)


async def _until(parts: Parts, signed: Signed, id: str, state: State, counts: dict[RoomState, int]) -> None:
    shown = await parts.fleet.get(id, signed)
    while shown.plan.state in (State.PLANNING, State.RUNNING):
        shown = await parts.fleet.past(id, signed, shown.plan.state.value)
    if shown.plan.state is not state or shown.counts != counts:
        raise WentWrong(f"the plan is {shown.plan.state}: {shown.counts} {shown.plan.words}")


def build(rooms: int, asks: int, plans: list[float], applied: list[float]) -> Result:
    """Pure: from the seconds that each repeat took."""
    bound = math.ceil(rooms / AT_ONCE) * DEVICE_S
    shares = Spread.of([one / bound for one in applied])
    made = Spread.of(plans)
    return Result(
        name=NAME,
        judged=[
            judged(
                "fleet.plan", f"a plan over {ROOMS:,} rooms × {SETTINGS} settings, {DIFFER} of which differ", "at most", 20.0,
                "s", made, f"{asks:,} asks to devices that answer after {DEVICE_S} s, {AT_ONCE} rooms at once",
            ),
            judged(
                "fleet.apply", f"one setting applied to {ROOMS:,} rooms, against the devices' own rate", "at most", 1.2,
                "× the bound", shares, f"the bound is {number(bound)} s: {AT_ONCE} rooms in each {DEVICE_S} s",
            ),
        ],
        tables=[
            Table(
                "Plan and apply", ["", "seconds, each repeat"],
                [["planned", ", ".join(map(number, plans))], ["applied", ", ".join(map(number, applied))]],
            )
        ],
        notes=["The devices are a delay in the hub's own process; nothing of the link but its signatures is in it."],
        units="seconds",
        samples={"plans": plans, "applied": applied},
    )  # fmt: skip
