"""Runs a program of ours whose wall clock is off by what a file says now: ``python off_clock.py FILE python -m …``.

The code is the real one, in a process of its own; the operating system's clock stays, so that nothing else on the
machine notices. The monotonic clock is untouched, as it is when somebody sets a wall clock.
"""

import runpy
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import roomgate.clock


def main() -> None:
    offset, words = Path(sys.argv[1]), sys.argv[2:]

    def now(self: object) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(offset.read_text() or 0))

    roomgate.clock.SystemClock.now = now  # type: ignore[method-assign]  # before anything asks it
    module = words[words.index("-m") + 1]
    sys.argv = words[words.index("-m") + 1 :]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
