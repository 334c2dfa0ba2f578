import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from roomgate.meetings.booking import UNTITLED, booking_id, build_booking, plain_number
from roomgate.meetings.house_rules import PRIVATE_TITLE, HouseRules, Private
from roomgate.meetings.meeting import NO_JOIN, How, Join, Meeting, Organizer, h323_join, sip_join

START = datetime(2026, 3, 10, 9, tzinfo=UTC)
MEETING = Meeting(
    "u@example.com", "", "zoom", "Stand-up", START, START + timedelta(minutes=30), Organizer("Ada", "ada@example.com"),
    False, False, sip_join("123456789.1@zoomcrc.com", "1"),
)  # fmt: skip


def test_the_entry_that_the_device_is_sent():
    assert build_booking(MEETING).to_json() == {
        "Id": booking_id("u@example.com", ""),
        "MeetingId": booking_id("u@example.com", ""),
        "Title": "Stand-up",
        "Number": "123456789.1@zoomcrc.com",
        "Protocol": "SIP",
        "MeetingPlatform": "Zoom",
        "Organizer": {"Name": "Ada", "Email": "ada@example.com"},
        "Time": {
            "StartTime": "2026-03-10T09:00:00.000Z",
            "Duration": 30,
            "StartTimeBuffer": 300,
            "EndTimeBuffer": 0,
        },
        "Privacy": "Public",
        "CallType": "Video",
    }


def test_a_private_meeting_shows_neither_title_nor_mail():
    entry = build_booking(replace(MEETING, private=True)).to_json()
    assert (entry["Title"], entry["Privacy"]) == (PRIVATE_TITLE, "Private")
    assert "Stand-up" not in str(entry)
    assert "ada@example.com" not in str(entry)
    assert "Ada" not in str(entry)


def test_a_private_meeting_under_the_sites_own_title_or_its_organizers_name():
    private = replace(MEETING, private=True)
    named = build_booking(private, HouseRules(private_title="Besetzt")).to_json()
    assert (named["Title"], named["Organizer"]) == ("Besetzt", {"Name": "Besetzt"})
    by_name = build_booking(private, HouseRules(private=Private.ORGANIZER)).to_json()
    assert (by_name["Title"], by_name["Organizer"]) == ("Ada", {"Name": "Ada"})
    nobody = build_booking(replace(private, organizer=Organizer()), HouseRules(private=Private.ORGANIZER))
    assert nobody.title == PRIVATE_TITLE


@pytest.mark.parametrize(
    ("organizer", "title", "name"),
    [(Organizer("Ada", "a@example.com"), "Ada", "Ada"), (Organizer(), UNTITLED, "Unknown")],
)
def test_a_meeting_without_a_title_goes_by_its_organizer(organizer, title, name):
    made = build_booking(replace(MEETING, title="", organizer=organizer))
    assert (made.title, made.organizer_name) == (title, name)


def test_the_id_stays_when_the_meeting_moves_and_differs_by_occurrence():
    moved = replace(MEETING, start=START + timedelta(hours=1), title="x")
    assert build_booking(moved).id == build_booking(MEETING).id
    assert booking_id("a", "b") != booking_id("ab", "")


@pytest.mark.parametrize(
    ("service", "join", "expected"),
    [
        ("sip", sip_join("a@b.example"), ("a@b.example", "SIP", "Other")),
        ("pexip", sip_join("a@b.example"), ("a@b.example", "SIP", "Other")),
        ("zoom", h323_join("1.1.1.1##5"), ("1.1.1.1##5", "H323", "Zoom")),
        ("teams", Join(How.NATIVE, "https://t.example"), ("https://t.example", "WebRTC", "MicrosoftTeams")),
        ("webex", Join(How.NATIVE, "https://w.example"), ("https://w.example", "Spark", "Webex")),
        ("none", NO_JOIN, ("", "None", "None")),
    ],
)
def test_protocol_and_platform(service, join, expected):
    made = build_booking(replace(MEETING, service=service, join=join))
    assert (made.number, made.protocol, made.platform) == expected


def test_when_the_button_is_open():
    made = build_booking(MEETING)
    opens = START - timedelta(minutes=5)
    assert [made.joinable(opens + timedelta(seconds=s)) for s in (-1, 0, 2099, 2100)] == [False, True, True, False]
    assert not build_booking(replace(MEETING, join=NO_JOIN)).joinable(START)


def test_the_sites_own_buffers():
    early = build_booking(MEETING, HouseRules(early=timedelta(minutes=15)))
    made = dataclasses.replace(early, late_s=120)
    assert [made.joinable(at) for at in (START - timedelta(minutes=15), made.end + timedelta(seconds=119))] == [
        True
    ] * 2
    assert not made.joinable(made.end + timedelta(seconds=120))
    assert made.to_json()["Time"] | {"StartTimeBuffer": 900, "EndTimeBuffer": 120} == made.to_json()["Time"]


def test_spellings_of_a_number():
    assert plain_number(" SIP:A@B.example ") == "a@b.example"
