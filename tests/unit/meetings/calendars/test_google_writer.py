from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings.calendars.base import CalendarRefused, CalendarUnreachable, Slot, Writable
from roomgate.meetings.calendars.google_writer import event_id
from support.cloud_double import Given, once_for
from support.cloud_rig import MAILBOX, ROOM, google_rig

START = datetime(2026, 3, 10, 10, tzinfo=UTC)
DAYS = [START + timedelta(days=day) for day in range(5)]
SLOT = Slot(START, START + timedelta(hours=1), "Ad hoc", "Ada")
OWN = {"organizer": {"email": MAILBOX, "self": True}, "attendees": []}


@pytest.fixture
def rig(tmp_path):
    return google_rig(tmp_path)


@pytest.fixture
def oslo(rig):
    return rig.double.calendars[MAILBOX]


def test_it_can_be_written(rig):
    assert isinstance(rig.calendar, Writable)


@pytest.mark.asyncio
async def test_a_booking_is_made_once_moved_and_released(rig, oslo):
    await rig.calendar.book(ROOM, SLOT, "rg-1")
    await rig.calendar.book(ROOM, SLOT, "rg-1")
    (one,) = (await rig.calendar.fetch(ROOM, rig.window)).invitations
    assert (one.uid, one.recurrence_id, one.title, one.start, one.end) == ("rg-1", "", "Ad hoc", SLOT.start, SLOT.end)
    for _ in range(2):
        await rig.calendar.set_end(ROOM, "rg-1", "", SLOT.end + timedelta(minutes=30))
    (one,) = (await rig.calendar.fetch(ROOM, rig.window)).invitations
    assert one.end == SLOT.end + timedelta(minutes=30)
    for _ in range(2):
        await rig.calendar.release(ROOM, "rg-1", "")
    assert oslo.events == {}
    with pytest.raises(CalendarRefused):  # Google takes an id once
        await rig.calendar.book(ROOM, SLOT, "rg-1")


@pytest.mark.asyncio
async def test_a_booking_whose_answer_was_lost_is_not_made_twice(rig, oslo):
    await rig.titles()
    answer = rig.double.answer

    def lost(asked, scope):
        given = answer(asked, scope)
        return Given(500) if asked.method == "POST" else given

    rig.double.answer = lost
    with pytest.raises(CalendarUnreachable):
        await rig.calendar.book(ROOM, SLOT, "rg-1")
    rig.double.answer = answer
    oslo.log.clear()
    await rig.calendar.book(ROOM, SLOT, "rg-1")
    assert len(oslo.events) == 1


@pytest.mark.asyncio
async def test_a_meeting_of_somebody_else_s_is_declined_and_not_moved(rig, oslo):
    key = oslo.put(iCalUID="theirs")
    with pytest.raises(CalendarRefused, match="organizer's to move"):
        await rig.calendar.set_end(ROOM, "theirs", "", START + timedelta(hours=2))
    await rig.calendar.release(ROOM, "theirs", "")
    assert [one["responseStatus"] for one in oslo.events[key]["attendees"]] == ["accepted", "declined"]
    (one,) = (await rig.calendar.fetch(ROOM, rig.window)).invitations
    assert one.declined_by == {MAILBOX}


@pytest.mark.asyncio
async def test_somebody_s_own_change_in_between_is_not_undone(rig, oslo):
    key = oslo.put(iCalUID="theirs")
    answer, late = rig.double.answer, ["carol@example.com"]

    def between(asked, scope):
        given = answer(asked, scope)
        if asked.method == "GET" and asked.path.endswith(key) and late:
            oslo.change(
                key, attendees=[*oslo.events[key]["attendees"], {"email": late.pop(), "responseStatus": "accepted"}]
            )
        return given

    rig.double.answer = between
    await rig.calendar.release(ROOM, "theirs", "")
    assert {one["email"]: one["responseStatus"] for one in oslo.events[key]["attendees"]} == {
        "ada@example.com": "accepted", MAILBOX: "declined", "carol@example.com": "accepted",
    }  # fmt: skip


@pytest.mark.asyncio
async def test_of_a_series_only_that_occurrence_is_changed(rig, oslo):
    uid = f"{oslo.put_series(DAYS, **OWN)}@google.com"
    await rig.calendar.set_end(ROOM, uid, DAYS[0].isoformat(), DAYS[0] + timedelta(minutes=90))
    await rig.calendar.release(ROOM, uid, DAYS[1].isoformat())
    ones = (await rig.calendar.fetch(ROOM, rig.window)).invitations
    assert {one.start: one.end - one.start for one in ones} == {
        day: timedelta(minutes=90 if day == DAYS[0] else 60) for day in DAYS if day != DAYS[1]
    }


@pytest.mark.asyncio
async def test_what_is_gone_meanwhile_is_released(rig, oslo):
    oslo.put(iCalUID="theirs")
    await rig.titles()
    rig.double.faults.append(once_for("/events/", rig.double.fault(410, "deleted")))
    await rig.calendar.release(ROOM, "theirs", "")


@pytest.mark.asyncio
async def test_what_cannot_be_written_is_refused(tmp_path):
    rig = google_rig(tmp_path)
    oslo = rig.double.calendars[MAILBOX]
    with pytest.raises(CalendarRefused, match="any more"):
        await rig.calendar.set_end(ROOM, "gone", "", START)
    await rig.calendar.book(ROOM, SLOT, "rg-1")
    with pytest.raises(CalendarRefused, match="cannot end before"):
        await rig.calendar.set_end(ROOM, "rg-1", "", SLOT.start)
    oslo.role = "reader"
    for work in (rig.calendar.book(ROOM, SLOT, "rg-2"), rig.calendar.release(ROOM, "rg-1", "")):
        with pytest.raises(CalendarRefused, match="does not let the account") as told:
            await work
        assert told.value.hint


@given(st.text(), st.text())
def test_an_event_s_id_is_as_google_wants_it(uid, other):
    made = event_id(uid)
    assert 5 <= len(made) <= 1024
    assert not set(made) - set("0123456789abcdefghijklmnopqrstuv")
    assert (made == event_id(other)) is (uid == other)
