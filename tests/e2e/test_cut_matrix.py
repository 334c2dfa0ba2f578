"""Every cause of a cut under every condition, with every channel open, in real processes and real clients.

A case is a cause under a condition: all channels are open in it, so every pair of cause and channel, and of channel
and condition, is there whenever each has its case. `make test` runs 40 of the cross, chosen evenly;
``ROOMGATE_PAIRS=all`` runs it whole. The cases of one condition are made ready together, the condition is brought
about once, and then access ends in one after the other.

After the cut and its bound no command reaches the device, no frame reaches the person, what they started is undone,
and it stays so once hub, link and clock are in order again. ``ROOMGATE_CUT_FIGURES=FILE`` keeps what was measured.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

import roomgate
from bench.machine import look
from roomgate.cli.demo.world import World, password
from roomgate.clock import SystemClock, iso
from support.alone import alone
from support.channels import Machine, machine
from support.cut_scene import BY_TOKEN, CALL, EVERY, MAY, PAUSED, CutScene, Fallen
from support.pairs import spread
from support.proxy import Proxy, running
from support.world import CEDAR_WITH_PAGES, CHEAP, START_S, RunningWorld, Somebody

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("cut-matrix")]

PROMISED_S = 1.0
LEASE_S = 15.0  # and a second for the undoing
HOUR_S = 3600.0
AT_ONCE = 4
WHOLE = os.environ.get("ROOMGATE_PAIRS") == "all"
MOST = 40

Act = Callable[[CutScene], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Cause:
    """``channels`` end, all others go on. ``causes``: the revocation's own, where others come before it."""

    act: Act
    channels: Sequence[str] = EVERY
    causes: Sequence[str] = ()
    given_by: bool = False  # by an administrator of its own
    wide: bool = False  # the grant is on another room too
    leaves: frozenset[int] = frozenset({401, 403, 404})  # what a new ask by the same token is answered
    last: bool = False  # touches other rooms too
    each: bool = False  # one commit after another: counted from the last


def admin(method: str, path: Callable[[CutScene], str], body: Any = None) -> Act:
    """A public route, asked by the first administrator."""
    return lambda scene: scene.admin.call(method, path(scene), body)


def grant(scene: CutScene) -> str:
    return f"/api/v1/grants/{scene.guest.grant}"


def person(scene: CutScene) -> str:
    return f"/api/v1/people/{scene.guest.id}"


def giver(scene: CutScene) -> str:
    assert scene.giver is not None
    return f"/api/v1/people/{scene.giver.id}"


def lock(kind: str, subject: Callable[[CutScene], str]) -> Act:
    async def act(scene: CutScene) -> None:
        made = await scene.admin.call("POST", "/api/v1/locks", {kind: subject(scene), "reason": "a test"})
        scene.lock = made["id"]

    return act


async def narrow(scene: CutScene) -> None:
    await scene.admin.call("PATCH", grant(scene), {"rooms": [another(scene.world, scene.room.name)]})


def another(world: RunningWorld, room: str) -> str:
    return next(name for name in world.rooms if name != room and name not in world.spent)


async def expire(scene: CutScene) -> None:
    until = SystemClock().now() + timedelta(seconds=scene.clock_off_s() + 1.5)
    await scene.admin.call("PATCH", grant(scene), {"until": iso(until)})


async def deprovision(scene: CutScene) -> None:
    """As the directory that keeps this person says it, by SCIM."""
    name = f"directory {scene.guest.name}"
    made = await scene.admin.call("POST", "/api/v1/service-accounts", {"name": name, "roles": ["provisioner"]})
    token = {"service_account": name, "minutes": 5, "scope": ["scim"]}
    text = (await scene.admin.call("POST", "/api/v1/tokens", token))["token"]
    await scene.admin.call("POST", f"/api/v1/directories/{made['id']}/people", {"person": scene.guest.id})
    off = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": "active", "value": False}],
    }
    async with scene.world.caller(text) as directory:
        await directory.call("PATCH", f"/scim/v2/Users/{scene.guest.id}", off)


async def end_sessions(scene: CutScene) -> None:
    async with asyncio.TaskGroup() as group:
        for one in await scene.sessions():
            group.create_task(scene.admin.call("DELETE", f"/api/v1/sessions/{one['id']}"))


# One line for each cause, with its public route. What spares one browser, one path or one session is in test_cut.py.
CAUSES: dict[str, Cause] = {
    "grant revoked": Cause(admin("DELETE", grant)),
    "grant narrowed to other rooms": Cause(narrow, wide=True),
    "grant expired": Cause(expire, causes=("grant.expired",)),
    "person disabled": Cause(admin("PATCH", person, {"active": False})),
    "person deleted": Cause(admin("DELETE", person)),
    "person deprovisioned": Cause(deprovision),
    "second factor reset": Cause(admin("DELETE", lambda scene: f"{person(scene)}/factors")),
    "password reset": Cause(admin("PATCH", person, {"password": password()})),
    "token revoked": Cause(admin("DELETE", lambda scene: f"/api/v1/tokens/{scene.guest.token_id}"), BY_TOKEN),
    "giver loses the role": Cause(admin("PATCH", giver, {"roles": ["member"]}), given_by=True),
    "giver disabled": Cause(admin("PATCH", giver, {"active": False}), given_by=True),
    "giver deleted": Cause(admin("DELETE", giver), given_by=True),
    "lock on the person": Cause(lock("person", lambda scene: scene.guest.id)),
    "lock on the room": Cause(lock("room", lambda scene: scene.room.name)),
    "session ended": Cause(  # and a new one may be opened, but for a lock on the site that another case holds
        end_sessions,
        [name for name in EVERY if name not in ("rest", *PAUSED)],
        leaves=frozenset({200, 403}),
        each=True,
    ),
    "room removed": Cause(admin("DELETE", lambda scene: f"/api/v1/rooms/{scene.room.name}")),
    "lock on the site": Cause(lock("site", lambda scene: scene.world.world.sites["connector"]), last=True),
}
SPENDS = {"room removed"}


# ---- conditions -----------------------------------------------------------------------------------


@dataclass(slots=True)
class Stage:
    """The programs with a proxy in the link, and clocks that can be set."""

    running: RunningWorld
    clients: Machine
    proxy: Proxy
    folder: Path
    measured: list[dict[str, Any]] = field(default_factory=list)

    def off_s(self, program: str) -> float:
        return float((self.folder / f"{program}.off").read_text())

    def set_clock(self, program: str, off_s: float) -> None:
        fresh = self.folder / f"{program}.new"
        fresh.write_text(str(off_s))
        fresh.replace(self.folder / f"{program}.off")

    async def linked(self, scenes: Sequence[CutScene]) -> None:
        names = [scene.room.name for scene in scenes if scene.room.name not in self.running.spent]
        await self.running.fine(names, within_s=30)


@asynccontextmanager
async def quiet(stage: Stage, scenes: Sequence[CutScene]) -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def hub_restarted(stage: Stage, scenes: Sequence[CutScene]) -> AsyncIterator[None]:
    """kill -9; everybody comes back with what they had, and the calls have gone on."""
    killed = time.monotonic()
    await stage.running.kill("hub")
    await stage.running.start("hub")
    await stage.linked(scenes)
    for scene in scenes:
        del scene.held["consent"]  # its asker was told "unknown"; the question itself stands in the room until the cut
        await scene.open([name for name in EVERY if name != "consent"])
        if time.monotonic() - killed < LEASE_S / 2:
            assert (await scene.room.state())["calls"], "a call outlives the hub's restart"
    yield


@asynccontextmanager
async def connector_restarted(stage: Stage, scenes: Sequence[CutScene]) -> AsyncIterator[None]:
    """kill -9; the hub's channels stay open meanwhile, and hear of the room again. A tunnel hangs on its link."""
    await stage.running.kill("connector")
    await stage.running.start("connector")
    await stage.linked(scenes)
    for scene in scenes:
        await scene.open(["tunnel", "consent"])
        assert (await scene.room.state())["calls"], "a call outlives the connector's restart"
    yield


@asynccontextmanager
async def link_cut(stage: Stage, scenes: Sequence[CutScene]) -> AsyncIterator[None]:
    """The connector hears nothing of the cut: what it holds lapses."""
    stage.proxy.weather.shut = True
    stage.proxy.cut()
    try:
        yield
    finally:
        stage.proxy.weather.shut = False
        await stage.linked(scenes)


@asynccontextmanager
async def clocks_off(stage: Stage, scenes: Sequence[CutScene]) -> AsyncIterator[None]:
    """Somebody sets the hub's wall clock back by an hour, and the connector's ahead, while everything is open."""
    stage.set_clock("hub", -HOUR_S)
    stage.set_clock("connector", HOUR_S)
    try:
        yield
    finally:
        stage.set_clock("hub", 0)
        stage.set_clock("connector", 0)


CONDITIONS = {
    "quiet": quiet,
    "hub restarted": hub_restarted,
    "connector restarted": connector_restarted,
    "link cut": link_cut,
    "clocks an hour off": clocks_off,
}
# A grant cannot be shortened to an end that is before its beginning by the hub's clock; what ends by the monotonic
# clock when the wall clock was set back is in tests/unit/hub/test_ends.py.
IMPOSSIBLE = {("grant expired", "clocks an hour off")}
CASES = [
    case
    for case in spread(list(CAUSES), list(CONDITIONS), len(CAUSES) * len(CONDITIONS) if WHOLE else MOST)
    if case not in IMPOSSIBLE
]


# ---- running them ----------------------------------------------------------------------------------


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("m")
    world = World(folder / "world", 30 if WHOLE else 8, hub_port=0, cedar=CEDAR_WITH_PAGES)
    world.programs.start_s = START_S
    path = os.pathsep.join([str(Path(roomgate.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    world.programs.env |= {"PYTHONPATH": path, **CHEAP}
    for program in ("hub", "connector"):
        (folder / f"{program}.off").write_text("0")
        off_clock = str(Path(__file__).parents[1] / "support" / "off_clock.py")
        world.programs.within[program] = (sys.executable, off_clock, str(folder / f"{program}.off"))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(world.programs.stop_all)
        async with asyncio.TaskGroup() as group:
            group.create_task(world.start_sim())
            group.create_task(world.start_witness())
        await world.start_hub()
        proxy = Proxy(world.port)
        await stack.enter_async_context(running(proxy))
        hub, world.hub = world.hub, f"https://localhost:{proxy.port}"
        await world.start_connector()
        world.hub = hub
        made = RunningWorld(world, world.caller())
        stack.push_async_callback(made.admin.close)
        made._free.extend(made.rooms)
        await made.fine()
        clients = await stack.enter_async_context(machine(hub, world.ca))
        yield Stage(made, clients, proxy, folder)


async def ready(stage: Stage, stack: AsyncExitStack, cause: str, group: asyncio.TaskGroup | None) -> CutScene:
    """A guest with everything open and a call, in a room of their own."""
    world = stage.running
    room = await stack.enter_async_context(world.room(returns=cause not in SPENDS))
    by = await world.person(roles=["administrator"]) if CAUSES[cause].given_by else None
    who = await world.person()
    rooms = [room.name, *([another(world, room.name)] if CAUSES[cause].wide else [])]
    wish = {"person": who.id, "rooms": rooms, "capabilities": list(MAY), "minutes": 30, "reason": "a favour"}
    async with world.caller(by.token if by else world.world.admin["token"]) as giving:
        made = await giving.call("POST", "/api/v1/grants", wish)
    guest = Somebody(who.id, who.name, who.password, who.token, who.token_id, made["id"], made["until"])
    scene = CutScene(world, stage.clients, room, guest, by, lambda: stage.off_s("hub"))
    await scene.open([name for name in EVERY if name != "consent"])
    await scene.dial()
    await scene.open(["consent"])
    if group is not None:
        await scene.watch(group)
    return scene


async def run_condition(stage: Stage, condition: str, causes: Sequence[str]) -> dict[str, str]:
    """All cases of one condition; gives what was wrong with each."""
    wrong: dict[str, str] = {}
    scenes: dict[str, CutScene] = {}
    few = asyncio.Semaphore(AT_ONCE)
    ordered = sorted(causes, key=lambda cause: CAUSES[cause].last)
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        watched = group if condition == "quiet" else None

        async def one(cause: str) -> None:
            async with few:
                scenes[cause] = await ready(stage, stack, cause, watched)

        async with asyncio.TaskGroup() as preparing:
            for cause in ordered:
                preparing.create_task(one(cause))
        fallen = {}
        async with CONDITIONS[condition](stage, list(scenes.values())):
            for cause in ordered:
                try:
                    fallen[cause] = await fall(scenes[cause], CAUSES[cause])
                except Exception as fault:
                    wrong[cause] = f"{type(fault).__name__}: {fault}"
            for cause, found in fallen.items():
                scene = scenes[cause]
                patience = LEASE_S + PROMISED_S if condition == "link cut" else PROMISED_S
                try:
                    await scene.call_ended(found, patience + 5)
                    took = {name: round(s, 4) for name, s in found.took.items() if name not in PAUSED}
                    late = {name: s for name, s in took.items() if s > (patience if name == CALL else PROMISED_S)}
                    assert late == {}, f"late: {late}; its commits within {found.spread:.2f} s"
                    stage.measured.append({"cause": cause, "condition": condition, "took_s": took})
                except Exception as fault:
                    wrong[cause] = f"{type(fault).__name__}: {fault}"
        for cause, found in fallen.items():
            try:
                await nothing_comes_back(scenes[cause], CAUSES[cause], found.at + PROMISED_S)
            except Exception as fault:
                wrong.setdefault(cause, f"{type(fault).__name__}: {fault}")
        for scene in scenes.values():
            if scene.lock:
                await scene.admin.call("DELETE", f"/api/v1/locks/{scene.lock}")
    return wrong


async def fall(scene: CutScene, cause: Cause) -> Fallen:
    found = await scene.cut(
        cause.act, [name for name in cause.channels if name in scene.held], causes=cause.causes, each=cause.each
    )
    if scene.watching is not None:
        assert scene.watching.code == 1, scene.watching
        assert scene.watching.words.strip(), "it says why, in words"
    return found


async def nothing_comes_back(scene: CutScene, cause: Cause, bound: float) -> None:
    """With hub, link and clock in order again: the old credentials open nothing, and nothing has gone on."""
    assert await scene.asks() in cause.leaves
    await scene.room.touch("mute")
    assert set(scene.news_after(bound)) <= set(EVERY) - set(cause.channels)
    if "acts" in cause.channels:
        assert scene.acts_after(bound) == []
    state = await scene.room.state()
    assert state["calls"] == []
    assert state["prompt"] is None


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def verdicts(stage: Stage) -> AsyncIterator[Callable[[str, str], Awaitable[str]]]:
    """What was wrong in a case; the first question about a condition runs all its cases."""
    known: dict[str, dict[str, str]] = {}

    async def verdict(cause: str, condition: str) -> str:
        if condition not in known:
            known[condition] = {name: "not run" for name, _ in CASES}
            async with alone():  # a second is promised, and two tests on two cores would take it from each other
                known[condition] = await run_condition(
                    stage, condition, [c for c, where in CASES if where == condition]
                )
        return known[condition].get(cause, "")

    yield verdict
    if file := os.environ.get("ROOMGATE_CUT_FIGURES"):
        kept = {
            "day": SystemClock().now().date().isoformat(),
            "machine": msgspec.to_builtins(look(stage.folder)),
            "cases": stage.measured,
        }
        Path(file).write_text(json.dumps(kept, indent=1) + "\n")
    for one in stage.measured:
        took = "  ".join(f"{name} {s * 1000:.0f}" for name, s in one["took_s"].items())
        print(f"{one['condition']:<20} {one['cause']:<30} {took}")


@pytest.mark.parametrize(
    ("cause", "condition"), sorted(CASES, key=lambda case: (list(CONDITIONS).index(case[1]), case[0]))
)
async def test_everything_falls_and_nothing_comes_back(verdicts, cause: str, condition: str) -> None:
    assert await verdicts(cause, condition) == ""
