from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings.calendars.google_event import OWN_UID, parse_entry
from roomgate.meetings.invite import BadInvitation
from roomgate.meetings.meeting import Organizer
from roomgate.meetings.understand import DeviceAbilities, understand
from support.rubbish_json import near, rubbish

ROOM = "c_oslo@resource.calendar.example"
MEET = "https://meet.google.com/abc-defg-hij"
EVENT = {
    "kind": "calendar#event",
    "etag": '"3"',
    "id": "abc0",
    "status": "confirmed",
    "eventType": "default",
    "iCalUID": "abc0@google.com",
    "summary": "Plan",
    "description": "Agenda: <b>one</b>",
    "location": "Oslo",
    "start": {"dateTime": "2026-03-10T10:00:00+01:00", "timeZone": "Europe/Oslo"},
    "end": {"dateTime": "2026-03-10T11:00:00+01:00", "timeZone": "Europe/Oslo"},
    "visibility": "default",
    "organizer": {"email": "Ada@example.com", "displayName": "Ada"},
    "attendees": [
        {"email": ROOM, "self": True, "resource": True, "responseStatus": "accepted"},
        {"email": "bob@example.com", "responseStatus": "declined"},
    ],
    "guestsCanModify": False,
    "hangoutLink": MEET,
    "conferenceData": {
        "entryPoints": [
            {"entryPointType": "video", "uri": MEET, "label": "meet.google.com/abc-defg-hij", "meetingCode": "abc-defg-hij"},
            {"entryPointType": "phone", "uri": "tel:+1-900-555-0100", "pin": "123"},
            {"entryPointType": "more", "uri": "https://tel.meet/abc-defg-hij?pin=123"},
        ],
        "notes": "Bring <i>nothing</i>",
    },
    "extendedProperties": {"private": {"other": "x"}},
}  # fmt: skip


def entry(zone=UTC, **changes):
    return parse_entry(msgspec.json.encode(EVENT | changes), ROOM, zone)


def test_what_an_event_says():
    one = entry()
    said = one.invitation
    assert (one.key, one.own, one.guests) == ("abc0", False, True)
    assert (said.uid, said.recurrence_id, said.title, said.all_day) == ("abc0@google.com", "", "Plan", False)
    assert (said.start, said.end) == (datetime(2026, 3, 10, 9, tzinfo=UTC), datetime(2026, 3, 10, 10, tzinfo=UTC))
    assert said.organizer == Organizer("Ada", "ada@example.com")
    assert said.mailboxes == {"ada@example.com", "bob@example.com", ROOM}
    assert said.declined_by == {"bob@example.com"}
    assert [(text.source, text.text.split()[0]) for text in said.texts] == [
        ("CONFERENCE", MEET), ("CONFERENCE", "Bring"), ("LOCATION", "Oslo"), ("DESCRIPTION", "Agenda:"),
    ]  # fmt: skip
    assert not any("900" in text.text for text in said.texts)


def test_it_becomes_a_meeting_with_a_button():
    meeting = understand(entry().invitation, DeviceAbilities(registered=True))
    assert (meeting.service, meeting.join.address) == ("meet", MEET)


def test_another_service_s_conference_is_dialled_with_its_codes():
    points = [
        {
            "entryPointType": "video",
            "uri": "https://example.zoom.us/j/12345678901",
            "meetingCode": "12345678901",
            "passcode": "246810",
        },
        {"entryPointType": "sip", "uri": "sip:12345678901@zoomcrc.com", "passcode": "246810"},
    ]
    said = entry(hangoutLink=None, conferenceData={"entryPoints": points}).invitation
    assert [text.source for text in said.texts[:2]] == ["CONFERENCE", "CONFERENCE"]
    meeting = understand(said, DeviceAbilities())
    assert (meeting.service, meeting.join.address) == ("zoom", "12345678901.246810@zoomcrc.com")


def test_a_link_of_its_own_where_there_is_no_conference_data():
    said = entry(conferenceData=None).invitation
    assert (said.texts[0].source, said.texts[0].text) == ("X-GOOGLE-HANGOUT-LINK", MEET)


def test_a_whole_day_is_the_sites_own():
    said = entry(zone=ZoneInfo("Europe/Oslo"), start={"date": "2026-03-10"}, end={"date": "2026-03-11"}).invitation
    assert (said.all_day, said.start) == (True, datetime(2026, 3, 9, 23, tzinfo=UTC))
    assert said.end - said.start == timedelta(days=1)


def test_an_occurrence_keeps_its_identity_when_it_moves():
    moved = {
        "recurringEventId": "abc",
        "originalStartTime": {"dateTime": "2026-03-10T09:00:00Z"},
        "start": {"dateTime": "2026-03-10T08:00:00Z"},
    }
    assert entry(**moved).invitation.recurrence_id == "2026-03-10T09:00:00+00:00"
    assert entry(recurringEventId="abc").invitation.recurrence_id == "2026-03-10T09:00:00+00:00"
    days = {"recurringEventId": "abc", "originalStartTime": {"date": "2026-03-10"}}
    assert entry(zone=ZoneInfo("Europe/Oslo"), **days).invitation.recurrence_id == "2026-03-09T23:00:00+00:00"


def test_times_without_an_offset_and_an_unknown_zone():
    assert entry(start={"dateTime": "2026-03-10T10:00:00", "timeZone": "Europe/Oslo"}).invitation.start.hour == 9
    said = entry(start={"dateTime": "2026-03-10T08:00:00", "timeZone": "Mars/Base"}).invitation
    assert [step.step for step in said.steps] == ["time zone"]


def test_who_may_write_it():
    own = entry(organizer={"email": ROOM, "self": True}, attendees=None)
    assert (own.own, own.guests) == (True, False)
    assert entry(guestsCanModify=True).own
    named = {"extendedProperties": {"private": {OWN_UID: "rg-1"}}}
    assert entry(**named).invitation.uid == "rg-1"


@pytest.mark.parametrize(
    ("visibility", "private"),
    [("default", False), (None, False), ("public", False), ("private", True), ("confidential", True), ("new", True)],
)
def test_whatever_is_not_open_is_private(visibility, private):
    assert entry(visibility=visibility).invitation.private is private


def test_tentative_and_declined_by_the_room():
    assert entry(status="tentative").invitation.tentative
    room = EVENT["attendees"][0]
    assert entry(attendees=[room | {"responseStatus": "tentative"}]).invitation.tentative
    assert (
        ROOM
        in entry(attendees=[room | {"responseStatus": "declined", "email": "alias@example.com"}]).invitation.declined_by
    )


@pytest.mark.parametrize(
    "changes", [{"status": "cancelled"}, {"eventType": "birthday"}, {"eventType": "workingLocation"}]
)
def test_what_is_no_meeting(changes):
    assert entry(**changes) is None
    assert parse_entry(b'{"id": "abc0", "status": "cancelled"}', ROOM) is None


def test_a_bare_event_is_enough():
    one = parse_entry(b'{"id": "a", "start": {"date": "2026-03-10"}}', ROOM)
    assert (one.invitation.title, one.invitation.uid, one.invitation.texts) == ("", "a", ())


@pytest.mark.parametrize(
    "changes", [{"id": ""}, {"id": None}, {"start": None}, {"start": {}}, {"end": {"dateTime": "soon"}}, {"summary": 3}]
)
def test_what_is_not_as_published_is_refused(changes):
    with pytest.raises(BadInvitation):
        entry(**changes)


@given(near(EVENT))
def test_rubbish_raises_only_our_error(event):
    try:
        one = parse_entry(msgspec.json.encode(event), ROOM)
    except BadInvitation:
        return
    if one is not None:
        understand(one.invitation, DeviceAbilities())


@given(st.one_of(st.binary(max_size=200), rubbish.map(msgspec.json.encode)))
def test_bytes_raise_only_our_error(raw):
    with pytest.raises(BadInvitation):
        parse_entry(raw, ROOM)
