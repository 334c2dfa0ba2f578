import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from roomgate.connector.booking_rules import CheckInRules
from roomgate.connector.check_in import CheckIn, Release, Warn, decide, read_signs
from roomgate.meetings.meeting import Meeting, Organizer, sip_join
from roomgate.meetings.showing import decide_shown

START = datetime(2026, 3, 10, 9, tzinfo=UTC)
RULES = CheckInRules()
MEETING = Meeting(
    "u", "", "sip", "t", START, START + timedelta(minutes=30), Organizer(), False, False, sip_join("a@v.example.com")
)
(ONE,) = decide_shown([MEETING])


def at(minutes: float, *, shown=(ONE,), signs=(), checked=(), warned_at=None, rules=RULES):
    warned = {} if warned_at is None else {one.id: START + timedelta(minutes=warned_at) for one in shown}
    return decide(shown, rules, START + timedelta(minutes=minutes), signs=signs, checked=checked, warned=warned)


@pytest.mark.parametrize(
    ("minutes", "warned_at", "acts"),
    [
        (-6, None, ()),
        (0, None, ()),
        (7.9, None, ()),
        (8, None, (Warn(ONE),)),
        (8, 8, ()),
        (9.9, 8, ()),
        (10, 8, (Release(ONE),)),
        (12, 11, ()),  # the warning came late: its time is kept
        (13, 11, (Release(ONE),)),
        (25, None, (Warn(ONE),)),  # never before the room has said so
        (30, 8, ()),
    ],
)
def test_a_meeting_to_which_nobody_came_is_warned_of_and_then_released(minutes, warned_at, acts):
    assert at(minutes, warned_at=warned_at) == acts


@pytest.mark.parametrize("sign", ["call", "presence"])
def test_whoever_came_is_checked_in_while_that_is_open(sign):
    assert at(-6, signs={sign}) == ()
    assert at(-5, signs={sign}) == (CheckIn(ONE, sign),)
    assert at(15, signs={sign}, warned_at=8) == (CheckIn(ONE, sign),)
    assert at(15, checked={ONE.id}, warned_at=8) == ()


def test_only_the_signs_count_that_the_site_named():
    panel_alone = dataclasses.replace(RULES, by=("panel",))
    assert at(8, signs={"call", "presence"}, rules=panel_alone) == (Warn(ONE),)


def test_somebody_in_the_room_counts_for_all_that_overlap():
    both = decide_shown([MEETING, replace(MEETING, uid="v")])
    assert {type(act) for act in at(9, shown=both, signs={"call"})} == {CheckIn}
    assert len(at(9, shown=both, signs={"call"})) == 2


def test_what_the_room_does_not_show_and_what_lasts_all_day_is_not_released():
    day = decide_shown([replace(MEETING, all_day=True)])
    hidden = decide_shown([MEETING], withheld={ONE.id: START})
    assert at(15, shown=day, warned_at=8) == at(15, shown=hidden, warned_at=8) == ()


@pytest.mark.parametrize(
    ("status", "signs"),
    [
        ({}, set()),
        ({"Call": []}, set()),
        ({"Call": [{"id": 7}]}, {"call"}),
        ({"RoomAnalytics": {"PeoplePresence": "Yes"}}, {"presence"}),
        ({"RoomAnalytics": {"PeoplePresence": "Unknown", "PeopleCount": {"Current": -1}}}, set()),
        ({"RoomAnalytics": {"PeopleCount": {"Current": "3"}}}, {"presence"}),
        ({"RoomAnalytics": {"PeopleCount": {"Current": 0}}}, set()),
    ],
)
def test_what_a_devices_state_says_of_people(status, signs):
    assert read_signs({"Status": status}) == signs


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Status", "Call", "RoomAnalytics", "PeoplePresence", "PeopleCount", "Current"]), inner
        )
    ),
)


@given(st.dictionaries(st.just("Status"), documents))
def test_rubbish_is_no_sign_that_breaks_anything(state):
    assert read_signs(state) <= {"call", "presence"}
