"""What leaves the site about a room's meetings, and what never does."""

from dataclasses import replace
from datetime import timedelta

import pytest

from roomgate.clock import HandClock
from roomgate.connector.bookings_state import OK, BookingsState, Code
from roomgate.connector.own_meetings import AGAIN_S, RoomMeetings
from roomgate.ids import RoomName
from roomgate.meetings.calendars.base import CalendarRefused, CalendarUnreachable, Snapshot
from roomgate.meetings.house_rules import DEFAULT, HouseRules, Private
from roomgate.meetings.invite import invitation, parse_events
from roomgate.meetings.sync import Sync
from roomgate.meetings.understand import DeviceAbilities
from roomgate.xapi.errors import CommandFailed
from support.diaries import MemoryDiary
from support.invites import ics
from support.own_deeds import own_deed

OSLO = RoomName("oslo")
STAND_UP = invitation(
    parse_events(
        ics(
            "DTSTART:20260310T090000Z",
            "DTEND:20260310T093000Z",
            "SUMMARY:Stand-up",
            "ORGANIZER;CN=Ada:mailto:ada@example.com",
            "DESCRIPTION:https://zoom.us/j/5364147796?pwd=c2VjcmV0\\nMeeting ID: 536 414 7796\\nPasscode: 110292",
        )
    )[0]
)
SECRET = replace(
    STAND_UP, uid="secret", title="Merger", private=True, organizer=replace(STAND_UP.organizer, name="Eve")
)
LATER = replace(STAND_UP, uid="later", start=STAND_UP.start + timedelta(days=2), end=STAND_UP.end + timedelta(days=2))


class Calendar:
    def __init__(self, *invitations):
        self.invitations, self.fault, self.fetched = invitations, None, 0

    async def fetch(self, room, window):
        self.fetched += 1
        if self.fault:
            raise self.fault
        return Snapshot((), str(self.fetched), self.invitations)


def told_by(calendar, rules=DEFAULT, state=OK):
    clock = HandClock()
    clock.wall = STAND_UP.start - timedelta(minutes=30)
    sync = Sync(calendar, MemoryDiary(), clock, {OSLO: DeviceAbilities()}, house=rules)
    return RoomMeetings(sync, lambda room: state, clock)


@pytest.mark.asyncio
async def test_the_meetings_of_the_coming_days():
    meetings = told_by(Calendar(STAND_UP, LATER))
    assert (await meetings.list(own_deed("Roomgate Meetings List")))["Calendar"]["State"] == "none"
    answer = await meetings.sync(own_deed("Roomgate Meetings Sync"))
    first, second = answer["Meetings"]
    why = first.pop("Why")
    assert first == {
        "Id": first["Id"],
        "Title": "Stand-up",
        "Organizer": "Ada",
        "Private": False,
        "Tentative": False,
        "Start": "2026-03-10T09:00:00.000Z",
        "End": "2026-03-10T09:30:00.000Z",
        "AllDay": False,
        "Service": "zoom",
        "How": "sip",
        "Address": "5364147796.•••@zoomcrc.com",
        "Shown": True,
    }
    assert why == [{"Step": "shown", "Saw": "a meeting", "Decided": "on the room's list"}]
    assert second["Start"] > first["Start"]
    assert answer["Calendar"] == {"State": "ok", "Words": "", "At": "2026-03-10T08:30:00.000Z"}
    assert (answer["Bookings"], answer["Bad"]) == ({"State": "ok", "Words": ""}, [])
    deed = own_deed("Roomgate Meetings List")
    deed = replace(deed, call=replace(deed.call, arguments=(("Days", 1),)))
    assert [one["Id"] for one in (await meetings.list(deed))["Meetings"]] == [first["Id"]]


@pytest.mark.asyncio
async def test_one_meeting_with_all_its_reasons_and_no_passcode():
    meetings = told_by(Calendar(STAND_UP))
    (one,) = (await meetings.sync(own_deed("Roomgate Meetings Sync")))["Meetings"]
    deed = own_deed("Roomgate Meetings List")
    whole = await meetings.explain(replace(deed, call=replace(deed.call, arguments=(("Id", one["Id"]),))))
    assert len(whole["Why"]) > 2
    assert "110292" not in str(whole)
    assert "c2VjcmV0" not in str(whole)
    with pytest.raises(CommandFailed):
        await meetings.explain(replace(deed, call=replace(deed.call, arguments=(("Id", "rg-other"),))))


@pytest.mark.asyncio
@pytest.mark.parametrize("private", list(Private))
async def test_of_a_private_meeting_neither_title_nor_organizer_nor_address_leaves(private):
    meetings = told_by(Calendar(SECRET), HouseRules(private=private))
    answer = await meetings.sync(own_deed("Roomgate Meetings Sync"))
    (one,) = answer["Meetings"]
    deed = own_deed("Roomgate Meetings List")
    whole = await meetings.explain(replace(deed, call=replace(deed.call, arguments=(("Id", one["Id"]),))))
    for secret in ("Merger", "Eve", "ada@example.com", "5364147796", "110292"):
        assert secret not in f"{answer}{whole}"
    assert (one["Private"], one["Shown"]) == (True, private is not Private.HIDE)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "state"), [(CalendarUnreachable("no answer"), "down"), (CalendarRefused("no right"), "refused")]
)
async def test_a_calendar_that_fails_is_told_and_what_was_known_stays(fault, state):
    calendar = Calendar(STAND_UP)
    meetings = told_by(calendar, state=BookingsState(Code.AWAY, "away"))
    await meetings.sync(own_deed("Roomgate Meetings Sync"))
    calendar.fault = fault
    meetings._clock.advance(AGAIN_S)
    answer = await meetings.sync(own_deed("Roomgate Meetings Sync"))
    assert (answer["Calendar"]["State"], answer["Calendar"]["Words"]) == (state, fault.message)
    assert len(answer["Meetings"]) == 1
    assert answer["Bookings"] == {"State": "away", "Words": "away"}


@pytest.mark.asyncio
async def test_a_calendar_is_not_looked_at_as_often_as_somebody_asks():
    calendar = Calendar(STAND_UP)
    meetings = told_by(calendar)
    for _ in range(3):
        assert len((await meetings.sync(own_deed("Roomgate Meetings Sync")))["Meetings"]) == 1
    assert calendar.fetched == 1
    meetings._clock.advance(AGAIN_S)
    await meetings.sync(own_deed("Roomgate Meetings Sync"))
    assert calendar.fetched == 2


@pytest.mark.asyncio
async def test_a_site_without_a_calendar_says_so():
    meetings = RoomMeetings(None, lambda room: BookingsState(Code.UNTRIED, ""), HandClock())
    answer = await meetings.sync(own_deed("Roomgate Meetings Sync"))
    assert (answer["Meetings"], answer["Calendar"]["State"]) == ([], "none")
    assert "no calendar" in answer["Calendar"]["Words"]
