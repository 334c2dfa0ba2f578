"""What was seen of a channel, and what it means: the last moment that served counts; what nobody knows is undecided."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.cuts import (
    WATCHED,
    Cut,
    Verdict,
    cuts_of,
    judge_requests,
    not_undone,
    percentile,
    row,
    verdict,
    words,
)
from roomgate.checks.outcome import Outcome
from roomgate.checks.snapshot import Fact, Snapshot
from support.checks import target_of
from support.cut_target import HEAD, NAME, cause

TARGET = target_of(HEAD + NAME + cause("deleted"))


def cut(**more):
    fields = {"cause": "deleted", "cause_kind": "deleted", "channel": "name", "proven": True, "watched_s": 60.0}
    return Cut(**fields | more)


def fact(value, name=WATCHED):
    return Fact(label="deleted", t=0, at="", name=name, value=value)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (cut(cut_s=0.2), Verdict.CUT),
        (cut(last_s=7.5, cut_s=7.75), Verdict.CUT),
        (cut(last_s=59.9, cut_s=60.0), Verdict.CUT),
        (cut(last_s=61.0, cut_s=61.25), Verdict.LATE),
        (cut(last_s=60.1), Verdict.NEVER),
        (cut(last_s=59.5), Verdict.NEVER),
        (cut(last_s=20.0), Verdict.UNDECIDED),
        (cut(last_s=20.0, cut_s=80.0), Verdict.UNDECIDED),  # nobody knows what was between
        (cut(last_s=9.5, watched_s=10.0), Verdict.UNDECIDED),  # it was not watched for long enough
        (cut(cut_s=0.2, unclear_s=70.0), Verdict.UNDECIDED),
        (cut(), Verdict.UNDECIDED),
        (cut(proven=False, cut_s=0.2), Verdict.UNDECIDED),
    ],
)
def test_the_verdict(seen, expected):
    assert verdict(seen) is expected
    assert words(seen)
    assert (row(seen)["seconds"] is not None) is (expected in (Verdict.CUT, Verdict.LATE))


@given(st.one_of(st.none(), st.text(), st.integers(), st.dictionaries(st.text(max_size=8), st.integers())))
def test_a_fact_of_another_form_is_no_cut(value):
    assert cuts_of(Snapshot(look="cutting", steps=(fact(value), fact({"cause": 1}, "other")))) == []


def test_percentiles_are_values_that_were_measured():
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0
    assert percentile([5.0] + [0.1] * 99, 99) == 0.1
    assert percentile([5.0, 0.1], 99) == 5.0
    assert percentile([1.0], 1) == 1.0
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 50)


@given(st.lists(st.floats(0, 100), min_size=1), st.integers(1, 100))
def test_a_percentile_is_one_of_the_values_and_grows(values, part):
    found = percentile(values, part)
    assert found in values
    assert percentile(values, 100) == max(values)
    assert found <= max(values)


def judged(*cuts):
    import msgspec

    steps = tuple(fact(msgspec.to_builtins(one)) for one in cuts)
    return judge_requests(Snapshot(look="cutting", steps=steps), TARGET, ("deleted",), ("deleted",), "a deletion")


@pytest.mark.parametrize(
    ("cuts", "outcome"),
    [
        ([cut(cut_s=0.1)], Outcome.PASS),
        ([], Outcome.INCONCLUSIVE),
        ([cut(cut_s=0.1), cut(channel="other", last_s=60.0)], Outcome.FAIL),
        ([cut(cut_s=0.1), cut(channel="a new sign-in", anew=True, last_s=60.0)], Outcome.FAIL),
        ([cut(cut_s=0.1), cut(channel="other", trouble=9, asked=9)], Outcome.INCONCLUSIVE),
        ([cut(cut_s=0.1), cut(channel="other", proven=False)], Outcome.PASS),  # of another role, perhaps
        ([cut(cut_s=0.1), cut(channel="other", proven=False, named=True)], Outcome.INCONCLUSIVE),
        ([cut(channel="a new sign-in", anew=True, cut_s=0.1)], Outcome.INCONCLUSIVE),
        ([cut(channel_kind="websocket", cut_s=0.1)], Outcome.INCONCLUSIVE),
        ([cut(channel_kind="websocket", last_s=60.0), cut(cut_s=0.1)], Outcome.PASS),  # that is K05's
        ([cut(cause_kind="own-password", last_s=60.0), cut(cut_s=0.1)], Outcome.PASS),
    ],
)
def test_requests_are_judged_by_every_cause(cuts, outcome):
    assert judged(*cuts).outcome is outcome


def test_a_kind_that_was_never_tried_is_asked_for():
    found = judge_requests(Snapshot(look="cutting"), TARGET, ("signed-out",), ("signed-out",), "a sign-out")
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "signed-out" in found.says


def test_what_was_not_put_back_stands_with_every_judgement():
    (point,) = not_undone(Snapshot(look="cutting", steps=(fact("put ada back", "not-undone"),)))
    assert "NOT UNDONE" in point.what
