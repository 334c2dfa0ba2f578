"""One connector with 2,000 rooms: what a room costs in memory, and what its feedback costs in time.

Beside it, in the same minutes and hearing the same messages, stands a process that only holds bare connections to
the same rooms with the same library: what is beyond it is what a connector is for.
"""

import asyncio
import time
from dataclasses import dataclass, field

import httpx

from bench.many import ManyRooms, many_rooms
from bench.process import cpu_s, memory_kib
from bench.program import Program, WentWrong, started
from bench.result import Result, Table, judged
from bench.run import Run
from bench.samples import Spread
from bench.words import number, spread

NAME = "connector"
SECONDS = 170.0
ROOMS = 2000
PAUSE_S = 2.0
MOST_KIB, MOST_CPU = 80.0, 8.0
# What rooms tell most often, and what is also passed on to the hub.
STAYS, GOES_UP = "Status/RoomAnalytics/AmbientNoise/Level/A", "Status/Audio/Volume"
HEARD = [["Status", "RoomAnalytics"], ["Status", "Audio", "Volume"]]  # by the bare ones: both of these
SETTLE_S = 3.0
_TOUCHES_AT_ONCE = 16
_TOLD = 0.8  # of the messages that there should be; with fewer the simulator is what was measured


@dataclass(slots=True)
class Windows:
    """One figure a window: messages a second, and processor time of connector and of the bare process, in cores."""

    messages: list[float] = field(default_factory=list)
    connector: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    hub: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Memory:
    """PSS in KiB, with one room and with all of them."""

    one: int
    all: int
    rooms: int

    @property
    def each(self) -> float:
        return (self.all - self.one) / (self.rooms - 1)


async def measure(run: Run) -> Result:
    rooms, windows, seconds = run.size(ROOMS, 60), run.size(5, 2), run.seconds(3.0, 2.0)
    found: dict[str, Windows] = {"": Windows(), STAYS: Windows(), GOES_UP: Windows()}
    run.say(f"starting hub, connector, witness and {rooms:,} simulated rooms")
    async with many_rooms(run.place("world"), rooms) as world, started("bench.bare") as bare:
        await bare.say(do="open", rooms=_bare(world, 0, 1), queries=HEARD)
        await asyncio.sleep(SETTLE_S)
        before = [_pss(world.programs.pid("connector")), _pss(bare.pid)]
        run.say(f"connecting {rooms:,} rooms")
        await world.connect(rooms)
        await asyncio.sleep(SETTLE_S)
        after = [_pss(world.programs.pid("connector"))]
        run.say("connecting the bare ones")
        await bare.say(do="open", rooms=_bare(world, 1, rooms), queries=HEARD)
        await asyncio.sleep(SETTLE_S)
        after.append(_pss(bare.pid))
        for leaf, seen in found.items():
            run.say(f"listening to {leaf or 'silence'}")
            await _stir(world, leaf or STAYS, PAUSE_S if leaf else 0.0)
            await asyncio.sleep(SETTLE_S)
            for _ in range(windows):
                await _listen(world, bare, seconds, seen)
            if leaf and min(seen.messages) < _TOLD * rooms / PAUSE_S:
                raise WentWrong(f"the simulator sent {min(seen.messages):.0f} messages a second only")
            await _stir(world, leaf or STAYS, 0.0)
        last = _pss(world.programs.pid("connector"))
    ours, theirs = (Memory(one, every, rooms) for one, every in zip(before, after, strict=True))
    return build(ours, theirs, last, found)


def _bare(world: ManyRooms, first: int, end: int) -> list[dict[str, object]]:
    rooms = [world.inside[name] for name in world.names[first:end]]
    return [{"host": room.host, "port": room.port, "user": room.user, "password": room.password} for room in rooms]


def _pss(pid: int) -> int:
    return memory_kib(pid)["pss"]


async def _stir(world: ManyRooms, leaf: str, seconds: float) -> None:
    """Through each room's panel, as faults are switched."""
    few = asyncio.Semaphore(_TOUCHES_AT_ONCE)
    async with httpx.AsyncClient(timeout=30) as http, asyncio.TaskGroup() as group:

        async def one(panel: str) -> None:
            async with few:
                answer = await http.post(
                    f"{panel}unrest", json={"leaf": leaf, "seconds": seconds}, headers={"X-Panel": "1"}
                )
                answer.raise_for_status()

        for name in world.names:
            group.create_task(one(world.inside[name].panel))


async def _listen(world: ManyRooms, bare: Program, seconds: float, seen: Windows) -> None:
    pids = [world.programs.pid("connector"), bare.pid, world.programs.pid("hub")]
    frames, began = (await bare.say(do="count"))["frames"], time.monotonic()
    used = [cpu_s(pid) for pid in pids]
    await asyncio.sleep(seconds)
    used = [cpu_s(pid) - before for pid, before in zip(pids, used, strict=True)]
    said, took = await bare.say(do="count"), time.monotonic() - began
    if said["open"] < world.rooms:
        raise WentWrong("a bare connection was lost")
    seen.messages.append((said["frames"] - frames) / took)
    for into, cores in zip((seen.connector, seen.bare, seen.hub), used, strict=True):
        into.append(cores / took)


def build(ours: Memory, bare: Memory, last_kib: int, found: dict[str, Windows]) -> Result:
    """Pure."""
    each = Spread(ours.each, ours.each, max(ours.each, (last_kib - ours.one) / (ours.rooms - 1)))
    cost = _for_a_thousand(found[STAYS], found[STAYS].connector)
    names = {
        "": "silence",
        STAYS: f"`{STAYS}`, which stays at the site",
        GOES_UP: f"`{GOES_UP}`, which also goes up to the hub",
    }
    rows = []
    for leaf, seen in found.items():
        shares = [spread(Spread.of([100 * one for one in each])) for each in (seen.connector, seen.bare, seen.hub)]
        rows.append([names[leaf], number(Spread.of(seen.messages).median), *shares])
        if leaf:
            thousand = [_for_a_thousand(seen, each) for each in (seen.connector, seen.bare, seen.hub)]
            rows.append(["… for 1,000 messages a second", "1,000", *map(spread, thousand)])
    return Result(
        name=NAME,
        judged=[
            judged(
                "connector.memory",
                f"memory of a connector for each of {ours.rooms:,} rooms",
                "at most",
                MOST_KIB,
                "KiB",
                each,
                f"PSS; a bare connection takes {bare.each:.0f} KiB",
            ),
            judged(
                "connector.cpu",
                "a connector's processor time for 1,000 messages a second",
                "at most",
                MOST_CPU,
                "% of a core",
                cost,
                f"{names[STAYS]}; all that the connector does meanwhile is in it",
            ),
        ],
        tables=[
            Table(
                "Memory (PSS)",
                ["", "with one room, MiB", f"with {ours.rooms:,}, MiB", "each, KiB"],
                [
                    ["connector", number(ours.one / 1024), number(ours.all / 1024), number(ours.each)],
                    [
                        "connector, after all of the below",
                        number(ours.one / 1024),
                        number(last_kib / 1024),
                        number((last_kib - ours.one) / (ours.rooms - 1)),
                    ],
                    ["bare connections", number(bare.one / 1024), number(bare.all / 1024), number(bare.each)],
                ],
            ),
            Table(
                "Processor time, % of one core",
                [
                    "what rooms tell, every two seconds each",
                    "messages a second",
                    "connector",
                    "bare connections",
                    "hub",
                ],
                rows,
            ),
        ],
        units="memory in KiB; windows: messages a second, and cores used",
        samples={
            "memory": {"connector": [ours.one, ours.all, last_kib], "bare": [bare.one, bare.all]},
            "windows": {
                leaf or "silence": {
                    "messages": [round(one, 1) for one in seen.messages],
                    "connector": [round(one, 4) for one in seen.connector],
                    "bare": [round(one, 4) for one in seen.bare],
                    "hub": [round(one, 4) for one in seen.hub],
                }
                for leaf, seen in found.items()
            },
        },
    )


def _for_a_thousand(seen: Windows, cores: list[float]) -> Spread:
    return Spread.of([100 * used / told * 1000 for used, told in zip(cores, seen.messages, strict=True)])
