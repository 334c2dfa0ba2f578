"""Which meetings a room shows, in what order, and the word for each that it does not."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from roomgate.meetings.house_rules import DEFAULT, HouseRules, Private
from roomgate.meetings.meeting import NO_JOIN, Meeting, Organizer, Step, sip_join
from roomgate.meetings.showing import MOST_BOOKINGS, decide_shown

START = datetime(2026, 3, 10, 9, tzinfo=UTC)
ROOM = "oslo@example.com"


def meeting(uid: str = "u", minutes: float = 0, lasts: float = 30, **changes) -> Meeting:
    start = START + timedelta(minutes=minutes)
    one = Meeting(
        uid, "", "sip", f"Title of {uid}", start, start + timedelta(minutes=lasts), Organizer("Ada", "ada@example.com"),
        False, False, sip_join(f"{uid}@v.example.com"), because=(Step("address", "seen", "taken"),),
    )  # fmt: skip
    return replace(one, **changes)


def only(rules: HouseRules = DEFAULT, **changes):
    (found,) = decide_shown([meeting(**changes)], rules, ROOM)
    return found


def test_a_meeting_is_shown_with_its_reasons():
    found = only()
    assert found.booking is not None
    assert [step.step for step in found.because] == ["address", "shown"]


@pytest.mark.parametrize(
    ("rules", "changes", "step"),
    [
        (HouseRules(), {"cancelled": True}, "shown"),
        (HouseRules(), {"declined_by": frozenset({ROOM})}, "declined"),
        (HouseRules(private=Private.HIDE), {"private": True}, "private"),
        (HouseRules(tentative=False), {"tentative": True}, "tentative"),
        (HouseRules(all_day=False), {"all_day": True}, "all-day"),
        (HouseRules(not_joinable=False), {"join": NO_JOIN}, "not joinable"),
    ],
)
def test_what_is_not_shown_says_why(rules, changes, step):
    found = only(rules, **changes)
    assert found.booking is None
    assert (found.because[-1].step, found.because[-1].decided.startswith("not shown")) == (step, True)


@pytest.mark.parametrize("changes", [{"private": True}, {"tentative": True}, {"all_day": True}, {"join": NO_JOIN}])
def test_by_default_all_of_these_are_shown(changes):
    assert only(**changes).booking is not None


def test_what_somebody_else_declined_or_a_room_without_a_known_mailbox_is_shown():
    declined = meeting(declined_by=frozenset({"ada@example.com"}))
    assert decide_shown([declined], mailbox=ROOM)[0].booking
    assert decide_shown([meeting(declined_by=frozenset({ROOM}))])[0].booking
    assert decide_shown([meeting(declined_by=frozenset({ROOM}))], mailbox=" OSLO@example.com ")[0].booking is None


def test_what_was_given_back_is_withheld():
    (found,) = decide_shown([meeting()])
    (again,) = decide_shown([meeting()], withheld={found.id: START})
    assert (again.booking, again.because[-1].step) == (None, "released")
    (moved,) = decide_shown([meeting(minutes=60)], withheld={found.id: START})
    assert moved.booking is not None


def test_overlaps_are_all_shown_and_told_and_an_all_day_meeting_is_none():
    day = meeting("day", -540, 1440, all_day=True)
    found = decide_shown([meeting("c", 90), meeting("b", 10), meeting("a"), day])
    assert [one.meeting.uid for one in found] == ["day", "a", "b", "c"]
    assert all(one.booking for one in found)
    told = {one.meeting.uid for one in found if any(step.step == "overlap" for step in one.because)}
    assert told == {"a", "b"}


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 4)), max_size=8, unique=True), st.randoms())
def test_the_order_is_the_same_however_the_calendar_was_read(times, chance: random.Random):
    ones = [meeting(f"u{n}", start * 15, lasts * 15) for n, (start, lasts) in enumerate(times)]
    mixed = ones[:]
    chance.shuffle(mixed)
    assert decide_shown(mixed) == decide_shown(ones)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 6)), max_size=8), st.integers(0, 30), st.integers(0, 30))
def test_buffers_of_two_meetings_never_overlap(times, early, late):
    rules = HouseRules(early=timedelta(minutes=early), late=timedelta(minutes=late))
    shown = decide_shown([meeting(f"u{n}", s * 5, d * 5) for n, (s, d) in enumerate(times)], rules)
    bookings = [one.booking for one in shown if one.booking]
    for one in bookings:
        assert one.end <= one.closes <= one.end + rules.late
        for other in bookings:
            if other.start >= one.end and one.late_s:
                assert one.closes <= other.start - timedelta(seconds=other.early_s)


def test_a_meeting_on_its_own_can_be_joined_as_long_as_the_site_says():
    rules = HouseRules(late=timedelta(minutes=10))
    alone, before, after = decide_shown([meeting("a", -600), meeting("b"), meeting("c", 38)], rules)
    assert [one.booking.late_s for one in (alone, before, after)] == [600, 180, 600]


def test_the_list_has_an_end_and_what_is_left_off_says_so():
    found = decide_shown([meeting(f"u{n}", n * 60) for n in range(MOST_BOOKINGS + 1)])
    assert [one.booking is None for one in found] == [False] * MOST_BOOKINGS + [True]
    assert "full" in found[-1].because[-1].decided
