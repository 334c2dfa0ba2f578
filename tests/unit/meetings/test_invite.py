from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomgate.meetings.invite import (
    BadInvitation,
    Window,
    invitation,
    occurrences,
    parse_events,
    parse_file,
    parse_invitations,
)
from support.invites import ics

CORPUS = Path(__file__).parents[2] / "corpus" / "invites"
WEEK = Window(datetime(2026, 3, 9, tzinfo=UTC), datetime(2026, 3, 16, tzinfo=UTC))


def test_a_series_with_an_exception_and_a_moved_occurrence():
    seen = parse_invitations((CORPUS / "recurring-exception.ics").read_bytes(), WEEK)
    # Monday the 9th is excluded, Tuesday the 10th moved.
    assert [(one.title, one.start.isoformat()) for one in seen] == [("Series (moved)", "2026-03-10T13:00:00+00:00")]
    assert seen[0].recurrence_id == "2026-03-10T09:00:00+00:00"


def test_the_count_is_kept():
    window = Window(WEEK.start - timedelta(days=30), WEEK.start + timedelta(days=90))
    seen = parse_invitations((CORPUS / "recurring-exception.ics").read_bytes(), window)
    assert len(seen) == 7  # eight, less the excluded one
    assert len({one.recurrence_id for one in seen}) == 7


def test_summer_time_keeps_the_wall_clock():
    raw = ics("DTSTART;TZID=Europe/Berlin:20260327T100000", "RRULE:FREQ=DAILY;COUNT=4")
    seen = parse_invitations(raw, Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)))
    assert [one.start.hour for one in seen] == [9, 9, 8, 8]


@pytest.mark.parametrize("end", ["COUNT=3", "UNTIL=20260312T090000Z", "UNTIL=20260312"])
def test_the_ends_of_a_rule(end):
    seen = parse_invitations(ics("DTSTART:20260310T090000Z", f"RRULE:FREQ=DAILY;{end}"), WEEK)
    assert [one.start.day for one in seen] == [10, 11, 12]


@pytest.mark.parametrize(
    "rules",
    [
        ["FREQ=DAILY;BYDAY=TU, WE"],
        ["freq=daily;byday=tu,we;"],
        ["FREQ=DAILY;BYDAY=TU,WE;COUNT=;INTERVAL="],
        ["FREQ=DAILY;BYDAY=TU,WE;BYHOUR=9;BYMINUTE=00;BYSECOND=0"],
        ["FREQ=DAILY;BYDAY=TU,WE;X-ODD=1"],
        ["FREQ=DAILY;BYDAY=TU,WE", "FREQ=DAILY;BYDAY=TU,WE"],
        ["FREQ=DAILY;BYDAY=TU,WE;UNTIL=20260330T090000"],
    ],
)
def test_rules_as_calendars_write_them(rules):
    lines = ["DTSTART:20260303T090000Z", "DTEND:20260303T100000Z", *[f"RRULE:{rule}" for rule in rules]]
    assert [one.start.day for one in parse_invitations(ics(*lines), WEEK)] == [10, 11]


def test_an_all_day_series():
    seen = parse_invitations(ics("DTSTART;VALUE=DATE:20260301", "RRULE:FREQ=WEEKLY;COUNT=5"), WEEK)
    assert [(one.start.day, one.all_day) for one in seen] == [(15, True)]


def test_floating_times_are_in_the_sites_zone():
    one = invitation(parse_events(ics("DTSTART:20260310T090000"), ZoneInfo("Asia/Tokyo"))[0])
    assert one.start == datetime(2026, 3, 10, 0, tzinfo=UTC)


def test_a_later_file_cancels_the_occurrence_and_an_older_one_changes_nothing():
    series = ics("DTSTART:20260310T090000Z", "RRULE:FREQ=DAILY;COUNT=2", "SEQUENCE:1")
    stop = ics("DTSTART:20260311T090000Z", "RECURRENCE-ID:20260311T090000Z", "SEQUENCE:2", method="CANCEL")
    old = ics("DTSTART:20260310T120000Z", "SEQUENCE:0")
    events = [event for raw in (stop, series, old) for event in parse_events(raw)]
    seen = occurrences(events, WEEK)
    assert [(one.start.day, one.cancelled) for one in seen] == [(10, False), (11, True)]


def test_a_cancelled_series_cancels_all():
    events = parse_events(ics("DTSTART:20260310T090000Z", "RRULE:FREQ=DAILY;COUNT=2"))
    events += parse_events(ics("DTSTART:20260310T090000Z", "RRULE:FREQ=DAILY;COUNT=2", "SEQUENCE:9", method="CANCEL"))
    assert [one.cancelled for one in occurrences(events, WEEK)] == [True, True]


def test_an_event_that_ends_before_it_begins_takes_half_an_hour():
    one = invitation(parse_events(ics("DTSTART:20260310T090000Z", "DTEND:20260310T080000Z"))[0])
    assert one.end - one.start == timedelta(minutes=30)
    assert one.steps


@pytest.mark.parametrize(
    "lines",
    [
        ["DTSTART:tomorrow"],
        ["SUMMARY:no start"],
        ["DTSTART:20260310T090000Z", "RRULE:FREQ=SOMETIMES"],
        ["DTSTART:20260310T090000Z", "RRULE:FREQ=SECONDLY"],
        ["DTSTART:20260310T090000Z", "RRULE:FREQ=DAILY;BYMINUTE=1,2,3"],
        ["DTSTART:00010101T090000Z", "RRULE:FREQ=DAILY"],
        ["DTSTART:20260310T090000Z", "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"],
        ["DTSTART:20260310T090000Z", "DTSTART:20260311T090000Z"],
    ],
)
def test_what_cannot_be_read_is_refused(lines):
    with pytest.raises(BadInvitation):
        parse_invitations(ics(*lines), WEEK)


def together(*files):
    """The events of all these in one file."""
    events = [raw.partition(b"METHOD:REQUEST\r\n")[2].removesuffix(b"END:VCALENDAR\r\n") for raw in files]
    return b"BEGIN:VCALENDAR\r\n" + b"".join(events) + b"END:VCALENDAR\r\n"


def test_an_event_that_cannot_be_read_is_told_and_the_file_s_others_are_kept():
    raw = together(ics("DTSTART:20260310T090000Z"), ics("SUMMARY:no start", uid="two@example.com"))
    events, left_out = parse_file(raw)
    assert ([event.uid for event in events], left_out) == (["one@example.com"], ["an event has no start"])
    with pytest.raises(BadInvitation, match="no start"):
        parse_events(raw)


def test_of_a_series_with_a_change_that_cannot_be_read_nothing_is_shown():
    series = ics("DTSTART:20260310T090000Z", "RRULE:FREQ=DAILY")
    moved = ics("RECURRENCE-ID:20260311T090000Z", "DTSTART:nonsense")
    for raw in (together(series, moved), together(moved, series)):
        events, left_out = parse_file(raw)
        assert (events, len(left_out)) == ([], 2)


def test_events_without_a_uid_that_cannot_be_read_take_none_along():
    nameless = ics("SUMMARY:no start").replace(b"UID:one@example.com\r\n", b"")
    plain = ics("DTSTART:20260310T090000Z").replace(b"UID:one@example.com\r\n", b"")
    events, left_out = parse_file(together(nameless, plain))
    assert (len(events), len(left_out)) == (1, 1)


def test_a_file_that_is_too_large_is_refused():
    with pytest.raises(BadInvitation, match="larger"):
        parse_events(b"x" * (4 * 1024 * 1024 + 1))


YEAR = Window(datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def days(window, *lines):
    return [one.start.day for one in parse_invitations(ics(*lines), window)]


@pytest.mark.parametrize(
    "exdate",
    [
        "EXDATE;TZID=Europe/Berlin:20260311T100000",
        "EXDATE;TZID=W. Europe Standard Time:20260311T100000",
        "EXDATE:20260311T090000Z",
        "EXDATE:20260311T100000",
        "EXDATE;VALUE=DATE:20260311",
        "EXDATE:20260101T000000Z,20260311T090000Z",
        "EXDATE:",
    ],
)
def test_however_a_day_is_left_out(exdate):
    seen = days(WEEK, "DTSTART;TZID=Europe/Berlin:20260310T100000", "RRULE:FREQ=DAILY;COUNT=3", exdate)
    assert seen == ([10, 11, 12] if exdate == "EXDATE:" else [10, 12])


def test_a_day_that_cannot_be_left_out_leaves_no_series():
    with pytest.raises(BadInvitation):
        days(WEEK, "DTSTART:20260310T090000Z", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:Wednesday")


def test_an_all_day_series_leaves_out_a_time_of_day():
    lines = ["DTSTART;VALUE=DATE:20260310", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20260311T000000Z"]
    assert days(WEEK, *lines) == [10, 12]


def test_more_days_than_a_rule_gives():
    assert days(WEEK, "DTSTART:20260310T090000Z", "RDATE;VALUE=PERIOD:20260312T090000Z/PT1H,20260313T090000Z") == [
        10,
        12,
        13,
    ]


@pytest.mark.parametrize(("original", "moved"), [("20250211", 11), ("20270209", 11)])
def test_an_occurrence_that_moves_into_the_week_from_far_away(original, moved):
    series = ics("DTSTART:20250107T090000Z", "DTEND:20250107T093000Z", "RRULE:FREQ=WEEKLY")
    one = ics(
        f"RECURRENCE-ID:{original}T090000Z", "DTSTART:20260311T150000Z", "DTEND:20260311T160000Z", "SUMMARY:moved"
    )
    seen = occurrences([*parse_events(series), *parse_events(one)], WEEK)
    assert [(one.start.day, one.title) for one in seen] == [(10, ""), (moved, "moved")]


def test_from_one_day_on_all_are_others():
    series = ics("DTSTART:20260310T090000Z", "DTEND:20260310T093000Z", "RRULE:FREQ=DAILY;COUNT=4", "SUMMARY:old")
    later = ics(
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20260312T090000Z", "DTSTART:20260312T110000Z", "DTEND:20260312T113000Z",
        "SUMMARY:new",
    )  # fmt: skip
    seen = occurrences([*parse_events(series), *parse_events(later)], WEEK)
    assert [(one.start.day, one.start.hour, one.title) for one in seen] == [
        (10, 9, "old"), (11, 9, "old"), (12, 11, "new"), (13, 11, "new"),
    ]  # fmt: skip


def test_two_senders_zones_of_one_name_do_not_meet():
    def sent(offset):
        zone = ["BEGIN:VTIMEZONE", "TZID:Ours", "BEGIN:STANDARD", "DTSTART:20200101T000000", f"TZOFFSETFROM:{offset}",
                f"TZOFFSETTO:{offset}", "END:STANDARD", "END:VTIMEZONE", "BEGIN:VEVENT"]  # fmt: skip
        raw = ics("DTSTART;TZID=Ours:20260310T120000").replace(b"BEGIN:VEVENT", "\r\n".join(zone).encode())
        return invitation(parse_events(raw)[0]).start.hour

    assert [sent("+0100"), sent("+0500"), sent("+0100")] == [11, 7, 11]


def test_every_event_of_an_unknown_zone_says_so():
    raw = ics(
        "DTSTART;TZID=Atlantis:20260310T090000", "END:VEVENT", "BEGIN:VEVENT", "DTSTART;TZID=Atlantis:20260311T0900"
    )
    assert [invitation(one).steps[0].step for one in parse_events(raw)] == ["time zone", "time zone"]


@pytest.mark.parametrize(
    ("lines", "hours"),
    [
        (["DTSTART:20260310T090000Z", "DURATION:PT2H"], 2),
        (["DTSTART:20260310T090000Z", "DURATION:P1W"], 168),
        (["DTSTART:20260310T090000Z", "DTEND;VALUE=DATE:20260311"], 15),
        (["DTSTART:20260310T090000Z", "DTEND;VALUE=DATE:20260310"], 0.5),
        (["DTSTART;VALUE=DATE:20260310"], 24),
        (["DTSTART;VALUE=DATE:20260310", "DTEND;VALUE=DATE:20260312"], 48),
        (["DTSTART;VALUE=DATE:20260310", "DTEND;VALUE=DATE:20260310"], 24),
        (["DTSTART;TZID=Europe/Berlin:20260329T013000", "DTEND;TZID=Europe/Berlin:20260329T033000"], 1),
    ],
)
def test_where_an_event_ends(lines, hours):
    one = invitation(parse_events(ics(*lines))[0])
    assert (one.end - one.start) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("lines", "tentative"),
    [
        (["STATUS:TENTATIVE"], True),
        (["STATUS:CONFIRMED"], False),
        ([], False),
        (["X-MICROSOFT-CDO-INTENDEDSTATUS:TENTATIVE"], True),
        (["X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE", "X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY"], False),
        (["X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE", "STATUS:CONFIRMED"], False),
        (["X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE"], True),
    ],
)
def test_what_its_organizer_is_not_sure_of(lines, tentative):
    assert invitation(parse_events(ics("DTSTART:20260310T090000Z", *lines))[0]).tentative is tentative


def test_who_does_not_come():
    one = invitation(
        parse_events(
            ics(
                "DTSTART:20260310T090000Z",
                "ATTENDEE;PARTSTAT=DECLINED;CN=Oslo:MAILTO:Oslo@Example.com",
                "ATTENDEE;PARTSTAT=declined;EMAIL=Rome@example.com:urn:uuid:1",
                "ATTENDEE;PARTSTAT=ACCEPTED;CN=DECLINED:mailto:bergen@example.com",
            )
        )[0]
    )
    assert one.declined_by == {"oslo@example.com", "rome@example.com"}
    assert one.mailboxes == {"oslo@example.com", "rome@example.com", "bergen@example.com"}


@given(st.binary(max_size=400))
def test_rubbish_raises_only_our_error(raw):
    with pytest.raises(BadInvitation):
        parse_invitations(raw, WEEK)


PROPERTIES = st.sampled_from(
    ["DTSTART", "DTEND", "RRULE", "EXDATE", "RDATE", "RECURRENCE-ID", "SEQUENCE", "DURATION", "UID", "STATUS",
     "ATTENDEE",
     "ORGANIZER;CN=x", "SUMMARY", "DTSTART;TZID=x", "DTSTART;VALUE=DATE", "URL", "X-ALT-DESC", "BEGIN", "END",
     "DTSTAMP"]
)  # fmt: skip
VALUES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["20260310T090000Z", "20260310", "FREQ=DAILY", "FREQ=MONTHLY;BYDAY=1MO", "P1D", "1", "VEVENT", "VALARM"]
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(PROPERTIES, VALUES), max_size=8))
def test_rubbish_in_the_shape_of_an_event_raises_only_our_error(lines):
    raw = ics("DTSTART:20260310T090000Z", *[f"{name}:{value}" for name, value in lines])
    try:
        seen = parse_invitations(raw, WEEK)
    except BadInvitation:
        return
    assert all(one.start.tzinfo is UTC and one.end > one.start for one in seen)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.sampled_from([b"\r\n ", b"\n ", b"\r\n\t"]))
def test_how_lines_are_folded_never_matters(width, fold):
    raw = (CORPUS / "zoom-sip-block.ics").read_bytes()
    whole = raw.replace(b"\r\n ", b"").replace(b"Design", "Désign".encode())
    folded = b"\r\n".join(
        fold.join(line[at : at + width] for at in range(0, len(line), width)) for line in whole.split(b"\r\n")
    )
    assert [invitation(e) for e in parse_events(folded)] == [invitation(e) for e in parse_events(whole)]


@pytest.mark.parametrize(
    ("said", "shown", "told"),
    [
        ("Planning", "Planning", []),
        ("Réunion\u00a0:\ttous", "Réunion : tous", []),
        ("gnp\u202e.exe\x07", "gnp .exe", ["signs that no reader sees"]),
        ("<SCRIPT>alert(1)</SCRIPT>", "<SCRIPT>alert(1)</SCRIPT>", ["a script"]),
        ("x" * 201, "x" * 200, ["it is too long"]),
    ],
)
def test_what_a_subject_tries_is_told(said, shown, told):
    one = invitation(parse_events(ics("DTSTART:20260310T090000Z", f"SUMMARY:{said}"))[0])
    assert one.title == shown
    assert [step.saw for step in one.steps if step.step == "title"] == told


@pytest.mark.parametrize(
    ("head", "text"),
    [
        ("X-PM-CONFERENCE-URL;PASSWORD=976611", "https://zoom.us/j/85551240091\nPasscode: 976611"),
        ('X-PM-CONFERENCE-URL;X-PM-HOST=a;X-PM-PASSWORD="976611"', "https://zoom.us/j/85551240091\nPasscode: 976611"),
        ("X-PM-CONFERENCE-URL;PASSWORD=blue7", "https://zoom.us/j/85551240091"),
        ("X-PM-CONFERENCE-URL;PASSWORD=٩٧٦٦", "https://zoom.us/j/85551240091"),
        ("X-PM-CONFERENCE-URL;PASSWORD=97661100112", "https://zoom.us/j/85551240091"),
        ("URL;PASSWORD=976611", "https://zoom.us/j/85551240091"),
    ],
)
def test_the_passcode_beside_a_link_of_proton_s(head, text):
    seen = invitation(parse_events(ics("DTSTART:20260310T090000Z", f"{head}:https://zoom.us/j/85551240091"))[0])
    assert [one.text for one in seen.texts] == [text]
