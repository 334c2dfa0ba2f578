from datetime import UTC, datetime, timedelta

import pytest

from roomgate.meetings.calendars.base import CalendarRefused, CalendarUnreachable, Slot, Writable
from support.cloud_double import Given
from support.cloud_rig import MAILBOX, ROOM, graph_rig
from support.graph_double import stamp

START = datetime(2026, 3, 10, 10, tzinfo=UTC)
DAYS = [START + timedelta(days=day) for day in range(5)]
SLOT = Slot(START, START + timedelta(hours=1), "Ad hoc", "Ada")


@pytest.fixture
def rig(tmp_path):
    return graph_rig(tmp_path)


@pytest.fixture
def oslo(rig):
    return rig.double.rooms[MAILBOX]


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
    assert oslo.singles == {}
    assert rig.double.mail == []


@pytest.mark.asyncio
@pytest.mark.parametrize("repeated", [201, 409])
async def test_a_booking_whose_answer_was_lost_is_not_made_twice(rig, oslo, repeated):
    rig.double.repeated_status = repeated
    await rig.titles()
    answer = rig.double.answer

    def lost(asked, scope):
        given = answer(asked, scope)
        return Given(500) if asked.method == "POST" else given

    rig.double.answer = lost
    with pytest.raises(CalendarUnreachable):
        await rig.calendar.book(ROOM, SLOT, "rg-1")
    rig.double.answer = answer
    oslo.log.clear()  # and the delta does not know of it yet
    await rig.calendar.book(ROOM, SLOT, "rg-1")
    assert len(oslo.singles) == 1


@pytest.mark.asyncio
async def test_a_meeting_of_somebody_else_s_is_declined_and_not_moved(rig, oslo):
    oslo.put(iCalUId="theirs")
    with pytest.raises(CalendarRefused, match="organizer's to move"):
        await rig.calendar.set_end(ROOM, "theirs", "", START + timedelta(hours=2))
    await rig.calendar.release(ROOM, "theirs", "")
    assert [what for what, _ in rig.double.mail] == ["decline"]
    assert await rig.titles() == []


@pytest.mark.asyncio
async def test_of_a_series_only_that_occurrence_is_changed(rig, oslo):
    oslo.put_series(list(DAYS), isOrganizer=True, attendees=[])
    uid = (await rig.calendar.fetch(ROOM, rig.window)).invitations[0].uid
    await rig.calendar.set_end(ROOM, uid, DAYS[0].isoformat(), DAYS[0] + timedelta(minutes=90))
    await rig.calendar.release(ROOM, uid, DAYS[1].isoformat())
    ones = (await rig.calendar.fetch(ROOM, rig.window)).invitations
    assert {one.start: one.end - one.start for one in ones} == {
        day: timedelta(minutes=90 if day == DAYS[0] else 60) for day in DAYS if day != DAYS[1]
    }


@pytest.mark.asyncio
async def test_what_the_room_organized_for_others_is_called_off(rig, oslo):
    guest = {"emailAddress": {"address": "ada@example.com"}, "status": {"response": "accepted"}}
    oslo.put(isOrganizer=True, attendees=[guest], iCalUId="own")
    await rig.calendar.release(ROOM, "own", "")
    assert [what for what, _ in rig.double.mail] == ["cancel"]


@pytest.mark.asyncio
async def test_what_cannot_be_written_is_refused(tmp_path):
    rig = graph_rig(tmp_path)
    with pytest.raises(CalendarRefused, match="any more"):
        await rig.calendar.set_end(ROOM, "gone", "", START)
    await rig.calendar.book(ROOM, SLOT, "rg-1")
    with pytest.raises(CalendarRefused, match="cannot end before"):
        await rig.calendar.set_end(ROOM, "rg-1", "", SLOT.start)
    day = {"isOrganizer": True, "isAllDay": True, "iCalUId": "day"}
    rig.double.room(MAILBOX).put(**day, start=stamp(DAYS[0].replace(hour=0)), end=stamp(DAYS[1].replace(hour=0)))
    with pytest.raises(CalendarRefused, match="whole day"):
        await rig.calendar.set_end(ROOM, "day", "", DAYS[1])
    rig.double.writes = False
    for work in (rig.calendar.book(ROOM, SLOT, "rg-2"), rig.calendar.release(ROOM, "rg-1", "")):
        with pytest.raises(CalendarRefused, match="does not let the application"):
            await work
