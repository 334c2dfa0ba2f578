"""Invitations that were written to be expensive cost so many steps and not one more; nothing here is timed.

A step is a call of a function, Python's own among them. What a single call costs inside is bounded by other means:
texts are cut first, and each pattern takes linear time.
"""

import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from roomgate.meetings.invite import BadInvitation, Window
from roomgate.meetings.understand import explain
from support.invite_hostile import FIXED, GROWING

MONTH = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
MOST_STEPS = 400_000
SMALL, LARGE = 64 * 1024, 256 * 1024


def steps(raw: bytes) -> int:
    count = 0

    def called(frame: Any, event: str, argument: object) -> None:
        nonlocal count
        if event in ("call", "c_call"):
            count += 1

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        explain(raw, window=MONTH)
    except BadInvitation:
        pass  # to refuse is an answer too
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("name", GROWING)
def test_four_times_the_size_is_not_much_more_than_four_times_the_work(name):
    make = GROWING[name]
    explain(make(2000))  # what is computed once is no part of it
    small, large = steps(make(SMALL)), steps(make(LARGE))
    assert large <= 5 * small + 2000
    assert large <= MOST_STEPS


@pytest.mark.parametrize("name", FIXED)
def test_the_work_is_bounded(name):
    assert steps(FIXED[name]) <= MOST_STEPS


@pytest.mark.parametrize("name", GROWING)
def test_what_hostile_invitations_hold_is_told_within_bounds(name):
    for one in explain(GROWING[name](LARGE)):
        assert len(one["because"]) <= 130
        assert all(len(step["saw"]) <= 300 and len(step["decided"]) <= 300 for step in one["because"])
        assert len(one["title"]) <= 200
