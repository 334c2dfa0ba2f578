from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st

from roomgate.meetings.series import Part, UnboundedSeries, bind, expand, tidied
from support.invites import ics

START = datetime(2026, 3, 9, tzinfo=UTC)


def cut(*lines):
    component = icalendar.Calendar.from_ical(ics(*lines)).walk("VEVENT")[0]
    bind(component, START, START + timedelta(days=7))
    return component


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


@pytest.mark.parametrize("rule", ["FREQ=HOURLY", "FREQ=MINUTELY", "FREQ=DAILY;BYHOUR=1,2", "FREQ=DAILY;BYSECOND=1"])
def test_fast_rules_are_refused(rule):
    with pytest.raises(UnboundedSeries):
        cut("DTSTART:20260301T090000Z", f"RRULE:{rule}")


def test_too_many_dates_are_refused():
    dates = ",".join(["20260301T090000Z"] * 2001)
    with pytest.raises(UnboundedSeries):
        cut("DTSTART:20260301T090000Z", "RRULE:FREQ=DAILY", f"EXDATE:{dates}")


DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
RULES = st.one_of(
    st.builds("FREQ=DAILY;INTERVAL={}".format, st.integers(1, 6)),
    st.builds("FREQ=DAILY;INTERVAL={};BYMONTH=1,3,7".format, st.integers(1, 6)),
    st.builds(
        lambda interval, wkst, days: f"FREQ=WEEKLY;INTERVAL={interval};WKST={wkst};BYDAY={','.join(sorted(days))}",
        st.integers(1, 4),
        st.sampled_from(["MO", "SU"]),
        st.sets(st.sampled_from(DAYS), min_size=1),
    ),
    st.builds("FREQ=WEEKLY;INTERVAL={}".format, st.integers(1, 4)),
    st.builds(
        "FREQ=MONTHLY;INTERVAL={};BYDAY={}{}".format, st.integers(1, 7), st.integers(1, 4), st.sampled_from(DAYS)
    ),
    st.builds("FREQ=MONTHLY;INTERVAL={}".format, st.integers(1, 7)),
    st.builds("FREQ=YEARLY;INTERVAL={}".format, st.integers(1, 3)),
    st.builds("FREQ=YEARLY;BYMONTH={};BYDAY={}{}".format, st.integers(1, 12), st.integers(1, 4), st.sampled_from(DAYS)),
)


@settings(deadline=None, max_examples=250)
@given(RULES, st.integers(0, 3000), st.integers(0, 1500), st.integers(1, 30), st.none() | st.integers(1, 400))
def test_a_series_that_is_taken_up_late_has_the_same_occurrences(rule, age_days, first_day, hours, count):
    """Against the library alone, which walks every occurrence since the first."""
    start = datetime(2016, 2, 29, 10, tzinfo=ZoneInfo("Europe/Berlin")) + timedelta(days=first_day)
    window = (start + timedelta(days=age_days)).astimezone(UTC)
    end = window + timedelta(days=40)
    rule += f";COUNT={count}" if count else ""
    ours = expand([Part(start, start + timedelta(hours=hours), rule=rule)], window, end)
    event = icalendar.Event()
    event.add("UID", "x")
    event.add("DTSTART", start)
    event.add("DTEND", start + timedelta(hours=hours))
    event.add("RRULE", icalendar.vRecur.from_ical(rule + ("" if count else ";UNTIL=20400101T000000Z")))
    calendar = icalendar.Calendar()
    calendar.add_component(event)
    theirs = recurring_ical_events.of(calendar).between(window, end)
    assert sorted(one.start for one in ours) == sorted(one["DTSTART"].dt for one in theirs)


def test_a_part_that_says_nothing_readable_stays_and_fails():
    assert tidied("SOMETIMES;COUNT=3", START) == "SOMETIMES;COUNT=3"
    assert tidied("FREQ=DAILY;;BYHOUR=00;BYMINUTE=5", START) == "FREQ=DAILY;BYMINUTE=5"
    assert tidied("FREQ=DAILY;BYHOUR=0", START.date()) == "FREQ=DAILY;BYHOUR=0"


def test_dates_far_from_the_window_cost_nothing_and_too_many_near_it_are_refused():
    far = tuple(START - timedelta(days=100 + n) for n in range(1000))
    near = tuple(START + timedelta(minutes=n) for n in range(401))
    part = Part(START, START + timedelta(hours=1), rule="FREQ=DAILY", excluded=far)
    assert len(expand([part], START, START + timedelta(days=7))) == 7
    with pytest.raises(UnboundedSeries):
        expand([replace(part, excluded=near)], START, START + timedelta(days=7))


def test_occurrences_of_months_and_crowds_of_exceptions_are_refused():
    long = Part(START, START + timedelta(days=63), rule="FREQ=DAILY")
    crowd = [Part(START, START + timedelta(hours=1), rule="FREQ=DAILY")] * 1001
    for parts in ([long], crowd):
        with pytest.raises(UnboundedSeries):
            expand(parts, START, START + timedelta(days=7))
