"""One event is changed, and nothing else in its file; what we write, we understand."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings.calendars.base import Slot
from roomgate.meetings.calendars.edit import NotThere, build_event, uids, with_end, without
from roomgate.meetings.invite import BadInvitation, Window, occurrences, parse_events
from support.invites import ics

NOW = datetime(2026, 3, 10, 8, tzinfo=UTC)
START = datetime(2026, 3, 10, 9, tzinfo=UTC)
WINDOW = Window(START - timedelta(days=1), START + timedelta(days=7))
UID = "one@example.com"
SERIES = [
    "DTSTART;TZID=Europe/Oslo:20260302T100000",
    "DTEND;TZID=Europe/Oslo:20260302T110000",
    "RRULE:FREQ=DAILY",
    "X-OWN:kept",
]
FORMS = {
    "utc": ["DTSTART:20260310T090000Z", "DTEND:20260310T100000Z"],
    "zone": ["DTSTART;TZID=Europe/Oslo:20260310T100000", "DURATION:PT1H"],
    "floating": ["DTSTART:20260310T090000", "DTEND:20260310T100000"],
    "windows": ["DTSTART;TZID=W. Europe Standard Time:20260310T100000", "DURATION:PT1H"],
}


def seen(raw: bytes) -> dict[datetime, datetime]:
    return {one.start: one.end for one in occurrences(parse_events(raw), WINDOW) if not one.cancelled}


def rid(raw: bytes, start: datetime) -> str:
    return next(one.recurrence_id for one in occurrences(parse_events(raw), WINDOW) if one.start == start)


def test_what_is_booked_is_understood():
    raw = build_event(Slot(START, START + timedelta(minutes=30), "Ad; hoc,\nhere", "Ada"), "u-1", NOW)
    (one,) = occurrences(parse_events(raw), WINDOW)
    assert (one.uid, one.start, one.end) == ("u-1", START, START + timedelta(minutes=30))
    assert one.title == "Ad; hoc, here"
    assert uids(raw) == {"u-1"}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_meeting_is_given_another_end(form):
    raw = ics(*form, "X-OWN:kept")
    until = START + timedelta(hours=3)
    changed = with_end(raw, UID, "", until, NOW)
    assert seen(changed) == {START: until}
    assert b"X-OWN:kept" in changed
    assert parse_events(changed)[0].rank > parse_events(raw)[0].rank
    assert with_end(changed, UID, "", until, NOW) == changed  # safe to repeat


def test_of_a_series_only_the_one_occurrence_gets_another_end():
    raw = ics(*SERIES)
    before = seen(raw)
    until = START + timedelta(minutes=90)
    changed = with_end(raw, UID, rid(raw, START), until, NOW)
    assert seen(changed) == before | {START: until}
    assert b"RECURRENCE-ID;TZID=Europe/Oslo:20260310T100000" in changed
    again = with_end(changed, UID, rid(changed, START), until + timedelta(hours=1), NOW)
    assert seen(again) == before | {START: until + timedelta(hours=1)}
    assert again.count(b"BEGIN:VEVENT") == 2


def test_a_series_keeps_the_name_of_its_zone():
    raw = ics("DTSTART;TZID=W. Europe Standard Time:20260310T100000", "DURATION:PT1H", "RRULE:FREQ=DAILY")
    changed = without(raw, UID, rid(raw, START), NOW)
    assert b"EXDATE;TZID=W. Europe Standard Time:20260310T100000" in changed


def test_a_meeting_given_back_leaves_no_file():
    assert without(ics(*FORMS["utc"]), UID, "", NOW) is None


def test_of_a_series_only_the_one_occurrence_is_given_back():
    raw = ics(*SERIES)
    before = seen(raw)
    name = rid(raw, START)
    left = without(raw, UID, name, NOW)
    assert seen(left) == {start: end for start, end in before.items() if start != START}
    assert without(left, UID, name, NOW) == left
    moved = with_end(raw, UID, name, START + timedelta(hours=2), NOW)
    assert START not in seen(without(moved, UID, name, NOW))


def test_other_events_of_the_file_stay():
    raw = ics(*FORMS["utc"]).replace(
        b"END:VCALENDAR",
        b"BEGIN:VEVENT\r\nUID:two\r\nDTSTART:20260310T120000Z\r\nDURATION:PT1H\r\nEND:VEVENT\r\nEND:VCALENDAR",
    )
    assert uids(without(raw, UID, "", NOW)) == {"two"}
    assert without(raw, "nobody", "", NOW) == raw


def test_what_cannot_be_is_refused():
    raw = ics(*FORMS["utc"])
    with pytest.raises(NotThere):
        with_end(raw, "nobody", "", START, NOW)
    with pytest.raises(BadInvitation, match="before it begins"):
        with_end(raw, UID, "", START, NOW)
    with pytest.raises(BadInvitation, match="all-day"):
        with_end(ics("DTSTART;VALUE=DATE:20260310"), UID, "", START + timedelta(days=3), NOW)


@given(
    st.binary(max_size=300) | st.lists(st.sampled_from(["DTSTART:x", "RRULE:FREQ=DAILY", "EXDATE:y", "DURATION:z", "SEQUENCE:a",
    "DTSTART:20260310T090000Z", "DTEND;VALUE=DATE:20260310", "RECURRENCE-ID:q", "DTSTART;TZID=No/Where:20260310T090000"]), max_size=6)
    .map(lambda lines: ics(*lines)),
    st.sampled_from(["", "2026-03-10T09:00:00+00:00", "rubbish"]),
)  # fmt: skip
def test_rubbish_raises_only_our_errors(raw, name):
    for change in (
        lambda: with_end(raw, UID, name, START + timedelta(hours=1), NOW),
        lambda: without(raw, UID, name, NOW),
    ):
        try:
            change()
        except (BadInvitation, NotThere):
            pass
    uids(raw)
