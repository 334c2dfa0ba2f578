"""A calendar in one file is taken apart: nothing near is lost, nothing bad takes others along."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings.calendars.feed import cursor, split
from roomgate.meetings.invite import BadInvitation, Window, occurrences, parse_events

START = datetime(2026, 3, 10, 9, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=7))
ZONE = ["BEGIN:VTIMEZONE", "TZID:Odd/Zone", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0200", "END:STANDARD", "END:VTIMEZONE"]  # fmt: skip


def event(uid: str, *lines: str) -> list[str]:
    return ["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260301T080000Z", *lines, "END:VEVENT"]


def feed(*parts: list[str], end: str = "END:VCALENDAR") -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//tests//EN", "METHOD:PUBLISH"]
    return "\r\n".join([*lines, *(line for part in parts for line in part), end, ""]).encode()


def names(raw: bytes) -> list[str]:
    return [source.name for source in split(raw, WINDOW)]


def test_each_event_is_a_file_of_its_own_and_a_bad_one_takes_none_along():
    raw = feed(
        event("good", "DTSTART:20260310T100000Z", "SUMMARY:Good"),
        event("bad", "DTSTART:20260310T100000Z", "RRULE:FREQ=SECONDLY"),
        event("worse", "DTSTART:tomorrow"),
    )
    told = {}
    for source in split(raw, WINDOW):
        try:
            told[source.name] = len(occurrences(parse_events(source.raw), WINDOW))
        except BadInvitation:
            told[source.name] = -1
    assert told == {"good": 1, "bad": -1, "worse": -1}


def test_what_is_far_away_is_left_out_and_series_stay():
    raw = feed(
        event("past", "DTSTART:20250310T100000Z", "DTEND:20250310T110000Z"),
        event("future", "DTSTART;VALUE=DATE:20270310"),
        event("long", "DTSTART:20260101T100000Z", "DTEND:20260401T100000Z"),
        event("length", "DTSTART:20260309T100000Z", "DURATION:P2D"),
        event("series", "DTSTART:20200310T100000Z", "RRULE:FREQ=WEEKLY"),
        event("series", "RECURRENCE-ID:20210310T100000Z", "DTSTART:20210311T100000Z"),
    )
    assert names(raw) == ["length", "long", "series"]
    (series,) = (source for source in split(raw, WINDOW) if source.name == "series")
    assert series.raw.count(b"BEGIN:VEVENT") == 2


def test_an_event_brings_the_zone_that_it_names():
    raw = feed(ZONE, event("a", "DTSTART;TZID=Odd/Zone:20260310T110000"), event("b", "DTSTART:20260310T110000Z"))
    first, second = split(raw, WINDOW)
    assert occurrences(parse_events(first.raw), WINDOW)[0].start == START
    assert b"VTIMEZONE" not in second.raw


def test_folded_lines_and_alarms_and_a_second_calendar_are_followed():
    inner = ["BEGIN:VALARM", "TRIGGER:-PT5M", "UID:alarm", "DTSTART:20200101T000000Z", "END:VALARM"]
    raw = feed(event("a", "DTSTART:2026031\r\n 0T100000Z", *inner)) + feed(event("b", "DTSTART:20260310T100000Z"))
    assert names(raw) == ["a", "b"]
    for source in split(raw, WINDOW):
        assert len(occurrences(parse_events(source.raw), WINDOW)) == 1


def test_the_moment_of_the_asking_is_no_change():
    one = split(feed(event("a", "DTSTART:20260310T100000Z")), WINDOW)
    later = split(feed(event("a", "DTSTART:20260310T100000Z")).replace(b"20260301T08", b"20260302T09"), WINDOW)
    moved = split(feed(event("a", "DTSTART:20260310T110000Z")), WINDOW)
    assert cursor(one) == cursor(later) != cursor(moved)


@pytest.mark.parametrize(
    "raw", [b"", b"<html>sign in</html>", b"x" * 5000 + b"BEGIN:VCALENDAR", feed(event("a"), end="")[:-30]]
)
def test_what_is_no_whole_calendar_is_told(raw):
    with pytest.raises(BadInvitation):
        split(raw, WINDOW)


PIECES = [b"BEGIN:VCALENDAR\n", b"END:VCALENDAR\n", b"BEGIN:VEVENT\n", b"END:VEVENT\n", b"BEGIN:", b"END:\n", b"UID:\xff\n",
          b"DTSTART:99999999\n", b"DTSTART:20260230T\n", b"RRULE:x\n", b"\n ", b"\r\n\t", b"\x00", b":::", b"BEGIN:VTIMEZONE\n"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join))
def test_rubbish_raises_only_our_error(raw):
    try:
        cursor(split(b"BEGIN:VCALENDAR\n" + raw, WINDOW))
    except BadInvitation:
        pass


@given(st.lists(st.tuples(st.integers(-40, 40), st.booleans()), max_size=12))
def test_what_is_kept_says_the_same_as_the_whole(days):
    """No occurrence in the window is lost by taking the file apart."""
    parts = []
    for number, (day, repeats) in enumerate(days):
        start = (START + timedelta(days=day)).strftime("%Y%m%dT%H%M%SZ")
        lines = [f"DTSTART:{start}", "DURATION:PT1H"] + (["RRULE:FREQ=WEEKLY"] if repeats else [])
        parts.append(event(f"u{number}", *lines))
    if not parts:
        return
    raw = feed(*parts)
    whole = {(one.uid, one.start) for one in occurrences(parse_events(raw), WINDOW)}
    apart = {
        (one.uid, one.start)
        for source in split(raw, WINDOW)
        for one in occurrences(parse_events(source.raw), WINDOW)
    }  # fmt: skip
    assert apart == whole
