from datetime import UTC, datetime, timedelta

import icalendar
import pytest

from roomgate.meetings.series import UnboundedSeries, bounded
from support.invites import ics

START = datetime(2026, 3, 9, tzinfo=UTC)


def cut(*lines):
    component = icalendar.Calendar.from_ical(ics(*lines)).walk("VEVENT")[0]
    return bounded(component, START, START + timedelta(days=7))


def test_a_rule_without_end_ends_with_the_window():
    rule = cut("DTSTART:20260301T090000Z", "RRULE:FREQ=DAILY")["RRULE"]
    assert rule["UNTIL"] == [START + timedelta(days=9)]


def test_an_earlier_end_stays():
    rule = cut("DTSTART:20260301T090000Z", "RRULE:FREQ=DAILY;UNTIL=20260302T090000Z")["RRULE"]
    assert rule["UNTIL"] == [datetime(2026, 3, 2, 9, tzinfo=UTC)]


def test_a_count_becomes_the_last_occurrence():
    rule = cut("DTSTART:20260301T090000Z", "RRULE:FREQ=DAILY;COUNT=3")["RRULE"]
    assert "COUNT" not in rule
    assert rule["UNTIL"] == [datetime(2026, 3, 3, 9, tzinfo=UTC)]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=5",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=9",
        "FREQ=DAILY;INTERVAL=7;BYDAY=WE",
        "FREQ=MONTHLY;INTERVAL=2;BYMONTH=4",
        "FREQ=YEARLY;BYYEARDAY=366",
        "FREQ=DAILY;INTERVAL=0",
    ],
)
def test_rules_that_may_never_match_are_refused(rule):
    with pytest.raises(UnboundedSeries):
        cut("DTSTART:19800101T090000Z", f"RRULE:{rule}")


@pytest.mark.parametrize(
    "rule",
    ["FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE", "FREQ=MONTHLY;BYDAY=2TU", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
     "FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10"],
)  # fmt: skip
def test_what_calendars_write_is_kept(rule):
    assert "UNTIL" in cut("DTSTART:20240101T090000Z", f"RRULE:{rule};COUNT=200")["RRULE"]


def test_the_original_is_untouched():
    component = icalendar.Calendar.from_ical(ics("DTSTART:20260301T090000Z", "RRULE:FREQ=DAILY")).walk("VEVENT")[0]
    bounded(component, START, START + timedelta(days=7))
    assert "UNTIL" not in component["RRULE"]


@pytest.mark.parametrize("rule", ["FREQ=HOURLY", "FREQ=MINUTELY", "FREQ=DAILY;BYHOUR=1,2", "FREQ=DAILY;BYSECOND=1"])
def test_fast_rules_are_refused(rule):
    with pytest.raises(UnboundedSeries):
        cut("DTSTART:20260301T090000Z", f"RRULE:{rule}")


def test_too_many_dates_are_refused():
    dates = ",".join(["20260301T090000Z"] * 2001)
    with pytest.raises(UnboundedSeries):
        cut("DTSTART:20260301T090000Z", "RRULE:FREQ=DAILY", f"EXDATE:{dates}")
