from datetime import UTC, datetime, timedelta

import pytest

from roomgate.meetings.invite import Invitation, Text
from roomgate.meetings.meeting import Organizer
from roomgate.meetings.stripped import ENOUGH, ENOUGH_ONLINE, Lost, find_lost

ADA, BOB = Organizer("Ada", "ada@example.com"), Organizer("Bob", "bob@example.com")
ROOM = "oslo@rooms.example"
BODY, LINK = Text("DESCRIPTION", "Agenda"), Text("CONFERENCE", "https://meet.google.com/abc-defg-hij")


def one(number, title="Plan", texts=(), organizer=None, **more):
    start = datetime(2026, 3, 10, 9, tzinfo=UTC) + timedelta(hours=number)
    said = {"private": False, "cancelled": False, **more}
    return Invitation(
        f"u{number}", "", title, start, start + timedelta(hours=1), False, organizer or (ADA, BOB)[number % 2],
        texts=tuple(texts), **said,
    )  # fmt: skip


def some(count=ENOUGH, **more):
    return [one(number, **more) for number in range(count)]


def test_a_week_without_a_body_is_told():
    assert find_lost(some()) == {Lost.BODIES}
    assert find_lost([*some(), one(9, texts=[BODY])]) == frozenset()
    assert find_lost([*some(), one(9, texts=[Text("X-ALT-DESC", "x")])]) == frozenset()


@pytest.mark.parametrize(
    "seen",
    [
        [],
        some(ENOUGH - 1),
        some(organizer=ADA),  # one person's habit
        some(organizer=Organizer("Oslo", ROOM)),  # booked in the room
        some(organizer=Organizer()),
        some(private=True),  # hidden by whoever shared the calendar
        some(cancelled=True),
        [one(0), *(one(0, title=f"{n}") for n in range(9))],  # one series
    ],
)
def test_little_or_the_room_s_own_means_nothing(seen):
    assert find_lost(seen, ROOM) == frozenset()


def test_online_meetings_that_always_have_a_body_tell_sooner():
    few = some(ENOUGH_ONLINE, texts=[LINK])
    assert find_lost(few, online_has_body=True) == {Lost.BODIES}
    assert find_lost(few) == frozenset()
    assert find_lost(few[:1], online_has_body=True) == frozenset()


def test_titles_that_are_gone_or_altered():
    bodies = {"texts": [BODY]}
    assert find_lost(some(title="", **bodies)) == {Lost.TITLES}
    assert find_lost([one(n, title=(ADA, BOB)[n % 2].name, **bodies) for n in range(ENOUGH)]) == {Lost.TITLES}
    named = [one(n, title=f"{(ADA, BOB)[n % 2].name} Plan", **bodies) for n in range(ENOUGH)]
    assert find_lost(named) == {Lost.ALTERED_TITLES}
    assert find_lost([*named, one(9, **bodies)]) == frozenset()
