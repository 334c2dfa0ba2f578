"""A grant has an end, rooms and capabilities, or it is none."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.access.capability import Capability
from roomgate.access.grant import LONGEST, Grant
from roomgate.errors import BadInput
from roomgate.ids import GrantId, PersonId, RoomId

START = datetime(2026, 3, 10, 9, tzinfo=UTC)


def grant(
    until: datetime = START + timedelta(hours=1),
    rooms: frozenset[RoomId] = frozenset({RoomId("room_oslo")}),
    capabilities: frozenset[Capability] = frozenset({Capability.CALL}),
    paused: bool = False,
) -> Grant:
    who = PersonId("person_ada")
    return Grant(GrantId("grant_1"), who, rooms, capabilities, "why", START, until, who, 1, paused)


@pytest.mark.parametrize(
    "until",
    [START, START - timedelta(seconds=1), START + LONGEST + timedelta(seconds=1), datetime.max.replace(tzinfo=UTC)],
)
def test_a_grant_without_a_near_end_cannot_be_made(until):
    with pytest.raises(BadInput):
        grant(until)


def test_the_longest_grant_can_be_made():
    assert grant(START + LONGEST).live(START)


def test_a_grant_of_nothing_cannot_be_made():
    with pytest.raises(BadInput):
        grant(rooms=frozenset())
    with pytest.raises(BadInput):
        grant(capabilities=frozenset())


@given(st.integers(-7200, 7200), st.integers(1, 7200), st.booleans())
def test_it_lives_from_its_start_until_just_before_its_end(now_s, until_s, paused):
    given_ = grant(START + timedelta(seconds=until_s), paused=paused)
    assert given_.live(START + timedelta(seconds=now_s)) == (not paused and 0 <= now_s < until_s)
