from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.meetings.told import MOST_MEETINGS, in_vain, read_calendar, read_device, within
from support.told_meetings import answer, told

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
rubbish = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = ("Id", "Title", "Organizer", "Private", "Start", "End", "Service", "How", "Address", "Shown", "Why")


def one(**more: Any) -> Any:
    found = read_calendar(answer(told(NOW, "rg-1", **more)))
    assert found is not None
    return found.meetings[0] if found.meetings else None


def test_a_meeting_is_read_with_its_reasons() -> None:
    found = one()
    assert (found.title, found.organizer, found.service, found.how, found.joins) == (
        "Weekly",
        "Org Anizer",
        "zoom",
        "sip",
        True,
    )
    assert [(step.step, step.saw, step.decided) for step in found.why] == [("service", "a Zoom link", "zoom")]


def test_of_a_private_meeting_neither_title_nor_organizer_is_kept_whatever_is_sent() -> None:
    for said in (True, None, "no", 0):  # only a plain "not private" opens it
        found = one(Private=said)
        assert (found.private, found.title, found.organizer) == (True, "", "")


def test_a_passcode_that_an_older_connector_sends_is_not_kept() -> None:
    assert "110292" not in one(Address="5364147796.110292@zoomcrc.com").address


@pytest.mark.parametrize(
    "more",
    [{"Id": ""}, {"Id": 5}, {"Start": "soon"}, {"Start": "2026-03-10T09:00:00"}, {"End": None}, {"Start": "9" * 99}],
)
def test_what_has_no_id_or_no_times_is_left_out_and_counted(more: dict[str, Any]) -> None:
    found = read_calendar(answer({**told(NOW, "rg-1"), **more}))
    assert found is not None
    assert (found.meetings, [(t.kind, t.words) for t in found.troubles]) == ((), [("unread", "1")])


def test_only_what_is_shown_and_can_be_joined_has_a_button() -> None:
    assert not one(Shown=False).joins
    assert not one(Shown="yes").joins
    assert not one(How="none").joins
    assert not one(How="telepathy").joins
    assert not one(minutes=90).soon(NOW)
    assert one(minutes=50).soon(NOW)
    assert not one(minutes=-40, lasts=30).soon(NOW)
    assert one(minutes=-10).on(NOW)


def test_troubles_are_told_apart() -> None:
    bad = [{"Name": "x.ics", "Reason": "no event"}, {"Reason": "alone"}, "rubbish"]
    found = read_calendar(answer(calendar="refused", bookings="no-right", words="No.", bad=bad))
    assert found is not None
    assert [(t.kind, t.words, t.rule) for t in found.troubles] == [
        ("mailbox", "No.", ""), ("put", "No.", "no-right"), ("bad", "x.ics: no event", ""), ("bad", "alone", ""), ("bad", "", ""),
    ]  # fmt: skip
    for fine in ("ok", "untried", ""):
        read = read_calendar(answer(bookings=fine))
        assert read is not None
        assert read.troubles == ()
    warned = read_calendar(answer(calendar="ok", notice="Bodies are gone."))
    assert warned is not None
    assert [(t.kind, t.words) for t in warned.troubles] == [("notice", "Bodies are gone.")]


def test_an_answer_that_is_none_is_not_understood() -> None:
    for said in (None, [], "x", {}, {"Meetings": {}}):
        assert read_calendar(said) is None
    nothing = in_vain("late", "x\n" * 400, "late")
    assert not nothing.answered
    assert len(nothing.troubles[0].words) <= 301


def test_no_room_tells_of_meetings_without_end() -> None:
    found = read_calendar(answer(*(told(NOW, f"rg-{n}") for n in range(MOST_MEETINGS + 5))))
    assert found is not None
    assert len(found.meetings) == MOST_MEETINGS
    assert found.troubles[-1].words == "5"


def test_a_window_takes_what_is_on_at_some_moment_of_it() -> None:
    found = read_calendar(
        answer(told(NOW, "past", minutes=-60), told(NOW, "on", minutes=-10), told(NOW, "far", minutes=60))
    )
    assert found is not None
    assert [m.id for m in within(found, NOW, NOW + timedelta(hours=1)).meetings] == ["on"]


def entry(**more: Any) -> dict[str, Any]:
    return {
        "Id": "b1", "Title": "Standup", "Privacy": "Public",
        "Time": {"StartTime": "2026-03-10T09:05:00Z", "EndTime": "2026-03-10T09:35:00Z"},
        "DialInfo": {"Calls": {"Call": [{"Number": "192.0.2.1##536#110292", "Protocol": "H323"}]}},
        **more,
    }  # fmt: skip


def test_the_devices_own_list_is_read_without_passcodes() -> None:
    web = {"Calls": {"Call": [{"Number": "https://meet.example.com/x?pwd=1", "Protocol": "WebRTC"}]}}
    found = read_device(
        {"Booking": [entry(), entry(Id="b2", DialInfo=web), entry(Id="b3", DialInfo={}, Privacy="Private")]}, NOW
    )
    assert [(m.id, m.how, m.address, m.private) for m in found.meetings] == [
        ("b1", "h323", "192.0.2.1##536…", False), ("b2", "native", "https://meet.example.com/x…", False),
        ("b3", "none", "", True),
    ]  # fmt: skip
    assert read_device("rubbish", NOW).meetings == ()


@given(rubbish, st.sampled_from(FIELDS), rubbish)
def test_any_answer_is_survived(whole: Any, field: str, value: Any) -> None:
    read_calendar(whole)
    read_device(whole, NOW)
    read_device({"Booking": whole}, NOW)
    read_device({"Booking": [{**entry(), field: value}]}, NOW)
    read_calendar({"Meetings": whole, "Calendar": value, "Bookings": value, "Bad": whole})
    found = read_calendar(answer({**told(NOW, "rg-1"), field: value}, bad=[value]))
    assert found is not None
    assert all("\n" not in text for m in found.meetings for text in (m.title, m.organizer, m.address, m.service))
