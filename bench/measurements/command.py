"""`Audio Volume Set`: what a command costs beyond a read, against two flushes of the same disk.

A command waits for two durable commits that a read does not wait for: the permit at the hub, the about-to-do at the
connector. What is left beyond a read and two flushes is what signature, policy and record themselves take.
"""

import asyncio

from bench.machine import flushes_s
from bench.measurements.asking import HUB, LATENCY_COLUMNS, NGINX, Repeats, both, in_ms, latency_row
from bench.result import Result, Table, judged
from bench.run import Run
from bench.samples import Spread, median, thinned
from bench.words import spread

NAME = "command"
SECONDS = 70.0
PEOPLE = 50
PACE_S = 0.5  # each of the 50 twice a second: 100 commands a second
BEYOND_MS = 0.2
FLUSHES = 200
KEPT = 800


async def measure(run: Run) -> Result:
    repeats, seconds = run.size(5, 2), run.seconds(1.5, 1.0)
    reads: Repeats = []
    flushes: Repeats = []
    took: dict[str, dict[str, Repeats]] = {how: {HUB: [], NGINX: []} for how in ("one", "paced", "at once")}
    async with both(run, PEOPLE, commands=True) as world:
        for group in (HUB, NGINX):
            await world.clients.ask(group, "command", people=PEOPLE, asks=run.size(20, 5))
            await world.clients.ask(group, "read", people=1, asks=run.size(400, 50))
        disk = run.place("disk")
        disk.mkdir()
        for repeat in range(repeats):
            run.say(f"repeat {repeat + 1} of {repeats}")
            reads.append((await world.clients.ask(HUB, "read", people=1, seconds=seconds)).all_us)
            for group in (HUB, NGINX):
                answers = await world.clients.ask(group, "command", people=1, seconds=seconds)
                took["one"][group].append(answers.all_us)
            flushes.append([one * 1e6 for one in await asyncio.to_thread(flushes_s, disk, run.size(FLUSHES, 50))])
            for how, pace_s in (("paced", PACE_S), ("at once", 0.0)):
                for group in (HUB, NGINX):
                    answers = await world.clients.ask(group, "command", people=PEOPLE, seconds=seconds, pace_s=pace_s)
                    took[how][group].append(answers.all_us)
    return build(reads, flushes, took)


def build(reads: Repeats, flushes: Repeats, took: dict[str, dict[str, Repeats]]) -> Result:
    """Pure: from the times in microseconds. Each repeat's command is held against its own reads and flushes."""
    beyond = Spread.of(
        [
            (median(commands) - median(read) - 2 * median(flush)) / 1000
            for commands, read, flush in zip(took["one"][HUB], reads, flushes, strict=True)
        ]
    )
    p50, read, flush = (in_ms(one, 0.5) for one in (took["one"][HUB], reads, flushes))
    found = judged(
        "command.one.p50", "a command, beyond a read and two flushes of the disk: p50, one client", "at most", BEYOND_MS,
        "ms", beyond, f"{p50.median:.2f} ms against {read.median:.2f} + 2 × {flush.median:.2f} ms",
    )  # fmt: skip
    names = {
        "one": "one client",
        "paced": f"{PEOPLE} people, {1 / PACE_S:.0f} asks a second each",
        "at once": f"{PEOPLE} people, each asks again at once",
    }
    rows = [latency_row("one client reads: hub and connector", reads)] + [
        latency_row(f"{names[how]}: {'hub and connector' if group == HUB else 'two nginx'}", took[how][group])
        for how in took
        for group in took[how]
    ]
    rows.append(
        [
            "one durable commit of SQLite on this disk",
            *(spread(in_ms(flushes, share)) for share in (0.5, 0.9, 0.99)),
            f"{sum(map(len, flushes)):,}",
        ]
    )
    return Result(
        name=NAME,
        judged=[found],
        tables=[Table("Asking for `Audio Volume Set`", LATENCY_COLUMNS, rows)],
        notes=[
            f"The site's policy allows so many commands a minute in one room (120 as shipped); here it was {'1,000,000'}."
        ],
        units="microseconds from the question's sending to its answer, by how many ask, whom, and repeat; flushes: one COMMIT each",
        samples={"reads": {HUB: _kept(reads)}, "flushes": _kept(flushes)}
        | {how: {group: _kept(repeats) for group, repeats in groups.items()} for how, groups in took.items()},
    )


def _kept(repeats: Repeats) -> Repeats:
    return [[round(one, 1) for one in thinned(each, KEPT)] for each in repeats]
