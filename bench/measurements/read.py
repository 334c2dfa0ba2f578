"""Asking for `Status/Audio/Volume`: what hub and connector add to what two plain proxies take."""

from bench.measurements.asking import HUB, LATENCY_COLUMNS, NGINX, Repeats, both, in_ms, latency_row, pairwise
from bench.result import Line, Plot, Result, Table, judged
from bench.run import Run
from bench.samples import Spread, median, quantile, thinned

NAME = "read"
SECONDS = 65.0
PEOPLE = 50
PACE_S = 0.25  # each of the 50 asks four times a second: 200 asks a second
MORE_MS = 0.8
TAIL = 5.0
KEPT = 800  # samples of each repeat


async def measure(run: Run) -> Result:
    repeats, seconds = run.size(5, 2), run.seconds(1.5, 1.0)
    took: dict[str, dict[str, Repeats]] = {how: {HUB: [], NGINX: []} for how in ("one", "paced", "at once")}
    async with both(run, PEOPLE, commands=False) as world:
        for group in (HUB, NGINX):  # the first asks make sessions and caches: nobody's everyday
            await world.clients.ask(group, "read", people=PEOPLE, asks=run.size(40, 10))
            await world.clients.ask(group, "read", people=1, asks=run.size(400, 50))
        for repeat in range(repeats):
            run.say(f"repeat {repeat + 1} of {repeats}")
            for how, people, pace_s in (("one", 1, 0.0), ("paced", PEOPLE, PACE_S), ("at once", PEOPLE, 0.0)):
                for group in (HUB, NGINX):
                    answers = await world.clients.ask(group, "read", people=people, seconds=seconds, pace_s=pace_s)
                    took[how][group].append(answers.all_us)
    return build(took)


def build(took: dict[str, dict[str, Repeats]]) -> Result:
    """Pure: from the times in microseconds, by how many asked and whom."""
    more = pairwise(took["one"][HUB], took["one"][NGINX], median)
    more_ms = Spread(more.median / 1000, more.low / 1000, more.high / 1000)
    found = [
        judged(
            "read.one.p50", "a read through hub and connector, beyond two nginx: p50, one client", "at most", MORE_MS, "ms",
            more_ms, f"{in_ms(took['one'][HUB], 0.5).median:.2f} ms against {in_ms(took['one'][NGINX], 0.5).median:.2f} ms",
        )
    ]  # fmt: skip
    for how, words in (
        ("paced", "50 people, four asks a second each"),
        ("at once", "50 people, each asks again at once"),
    ):
        tails = Spread.of([quantile(one, 0.99) / quantile(one, 0.5) for one in took[how][HUB]])
        p50, p99 = in_ms(took[how][HUB], 0.5), in_ms(took[how][HUB], 0.99)
        found.append(
            judged(
                f"read.{how.replace(' ', '-')}.p99", f"a read, p99 in terms of p50: {words}", "at most", TAIL, "×", tails,
                f"{p99.median:.1f} ms in terms of {p50.median:.1f} ms",
            )
        )  # fmt: skip
    names = {
        "one": "one client",
        "paced": f"{PEOPLE} people, {1 / PACE_S:.0f} asks a second each",
        "at once": f"{PEOPLE} people, each asks again at once",
    }
    rows = [
        latency_row(f"{names[how]}: {'hub and connector' if group == HUB else 'two nginx'}", took[how][group])
        for how in took
        for group in took[how]
    ]
    return Result(
        name=NAME,
        judged=found,
        tables=[Table("Asking for `Status/Audio/Volume`", LATENCY_COLUMNS, rows)],
        plots=[_plot(took)],
        units="microseconds from the question's sending to its answer, by how many ask, whom, and repeat",
        samples={
            how: {group: [[round(one, 1) for one in thinned(each, KEPT)] for each in repeats] for group, repeats in groups.items()}
            for how, groups in took.items()
        },
    )  # fmt: skip


def _plot(took: dict[str, dict[str, Repeats]]) -> Plot:
    """How many were answered within which time."""
    lines = []
    for how in ("one", "paced"):
        for group, name in ((HUB, "Roomgate"), (NGINX, "two nginx")):
            every = sorted(one for each in took[how][group] for one in each)
            shares = [*(n / 100 for n in range(1, 100)), 0.995, 0.999]
            lines.append(
                Line(
                    f"{name}, {'one client' if how == 'one' else '50 people'}",
                    [(every[min(len(every) - 1, int(share * len(every)))] / 1000, share * 100) for share in shares],
                )
            )
    return Plot("read", "Reads answered within a time", "milliseconds", "% of asks", lines, log_x=True)
