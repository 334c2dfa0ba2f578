"""The report's sentences: right in number, and every grade has its meaning."""

import pytest
from msgspec.structs import replace

from roomgate.checks.grade import STEPS
from roomgate.checks.outcome import Outcome, failed, inconclusive, passed
from roomgate.checks.report.words import MEANINGS, SHAPES, WORDS, counted, day, meaning, scope, summary
from support.reports import RUN, check, report_of


def test_every_grade_and_outcome_has_its_words():
    assert set(MEANINGS) == {letter for _, letter in STEPS} | {"F", "-"}
    assert set(SHAPES) == set(WORDS) == set(Outcome)
    assert len(set(SHAPES.values())) == 4  # told apart without colour
    assert meaning(report_of()) == MEANINGS["F"]
    assert meaning(replace(report_of(), grade="Z")) == ""


def test_three_sentences():
    looked, wrong, unknown = summary(report_of())
    assert looked == "9 of 11 checks could be judged from outside, with 4 requests."
    assert wrong == "6 fail: 1 critical, 2 high, 1 medium, 1 low, 1 info."
    assert unknown == "2 checks could not be judged: that is not a pass."


def test_what_needs_more_than_this_run_had_is_told_apart():
    beyond = [replace(one, tier=2) if one.id == "K21" else one for one in report_of().findings]
    outside = replace(report_of(), findings=tuple(beyond))
    assert summary(outside)[2] == (
        "1 check needs test accounts or site access and 1 check could not be judged: that is not a pass."
    )
    assert "needs site access" in summary(replace(outside, tier=1))[2]


def test_one_of_each():
    one = summary(report_of([check("K01", failed("x"))], links=1))
    assert one[0].startswith("1 of 1 check could be judged from outside, with 3 requests")
    assert one[1] == "1 fails: 1 high."
    assert summary(report_of([check("K01", passed("x"))]))[1:] == ("None of them fails.", "Nothing is left open.")
    assert summary(report_of([check("K01", inconclusive("x"))]))[2].startswith("1 check could not be judged")


@pytest.mark.parametrize(("number", "said"), [(0, "0 checks"), (1, "1 check"), (2000, "2,000 checks")])
def test_numbers(number, said):
    assert counted(number, "check") == said


def test_what_a_run_left_out():
    assert scope(report_of()) == "no call was placed, and nothing in a room was moved"
    narrow = scope(report_of(run=replace(RUN, only=("K10", "K11"), quick=True, intrusive=True)))
    assert narrow == "only what is done within a minute; only K10, K11"


@pytest.mark.parametrize(
    ("at", "said"), [("2026-03-10T09:04:00.000Z", "2026-03-10 09:04 UTC"), ("", ""), ("soon", "soon")]
)
def test_moments(at, said):
    assert day(at) == said
