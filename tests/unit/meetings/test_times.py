from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings.lines import BadInvitation, Property
from roomgate.meetings.times import in_utc, parse_duration, parse_periods, parse_time, parse_times

BERLIN = ZoneInfo("Europe/Berlin")


def parsed(text: str):
    return parse_time(Property("DTSTART", text), lambda _: BERLIN)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("20260310T090000Z", datetime(2026, 3, 10, 9, tzinfo=UTC)),
        ("20260310t090000z", datetime(2026, 3, 10, 9, tzinfo=UTC)),
        ("20260310T090000", datetime(2026, 3, 10, 9, tzinfo=BERLIN)),
        ("20260310T0900", datetime(2026, 3, 10, 9, tzinfo=BERLIN)),
        (" 20260310T090060 ", datetime(2026, 3, 10, 9, 0, 59, tzinfo=BERLIN)),
        ("20260310", date(2026, 3, 10)),
    ],
)
def test_times(text, moment):
    assert parsed(text) == moment


def test_the_hour_that_is_not_and_the_one_that_is_twice():
    """RFC 5545 3.3.5: a time in the gap counts by the offset before it, a time that comes twice is the first."""
    assert in_utc(parsed("20260329T023000"), UTC) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert in_utc(parsed("20261025T023000"), UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "20261301", "20260310T250000", "00000101", "2026-03-10", "２０２６０３１０", "20260310T0900+01"],
)
def test_what_is_no_time(text):
    with pytest.raises(BadInvitation):
        parsed(text)


def test_the_calendars_ends_do_not_overflow():
    with pytest.raises(BadInvitation):
        in_utc(datetime(1, 1, 1, tzinfo=BERLIN), UTC)


def test_lists_and_periods():
    lines = [Property("RDATE", "20260310T090000Z/PT1H,20260311"), Property("RDATE", " ,")]
    assert parse_times(lines, lambda _: UTC) == [datetime(2026, 3, 10, 9, tzinfo=UTC), date(2026, 3, 11)]


def test_a_period_has_an_end_of_its_own_or_none():
    line = Property("RDATE", "20260310T090000Z/PT1H,20260310T090000Z/20260310T110000Z,20260310T090000Z/PT0S")
    start = datetime(2026, 3, 10, 9, tzinfo=UTC)
    hour = timedelta(hours=1)
    assert parse_periods([line], lambda _: UTC) == [(start, start + hour), (start, start + 2 * hour), start]
    with pytest.raises(BadInvitation):
        parse_periods([Property("RDATE", "99991231T090000Z/P99999D")], lambda _: UTC)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("PT1H", 60), ("PT90M", 90), ("P1DT2H30M", 1590), ("P2W", 20160), ("+PT15M", 15), ("-PT15M", -15), ("PT0S", 0)],
)
def test_durations(text, minutes):
    assert parse_duration(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", "P", "PT", "1H", "P1M", "P1Y", "PT1H-", "P99999999999D"])
def test_what_is_no_duration(text):
    with pytest.raises(BadInvitation):
        parse_duration(text)


@given(st.text(max_size=40))
def test_rubbish_raises_only_our_error(text):
    for attempt in (lambda: in_utc(parsed(text), BERLIN), lambda: parse_duration(text)):
        try:
            attempt()
        except BadInvitation:
            continue
