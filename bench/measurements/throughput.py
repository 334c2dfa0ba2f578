"""How many asks a second, with everything on the same cores, and which process is the one that has no time left."""

from dataclasses import dataclass, field

from bench.clients import Kind
from bench.measurements.asking import HUB, NGINX, Both, both
from bench.process import cpu_of
from bench.result import Result, Table, judged
from bench.run import Run
from bench.samples import Spread
from bench.words import number, spread

NAME = "throughput"
SECONDS = 65.0
PEOPLE = 50
LEAST: dict[Kind, float] = {"read": 1500.0, "command": 800.0}


@dataclass(slots=True)
class Seen:
    """One figure a repeat: asks a second, and by process the microseconds an ask and the share of a core."""

    a_second: list[float] = field(default_factory=list)
    cpu_us: dict[str, list[float]] = field(default_factory=dict)
    cores: dict[str, list[float]] = field(default_factory=dict)


Found = dict[Kind, dict[str, Seen]]


async def measure(run: Run) -> Result:
    repeats, seconds = run.size(4, 2), run.seconds(3.0, 2.0)
    found: Found = {"read": {HUB: Seen(), NGINX: Seen()}, "command": {HUB: Seen(), NGINX: Seen()}}
    async with both(run, PEOPLE, commands=True) as world:
        for kind in found:
            for group in found[kind]:
                await world.clients.ask(group, kind, people=PEOPLE, asks=run.size(20, 5))
        for repeat in range(repeats):
            run.say(f"repeat {repeat + 1} of {repeats}")
            for kind, groups in found.items():
                for group, seen in groups.items():
                    await _watch(world, group, kind, seconds, seen)
    return build(found)


async def _watch(world: Both, group: str, kind: Kind, seconds: float, seen: Seen) -> None:
    pids = world.pids(group)
    before = {name: cpu_of(each) for name, each in pids.items()}
    answers = await world.clients.ask(group, kind, people=PEOPLE, seconds=seconds)
    seen.a_second.append(answers.a_second)
    for name, each in pids.items():
        used = cpu_of(each) - before[name]
        seen.cpu_us.setdefault(name, []).append(used / len(answers.all_us) * 1e6)
        seen.cores.setdefault(name, []).append(used / answers.elapsed_s)


def build(found: Found) -> Result:
    """Pure."""
    targets = [
        judged(
            f"throughput.{kind}", f"{kind}s a second, {PEOPLE} people at once", "at least", LEAST[kind], "a second",
            Spread.of(groups[HUB].a_second),
            f"{number(Spread.of(groups[NGINX].a_second).median)} a second through two nginx",
        )
        for kind, groups in found.items()
    ]  # fmt: skip
    rows = []
    for kind, groups in found.items():
        for group, seen in groups.items():
            total = sum(Spread.of(each).median for each in seen.cores.values())
            for name, each in seen.cpu_us.items():
                cores = Spread.of(seen.cores[name]).median
                rows.append([f"{kind}s, {group}", name, spread(Spread.of(each)), f"{cores:.0%}"])
            rows.append([f"{kind}s, {group}", "together", spread(_sums(seen.cpu_us)), f"{total:.0%}"])
    return Result(
        name=NAME,
        judged=targets,
        tables=[
            Table(
                "What one ask costs, process by process",
                ["", "process", "processor time an ask, µs", "of one core"],
                rows,
                "A process at nearly 100 % of a core is what saturates; where all together are near the number of cores, it is the machine.",
            )
        ],
        notes=["The site's cap on commands a minute in one room was 1,000,000 instead of 120."],
        units="a_second: asks; cpu_us: microseconds of processor time an ask; cores: share of one core. One figure a repeat",
        samples={
            kind: {
                group: {
                    "a_second": [round(one, 1) for one in seen.a_second],
                    "cpu_us": {name: [round(one, 1) for one in each] for name, each in seen.cpu_us.items()},
                    "cores": {name: [round(one, 3) for one in each] for name, each in seen.cores.items()},
                }
                for group, seen in groups.items()
            }
            for kind, groups in found.items()
        },
    )


def _sums(cpu_us: dict[str, list[float]]) -> Spread:
    return Spread.of([sum(each) for each in zip(*cpu_us.values(), strict=True)])
