from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.identity.scim.brake import AT_LEAST, WINDOW, Brake, Braked

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def brake(kept: int, ended: int, first: datetime | None = NOW, released: datetime | None = None) -> Brake:
    return Brake(kept, frozenset(f"person_{n}" for n in range(ended)), first, released)


@given(st.integers(0, 5000))
def test_as_many_may_go_as_nobody_ends_by_the_way_and_no_more(kept: int) -> None:
    limit = max(10, kept // 10)
    assert brake(kept, limit).limit == limit
    brake(kept, limit - 1).require("another", NOW)
    with pytest.raises(Braked):
        brake(kept, limit).require("another", NOW)


def test_a_single_one_is_never_held_up() -> None:
    brake(0, 0, None).require("one", NOW)
    brake(1, 0, None).require("one", NOW)


def test_the_same_person_again_is_not_counted_again() -> None:
    full = brake(0, AT_LEAST)
    full.require("person_3", NOW)
    assert full.holds(NOW)


def test_the_wait_lasts_until_the_first_of_them_is_an_hour_ago() -> None:
    with pytest.raises(Braked) as refused:
        brake(0, AT_LEAST, NOW - timedelta(minutes=45)).require("another", NOW)
    assert refused.value.wait_s == 15 * 60
    with pytest.raises(Braked) as refused:
        brake(0, AT_LEAST, NOW - WINDOW).require("another", NOW)
    assert refused.value.wait_s == 1


def test_a_release_ends_by_itself() -> None:
    released = brake(0, 500, released=NOW + timedelta(minutes=1))
    released.require("another", NOW)
    assert released.holds(NOW + timedelta(minutes=1))
