"""Snapshots: read back as they were written, asked by kind and label, and rubbish is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.snapshot import (
    Act,
    Ended,
    Exchange,
    Fact,
    Frame,
    Render,
    Snapshot,
    Told,
    decode_snapshot,
    encode_snapshot,
)
from roomgate.errors import BadInput
from support.reports import AT, exchange

BASE = {"label": "here", "t": 1.5, "at": AT}
ONE_OF_EACH = (
    exchange(1),
    Frame(channel="ws", way="received", text="hello", **BASE),
    Render(url="https://target.example/", forms=({"action": "x", "fields": ["password"]},), **BASE),
    Act(name="leave", how="by hand", ok=False, **BASE),
    Told(question="Is there a notice?", answer="no", **BASE),
    Fact(name="ports", value={"443": ["open", 1.5, None]}, subject="alice", **BASE),
)


def test_each_kind_of_step_reads_back_as_it_was():
    whole = Snapshot(look="links", began=AT, ended=Ended.FAILED, why="It went away.", steps=ONE_OF_EACH)
    assert decode_snapshot(encode_snapshot(whole)) == whole


def test_steps_are_asked_for_by_kind_label_and_subject_in_their_order():
    whole = Snapshot(look="links", steps=(*ONE_OF_EACH, exchange(2, subject="bob"), exchange(3, label="other")))
    assert [step.url[-12:-7] for step in whole.of(Exchange)] == ["00001", "00002", "00003"]
    assert len(whole.of(Exchange, "stranger")) == 2
    assert whole.of(Exchange, "stranger", "bob") == [whole.steps[6]]
    assert whole.of(Fact, "here", "nobody") == []
    assert [whole.number(step) for step in whole.of(Exchange)] == [0, 6, 7]


def test_two_steps_that_are_alike_have_numbers_of_their_own():
    whole = Snapshot(look="links", steps=(exchange(1), exchange(1)))
    assert [whole.number(step) for step in whole.of(Exchange)] == [0, 1]


def test_headers_are_found_in_any_case_and_the_first_counts():
    step = exchange(1, headers=(("X-One", "a"), ("x-one", "b")))
    assert (step.header("x-ONE"), step.every("X-one"), step.header("none")) == ("a", ["a", "b"], "")


@pytest.mark.parametrize(
    ("status", "answered", "succeeded"), [(0, False, False), (199, True, False), (200, True, True), (300, True, False)]
)
def test_what_an_answer_is(status, answered, succeeded):
    step = exchange(1, status=status)
    assert (step.answered, step.succeeded) == (answered, succeeded)


@given(
    st.binary(max_size=60) | st.sampled_from([b"[" * 9000, b'{"look":1}', b'{"look":"a","steps":[{"kind":"none"}]}'])
)
def test_rubbish_raises_only_our_error(raw):
    with pytest.raises(BadInput):
        decode_snapshot(raw)
