"""Whether a target is met, when a miss is explained, and what `make bench` then ends with."""

import pytest

from bench.result import Judged, Result, exit_code, judged, verdict, verdicts
from bench.samples import Spread

PROFILE = "# Reads\n\n`read.one.p50`: …\n\n## What limits it\n\nSigning.\n\n## What comes next\n\nLess of it.\n"


def target(measured: float, sense: str = "at most", limit: float = 0.8, id: str = "read.one.p50") -> Judged:
    return judged(id, "a read", sense, limit, "ms", Spread(measured, measured - 0.1, measured + 0.1))


@pytest.mark.parametrize(
    ("sense", "measured", "met"),
    [("at most", 0.8, True), ("at most", 0.81, False), ("at least", 0.8, True), ("at least", 0.79, False)],
)
def test_a_target_is_met_up_to_its_limit(sense, measured, met):
    assert target(measured, sense).met is met


def test_the_median_decides_not_the_best_repeat():
    assert not Judged("a", "", "at most", 1.0, "ms", 1.5, 0.5, 2.0).met


def test_a_ratio_is_in_terms_of_the_limit():
    assert target(1.6).ratio == 2.0
    assert target(1.6, limit=0.0).ratio == 0.0


def test_a_missed_target_is_explained_only_by_a_profile_that_names_it_and_says_both():
    missed = target(2.0)
    assert verdict(missed, PROFILE) == "missed, explained"
    assert verdict(missed, None) == "missed"
    assert verdict(missed, PROFILE.replace("read.one.p50", "read.paced.p99")) == "missed"
    assert verdict(missed, PROFILE.replace("## What limits it", "## Excuses")) == "missed"
    assert verdict(missed, PROFILE.replace("## What comes next", "")) == "missed"


def test_a_met_target_needs_no_profile():
    assert verdict(target(0.5), None) == "met"


@pytest.mark.parametrize(
    ("measured", "profiles", "code"),
    [(0.5, {}, 0), (2.0, {}, 1), (2.0, {"read": PROFILE}, 0), (2.0, {"command": PROFILE}, 1)],
)
def test_a_miss_without_a_profile_fails(measured, profiles, code):
    results = [Result(name="read", judged=[target(measured)]), Result(name="start", judged=[target(0.1)])]
    assert exit_code(verdicts(results, profiles)) == code


def test_one_miss_among_explained_ones_fails():
    results = [Result(name="read", judged=[target(2.0), target(2.0, id="read.paced.p99")])]
    found = verdicts(results, {"read": PROFILE})
    assert [said for _, said in found] == ["missed, explained", "missed"]
    assert exit_code(found) == 1
