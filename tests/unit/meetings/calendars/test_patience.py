"""Quotas, pauses, and what a server may say of when to come back."""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings.calendars.patience import (
    FORGIVEN,
    LONGEST_WAIT_S,
    TRYING_S,
    Breaker,
    Quota,
    Refusals,
    parse_retry_after,
)

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)


def test_a_burst_goes_at_once_and_the_rest_in_order():
    quota = Quota(10.0, 3)
    assert [quota.take(100.0) for _ in range(5)] == pytest.approx([0, 0, 0, 0.1, 0.2])


def test_a_quota_fills_again_but_no_further_than_its_burst():
    quota = Quota(10.0, 2)
    quota.take(0.0)
    quota.take(0.0)
    assert [quota.take(1000.0) for _ in range(3)] == pytest.approx([0, 0, 0.1])


def test_who_only_looks_takes_no_place():
    quota = Quota(10.0, 2)
    for wanted in (0.0, 0.0, 0.1, 0.2):
        assert [quota.turn_s(5.0) for _ in range(3)] == pytest.approx([wanted] * 3)
        assert quota.take(5.0) == pytest.approx(wanted)
    assert quota.turn_s(1000.0) == 0


@given(st.lists(st.floats(0, 5), min_size=1, max_size=60))
def test_no_more_go_than_the_quota_allows(gaps):
    quota, now, went = Quota(4.0, 5), 0.0, []
    for gap in gaps:
        now += gap
        went.append(now + quota.take(now))
    assert went == sorted(went)
    for first in range(len(went)):
        for last in range(first, len(went)):
            assert last - first + 1 <= 5 + 4.0 * (went[last] - went[first]) + 1e-6


def test_pauses_grow_to_their_bound_and_an_answer_ends_them():
    breaker, now, pauses = Breaker(random.Random(7), 1.0, 30.0), 0.0, []
    for _ in range(12):
        assert breaker.enter(now) == 0
        pauses.append(breaker.failed(now, now + 0.01))
        now += 100.0
    assert all(0.04 <= pause <= min(30.0, 2.0**n) for n, pause in enumerate(pauses))
    assert max(pauses) > 5.0
    breaker.answered()
    assert breaker.closed_s(now) == 0


def test_those_that_fell_together_are_one_failure():
    breaker = Breaker(random.Random(1), 1.0, 30.0)
    for _ in range(50):
        assert breaker.failed(10.0, 20.0) <= 1.0


def test_one_request_tries_a_server_that_was_down():
    breaker = Breaker(random.Random(1), 1.0, 30.0)
    after = 0.1 + breaker.failed(0.0, 0.1)
    assert breaker.enter(after - 0.01) > 0
    assert breaker.enter(after) == 0
    assert breaker.enter(after) == pytest.approx(TRYING_S)
    assert breaker.enter(after + TRYING_S) == 0  # the one that tried never came back


def test_what_the_server_says_goes_before_our_own_pause():
    breaker = Breaker(random.Random(1), 1.0, 30.0)
    assert breaker.failed(0.0, 0.0, 120.0) == 120.0
    assert breaker.closed_s(119.0) == pytest.approx(1.0)


def test_a_wrong_password_rests_longer_each_time_and_one_success_ends_that():
    refusals, now, asked = Refusals(), 0.0, 0
    while now < 6 * 3600:
        if not refusals.closed_s(now):
            asked += 1
            refusals.refused(now)
        now += 1.0
    assert asked <= FORGIVEN + 12
    refusals.accepted()
    assert refusals.closed_s(now) == 0


@given(st.lists(st.booleans(), max_size=60))
def test_one_room_that_is_refused_among_others_stops_nobody(rooms):
    refusals, in_a_row = Refusals(), 0
    for n, good in enumerate(rooms):
        in_a_row = 0 if good else in_a_row + 1
        if in_a_row >= FORGIVEN:
            return
        refusals.accepted() if good else refusals.refused(float(n))
        assert refusals.closed_s(float(n)) == 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Tue, 10 Mar 2026 09:02:00 GMT", 120.0),
        ("Tue, 10 Mar 2026 08:00:00 GMT", 0.0),
        ("999999999", LONGEST_WAIT_S),
        ("Fri, 10 Mar 2096 09:02:00 GMT", LONGEST_WAIT_S),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("٣", None),
    ],
)
def test_retry_after(text, seconds):
    assert parse_retry_after(text, NOW) == seconds


@given(st.text(max_size=80))
def test_retry_after_takes_any_rubbish(text):
    assert (told := parse_retry_after(text, NOW)) is None or 0 <= told <= LONGEST_WAIT_S
