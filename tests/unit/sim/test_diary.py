"""The list of bookings: replaced as a whole, offered in its time."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.sim.device import Device
from roomgate.sim.diary import parse_bookings
from roomgate.sim.profile import get_profile
from roomgate.sim.refusal import InvalidParams
from support.simulated import ADMIN, DAILY, NINE, Talk


def booking(id_: str = "b-1", start: str = "2026-03-10T10:00:00Z", **more: Any) -> dict[str, Any]:
    return {
        "Id": id_,
        "Title": "Stand-up",
        "Number": "standup@example.com",
        "Protocol": "SIP",
        "Organizer": {"Name": "Ada Byron"},
        "Time": {"StartTime": start, "Duration": 30},
        **more,
    }


def body(*bookings: dict[str, Any]) -> str:
    return json.dumps({"Bookings": list(bookings)})


def test_put_replaces_the_whole_list_and_list_shows_it() -> None:
    talk = Talk.open(ADMIN)
    assert "Booking" not in talk.result("xCommand/Bookings/List")
    talk.result("xCommand/Bookings/Put", body=body(booking("b-2", "2026-03-10T12:00:00Z"), booking("b-1")))
    listed = talk.result("xCommand/Bookings/List")
    assert [one["Id"] for one in listed["Booking"]] == ["b-1", "b-2"]
    assert listed["Booking"][0]["Time"]["EndTime"] == "2026-03-10T10:30:00Z"
    assert listed["Booking"][0]["DialInfo"]["Calls"]["Call"][0]["Number"] == "standup@example.com"
    talk.result("xCommand/Bookings/Put", body=body(booking("b-3")))
    assert [one["Id"] for one in talk.result("xCommand/Bookings/List")["Booking"]] == ["b-3"]
    assert talk.result("xCommand/Bookings/Get", Id="b-3")["Booking"]["Title"] == "Stand-up"
    assert talk.code("xCommand/Bookings/Get", Id="b-1") == 1
    talk.result("xCommand/Bookings/Clear")
    assert talk.result("xCommand/Bookings/List")["ResultInfo"] == {"TotalRows": 0}


def test_only_an_admin_puts_bookings() -> None:
    assert Talk.open(DAILY).code("xCommand/Bookings/Put", body=body(booking())) == -31999


def test_life_brings_events_and_says_whether_the_room_is_free() -> None:
    talk = Talk.open(ADMIN)
    talk.result("xFeedback/Subscribe", Query=["Event", "Bookings"])
    talk.result("xCommand/Bookings/Put", body=body(booking()))
    assert talk.device.diary.next_at(talk.now) == NINE + timedelta(minutes=55)
    talk.wait(3600)
    talk.wait(1800)
    assert [next(iter(one["Event"]["Bookings"])) for one in talk.heard()] == [
        "Updated",
        "StartTimeBuffer",
        "Start",
        "End",
    ]
    assert talk.result("xGet", Path=["Status", "Bookings", "Availability", "Status"]) == "Free"


def test_join_is_offered_from_the_buffer_to_the_end() -> None:
    (one,) = parse_bookings(body(booking()))
    minutes = [54, 55, 60, 89, 90]
    assert [one.can_join(NINE + timedelta(minutes=m)) for m in minutes] == [False, True, True, True, False]


@pytest.mark.parametrize(("event", "heard"), [("Updated", ["Updated"]), ("SyncRequired", ["SyncRequired"]), ("", [])])
def test_what_follows_a_put_is_a_switch(event: str, heard: list[str]) -> None:
    device = Device.new("Birch", get_profile("26").with_switches({"put_event": event}), NINE)
    talk = Talk.open(ADMIN, device=device)
    talk.result("xFeedback/Subscribe", Query=["Event", "Bookings"])
    talk.result("xCommand/Bookings/Put", body=body(booking()))
    assert [next(iter(one["Event"]["Bookings"])) for one in talk.heard()] == heard


def test_join_ends_with_the_meeting_or_with_its_buffer() -> None:
    for until_end in (True, False):
        device = Device.new("Birch", get_profile("26").with_switches({"join_until_end": until_end}), NINE)
        time = {"StartTime": "2026-03-10T10:00:00Z", "Duration": 30, "EndTimeBuffer": 600}
        (one,) = parse_bookings(body(booking(Time=time)))
        assert device.diary.can_join(one, NINE + timedelta(minutes=95)) is not until_end


def test_the_end_of_the_buffer_is_told_too() -> None:
    talk = Talk.open(ADMIN)
    time = {"StartTime": "2026-03-10T10:00:00Z", "Duration": 30, "EndTimeBuffer": 600}
    talk.result("xCommand/Bookings/Put", body=body(booking(Time=time)))
    talk.result("xFeedback/Subscribe", Query=["Event", "Bookings"])
    for minute in (55, 60, 85, 90, 100):
        talk.now = NINE + timedelta(minutes=minute)
        talk.wait(0)
    told = [next(iter(one["Event"]["Bookings"].items())) for one in talk.heard()]
    assert [name for name, _ in told] == ["StartTimeBuffer", "Start", "TimeRemaining", "End", "EndTimeBuffer"]
    assert told[2][1]["Seconds"] == 300


def test_days_narrow_the_list() -> None:
    talk = Talk.open(ADMIN)
    talk.result("xCommand/Bookings/Put", body=body(booking(), booking("b-2", "2026-03-11T10:00:00Z")))
    assert talk.result("xCommand/Bookings/List", Days=1)["ResultInfo"]["TotalRows"] == 1
    assert talk.result("xCommand/Bookings/List", Days=1, DayOffset=1)["Booking"][0]["Id"] == "b-2"
    assert talk.result("xCommand/Bookings/List", ScheduleType="Current")["ResultInfo"]["TotalRows"] == 0


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "{}",
        '{"Bookings":{}}',
        body(booking(), booking()),
        body(booking(start="2026-03-10T10:00:00")),
        body(booking(start="soon")),
        body(booking(Protocol="TELEX")),
        body(booking("")),
        body({key: value for key, value in booking().items() if key != "Number"}),
        body(booking(Time={"StartTime": "2026-03-10T10:00:00Z", "Duration": 0})),
        body(booking(Time={"StartTime": "9999-12-31T23:59:00Z", "Duration": 30})),
    ],
)
def test_a_body_that_is_no_list_of_bookings_changes_nothing(bad: str) -> None:
    talk = Talk.open(ADMIN)
    talk.result("xCommand/Bookings/Put", body=body(booking()))
    assert talk.code("xCommand/Bookings/Put", body=bad) == -32602
    assert talk.result("xCommand/Bookings/List")["ResultInfo"]["TotalRows"] == 1


@given(st.text())
def test_rubbish_raises_only_our_error(text: str) -> None:
    with pytest.raises(InvalidParams):
        parse_bookings(text)


@pytest.mark.parametrize(
    ("mode", "path", "value"),
    [("teams", "MicrosoftTeams/User/SignedIn", "True"), ("zoom", "Zoom/AppExperience/State", "Active")],
)
def test_a_device_in_another_mode_says_what_it_is_and_takes_no_list(mode: str, path: str, value: str) -> None:
    device = Device.new("Birch", get_profile(f"26; mode={mode}"), NINE)
    talk = Talk.open(ADMIN, device=device)
    assert talk.code("xCommand/Bookings/Put", body=body(booking())) == 1
    assert talk.result("xGet", Path=["Status", *path.split("/")]) == value
    assert "Booking" not in talk.result("xCommand/Bookings/List")


@pytest.mark.parametrize(("survive", "left"), [("on", 1), ("off", 0)])
def test_whether_a_restart_takes_the_list_is_a_switch(survive: str, left: int) -> None:
    talk = Talk.open(ADMIN, device=Device.new("Birch", get_profile(f"26; bookings_survive_boot={survive}"), NINE))
    talk.result("xCommand/Bookings/Put", body=body(booking()))
    talk.device.reboot(NINE)
    assert len(talk.device.diary.bookings) == left
