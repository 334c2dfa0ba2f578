"""How long the report of an exposure check takes: from a run's folder to all forms, sealed, and proven whole.

The run is made up: a hundred device links, each looked at as a stranger and as its account, with pages of the usual
size. What is measured is our own part, from reading the folder to the last byte on the disk.
"""

import asyncio
import hashlib
import sys
import time
from pathlib import Path

from bench.program import WentWrong
from bench.result import Result, Table, judged
from bench.run import Run
from bench.samples import Spread
from bench.words import number, spread
from roomgate.checks.bundle import verify_bundle
from roomgate.checks.catalogue import all_checks
from roomgate.checks.declared import Check
from roomgate.checks.outcome import Point, failed
from roomgate.checks.report.writing import FORMS, write_reports
from roomgate.checks.snapshot import Exchange, Snapshot
from roomgate.clock import SystemClock
from support import reports

NAME = "check-report"
SECONDS = 60.0
LINKS, EACH, PAGE_BYTES = 100, 6, 30_000
REPORT_S = 2.0


async def measure(run: Run) -> Result:
    links = run.size(LINKS, 10)
    made: dict[str, list[float]] = {
        "all forms, sealed": [],
        "proven whole": [],
        "`roomgate check report`, a process": [],
    }
    size = 0.0
    for repeat in range(run.size(5, 1)):
        run.say(f"{links} links, turn {repeat + 1}")
        folder = run.place(f"run-{repeat}")
        journal = reports.kept_run(folder, looks=build_looks(links))
        began = time.perf_counter()
        report = write_reports(journal, build_checks(links), SystemClock().now())
        made["all forms, sealed"].append(time.perf_counter() - began)
        began = time.perf_counter()
        if not verify_bundle(folder).ok or len(report.findings) < 30:
            raise WentWrong("the report is not whole")
        made["proven whole"].append(time.perf_counter() - began)
        made["`roomgate check report`, a process"].append(await _told(folder))
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1024 / 1024
        missing = [form for form in FORMS if not (folder / f"report.{form}").exists()]
        if missing:
            raise WentWrong(f"there is no {missing[0]}")
    return build(made, links, size)


def build_looks(links: int) -> dict[str, Snapshot]:
    """What a run of so many links would have seen; every page is another one."""
    steps: list[Exchange] = []
    for n in range(links * EACH):
        body = f"<html><title>room-{n}</title>" + f"<p class=row>{n} some words of a page</p>" * (PAGE_BYTES // 40)
        digest = hashlib.sha256(body.encode()).hexdigest()
        label = "stranger" if n % EACH < 4 else "let in"
        steps.append(
            reports.exchange(
                n, label=label, body=body, body_bytes=len(body), body_sha256=digest, subject=f"link {n // EACH}"
            )
        )
    looks: dict[str, Snapshot] = reports.snapshots()
    return looks | {"links": Snapshot(look="links", began=reports.AT, steps=tuple(steps))}


def build_checks(links: int) -> list[Check]:
    """Thirty checks of which every third fails, with a point for each link; and the real ones, which look for theirs."""
    points = [Point(f"https://connector.example.com/d/{n:06x}", "open", (n * EACH, n * EACH + 1)) for n in range(links)]
    made: list[Check] = [reports.check(f"K{n:02}", failed("Open.", points)) for n in range(1, 31, 3)]
    taken = {check.id for check in made}
    real = [check for check in all_checks() if check.id not in taken]
    taken |= {check.id for check in real}
    rest = [one for one in reports.mixed() if one.id not in taken]
    taken |= {check.id for check in rest}
    fill = [reports.check(f"K{n:02}", failed("Open.", points[:3])) for n in range(1, 31) if f"K{n:02}" not in taken]
    return sorted([*made, *real, *rest, *fill], key=lambda check: check.id)


async def _told(folder: Path) -> float:
    """Seconds of the command, from its start to its end."""
    began = time.perf_counter()
    command = Path(sys.executable).with_name("roomgate")
    process = await asyncio.create_subprocess_exec(
        command, "check", "report", folder, "--form", "html", stdout=asyncio.subprocess.DEVNULL
    )
    if await process.wait():
        raise WentWrong("the report could not be told again")
    return time.perf_counter() - began


def build(made: dict[str, list[float]], links: int, size_mib: float) -> Result:
    """Pure: ``made`` in seconds."""
    whole = made["all forms, sealed"]
    return Result(
        name=NAME,
        judged=[
            judged(
                "check-report.whole", f"the report of {links} links, in all forms, sealed", "at most", REPORT_S, "s",
                Spread.of(whole), f"30 checks, {links * EACH:,} requests, {number(size_mib)} MiB in the end",
            )
        ],
        tables=[Table("From a run's folder", ["", "median (least–most)"],
                      [[name, f"{spread(Spread.of(each))} s"] for name, each in made.items()])],
        units="seconds",
        samples={name: [round(one, 3) for one in each] for name, each in made.items()},
    )  # fmt: skip
