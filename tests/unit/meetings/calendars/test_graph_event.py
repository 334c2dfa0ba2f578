from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings.calendars.graph_event import FIELDS, parse_entry
from roomgate.meetings.invite import BadInvitation
from roomgate.meetings.meeting import Organizer
from roomgate.meetings.understand import DeviceAbilities, understand
from support.rubbish_json import near, rubbish

ROOM = "oslo@rooms.example"
TEAMS = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_abc%40thread.v2/0?context=%7b%22Tid%22%3a%221%22%7d"
EVENT = {
    "@odata.etag": 'W/"1"',
    "id": "AAMk=",
    "iCalUId": "040000008200E00074C5B7101A82E00800000000DA2B357D94B5D201000000000000000010000000EC4597557F0CB34EA4CC2887EA7B17C3",
    "type": "singleInstance",
    "seriesMasterId": None,
    "originalStart": None,
    "transactionId": None,
    "subject": "Plan",
    "body": {"contentType": "html", "content": f'<html><body><a href="{TEAMS}">Join</a></body></html>'},
    "start": {"dateTime": "2026-03-10T09:00:00.0000000", "timeZone": "UTC"},
    "end": {"dateTime": "2026-03-10T10:00:00.0000000", "timeZone": "UTC"},
    "isAllDay": False,
    "isCancelled": False,
    "isOrganizer": False,
    "sensitivity": "normal",
    "showAs": "busy",
    "responseStatus": {"response": "accepted", "time": "2026-03-01T00:00:00Z"},
    "organizer": {"emailAddress": {"name": "Ada", "address": "Ada@example.com"}},
    "attendees": [
        {"type": "resource", "status": {"response": "accepted"}, "emailAddress": {"name": "Oslo", "address": ROOM}},
        {"type": "required", "status": {"response": "declined"}, "emailAddress": {"address": "Bob@example.com"}},
    ],
    "location": {"displayName": "Oslo", "locationUri": ROOM, "locationType": "conferenceRoom"},
    "locations": [{"displayName": "Oslo", "locationUri": ROOM}],
    "onlineMeeting": {"joinUrl": TEAMS},
    "onlineMeetingUrl": None,
}


def entry(zone=UTC, **changes):
    return parse_entry(msgspec.json.encode(EVENT | changes), ROOM, zone)


def test_what_an_event_says():
    one = entry()
    said = one.invitation
    assert (one.key, one.own, one.guests) == ("AAMk=", False, True)
    assert (said.title, said.recurrence_id, said.all_day, said.private, said.cancelled) == (
        "Plan",
        "",
        False,
        False,
        False,
    )
    assert (said.start, said.end) == (datetime(2026, 3, 10, 9, tzinfo=UTC), datetime(2026, 3, 10, 10, tzinfo=UTC))
    assert said.organizer == Organizer("Ada", "ada@example.com")
    assert said.mailboxes == {"ada@example.com", "bob@example.com", ROOM}
    assert said.declined_by == {"bob@example.com"}
    assert [text.source for text in said.texts] == ["CONFERENCE", "LOCATION", "LOCATION", "DESCRIPTION"]
    assert TEAMS in said.texts[-1].text
    assert said.steps == ()


def test_it_becomes_a_meeting_with_a_button():
    meeting = understand(entry().invitation, DeviceAbilities(registered=True))
    assert (meeting.service, meeting.join.address) == ("teams", TEAMS)


def test_the_fields_that_are_asked_for_are_those_that_are_read():
    assert set(FIELDS) == set(EVENT) - {"@odata.etag"}


@pytest.mark.parametrize(
    ("name", "hour"),
    [("Pacific Standard Time", 16), ("Europe/Oslo", 8), ("UTC", 9), (None, 9)],
)
def test_times_in_other_zones(name, hour):
    start = {"dateTime": "2026-03-10T09:00:00.0000000", "timeZone": name}
    assert entry(start=start, end=EVENT["end"] | {"dateTime": "2026-03-12T00:00:00"}).invitation.start.hour == hour


def test_an_unknown_zone_is_told():
    said = entry(
        zone=ZoneInfo("Europe/Oslo"), start=EVENT["start"] | {"timeZone": "tzone://Microsoft/Custom"}
    ).invitation
    assert said.start.hour == 8
    assert [step.step for step in said.steps] == ["time zone"]


def test_a_whole_day_is_the_sites_own():
    day = {
        name: {"dateTime": f"2026-03-{day}T00:00:00.0000000", "timeZone": "UTC"}
        for name, day in (("start", 10), ("end", 11))
    }
    said = entry(zone=ZoneInfo("Europe/Oslo"), isAllDay=True, **day).invitation
    assert (said.all_day, said.start) == (True, datetime(2026, 3, 9, 23, tzinfo=UTC))
    assert said.end - said.start == timedelta(days=1)


def test_an_occurrence_keeps_its_identity_when_it_moves():
    stub = {"type": "occurrence", "seriesMasterId": "M", "originalStart": "2026-03-10T09:00:00Z"}
    moved = stub | {
        "type": "exception",
        "start": {"dateTime": "2026-03-10T14:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2026-03-10T15:00:00", "timeZone": "UTC"},
    }
    first, second = entry(**stub).invitation, entry(**moved).invitation
    assert first.recurrence_id == second.recurrence_id == "2026-03-10T09:00:00+00:00"
    assert entry(**(stub | {"originalStart": None})).invitation.recurrence_id == first.recurrence_id


def test_the_day_inside_an_exchange_uid_is_taken_out():
    day = EVENT["iCalUId"][:32] + "07EA030A" + EVENT["iCalUId"][40:]
    assert entry(iCalUId=day).invitation.uid == entry().invitation.uid == EVENT["iCalUId"]
    assert entry(iCalUId="vendor-uid@example.com").invitation.uid == "vendor-uid@example.com"
    assert entry(iCalUId=None).invitation.uid == "AAMk="


def test_what_the_room_itself_booked_goes_by_the_name_it_was_booked_with():
    assert entry(isOrganizer=True, transactionId="rg-1").invitation.uid == "rg-1"
    assert entry(isOrganizer=False, transactionId="rg-1").invitation.uid == EVENT["iCalUId"]
    assert entry(isOrganizer=True).own


@pytest.mark.parametrize(
    ("sensitivity", "private"),
    [("normal", False), (None, False), ("private", True), ("confidential", True), ("personal", True), ("new", True)],
)
def test_whatever_is_not_open_is_private(sensitivity, private):
    assert entry(sensitivity=sensitivity).invitation.private is private


def test_cancelled_tentative_declined():
    assert entry(isCancelled=True).invitation.cancelled
    assert entry(showAs="tentative").invitation.tentative
    assert ROOM in entry(responseStatus={"response": "declined"}).invitation.declined_by


def test_a_bare_event_is_enough():
    bare = {name: EVENT[name] for name in ("id", "start", "end")}
    one = parse_entry(msgspec.json.encode(bare), ROOM)
    assert (one.invitation.title, one.invitation.texts, one.invitation.organizer, one.guests) == (
        "",
        (),
        Organizer(),
        False,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ""},
        {"id": None},
        {"start": None},
        {"start": {"dateTime": "soon"}},
        {"type": "seriesMaster"},
        {"subject": 3},
        {"attendees": {}},
    ],
)
def test_what_is_not_as_published_is_refused(changes):
    with pytest.raises(BadInvitation):
        entry(**changes)


@given(near(EVENT))
def test_rubbish_raises_only_our_error(event):
    try:
        understand(parse_entry(msgspec.json.encode(event), ROOM).invitation, DeviceAbilities())
    except BadInvitation:
        pass


@given(st.one_of(st.binary(max_size=200), rubbish.map(msgspec.json.encode)))
def test_bytes_raise_only_our_error(raw):
    with pytest.raises(BadInvitation):
        parse_entry(raw, ROOM)
