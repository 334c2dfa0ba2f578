"""When a link is asked, and where a fresh one's address is found. The watching is in the tests of K02."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.looks.lasting import DAY, HOUR, Options, _times, end_of, find_address, late_s, utc
from roomgate.checks.target import Link

BEGAN = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
BASE = "https://target.example/"


def offsets(link: Link, used: bool, **options) -> list[float]:
    return [(moment - BEGAN).total_seconds() for moment in _times(link, used, BEGAN, Options(**options))]


def test_one_that_is_left_alone_is_asked_at_both_ends():
    assert offsets(Link(url=BASE), used=False, watch_s=DAY) == [0.0, DAY]


def test_one_in_use_is_asked_in_between():
    times = offsets(Link(url=BASE), used=True, watch_s=30 * DAY)
    assert times[:5] == [0.0, HOUR / 4, HOUR / 2, 3 * HOUR / 4, HOUR]
    assert times[-3:] == [DAY, 7 * DAY, 30 * DAY]


def test_its_time_decides_when():
    times = offsets(Link(url=BASE, lifetime_s=100.0), used=False)
    assert times[0] == 0.0
    assert all(110.0 < time < 125.0 for time in times[1:])
    assert len(times) == 3
    assert offsets(Link(url=BASE, lifetime_s=2 * HOUR), used=False) == [0.0]
    old = Link(url=BASE, lifetime_s=60.0, issued=datetime(2026, 3, 1))
    assert offsets(old, used=True)[0] == 0.0
    assert max(offsets(old, used=True)) < 60


def test_when_it_ends():
    assert end_of(Link(url=BASE), BEGAN) is None
    assert end_of(Link(url=BASE, lifetime_s=60.0), BEGAN) == BEGAN + timedelta(seconds=60)
    assert utc(datetime(2026, 3, 1)) == datetime(2026, 3, 1, tzinfo=UTC)
    assert [late_s(Options(), seconds) for seconds in (3, 100, 9000)] == [2.0, 10.0, 60.0]
    assert late_s(Options(late_s=7.0), 9000) == 7.0


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ('{"link": "/d/1"}', BASE + "d/1"),
        ('{"url": "https://target.example/d/1"}', BASE + "d/1"),
        ('"/d/1"', BASE + "d/1"),
        ("Your link: https://target.example/d/1.", BASE + "d/1"),
        (" /d/1\n", BASE + "d/1"),
        ("No", ""),
        ("{}", ""),
        ("[1]", ""),
    ],
)
def test_where_a_fresh_address_is_found(text, url):
    assert find_address(text, BASE) == url


@given(st.text(max_size=60))
def test_any_answer_is_searched(text):
    assert isinstance(find_address(text, BASE), str)
