"""Cost against size: rooms 10 → 5,000, people 1 → 1,000, entries of the ledger 10³ → 10⁶.

Each size in a world that grows: what is measured at 1,000 is measured beside the same hundred of before. For every
cost the steepest growth is told as a power of the size: 1 is linear, 0 is none. More than linear is a miss.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from bench.clients import Clients, clients
from bench.crowd import crowd
from bench.growth import exponent
from bench.longledger import append_cost, extend
from bench.measurements.asking import CAPABILITIES, HUB
from bench.process import cpu_s, memory_kib
from bench.program import WentWrong
from bench.result import Line, Plot, Result, Table, judged
from bench.run import Run
from bench.samples import Spread, median
from bench.scene import Person, Scene, scene
from bench.words import number
from roomgate.cli.demo.people import Visitor, app_code

NAME = "growth"
SECONDS = 210.0
ROOMS, PEOPLE, ENTRIES = (10, 100, 1000, 5000), (1, 10, 100, 1000), (1_000, 10_000, 100_000, 1_000_000)
LINEAR = 1.15  # with what a few samples on a living machine are worth


@dataclass(slots=True)
class Grown:
    """By what was measured, and by size: the median of a few."""

    costs: dict[str, dict[int, float]] = field(default_factory=dict)

    def note(self, what: str, size: int, cost: float) -> None:
        self.costs.setdefault(what, {})[size] = cost


Found = dict[str, Grown]


async def measure(run: Run) -> Result:
    found: Found = {"rooms": Grown(), "people": Grown(), "entries": Grown()}
    await _rooms(run, ROOMS[: run.size(4, 2)], found["rooms"])
    await _people(run, PEOPLE[: run.size(4, 2)], found["people"])
    await _entries(run, ENTRIES[: run.size(4, 2)], found["entries"])
    return build(found)


async def _ms(work: Callable[[], Awaitable[object]], times: int) -> float:
    """The median of so many, in milliseconds."""
    took = []
    for _ in range(times):
        began = time.monotonic()
        await work()
        took.append((time.monotonic() - began) * 1000)
    return median(took)


async def _ask(run: Run, world: Scene, asking: Clients, size: int, into: Grown) -> None:
    """One client's reads: how long, and the hub's own time for each."""
    asks, hub = run.size(300, 30), world.pid("hub")
    used = cpu_s(hub)
    answers = await asking.ask(HUB, "read", people=1, asks=asks)
    into.note("a read, ms", size, median(answers.all_us) / 1000)
    into.note("a read, hub's processor time, ms", size, (cpu_s(hub) - used) / asks * 1000)


async def _first_ask(world: Scene, asking: Clients, other: Person, size: int, into: Grown) -> None:
    """What was kept in memory is forgotten at each change: the ask after one reads it anew."""
    given, after = [], []
    for _ in range(9):
        began = time.monotonic()
        again = await world.grant_again(other, ("observe",))
        given.append((time.monotonic() - began) * 1000)
        after += (await asking.ask(HUB, "read", people=1, asks=1)).all_us
        await world.admin.call("DELETE", f"/api/v1/grants/{again.grant}")
    into.note("a grant is given, ms", size, median(given))
    into.note("the first read after a change, ms", size, median(after) / 1000)


async def _rooms(run: Run, sizes: tuple[int, ...], into: Grown) -> None:
    run.say("rooms: starting")
    async with scene(run.place("rooms")) as world, clients() as asking, AsyncExitStack() as stack:
        me, other = await world.people(2, CAPABILITIES)
        await asking.open(HUB, world.through_hub([me]))
        await asking.ask(HUB, "read", people=1, asks=run.size(200, 20))
        admin = world.world.admin
        code = app_code(admin["totp"])
        visitor = await Visitor.sign_in(world.world.hub, world.world.ca, admin["user"], admin["password"], code)
        stack.push_async_callback(visitor.close)
        have = 0
        for size in sizes:
            run.say(f"{size:,} rooms")
            began = time.monotonic()
            await stack.enter_async_context(crowd(world, run.place(f"crowd-{size}"), size - have, f"crowd-{size}"))
            into.note("rooms come, each, ms", size, (time.monotonic() - began) * 1000 / (size - have))
            have = size
            await _ask(run, world, asking, size, into)
            await _first_ask(world, asking, other, size, into)
            into.note("the page of rooms, ms", size, await _ms(lambda: visitor.page("/rooms"), 9))
            into.note(
                "one page of the list, ms",
                size,
                await _ms(lambda: world.admin.call("GET", "/api/v1/rooms?limit=50"), 9),
            )
            into.note("hub's memory, MiB", size, memory_kib(world.pid("hub"))["pss"] / 1024)


async def _people(run: Run, sizes: tuple[int, ...], into: Grown) -> None:
    run.say("people: starting")
    async with scene(run.place("people")) as world, clients() as asking:
        everybody: list[Person] = []
        for size in sizes:
            run.say(f"{size:,} people")
            everybody += await world.people(size - len(everybody), CAPABILITIES, start=len(everybody))
            if size == sizes[0]:
                await asking.open(HUB, world.through_hub(everybody[:1]))
                await asking.ask(HUB, "read", people=1, asks=run.size(200, 20))
            await _ask(run, world, asking, size, into)
            await _first_ask(world, asking, everybody[-1], size, into)
            into.note(
                "one page of the list, ms",
                size,
                await _ms(lambda: world.admin.call("GET", "/api/v1/people?limit=50"), 9),
            )
            into.note("hub's memory, MiB", size, memory_kib(world.pid("hub"))["pss"] / 1024)


async def _entries(run: Run, sizes: tuple[int, ...], into: Grown) -> None:
    run.say("ledger: starting")
    async with scene(run.place("entries")) as world:
        (me,) = await world.people(1, CAPABILITIES)
        data = world.world.folder / "hub"
        for size in sizes:
            run.say(f"{size:,} entries")
            await world.world.programs.stop("hub")
            await asyncio.to_thread(extend, data, size)
            _, appends = await append_cost(data, run.size(200, 20))
            into.note("a durable append, ms", size, median(appends))
            began = time.monotonic()
            words = ("ledger", "verify", str(data), "--json")
            code, _, said = await world.world.programs.finish(*words)
            into.note("all is verified, s", size, time.monotonic() - began)
            if code not in (0, 1):
                raise WentWrong(f"ledger verify: {said[-300:]}")
            began = time.monotonic()
            await world.world.run_hub()
            into.note("the hub is ready, s", size, time.monotonic() - began)
            await world.fine()
            async with clients() as fresh:
                await fresh.open(HUB, world.through_hub([me]))
                await fresh.ask(HUB, "read", people=1, asks=run.size(200, 20))
                await _ask(run, world, fresh, size, into)
            into.note(
                "the newest 50 of a room, ms",
                size,
                await _ms(lambda: world.admin.call("GET", "/api/v1/ledger?limit=50&room=room-7"), 9),
            )
            into.note("hub's memory, MiB", size, memory_kib(world.pid("hub"))["pss"] / 1024)


WORDS = {"rooms": "rooms", "people": "people, each with a grant on every room", "entries": "entries of the ledger"}


def build(found: Found) -> Result:
    """Pure."""
    targets, tables, plots = [], [], []
    for kind, grown in found.items():
        sizes = sorted({size for costs in grown.costs.values() for size in costs})
        rows = []
        for what, costs in grown.costs.items():
            power = exponent(costs)
            rows.append([what, *(number(costs[size]) for size in sizes), f"{power:.2f}"])
        worst = max(grown.costs, key=lambda what: exponent(grown.costs[what]))
        power = exponent(grown.costs[worst])
        targets.append(
            judged(
                f"growth.{kind}", f"the steepest growth of a cost with {WORDS[kind]}", "at most", LINEAR,
                "as a power of the size", Spread(power, power, power), f"{worst}: {number(grown.costs[worst][sizes[0]])} → {number(grown.costs[worst][sizes[-1]])}",
            )
        )  # fmt: skip
        tables.append(Table(f"With so many {WORDS[kind]}", ["", *(f"{size:,}" for size in sizes), "as a power"], rows))
        lines = [
            Line(what, [(float(size), max(cost, 0.001)) for size, cost in sorted(costs.items())])
            for what, costs in grown.costs.items()
        ]
        plots.append(
            Plot(f"growth-{kind}", f"Cost against {kind}", WORDS[kind], "each in its own unit", lines, True, True)
        )
    return Result(
        name=NAME,
        judged=targets,
        tables=tables,
        plots=plots,
        units="medians of a few, by what was measured and by size",
        samples={
            kind: {what: {str(n): round(c, 4) for n, c in costs.items()} for what, costs in grown.costs.items()}
            for kind, grown in found.items()
        },
    )
