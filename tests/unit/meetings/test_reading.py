from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from roomgate.meetings.invite import MOST_OCCURRENCES, BadInvitation, invitation, parse_events
from roomgate.meetings.reading import ALL, Given, read
from support.invites import ics
from support.readers import MARCH, SITE, file, given

SPOKEN = invitation(parse_events(file(7))[0])


def addresses(understood):
    return [one.join.address for one in understood.meetings]


def test_files_and_occurrences_become_meetings_by_their_start():
    early = replace(SPOKEN, start=SPOKEN.start - timedelta(hours=1))
    found = read(Given((file(1),), (early,), MARCH, SITE), UTC)
    assert (addresses(found), found.bad) == (["7@v.example.com", "1@v.example.com"], {})


def test_what_lies_outside_the_window_is_none():
    ahead = replace(SPOKEN, start=MARCH.end, end=MARCH.end + timedelta(hours=1))
    over = replace(SPOKEN, start=MARCH.start - timedelta(hours=1), end=MARCH.start)
    assert read(Given((), (ahead, over), MARCH, SITE), UTC).meetings == ()


def test_a_bad_file_takes_none_along():
    found = read(given(file(1), b"rubbish", file(2)), UTC)
    assert (addresses(found), list(found.bad)) == (["1@v.example.com", "2@v.example.com"], [1])


def test_a_bad_event_takes_none_but_its_own_series_along():
    broken = file(2).replace(b"DTSTART:20260310T090000Z", b"DTSTART:nonsense")
    together = file(1).replace(b"END:VCALENDAR\r\n", b"") + broken.partition(b"METHOD:REQUEST\r\n")[2]
    found = read(given(together), UTC)
    assert addresses(found) == ["1@v.example.com"]
    assert found.bad == {0: "1 of its 2 events left out: an event has a time that cannot be read"}


def test_a_series_that_asks_too_much_is_told_by_each_of_its_files_and_takes_none_along():
    endless = ics("DTSTART:20260310T090000Z", "RRULE:FREQ=SECONDLY", uid="two@example.com")
    more = ics("DTSTART:20260310T090000Z", "RECURRENCE-ID:20260311T090000Z", uid="two@example.com")
    found = read(given(file(1), endless, more), UTC)
    assert (addresses(found), list(found.bad)) == (["1@v.example.com"], [1, 2])


def test_a_cancellation_in_a_file_of_its_own_counts():
    cancelled = file(1).replace(b"METHOD:REQUEST", b"METHOD:CANCEL").replace(b"DTSTAMP:2026", b"DTSTAMP:2027")
    assert [one.cancelled for one in read(given(file(1), cancelled), UTC).meetings] == [True]


def test_of_very_many_the_first_are_kept():
    many = tuple(replace(SPOKEN, uid=f"{number}") for number in range(MOST_OCCURRENCES + 1))
    found = read(Given((), many, MARCH, SITE), UTC)
    assert len(found.meetings) == MOST_OCCURRENCES
    assert list(found.bad) == [ALL]


@pytest.mark.parametrize("step", range(3))
def test_who_asks_for_a_step_may_refuse_it_and_the_others_are_read(step):
    begun = []

    def begin(numbers):
        begun.append(numbers)
        if numbers == (1,) and begun.count((1,)) > step:
            raise BadInvitation("not this one")

    found = read(Given((file(1), file(2)), (SPOKEN,), MARCH, SITE), UTC, None, begin)
    assert addresses(found) == ["1@v.example.com", "7@v.example.com"]
    assert found.bad == {1: "not this one"}
    assert begun[:2] == [(0,), (1,)]
    assert (2,) in begun
