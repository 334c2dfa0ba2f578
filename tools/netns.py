"""`make netns`: people, hub, site and devices, each in a network namespace of its own, with a firewall before the site.

Shows that the work works where the hub cannot reach the site at all; that the connector listens on no network and the
hub has no socket to a device; and that a bad network, and a minute without one, end what they must and are got over
within 30 seconds. Needs root; makes namespaces named after itself, and takes them away. Prints a line for each step.
"""

import asyncio
import json
import socket
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from roomgate.cli.demo.invitations import event_file  # noqa: E402  (the path comes first)
from roomgate.clock import SystemClock  # noqa: E402
from support.channels import machine  # noqa: E402
from support.namespaces import DEVICES, HUB, SITE, Namespaces, namespaces  # noqa: E402
from support.shaken import VOLUME, Shaken, show  # noqa: E402

ROOM = "oslo"
MEETING = "standing@example.com"
CUT_S, LEASE_S, BACK_S = 1.0, 15.0, 30.0
DOWN_S = 60.0
STORM_S = 40.0
CONNECT_S = 3.0


class Broken(Exception):
    """A promise did not hold."""


def need(holds: object, what: str) -> None:
    if not holds:
        raise Broken(what)


@dataclass(slots=True)
class Scene:
    net: Namespaces
    world: Shaken

    # -- among the people --------------------------------------------------------------------------------

    async def ask(self, wish: dict[str, Any], token: str = "") -> tuple[int, dict[str, Any]]:
        async with self.world.caller(token) as one:
            return await one.ask(ROOM, wish, 20)

    async def back(self) -> float:
        """How long until the room answers again."""
        began = time.monotonic()
        async with asyncio.timeout(BACK_S):
            while True:
                try:
                    if (await self.ask(VOLUME))[0] == httpx.codes.OK:
                        return time.monotonic() - began
                except httpx.TransportError:
                    pass  # the hub is always there; the storm may be between
                await asyncio.sleep(0.1)

    async def dial(self) -> None:
        """Into the room's own meeting, which needs no Yes."""
        await self.shows(lambda state: any(one["joinable"] for one in state["bookings"]))
        status, said = await self.ask({"command": "Dial", "arguments": {"Number": MEETING}})
        need(status == httpx.codes.OK, f"the dial: {status} {said}")
        await self.shows(lambda state: state["calls"])

    # -- in the room: its screen answers in the devices' namespace alone ---------------------------------

    def _panel(self, action: str, body: bytes | None = None) -> Any:
        headers = {"X-Panel": "1", "Content-Type": "application/json"}
        wish = urllib.request.Request(self.world.inside[ROOM].panel + action, body, headers)  # noqa: S310 (our screen)
        with urllib.request.urlopen(wish, timeout=5) as answer:  # noqa: S310 (as above)
            return json.loads(answer.read() or b"null")

    async def touch(self, action: str, **fields: Any) -> None:
        await asyncio.to_thread(self.net.run, "devices", lambda: self._panel(action, json.dumps(fields).encode()))

    async def shows(self, condition: Callable[[dict[str, Any]], Any], within_s: float = BACK_S) -> Any:
        async with asyncio.timeout(within_s):
            while True:
                state = await asyncio.to_thread(self.net.run, "devices", lambda: self._panel("state"))
                if found := condition(state):
                    return found
                await asyncio.sleep(0.05)


# -- the steps -------------------------------------------------------------------------------------------


async def asks(scene: Scene) -> str:
    status, answer = await scene.ask(VOLUME)
    need(status == httpx.codes.OK, f"the ask: {status} {answer}")
    status, answer = await scene.ask({"command": "Audio/Volume/Set", "arguments": {"Level": 41}})
    need(status == httpx.codes.OK, f"the command: {status} {answer}")
    need((await scene.ask(VOLUME))[1]["result"] in (41, "41"), "the volume is not 41")
    return "a read, a command, the read again"


async def joins(scene: Scene) -> str:
    start = SystemClock().now() - timedelta(minutes=1)
    text = event_file("standing@test", start, "Standing", f"sip:{MEETING}", "Always.", timedelta(hours=6))
    (scene.world.folder / "calendar" / ROOM / "standing.ics").write_text(text)
    booking = await scene.shows(lambda state: next((one for one in state["bookings"] if one["joinable"]), None))
    await scene.touch("join", booking=booking["id"])
    await scene.shows(lambda state: state["calls"])
    await scene.touch("hang-up")
    await scene.shows(lambda state: not state["calls"])
    return "an invitation became a join button, and a touch of it a call"


async def cuts(scene: Scene) -> str:
    """A guest with an event stream and ``/ws`` open in other processes, who has started a call."""
    world = scene.world
    async with world.caller() as admin, machine(world.hub, str(world.authority.ca)) as clients:
        guest = (await admin.call("POST", "/api/v1/people", {"name": "guest"}))["id"]
        token = (await admin.call("POST", "/api/v1/tokens", {"person": guest, "minutes": 30}))["token"]
        wish = {"person": guest, "rooms": [ROOM], "capabilities": ["observe", "call"], "minutes": 30}
        grant = (await admin.call("POST", "/api/v1/grants", wish))["id"]
        held = [await clients.open(kind, ROOM, token) for kind in ("events", "jsxapi")]
        status, said = await scene.ask({"command": "Dial", "arguments": {"Number": MEETING}}, token)
        need(status == httpx.codes.OK, f"the dial: {status} {said}")
        await scene.shows(lambda state: state["calls"])
        at = time.monotonic()
        await admin.call("DELETE", f"/api/v1/grants/{grant}")
        closed = [(await one.says("closed", after=at, within_s=10))["at"] - at for one in held]
        closed.append((await world.inside[ROOM].journal_says("call.ended", after=at))["mono_ms"] / 1000 - at)
    need(max(closed) < CUT_S, f"the cut took {closed}")
    return "event stream {:.0f} ms, /ws {:.0f} ms, the call {:.0f} ms after the revocation was sent".format(
        *(one * 1000 for one in closed)
    )


async def listens_nowhere(scene: Scene) -> str:
    """What the kernel says, in each place, with a link, a session and a device's connection open."""
    net = scene.net
    hub, site, devices = (net.sockets(place) for place in ("hub", "site", "devices"))
    need(not [one for one in site if one.state in ("LISTEN", "UNCONN")], f"the connector listens: {site}")
    link = [one for one in site if one.state == "ESTAB" and one.other == f"{HUB}:{scene.world.ports['hub']}"]
    need(link, f"the connector has no link: {site}")
    need([one for one in devices if one.state == "ESTAB" and one.own.startswith(DEVICES)], f"no device: {devices}")
    # Every connection of the hub's place has one end at a port on which hub or witness listens there: others began
    # it, or the hub went to the witness beside it.
    own = {f"{HUB}:{scene.world.ports[name]}" for name in ("hub", "witness")}
    dialled = [one for one in hub if one.state != "LISTEN" and one.own not in own and one.other not in own]
    need(not dialled, f"the hub dialled: {dialled}")
    return f"site: no listener, {len(link)} link to the hub; hub: {len(hub)} sockets, none to site or device by itself"


async def reaches_nobody(scene: Scene) -> str:
    """From the hub's place: the devices are no address, the site takes no connection even where somebody listens."""

    def dial(address: tuple[str, int]) -> str:
        try:
            socket.create_connection(address, timeout=CONNECT_S).close()
        except TimeoutError:
            return "no answer"
        except OSError as fault:
            return str(fault.strerror)
        return "connected"

    device = (DEVICES, scene.world.inside[ROOM].port)
    refused = scene.net.internet.refused
    with scene.net.run("site", lambda: socket.create_server((SITE, 0))) as listener:
        address = listener.getsockname()
        need([one for one in scene.net.sockets("site") if one.state == "LISTEN"], "ss shows no listener that is there")
        beside = await asyncio.to_thread(scene.net.run, "site", lambda: dial(address))
        site = await asyncio.to_thread(scene.net.run, "hub", lambda: dial(address))
    devices = await asyncio.to_thread(scene.net.run, "hub", lambda: dial(device))
    near = await asyncio.to_thread(scene.net.run, "site", lambda: dial(device))
    need((beside, near) == ("connected", "connected"), f"the site itself reaches neither: {beside}, {near}")
    need(site == "no answer" and scene.net.internet.refused > refused, f"hub → site: {site}")
    need(devices == "Network is unreachable", f"hub → device: {devices}")
    return f"hub → a listener at the site: {site}; hub → device: {devices}; site → both: connected"


async def storms(scene: Scene) -> str:
    """Delay, loss and disorder on every frame between hub and site, while somebody works."""
    internet = scene.net.internet
    internet.delay_s, internet.jitter_s, internet.loss = 0.08, 0.04, 0.03
    told: dict[str, int] = {}
    took: list[float] = []
    until = time.monotonic() + STORM_S
    carried, lost = internet.carried, internet.lost
    while time.monotonic() < until:
        text, began = f"storm {len(told)}", time.monotonic()
        told[text] = (await scene.ask(show(text)))[0]
        took.append(time.monotonic() - began)
    carried, lost = internet.carried - carried, internet.lost - lost
    internet.delay_s = internet.jitter_s = internet.loss = 0.0
    back = await scene.back()
    shown = {text: scene.world.shown(ROOM, text) for text in told}
    done = [text for text, status in told.items() if status == httpx.codes.OK]
    need(max(shown.values()) <= 1, f"done twice: {shown}")
    need(not [text for text in done if not shown[text]], "told done, and never done")
    need(len(done) > len(told) / 2, f"hardly anything was done: {told}")
    need(lost > 0, "nothing was lost")
    took.sort()
    return (
        f"80 ± 40 ms, {lost} of {carried + lost} frames lost: {len(done)} of {len(told)} commands done, each once, "
        f"half of them within {took[len(took) // 2]:.2f} s, the slowest {took[-1]:.1f} s; calm again after {back:.1f} s"
    )


async def survives_a_minute(scene: Scene) -> str:
    """The site's uplink is down for a minute, with a call up that was begun from outside."""
    await scene.dial()
    scene.net.link("site", "to-internet", "down")
    began = time.monotonic()
    try:
        await scene.shows(lambda state: not state["calls"], BACK_S)
        ended = time.monotonic() - began
        need(ended < LEASE_S + 2, f"the call outlived its lease: {ended:.1f} s")
        status, _ = await scene.ask(VOLUME)
        need(status in (503, 504), f"an ask without a link: {status}")
        await asyncio.sleep(max(0.0, DOWN_S - (time.monotonic() - began)))
    finally:
        scene.net.link("site", "to-internet", "up")
    back = await scene.back()
    return f"the call ended after {ended:.1f} s; {back:.1f} s after the minute the room answered again"


STEPS = (asks, joins, cuts, listens_nowhere, reaches_nobody, storms, survives_a_minute, asks, listens_nowhere)


async def main(net: Namespaces) -> int:
    net.internet.begin()
    missed = 0
    with tempfile.TemporaryDirectory(prefix="netns-") as folder:
        world = Shaken(Path(folder) / "world", (ROOM,), server=HUB, devices=DEVICES)
        places = {"hub": "hub", "witness": "hub", "connector": "site", "sim": "devices"}
        world.programs.within = {program: net.within(place) for program, place in places.items()}
        try:
            await world.start_all()
            scene = Scene(net, world)
            await world.give(ROOM)
            await scene.back()
            for step in STEPS:
                try:
                    print(f"held    {step.__name__}: {await step(scene)}", flush=True)
                except (Broken, AssertionError, TimeoutError, httpx.HTTPError) as fault:
                    missed += 1
                    print(f"BROKEN  {step.__name__}: {type(fault).__name__} {fault}", flush=True)
        finally:
            await world.programs.stop_all()
            net.internet.close()
    return 1 if missed else 0


if __name__ == "__main__":
    try:
        with namespaces() as made:
            code = asyncio.run(main(made))
    except PermissionError as no:
        raise SystemExit(f"{no} Run it as root: sudo make netns") from None
    raise SystemExit(code)
