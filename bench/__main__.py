"""`make bench`, or `make bench BENCH="read command"`: measure, keep the samples, write the page, judge.

Exit code: 0 where every target is met or its miss is explained by a committed profile, 1 where one is not, 2 where
something could not be measured.
"""

import argparse
import asyncio
import resource
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from bench import ROOT, keeping, machine, page
from bench.keeping import Kept
from bench.measurements import ALL
from bench.program import leaf
from bench.result import Judged, Result, Verdict, exit_code, verdicts
from bench.run import Run
from bench.words import number
from roomgate import log
from roomgate.clock import SystemClock

TRIED = ROOT / ".bench"  # where quick runs leave their figures: for a look, not for the page
LATE = 3.0  # so many times its usual length, and a measurement hangs
FILES = 20_000
COULD_NOT = 2


async def measure(names: list[str], quick: bool) -> tuple[list[Kept], list[str]]:
    """One after another; what could not be measured is told, and the next is measured all the same."""
    done: list[Kept] = []
    failed: list[str] = []
    # On the disk of the clone, where a real hub's data would be: the temporary folder may be memory.
    (ROOT / ".bench").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / ".bench", prefix="run-") as folder:
        run = Run(Path(folder), machine.look(Path(folder)), quick)
        for name in names:
            run.name = name
            try:
                async with asyncio.timeout(ALL[name].SECONDS * LATE):
                    result = await ALL[name].measure(run)
            except Exception as fault:  # the edge of a measurement: the others go on
                failed.append(name)
                run.say(f"NOT MEASURED: {leaf(fault)}")
                continue
            kept = Kept(SystemClock().now().date().isoformat(), run.machine, result)
            keeping.save(kept, TRIED if quick else keeping.RESULTS)
            done.append(kept)
            for world in run.folder.iterdir():
                shutil.rmtree(world, ignore_errors=True)
    return done, failed


def tell(results: list[Result], found: list[tuple[Judged, Verdict]]) -> None:
    for result in results:
        for table in result.tables:
            print(f"\n{table.title}")
            rows = [table.columns, *table.rows]
            widths = [max(len(row[n]) for row in rows) for n in range(len(table.columns))]
            for row in rows:
                print("  " + "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip())
        for note in result.notes:
            print(f"  {note}")
    print("\nTargets")
    for one, said in found:
        print(
            f"  {said:<18} {one.id:<24} {one.what}: {number(one.measured)} {one.unit} "
            f"({number(one.low)}–{number(one.high)}), {one.sense} {number(one.limit)}"
            + (f"; {one.how}" if one.how else "")
        )


async def until_stopped(names: list[str], quick: bool) -> tuple[list[Kept], list[str]] | None:
    """A signal cancels what runs, so that every program that was started is stopped; None if so."""
    task = asyncio.current_task()
    assert task is not None
    for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(sign, task.cancel)
    try:
        return await measure(names, quick)
    except asyncio.CancelledError:
        return None


def main() -> int:
    wanted = argparse.ArgumentParser(prog="make bench", description=__doc__)
    wanted.add_argument("names", nargs="*", metavar="NAME", help=f"which to run (all): {', '.join(ALL)}")
    wanted.add_argument("--quick", action="store_true", help="small sizes, to try whether all works; nothing is kept")
    wanted.add_argument("--page", action="store_true", help="measure nothing; write the page from what is kept")
    said = wanted.parse_args()
    if unknown := [name for name in said.names if name not in ALL]:
        print(f"There is no measurement {unknown[0]}; there are {', '.join(ALL)}.", file=sys.stderr)
        return COULD_NOT
    log.setup("ERROR")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, FILES), hard))
    failed: list[str] = []
    if said.page:
        results = [kept.result for kept in keeping.load_newest(list(ALL))]
    else:
        ended = asyncio.run(until_stopped(said.names or list(ALL), said.quick))
        if ended is None:
            print("Stopped.", file=sys.stderr)
            return COULD_NOT
        results, failed = [kept.result for kept in ended[0]], ended[1]
    profiles = keeping.load_profiles()
    if not said.quick:
        page.save(keeping.load_newest(list(ALL)), profiles)
    found = verdicts(results, profiles)
    tell(results, found)
    if failed:
        print(f"\nNot measured: {', '.join(failed)}.", file=sys.stderr)
        return COULD_NOT
    return exit_code(found)


if __name__ == "__main__":
    raise SystemExit(main())
