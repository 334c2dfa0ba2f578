"""Two reports beside each other: unknown is never better."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from roomgate.checks.outcome import Outcome, failed, inconclusive, passed
from roomgate.checks.report.comparison import compare, verdict
from support.reports import VECTORS, check, report_of

F, P, I, N = Outcome.FAIL, Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.NOT_APPLICABLE  # noqa: E741 (a table of them)


def finding(outcome, score=7.0):
    return replace(report_of([check("K02", passed("x"))]).findings[0], outcome=outcome, score=score)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (F, P, "better"), (F, N, "better"), (I, P, "better"), (I, N, "better"),
        (P, F, "worse"), (N, F, "worse"), (I, F, "worse"), (P, I, "worse"), (N, I, "worse"),
        (F, I, "unclear"),
        (F, F, "same"), (P, P, "same"), (I, I, "same"), (N, N, "same"), (P, N, "same"), (N, P, "same"),
    ],
)  # fmt: skip
def test_every_pair_of_outcomes(old, new, said):
    assert verdict(finding(old), finding(new)) == said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [(I, F, "new"), (I, P, "new"), (I, N, "new"), (F, I, "unclear"), (P, I, "unclear"), (I, I, "same")],
)
def test_what_was_not_looked_at_got_neither_better_nor_worse(old, new, said):
    then, now = (replace(finding(outcome), evidence=() if outcome is I else ("x",)) for outcome in (old, new))
    assert verdict(then, now) == said


def test_a_fail_that_nobody_had_looked_at_is_alarming():
    nothing = report_of([check("K01", passed("x"))])
    assert compare(nothing, report_of([check("K01", passed("x")), check("K02", failed("x"))])).alarming
    assert not compare(nothing, report_of([check("K01", passed("x")), check("K02", passed("x"))])).alarming
    assert compare(nothing, report_of([check("K01", failed("x"))])).alarming


def test_a_fail_may_become_milder_or_worse():
    assert verdict(finding(F, 9.0), finding(F, 5.0)) == "better"
    assert verdict(finding(F, 5.0), finding(F, 9.0)) == "worse"


def test_each_check_stands_in_one_place():
    old = report_of(
        [check("K01", failed("Open.")), check("K02", passed("x")), check("K05", failed("x")), check("K06", passed("x"))]
    )
    new = report_of(
        [
            check("K01", passed("Shut.")),
            check("K02", failed("x")),
            check("K05", inconclusive("?")),
            check("K10", failed("x")),
        ]
    )
    found = compare(old, new)
    assert [[one.id for one in part] for part in (found.better, found.worse, found.unclear, found.new, found.same)] == [
        ["K01"], ["K02"], ["K05"], ["K10"], [],
    ]  # fmt: skip
    assert found.gone == ("K06",)
    assert (found.grades, found.points) == (("F", "C"), (70, 70))
    assert (found.better[0].before, found.better[0].now) == ("fail", "pass")


def test_another_target_is_named():
    other = replace(report_of(), target="Another")
    assert compare(report_of(), other).other_target == "Another"
    assert compare(report_of(), report_of()).other_target == ""


@given(
    st.lists(st.sampled_from(list(Outcome)), min_size=8, max_size=8),
    st.lists(st.sampled_from(list(Outcome)), min_size=8, max_size=8),
)
def test_turned_round_nothing_is_better_both_ways(before, after):
    def made(outcomes):
        checks = [check(f"K{n:02}", passed("x"), severity="low") for n in range(1, 9)]
        whole = report_of(checks)
        return replace(
            whole, findings=tuple(replace(one, outcome=o) for one, o in zip(whole.findings, outcomes, strict=True))
        )

    there, back = compare(made(before), made(after)), compare(made(after), made(before))
    assert {one.id for one in there.better} & {one.id for one in back.better} == set()
    assert {one.id for one in there.same} == {one.id for one in back.same}
    assert sum(len(part) for part in (there.better, there.worse, there.unclear, there.new, there.same)) == 8


def test_the_vectors_of_the_builder_are_scored():
    assert VECTORS["low"] == report_of([check("K11", failed("x"), severity="low")]).findings[0].vector
