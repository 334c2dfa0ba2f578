"""What the kernel says of a running process: its time on the processor, and its memory."""

import time
from collections.abc import Iterable
from pathlib import Path

_SCHED = 2  # Linux: the clock that counts a process's time on the processor, in nanoseconds


def cpu_s(pid: int) -> float:
    """Seconds on the processor since it began, in user and system mode, all its threads.

    The kernel's own clock of that process (`clock_getcpuclockid`), since /proc/<pid>/stat goes in steps of 10 ms.
    """
    return time.clock_gettime((~pid << 3) | _SCHED)


def cpu_of(pids: Iterable[int]) -> float:
    return sum(map(cpu_s, pids))


def memory_kib(pid: int) -> dict[str, int]:
    """``pss`` (its own memory and its share of what is shared) and ``rss``, in KiB."""
    found = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in ("Pss", "Rss"):
            found[name.lower()] = int(rest.split()[0])
    return found


def children(pid: int) -> list[int]:
    """The processes that it started itself, and that still run."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
