"""What judgements are made of: each word gives its own outcome, and nothing gives a pass by default."""

import msgspec
import pytest

from roomgate.checks.outcome import Judgement, Outcome, Point, failed, inconclusive, not_applicable, passed

POINT = Point("https://target.example/", "open", (1, 2))


@pytest.mark.parametrize(
    ("made", "outcome"),
    [
        (passed("Fine.", [POINT]), Outcome.PASS),
        (failed("Not fine.", [POINT], vector="CVSS:4.0/…", table=[{"p99_s": 1.5}]), Outcome.FAIL),
        (inconclusive("Nobody knows.", [POINT]), Outcome.INCONCLUSIVE),
        (not_applicable("There is none."), Outcome.NOT_APPLICABLE),
    ],
)
def test_each_says_what_it_is_and_reads_back(made, outcome):
    assert made.outcome is outcome
    assert made.says
    assert msgspec.json.decode(msgspec.json.encode(made), type=Judgement) == made


def test_a_judgement_has_no_outcome_unless_one_is_said():
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"says": "x"}, Judgement)


def test_the_words_are_those_that_programs_rely_on():
    assert {one.value for one in Outcome} == {"pass", "fail", "inconclusive", "not-applicable"}
