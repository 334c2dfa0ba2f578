"""Bookings changed from the room."""

import json
from datetime import timedelta
from typing import Any

import pytest

from support.simulated import ADMIN, NINE, Talk

HERE = "xCommand/Bookings"


def booking(id_: str, start: str, minutes: int = 30) -> dict[str, Any]:
    time = {"StartTime": start, "Duration": minutes}
    organizer = {"Name": "Ada", "Id": "u1"}
    return {"Id": id_, "Title": id_, "Number": "n@example.com", "Protocol": "SIP", "Organizer": organizer, "Time": time}


def made(*rows: dict[str, Any], **settings: Any) -> Talk:
    talk = Talk.open(ADMIN)
    for name, value in settings.items():
        talk.result("xSet", Path=["Configuration", "Bookings", *name.split("_")], Value=value)
    talk.result(f"{HERE}/Put", body=json.dumps({"Bookings": list(rows)}))
    talk.result("xFeedback/Subscribe", Query=["Event", "Bookings"])
    return talk


def events(talk: Talk) -> list[tuple[str, Any]]:
    return [next(iter(one["Event"]["Bookings"].items())) for one in talk.heard() if "Event" in one]


def ids(talk: Talk) -> list[str]:
    return [one["Id"] for one in talk.result(f"{HERE}/List").get("Booking", [])]


TEN = booking("ten", "2026-03-10T10:00:00Z")
ELEVEN = booking("eleven", "2026-03-10T11:00:00Z")


def test_a_room_is_booked_where_that_is_on() -> None:
    assert made().code(f"{HERE}/Book", Duration=15) == 1
    talk = made(AdhocBooking_Enabled="True")
    talk.result(f"{HERE}/Book", Duration=15, Title="Now", BookingRequestUUID="u")
    told = dict(events(talk))
    assert list(told) == ["BookingRequested", "BookingCreated", "StartTimeBuffer", "Start"]
    assert told["BookingCreated"]["BookingRequestUUID"] == told["BookingRequested"]["BookingRequestUUID"] == "u"
    assert ids(talk) == [told["BookingCreated"]["Id"]]
    assert talk.code(f"{HERE}/Book", StartTime="2026-03-10T12:00:00Z") == 1, "booking ahead is off"


def test_booking_ahead_is_a_setting_of_its_own() -> None:
    talk = made(AdhocBooking_Enabled="True", AdhocBooking_BookAhead_Enabled="True")
    talk.result(f"{HERE}/Book", StartTime="2026-03-10T12:00:00Z", Duration=60)
    assert talk.result(f"{HERE}/List")["Booking"][0]["Time"]["EndTime"] == "2026-03-10T13:00:00Z"
    for bad in ("soon", "2026-03-10T12:00:00", "1800-01-01T00:00:00Z"):
        assert talk.code(f"{HERE}/Book", StartTime=bad) == -32602


def test_what_overlaps_or_is_too_long_fails() -> None:
    talk = made(TEN, AdhocBooking_Enabled="True", MaxDuration=1)
    for minutes in (61, 1440):
        talk.result(f"{HERE}/Book", Duration=minutes, BookingRequestUUID="u")
        assert events(talk)[-1] == ("BookingFailed", {"BookingRequestUUID": "u", "FailureCause": "Decline"})
    assert ids(talk) == ["ten"]


def test_an_edit_moves_the_booking_or_fails() -> None:
    talk = made(TEN, ELEVEN)
    talk.result(f"{HERE}/Edit", Id="ten", StartTime="2026-03-10T10:15:00Z", Title="Later")
    assert [name for name, _ in events(talk)] == ["EditRequested", "BookingMoved"]
    row = talk.result(f"{HERE}/Get", Id="ten")["Booking"]
    assert (row["Title"], row["Time"]["StartTime"]) == ("Later", "2026-03-10T10:15:00Z")
    talk.result(f"{HERE}/Edit", MeetingId="ten", Duration=60)
    assert events(talk)[-1] == ("EditFailed", {"FailureCause": "Decline", "MeetingId": "ten"})
    assert talk.result(f"{HERE}/Get", Id="ten")["Booking"]["Time"]["EndTime"] == "2026-03-10T10:45:00Z"


def test_an_extension_adds_minutes_or_fails() -> None:
    talk = made(TEN, ELEVEN)
    talk.result(f"{HERE}/Extend", Id="ten", Duration=15)
    told = events(talk)
    assert [name for name, _ in told] == ["ExtensionRequested", "BookingMoved"]
    assert (told[0][1]["NewEndTime"], told[1][1]["Duration"]) == ("2026-03-10T10:45:00Z", 45)
    talk.result(f"{HERE}/Extend", Id="ten", Duration=30)
    assert events(talk)[-1][0] == "ExtensionFailed"


def test_a_booking_that_was_moved_ends_once_at_its_new_end() -> None:
    talk = made(TEN)
    talk.wait(3600)
    talk.result(f"{HERE}/Extend", Id="ten", Duration=30)
    talk.heard()
    talk.wait(1800)
    assert events(talk) == []
    assert ids(talk) == ["ten"]
    talk.wait(1800)
    assert [name for name, _ in events(talk)] == ["End"]
    assert ids(talk) == []


@pytest.mark.parametrize(("command", "cause"), [("Delete", "Deleted"), ("CheckOut", "ManualCheckOut")])
def test_a_booking_that_is_deleted_says_what_was_freed(command: str, cause: str) -> None:
    talk = made(TEN)
    talk.wait(3600 + 600)
    talk.heard()
    talk.result(f"{HERE}/{command}", Id="ten")
    ((name, facts),) = events(talk)
    assert (name, facts["Cause"], facts["MinutesFreed"], facts["OrganizerId"]) == ("Deleted", cause, 20, "u1")
    assert ids(talk) == []
    assert talk.code(f"{HERE}/{command}", Id="ten") == 1


def test_only_a_meeting_that_is_on_is_left() -> None:
    assert made(TEN).code(f"{HERE}/CheckOut", Id="ten") == 1


def test_a_meeting_to_which_nobody_comes_is_freed() -> None:
    talk = made(TEN, ELEVEN, CheckIn_Enabled="True")
    assert talk.code(f"{HERE}/CheckIn", Id="ten") == 1, "too early"
    talk.wait(3600)
    assert talk.device.scheduling.next_at(talk.now) == NINE + timedelta(minutes=70)
    talk.wait(600)
    assert ("Deleted", "NoShow") in [(name, facts.get("Cause")) for name, facts in events(talk)]
    talk.wait(3000)
    talk.result(f"{HERE}/CheckIn", Id="eleven")
    talk.wait(1200)
    assert ids(talk) == ["eleven"]
    checked = dict(events(talk))["CheckedIn"]
    assert checked["MinuteOffset"] == 0


def test_only_what_was_booked_in_the_room_is_declined_unless_all_may_be() -> None:
    talk = made(TEN)
    talk.result(f"{HERE}/Respond", MeetingId="ten", Type="Accept")
    assert talk.code(f"{HERE}/Respond", MeetingId="ten", Type="Decline") == 1
    other = made(TEN, DeclinableBookingType="All")
    other.result(f"{HERE}/Respond", MeetingId="ten", Type="Decline")
    assert ids(other) == []


def test_a_reminder_comes_again_when_it_was_snoozed() -> None:
    talk = made(TEN)
    talk.wait(3600)
    talk.wait(1500)
    assert ("TimeRemaining", 300) in [(name, facts.get("Seconds")) for name, facts in events(talk)]
    talk.result(f"{HERE}/NotificationSnooze", Id="ten", SecondsToSnooze=120)
    talk.wait(120)
    assert [(name, facts.get("Seconds")) for name, facts in events(talk)] == [
        ("NotificationSnoozed", None),
        ("TimeRemaining", 180),
    ]
