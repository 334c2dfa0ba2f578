"""People work while programs are killed with -9; what they were told stays true. See `support.chaos`.

``make test`` runs ten rounds, always of the same story: each program is killed at least twice, two of them once
more while they start. ``make chaos`` tells many rounds of a new one; its seed is printed, and ``SEED=…`` tells it again.
"""

import asyncio
import os
import random
import time
from pathlib import Path

import pytest

from support import chaos
from support.deeds import ROOMS, Report
from support.shaken import shaken

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("chaos")]

ROUNDS = int(os.environ.get("ROUNDS", "10"))
SEED = int(os.environ.get("SEED", "122") or "0") or random.SystemRandom().randrange(1, 1 << 31)
MINUTES = float(os.environ.get("MINUTES", "60"))


async def _story(folder: Path) -> Report:
    async with shaken(folder, *ROOMS) as world:
        return await chaos.run(world, SEED, ROUNDS, time.monotonic() + MINUTES * 60)


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Report:
    print(f"\nchaos: seed {SEED}, {ROUNDS} rounds")
    told = asyncio.run(_story(tmp_path_factory.mktemp("chaos") / "world"))
    print(told.summary())
    if kept := os.environ.get("CHAOS_REPORT"):
        Path(kept).write_text(told.to_json(), "utf-8")
    return told


def test_everything_recovers_by_itself_within_thirty_seconds(report):
    assert report.rounds
    assert max(report.times) <= chaos.RECOVER_S


def test_there_was_something_to_lose(report):
    assert report.outcomes["done"] > 2 * len(report.rounds)
    assert report.deeds.cut
    assert report.deeds.booked
    assert report.deeds.dials


def test_no_command_ran_twice(report):
    assert report.twice == []


def test_nobody_was_told_what_is_not_so(report):
    assert report.untrue == []


def test_no_accepted_booking_grant_cut_or_entry_is_lost(report):
    assert report.lost == []


def test_what_was_cut_stayed_cut(report):
    assert report.deeds.wrong == []


def test_both_ledgers_verify_and_the_witness_agrees(report):
    assert report.ledgers == []


def test_a_restart_explains_every_finding(report):
    assert report.unexplained == []
