"""10,000 messages a second from a thousand rooms into the mirror: what comes through, and how soon.

The devices are one process that knows no values (`bench/loud.py`) and tells five messages of a room at once, so that they are not what is measured; connector,
link and hub are as people run them. After each burst the hub must have the last value of every room.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.many import ManyRooms
from bench.process import cpu_s
from bench.program import Program, WentWrong, started
from bench.result import Result, Table, judged
from bench.run import Run
from bench.samples import Spread
from bench.words import number, spread
from roomgate.cli.demo.inside import Inside
from roomgate.cli.demo.people import Caller

NAME = "mirror"
SECONDS = 150.0
ROOMS, RATE = 1000, 10_000
STAYS = ["Status", "RoomAnalytics", "AmbientNoise", "Level", "A"]
GOES_UP = ["Status", "Audio", "Volume"]
MIXES: dict[str, list[list[str]]] = {
    "nine of ten stay at the site": [*[STAYS] * 9, GOES_UP],
    "half goes up to the hub": [STAYS, GOES_UP],
    "all goes up to the hub": [GOES_UP],
}
THERE_WITHIN_S = 30.0
LATE_MS = 1000.0  # what is told faster than it is heard is later than that
TOLD = 0.8  # of the messages that there should be; with fewer the devices are what was measured
_SETTLE_S = 2.0


@dataclass(slots=True)
class Burst:
    """One mix. Each list has one figure a repeat."""

    sent: list[int] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)  # told a second
    late_ms: list[float] = field(default_factory=list)  # from the last message to the last value at the hub
    lost: list[int] = field(default_factory=list)  # rooms whose last value never came
    connector: list[float] = field(default_factory=list)  # cores
    hub: list[float] = field(default_factory=list)


@dataclass
class LoudRooms(ManyRooms):
    """As `ManyRooms`, with devices that only tell."""

    loud: Program | None = None

    async def start_sim(self) -> None:
        assert self.loud is not None
        (self.folder / "loud").mkdir()
        told = await self.loud.say(do="open", folder=str(self.folder / "loud"))
        for name in self.names:
            self.inside[name] = Inside(
                name, "127.0.0.1", told["port"], name, "x", told["ca"], "", told["pin"], "", "", f"{name}-admin", "x",
                Path("/"),
            )  # fmt: skip

    def _configure(self, name: str, rooms: Sequence[str]) -> str:
        """Without calendars: nobody's meetings are measured."""
        config = super()._configure(name, rooms)
        kept = [line for line in Path(config).read_text("utf-8").splitlines() if not line.startswith("calendar")]
        self.file(f"{name}.toml", "\n".join(kept) + "\n")
        return config


@asynccontextmanager
async def loud_rooms(folder: Path, rooms: int) -> AsyncIterator[LoudRooms]:
    async with started("bench.loud") as loud:
        world = LoudRooms(folder, rooms, hub_port=0)
        world.loud, world.named = loud, rooms
        try:
            await world.start_all(rooms=world.names)
            await world.connected()
            yield world
        finally:
            await world.programs.stop_all()


async def measure(run: Run) -> Result:
    rooms, rate, seconds = run.size(ROOMS, 50), run.size(RATE, 500), run.seconds(8.0, 2.0)
    bursts = {mix: Burst() for mix in MIXES}
    run.say(f"starting hub, connector, witness and {rooms:,} devices")
    async with loud_rooms(run.place("world"), rooms) as world:
        admin = world.caller()
        try:
            for mix, leaves in MIXES.items():
                for _ in range(run.size(3, 1)):
                    await asyncio.sleep(_SETTLE_S)
                    run.say(f"{rate:,} a second, {mix}")
                    await _burst(world, admin, leaves, rate, seconds, bursts[mix])
        finally:
            await admin.close()
    return build(bursts, rooms)


async def _burst(
    world: LoudRooms, admin: Caller, leaves: list[list[str]], rate: int, seconds: float, seen: Burst
) -> None:
    assert world.loud is not None
    pids = [world.programs.pid("connector"), world.programs.pid("hub")]
    used, began = [cpu_s(pid) for pid in pids], time.monotonic()
    told = await world.loud.say(do="push", leaves=leaves, rate=rate, seconds=seconds)
    ended = time.monotonic()
    wanted = {name: last["/".join(GOES_UP)] for name, last in told["last"].items()}
    if len(wanted) != world.named or told["sent"] < TOLD * rate * told["took"]:
        raise WentWrong(f"{told['sent']} messages to {len(wanted)} rooms only: the devices were what is measured")
    missing = await _missing(admin, wanted)
    while missing and time.monotonic() - ended < THERE_WITHIN_S:
        missing = await _missing(admin, wanted)
    there = time.monotonic()
    seen.sent.append(told["sent"])
    seen.rate.append(told["sent"] / told["took"])
    seen.late_ms.append(1000 * (there - ended))
    seen.lost.append(len(missing))
    for into, pid, before in zip((seen.connector, seen.hub), pids, used, strict=True):
        into.append((cpu_s(pid) - before) / (there - began))


async def _missing(admin: Caller, wanted: dict[str, int]) -> list[str]:
    """The rooms of which the hub does not have the last value. The look itself takes its time, and counts."""
    found: dict[str, int | None] = {}
    cursor = ""
    while True:
        page = await admin.call("GET", f"/api/v1/rooms?limit=200{cursor}")
        found |= {room["name"]: room["volume"] for room in page["items"]}
        if not page.get("next"):
            return [name for name, value in wanted.items() if found.get(name) != value]
        cursor = f"&cursor={page['next']}"


def build(bursts: dict[str, Burst], rooms: int) -> Result:
    """Pure."""
    rows = [
        [
            mix, f"{sum(seen.sent):,}", spread(Spread.of(seen.rate)), spread(Spread.of(seen.late_ms)),
            str(sum(seen.lost)), spread(Spread.of([100 * one for one in seen.connector])),
            spread(Spread.of([100 * one for one in seen.hub])),
        ]
        for mix, seen in bursts.items()
    ]  # fmt: skip
    lost = sum(sum(seen.lost) for seen in bursts.values())
    return Result(
        name=NAME,
        judged=[
            judged(
                "mirror.late",
                f"{number(RATE)} messages a second of {number(rooms)} rooms: the last value is at the hub",
                "at most",
                LATE_MS,
                "ms",
                Spread.of([one for seen in bursts.values() for one in seen.late_ms]),
                "after the last message; all mixes; the look at the hub is in it",
            ),
            judged(
                "mirror.lost", "last values that never came to the hub", "at most", 0, "rooms", Spread.of([lost]),
                f"of {sum(sum(seen.sent) for seen in bursts.values()):,} messages",
            ),
        ],
        tables=[
            Table(
                f"{number(RATE)} messages a second from {rooms:,} rooms",
                [
                    "what they tell", "messages", "told a second", "last value there after, ms",
                    "rooms without it", "connector, % of a core", "hub, % of a core",
                ],
                rows,
            )
        ],
        units="messages; messages a second; milliseconds; cores",
        samples={
            mix: {
                "sent": seen.sent,
                "rate": [round(one, 1) for one in seen.rate],
                "late_ms": [round(one, 1) for one in seen.late_ms],
                "lost": seen.lost,
                "connector": [round(one, 4) for one in seen.connector],
                "hub": [round(one, 4) for one in seen.hub],
            }
            for mix, seen in bursts.items()
        },
    )  # fmt: skip
