"""Invitations understood: how many a second one core does, how long the slowest takes, how many come out right.

The invitations are the corpus of the tests (`tests/corpus/invites`), after real formats. Ordinary ones give the
rates; those that were written to be expensive give the worst. All is processor time of one thread, so that other
programs on the machine count as little as they can.
"""

import json
import logging
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bench import ROOT
from bench.result import Result, Table, judged
from bench.run import Run
from bench.samples import Spread, over_repeats, quantile, thinned
from bench.words import number
from roomgate.errors import RoomgateError
from roomgate.meetings.invite import BadInvitation, Window, invitation, parse_events
from roomgate.meetings.understand import DeviceAbilities, explain, understand

NAME = "invitations"
SECONDS = 60.0
CORPUS = ROOT / "tests" / "corpus" / "invites"
OWN_A_SECOND, WHOLE_A_SECOND, P99_MS, WORST_MS, RIGHT = 5_000.0, 800.0, 5.0, 50.0, 98.0


@dataclass(frozen=True, slots=True)
class Case:
    """One invitation of the corpus and what was written beside it."""

    name: str
    raw: bytes
    expected: dict[str, Any]

    @property
    def hostile(self) -> bool:
        return self.name.startswith(("hostile", "bad"))

    @property
    def device(self) -> DeviceAbilities:
        domains = self.expected.get("allowed_domains")
        return DeviceAbilities(
            registered=self.expected.get("registered"), allowed_domains=frozenset(domains) if domains else None
        )

    def outcome(self) -> list[tuple[Any, ...]]:
        """Where each of its meetings leads, as understood."""
        window = self.expected.get("window")
        made = explain(
            self.raw,
            self.device,
            zone=ZoneInfo(self.expected.get("zone", "UTC")),
            window=Window(*map(datetime.fromisoformat, window)) if window else None,
        )
        return [_target(one["join"]) for one in made]

    def wanted(self) -> list[tuple[Any, ...]] | None:
        """The same, as it was written; None where the invitation is to be refused."""
        if "error" in self.expected:
            return None
        return [_target(one["join"]) for one in self.expected["events"] if "join" in one]


def _target(join: dict[str, Any]) -> tuple[Any, ...]:
    return join["how"], join["address"], join["command"], join["passcode"]


def load_cases(folder: Path = CORPUS) -> list[Case]:
    return [
        Case(file.stem, file.read_bytes(), json.loads(file.with_suffix(".json").read_text("utf-8")))
        for file in sorted(folder.glob("*.ics"))
    ]


async def measure(run: Run) -> Result:
    logging.getLogger("icalendar").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the calendar library talks about zones
        return _measure(run, load_cases())


def _measure(run: Run, cases: Sequence[Case]) -> Result:
    ordinary = [case for case in cases if not case.hostile and _readable(case)]
    repeats, laps = run.size(7, 2), run.size(20, 1)
    own: list[list[float]] = []
    whole: list[list[float]] = []
    for repeat in range(repeats):
        run.say(f"{repeat + 1} of {repeats}")
        ones = [(one, case.device) for case in ordinary for one in map(invitation, parse_events(case.raw))]
        own.append(_times([partial(understand, one, device) for one, device in ones], laps))
        whole.append(_times([partial(explain, case.raw, case.device) for case in ordinary], max(1, laps // 5)))
    run.say("the hostile ones")
    worst = [_times([partial(_tried, case) for case in cases if case.hostile], 1) for _ in range(repeats)]
    wrong = [case.name for case in cases if not is_right(case)]
    return build(own, whole, worst, len(cases), wrong)


def _readable(case: Case) -> bool:
    try:
        explain(case.raw, case.device)
    except BadInvitation:
        return False
    return True


def _tried(case: Case) -> None:
    try:
        case.outcome()
    except RoomgateError:
        return


def is_right(case: Case) -> bool:
    """Does it lead where it was written that it should, each of its meetings; or is it refused, if it should be?"""
    try:
        found = case.outcome()
    except RoomgateError:
        return case.wanted() is None
    wanted = case.wanted()
    return wanted is not None and (not wanted or found == wanted)


def _times(works: Sequence[Callable[[], object]], laps: int) -> list[float]:
    """Milliseconds of this thread's processor time, of each piece of work and each lap."""
    taken = []
    for _ in range(laps):
        for work in works:
            began = time.thread_time_ns()
            work()
            taken.append((time.thread_time_ns() - began) / 1e6)
    return taken


def build(
    own: Sequence[list[float]], whole: Sequence[list[float]], worst: Sequence[list[float]], cases: int, wrong: list[str]
) -> Result:
    """Pure. Milliseconds of each invitation, by repeat; how many cases there are, and which came out wrong."""
    right = 100.0 * (cases - len(wrong)) / cases
    slowest = over_repeats(worst, 1.0)
    shares: list[tuple[str, Sequence[list[float]]]] = [
        ("its own part", own),
        ("with reading the calendar file", whole),
        ("the hostile ones", worst),
    ]
    return Result(
        name=NAME,
        judged=[
            judged(
                "invitations.own", "invitations understood by one core, without reading the file", "at least",
                OWN_A_SECOND, "a second", Spread.of([_rate(one) for one in own]),
                "unwrap, gather, recognise, decide; the tests' corpus without the hostile ones",
            ),
            judged(
                "invitations.whole", "invitations understood by one core, file and all", "at least", WHOLE_A_SECOND,
                "a second", Spread.of([_rate(one) for one in whole]), "content lines and times are read by us, series expanded by the libraries",
            ),
            judged(
                "invitations.p99", "the slowest of a hundred ordinary ones, file and all", "at most", P99_MS, "ms",
                over_repeats(whole, 0.99), "p99",
            ),
            judged(
                "invitations.worst", "the slowest of those written to be slow", "at most", WORST_MS, "ms", slowest,
                "of each repeat the slowest",
            ),
            judged(
                "invitations.right", "invitations that lead where they should", "at least", RIGHT, "%",
                Spread(right, right, right), f"{cases - len(wrong)} of {cases} of the tests' own corpus",
            ),
        ],
        tables=[
            Table(
                "One invitation, ms of processor time",
                ["", "median", "p99", "slowest"],
                [
                    [name, *(number(over_repeats(times, share).median) for share in (0.5, 0.99, 1.0))]
                    for name, times in shares
                ],
            )
        ],
        notes=[f"Not right yet: {', '.join(f'`{name}`' for name in wrong)}."] if wrong else [],
        units="ms of processor time an invitation, by repeat",
        samples={
            "own": [[round(one, 4) for one in thinned(times, 300)] for times in own],
            "whole": [[round(one, 3) for one in thinned(times, 300)] for times in whole],
            "worst": [round(quantile(times, 1.0), 2) for times in worst],
        },
    )  # fmt: skip


def _rate(times: Sequence[float]) -> float:
    return 1000.0 * len(times) / sum(times)
