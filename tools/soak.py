"""The cut, for long: random lives on every core, then every pair of the real matrix.

    tools/soak.py                                100,000 lives, then all pairs with real processes
    tools/soak.py --seeds 5000 --first 200000    other lives
    tools/soak.py --hours 8                      lives for so long, however many

Each life that breaks the promise is told with its seed and steps; `Life(seed).run()` plays it again. Exit code 1 if
there is any, or if a pair failed.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAIRS = ROOT / "tests" / "e2e" / "test_cut_matrix.py"
BATCH = 100
TOLD = 10  # broken lives that are told with all their steps


def live(first: int, count: int) -> list[str]:
    """What these lives broke."""
    from support.cutting.machine import Broken, Life

    broken = []
    for seed in range(first, first + count):
        try:
            Life(seed).run()
        except Broken as promise:
            broken.append(str(promise))
    return broken


def batches(first: int, seeds: int, until: float | None) -> Iterator[tuple[int, int]]:
    at = first
    while time.monotonic() < until if until is not None else at < first + seeds:
        count = BATCH if until is not None else min(BATCH, first + seeds - at)
        yield at, count
        at += count


def soak(first: int, seeds: int, hours: float) -> int:
    """How many lives broke the promise."""
    began, cores = time.monotonic(), os.cpu_count() or 1
    until = began + hours * 3600 if hours else None
    lived = broken = 0
    with ProcessPoolExecutor(cores) as pool:
        waiting = []
        for batch in batches(first, seeds, until):
            waiting.append((batch, pool.submit(live, *batch)))
            while len(waiting) >= 2 * cores or (waiting and waiting[0][1].done()):
                lived, broken = _told(*waiting.pop(0), lived, broken)
        for one in waiting:
            lived, broken = _told(*one, lived, broken)
    rate = lived / max(time.monotonic() - began, 0.001)
    print(f"{lived} lives from seed {first} on, {broken} broken; {rate:.0f} a second on {cores} cores")
    return broken


def _told(batch: tuple[int, int], done: "object", lived: int, broken: int) -> tuple[int, int]:
    found: list[str] = done.result()  # type: ignore[attr-defined]
    for one in found:
        print(one if broken < TOLD else one.splitlines()[0], flush=True)
        broken += 1
    return lived + batch[1], broken


def pairs() -> int:
    """The real matrix, where it is there: every pair of cause and channel and condition, with real processes."""
    if not PAIRS.exists():
        print("there is no real matrix to run")
        return 0
    command = [
        "env",
        "ROOMGATE_PAIRS=all",
        sys.executable,
        "-m",
        "pytest",
        "-n",
        str(os.cpu_count() or 1),
        "--dist",
        "loadgroup",
        str(PAIRS),
    ]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--hours", type=float, default=0.0)
    said = parser.parse_args()
    sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]
    broken = soak(said.first, said.seeds, said.hours)
    return 1 if broken or pairs() else 0


if __name__ == "__main__":
    sys.exit(main())
