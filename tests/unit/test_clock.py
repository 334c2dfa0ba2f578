"""Times are UTC on the way in and on the way out."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.clock import Clock, HandClock, Jumps, SystemClock, iso, parse_iso


def test_the_hand_clock_moves_when_told_and_only_then():
    clock: Clock = HandClock()
    wall, mono = clock.now(), clock.monotonic()
    assert (clock.now(), clock.monotonic()) == (wall, mono)
    HandClock.advance(clock, 1.5)
    assert (clock.now() - wall, clock.monotonic() - mono) == (timedelta(seconds=1.5), 1.5)


def test_the_systems_clock_is_utc_and_never_runs_back():
    clock = SystemClock()
    first, second = clock.monotonic(), clock.monotonic()
    assert clock.now().utcoffset() == timedelta(0)
    assert second >= first


def test_a_time_is_written_in_utc_with_milliseconds():
    moment = datetime(2026, 3, 10, 10, 0, 0, 123_456, tzinfo=timezone(timedelta(hours=1)))
    assert iso(moment) == "2026-03-10T09:00:00.123Z"


@given(st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC)))
def test_what_is_written_is_read_to_the_millisecond(moment):
    assert timedelta(0) <= moment - parse_iso(iso(moment)) < timedelta(milliseconds=1)


@pytest.mark.parametrize("text", ["2026-03-10T09:00:00", "yesterday", ""])
def test_a_time_without_a_zone_is_none(text):
    with pytest.raises(ValueError, match=r"zone|Invalid"):
        parse_iso(text)


def test_another_zone_comes_out_as_utc():
    assert parse_iso("2026-03-10T10:00:00+01:00") == datetime(2026, 3, 10, 9, tzinfo=UTC)
    assert parse_iso("2026-03-10T10:00:00+01:00").utcoffset() == timedelta(0)


@pytest.mark.parametrize("by", [timedelta(hours=1), timedelta(hours=-1), timedelta(seconds=3)])
def test_a_wall_clock_that_was_set_is_seen_once(by):
    clock = HandClock()
    jumps = Jumps(clock)
    clock.advance(5000)
    assert jumps.look() == 0.0
    clock.wall += by
    clock.advance(1)
    assert jumps.look() == by.total_seconds()
    clock.advance(1)
    assert jumps.look() == 0.0


def test_many_small_steps_are_seen_when_they_add_up():
    clock = HandClock()
    jumps = Jumps(clock)
    seen = []
    for _ in range(4):
        clock.advance(1)
        clock.wall += timedelta(seconds=0.6)
        seen.append(round(jumps.look(), 1))
    assert seen == [0.0, 0.0, 0.0, 2.4]


def test_a_clock_that_was_set_back_while_nothing_ran_is_seen_at_the_start():
    clock = HandClock()
    assert Jumps(clock, clock.now() - timedelta(hours=5)).look() == 0.0
    assert Jumps(clock, clock.now() + timedelta(hours=1)).look() == -3600.0
