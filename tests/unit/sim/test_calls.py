"""Calls from dialling to history, as a client sees them."""

import pytest

from support.simulated import ADMIN, DAILY, Talk


def statuses(talk: Talk) -> list[str]:
    return [
        call["Status"] for one in talk.heard() for call in one.get("Status", {}).get("Call", []) if "Status" in call
    ]


def test_a_call_dials_connects_and_leaves_as_a_ghost() -> None:
    talk = Talk.open(DAILY)
    talk.result("xFeedback/Subscribe", Query=["Status", "Call"])
    call = talk.result("xCommand/Dial", Number="meet@example.com")["CallId"]
    assert statuses(talk) == ["Dialling"]
    talk.wait(0.08)
    assert statuses(talk) == ["Connecting"]
    talk.wait(0.08)
    assert statuses(talk) == ["Connected"]
    talk.wait(60)
    assert talk.result("xGet", Path=["Status", "Call", call, "Duration"]) == 60
    talk.result("xCommand/Call/Disconnect", CallId=call)
    assert talk.heard()[-1]["Status"] == {"Call": [{"ghost": "True", "id": call}]}
    assert talk.result("xGet", Path=["Status", "Call"]) == []


def test_events_come_in_the_order_that_devices_send_them() -> None:
    talk = Talk.open(DAILY)
    talk.result("xFeedback/Subscribe", Query=["Event"])
    talk.result("xCommand/Dial", Number="meet@example.com")
    talk.wait(1)
    talk.result("xCommand/Call/Disconnect")
    assert [next(iter(one["Event"])) for one in talk.heard()] == [
        "OutgoingCallIndication",
        "CallSuccessful",
        "CallDisconnect",
        "CallHistory",
    ]


def test_the_history_tells_who_was_called_for_how_long() -> None:
    talk = Talk.open(DAILY)
    for number in ("first@example.com", "second@example.com", "first@example.com"):
        talk.result("xCommand/Dial", Number=number, BookingId="b-1")
        talk.wait(1)
        talk.wait(30)
        talk.result("xCommand/Call/Disconnect")
    entries = talk.result("xCommand/CallHistory/Get", DetailLevel="Full")["Entry"]
    assert [one["RemoteNumber"] for one in entries] == ["first@example.com", "second@example.com", "first@example.com"]
    assert (entries[0]["id"], entries[0]["BookingId"], entries[0]["OccurrenceType"]) == (0, "b-1", "Placed")
    assert 30 <= entries[0]["Duration"] <= 31
    recents = talk.result("xCommand/CallHistory/Recents", Order="OccurrenceFrequency")["Entry"]
    assert [one["OccurrenceCount"] for one in recents] == [2, 1]
    assert len(talk.result("xCommand/CallHistory/Get", SearchString="second")["Entry"]) == 1


def test_a_busy_far_end_says_so() -> None:
    talk = Talk.open(DAILY)
    talk.result("xFeedback/Subscribe", Query=["Event", "CallDisconnect"])
    talk.result("xCommand/Dial", Number="busy@example.com")
    talk.wait(1)
    assert talk.heard()[0]["Event"]["CallDisconnect"]["CauseType"] == "RemoteBusy"
    assert talk.result("xCommand/CallHistory/Get")["Entry"][0]["OccurrenceType"] == "NoAnswer"


def test_a_call_is_held_and_resumed() -> None:
    talk = Talk.open(DAILY)
    call = talk.result("xCommand/Dial", Number="meet@example.com")["CallId"]
    talk.wait(1)
    talk.result("xCommand/Call/Hold", CallId=call)
    assert talk.result("xGet", Path=["Status", "Call", call, "Status"]) == "OnHold"
    assert talk.code("xCommand/Call/DTMFSend", DTMFString="1#") == 1
    talk.result("xCommand/Call/Resume")
    talk.result("xCommand/Call/DTMFSend", DTMFString="1#")
    assert talk.result("xGet", Path=["Status", "SystemUnit", "State", "NumberOfActiveCalls"]) == 1


@pytest.mark.parametrize(("answer", "history"), [("Accept", "Received"), ("Reject", "Missed")])
def test_an_incoming_call_rings_until_it_is_answered(answer: str, history: str) -> None:
    talk = Talk.open(DAILY)
    talk.device.calls.ring("ada@example.com", "Ada", talk.now)
    talk.wait(30)
    assert talk.result("xGet", Path=["Status", "Call"])[0]["Status"] == "Ringing"
    talk.result(f"xCommand/Call/{answer}")
    if answer == "Accept":
        talk.result("xCommand/Call/Disconnect")
    assert talk.result("xCommand/CallHistory/Get")["Entry"][0]["OccurrenceType"] == history


def test_a_third_call_and_a_call_that_is_not_there_are_refused() -> None:
    talk = Talk.open(DAILY)
    assert talk.code("xCommand/Call/Disconnect") == 1
    for _ in range(2):
        talk.result("xCommand/Dial", Number="meet@example.com")
    assert talk.code("xCommand/Dial", Number="meet@example.com") == 1
    assert talk.code("xCommand/Call/Disconnect", CallId=99) == 1


@pytest.mark.parametrize(
    ("command", "arguments", "number"),
    [
        ("Webex/Join", {"Number": "123@example.com"}, "123@example.com"),
        ("Zoom/Join", {"MeetingID": "99"}, "99@zoomcrc.com"),
        ("WebRTC/Join", {"Url": "https://meet.example.com/x"}, "https://meet.example.com/x"),
    ],
)
def test_native_joins_are_calls_too(command: str, arguments: dict[str, str], number: str) -> None:
    talk = Talk.open(ADMIN)
    talk.result(f"xCommand/{command}", **arguments)
    assert talk.result("xGet", Path=["Status", "Call"])[0]["RemoteNumber"] == number


def test_the_journal_says_who_dialled_and_who_ended_it() -> None:
    talk = Talk.open(DAILY)
    talk.result("xCommand/Dial", Number="meet@example.com")
    talk.device.calls.hang_up(0, "panel", talk.now)
    notes = {note.what: note.facts for note in talk.device.state.take_notes()}
    assert notes["call.dialled"]["by"] == "daily"
    assert (notes["call.ended"]["by"], notes["call.ended"]["cause"]) == ("panel", "LocalDisconnect")
