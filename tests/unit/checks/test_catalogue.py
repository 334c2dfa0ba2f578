"""All thirty checks are there, and each says all that people need."""

import re
from collections import Counter

import pytest

from roomgate.checks.catalogue import all_checks, get_check
from roomgate.checks.declared import Check, Weight
from roomgate.checks.outcome import Outcome
from roomgate.checks.score import score_of
from roomgate.checks.snapshot import Snapshot
from roomgate.errors import NotFound
from support.checks import target_of

IDS = [f"K{n:02}" for n in range(1, 31)]
FATAL = {"K01", "K03", "K04"}
REQUIRED = {"K02", "K05", "K06", "K07", "K08", "K16", "K17", "K20", "K21", "K22", "K27", "K28", "K30"}
each = pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.id)


def test_there_are_thirty_in_their_order():
    assert [check.id for check in all_checks()] == IDS


def test_what_the_grade_asks_for():
    weights = {weight: {one.id for one in all_checks() if one.weight is weight} for weight in Weight}
    assert weights[Weight.FATAL] == FATAL
    assert weights[Weight.REQUIRED] == REQUIRED


@each
def test_a_check_says_all_that_people_need(check: Check):
    assert 8 < len(check.title) < 90
    assert not check.title.endswith(".")
    for text in (check.procedure, check.remedy, check.mistaken):
        assert len(text) > 40
        assert text.endswith((".", "?"))
    assert not check.vector or score_of(check.vector).base > 0
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", one) for one in check.asvs)
    assert all(one.startswith("https://") for one in check.sources)
    assert all(isinstance(one, int) for one in check.cwe)


@each
def test_of_nothing_at_all_nobody_says_that_it_is_well(check: Check):
    found = check.judge(Snapshot(look=check.look.id), target_of())
    assert found.outcome in (Outcome.INCONCLUSIVE, Outcome.NOT_APPLICABLE)


def test_looks_of_one_name_are_one_look():
    looks = {check.look.id: check.look for check in all_checks()}
    assert all(looks[check.look.id] is check.look for check in all_checks())
    assert max(Counter(check.title for check in all_checks()).values()) == 1


def test_a_check_is_found_in_any_case_and_one_that_is_none_is_named():
    assert get_check("k01").id == "K01"
    with pytest.raises(NotFound, match="no check K99"):
        get_check("K99")
