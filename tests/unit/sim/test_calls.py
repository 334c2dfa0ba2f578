"""Calls from dialling to history, as a client sees them."""

from datetime import timedelta
from typing import Any

import pytest

from roomgate.sim.device import Device
from roomgate.sim.profile import get_profile
from roomgate.sim.refusal import CommandError
from support.simulated import ADMIN, DAILY, NINE, Talk


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


@pytest.mark.parametrize(("answer", "history"), [("Accept", "Received"), ("Reject", "Rejected")])
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


def connected(talk: Talk, number: str = "meet@example.com") -> int:
    call = talk.result("xCommand/Dial", Number=number)["CallId"]
    talk.wait(1)
    return int(call)


def events(talk: Talk) -> list[dict[str, Any]]:
    return [one["Event"] for one in talk.heard() if "Event" in one]


def test_a_far_end_that_hangs_up_is_a_remote_disconnect() -> None:
    talk = Talk.open(DAILY)
    talk.result("xFeedback/Subscribe", Query=["Event", "CallDisconnect"])
    connected(talk, "hangup@example.com")
    talk.wait(1)
    assert events(talk)[-1]["CallDisconnect"]["CauseType"] == "RemoteDisconnect"
    assert talk.result("xGet", Path=["Status", "Call"]) == []


def test_a_call_that_is_ignored_rings_on_unheard() -> None:
    talk = Talk.open(DAILY)
    call = talk.device.calls.ring("ada@example.com", "Ada", talk.now)
    talk.result("xCommand/Call/Ignore", CallId=call)
    shown = talk.result("xGet", Path=["Status", "Call", call])
    assert (shown["AnswerState"], shown["Status"]) == ("Ignored", "Ringing")
    talk.result("xCommand/Call/Accept")
    assert talk.code("xCommand/Call/Ignore", CallId=call) == 1


def test_do_not_disturb_turns_a_call_away() -> None:
    talk = Talk.open(DAILY)
    talk.result("xFeedback/Subscribe", Query=["Event", "IncomingCallIndication"])
    talk.result("xCommand/Conference/DoNotDisturb/Activate")
    talk.device.calls.ring("ada@example.com", "Ada", talk.now)
    assert talk.result("xGet", Path=["Status", "Call"]) == []
    assert events(talk) == []
    assert (
        talk.result("xCommand/CallHistory/Get", Filter="UnacknowledgedMissed")["Entry"][0]["OccurrenceType"] == "Missed"
    )


def test_auto_answer_answers_after_its_delay_and_mutes_if_told() -> None:
    talk = Talk.open(ADMIN)
    for name, value in (("Mode", "On"), ("Delay", 5), ("Mute", "On")):
        talk.result("xSet", Path=["Configuration", "Conference", "AutoAnswer", name], Value=value)
    call = talk.device.calls.ring("ada@example.com", "Ada", talk.now)
    talk.wait(4)
    assert talk.result("xGet", Path=["Status", "Call", call, "Status"]) == "Ringing"
    talk.wait(1)
    assert talk.result("xGet", Path=["Status", "Call", call, "AnswerState"]) == "Autoanswered"
    assert talk.result("xGet", Path=["Status", "Audio", "Microphones", "Mute"]) == "On"


def test_a_call_is_forwarded_while_it_rings() -> None:
    talk = Talk.open(DAILY)
    assert talk.code("xCommand/Call/Forward", Number="b@example.com", DisplayName="B") == 1
    talk.device.calls.ring("ada@example.com", "Ada", talk.now)
    talk.result("xCommand/Call/Forward", Number="b@example.com", DisplayName="B")
    assert talk.result("xCommand/CallHistory/Get")["Entry"][0]["OccurrenceType"] == "Forwarded"


def test_an_unattended_transfer_says_where_and_leaves() -> None:
    talk = Talk.open(DAILY)
    talk.result("xFeedback/Subscribe", Query=["Event", "CallTransfer"])
    call = connected(talk)
    talk.result("xCommand/Call/UnattendedTransfer", CallId=call, Number="b@example.com")
    assert events(talk) == [{"CallTransfer": {"Unattended": {"CallId": call, "URI": "sip:b@example.com"}}}]
    assert talk.device.calls.ongoing == {}


def test_an_attended_transfer_connects_the_held_call_to_the_new_one() -> None:
    talk = Talk.open(DAILY)
    first = connected(talk, "a@example.com")
    with pytest.raises(CommandError):
        talk.device.calls.transfer_attended("panel", talk.now)
    talk.result("xCommand/Call/Hold", CallId=first, Reason="Transfer")
    second = connected(talk, "b@example.com")
    assert talk.result("xGet", Path=["Status", "Call", second, "AttendedTransferFrom"]) == first
    talk.result("xFeedback/Subscribe", Query=["Event", "CallTransfer"])
    talk.device.calls.transfer_attended("panel", talk.now)
    talk.settle()
    told = {"CallId": first, "DestinationCallId": second, "URI": "sip:b@example.com"}
    assert events(talk) == [{"CallTransfer": {"Attended": told}}]
    assert talk.device.calls.ongoing == {}


def test_two_calls_are_joined_and_one_cannot_be() -> None:
    talk = Talk.open(DAILY)
    first = connected(talk, "a@example.com")
    assert talk.code("xCommand/Call/Join") == 1
    talk.result("xCommand/Call/Hold", CallId=first)
    second = connected(talk, "b@example.com")
    talk.result("xCommand/Call/Join", CallId=[first, second])
    assert {one["Status"] for one in talk.result("xGet", Path=["Status", "Call"])} == {"Connected"}


def test_a_meeting_asks_for_a_pin_until_it_gets_one() -> None:
    talk = Talk.open(DAILY)
    call = connected(talk, "pin@example.com")
    where = ["Status", "Conference", "Call", call, "AuthenticationRequest"]
    assert talk.result("xGet", Path=where) == "HostPinOrGuest"
    talk.result("xFeedback/Subscribe", Query=["Event", "Conference"])
    answer = "xCommand/Conference/Call/AuthenticationResponse"
    talk.result(answer, ParticipantRole="Host", Pin="0000")
    talk.result(answer, ParticipantRole="Host", Pin="4711")
    kinds = [next(iter(one["Conference"]["Call"]["AuthenticationResponse"])) for one in events(talk)]
    assert kinds == ["PinError", "PinEntered"]
    assert talk.result("xGet", Path=where) == "None"
    assert talk.code(answer, ParticipantRole="Guest") == 1
    assert "4711" not in str(list(talk.device.state.take_notes()))


def test_a_duration_is_told_each_second_where_the_switch_says_so() -> None:
    device = Device.new("Birch", get_profile("26").with_switches({"duration_ticks": True}), NINE)
    talk = Talk.open(DAILY, device=device)
    connected(talk)
    talk.result("xFeedback/Subscribe", Query=["Status", "Call", "Duration"])
    assert talk.device.next_at(talk.now) == talk.now + timedelta(seconds=1)
    talk.wait(1)
    assert len(talk.heard()) == 1


def test_nobody_is_called_while_an_account_has_no_passphrase_on_11() -> None:
    talk = Talk.open(DAILY, profile="11")
    talk.device.accounts.add_factory()
    assert talk.code("xCommand/Dial", Number="a@example.com") == 1
    talk.device.accounts.by_name["admin"].set_passphrase("correct horse")
    talk.result("xCommand/Dial", Number="a@example.com")


class Line:
    """Carries nothing; remembers what it was asked."""

    def __init__(self) -> None:
        self.did: list[tuple[object, ...]] = []

    def dial(self, call: int, number: str) -> None:
        self.did.append(("dial", call, number))

    def hang_up(self, call: int) -> None:
        self.did.append(("hang up", call))

    def send_tones(self, call: int, tones: str) -> None:
        self.did.append(("tones", call, tones))

    def hold(self, call: int, *, on: bool) -> None:
        self.did.append(("hold" if on else "resume", call))


def on_a_line() -> tuple[Talk, Line]:
    talk, line = Talk.open(DAILY), Line()
    talk.device.calls.line = line
    talk.result("xFeedback/Subscribe", Query=["Status", "Call"])
    return talk, line


def test_a_real_call_moves_only_as_the_line_says() -> None:
    talk, line = on_a_line()
    call = talk.result("xCommand/Dial", Number="hangup@example.com")["CallId"]
    talk.wait(60)
    assert statuses(talk) == ["Dialling"]
    talk.device.calls.line_rings(call)
    talk.device.calls.line_rings(call)
    talk.device.calls.line_answers(call, talk.now)
    talk.device.calls.line_answers(call, talk.now)
    talk.wait(60)
    assert statuses(talk) == ["Connecting", "Connected"]
    talk.result("xCommand/Call/DTMFSend", DTMFString="*11", Feedback="Silent")
    talk.result("xCommand/Call/Hold")
    talk.result("xCommand/Call/Resume")
    talk.result("xCommand/Call/Disconnect", CallId=call)
    assert line.did == [
        ("dial", call, "hangup@example.com"), ("tones", call, "*11"), ("hold", call), ("resume", call), ("hang up", call),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "cause"),
    [(486, "RemoteBusy"), (404, "UnknownRemoteSite"), (0, "RemoteDisconnect"), (503, "RemoteDisconnect")],
)
def test_how_a_real_call_ends_is_what_the_far_end_said(code: int, cause: str) -> None:
    talk, _ = on_a_line()
    talk.result("xFeedback/Subscribe", Query=["Event", "CallDisconnect"])
    call = talk.result("xCommand/Dial", Number="a@example.com")["CallId"]
    talk.heard()
    talk.device.calls.line_closes(call, code, talk.now)
    talk.device.calls.line_closes(call, code, talk.now)  # said twice, told once
    talk.device.calls.line_answers(call, talk.now)
    talk.settle()
    (event,) = [one["Event"]["CallDisconnect"] for one in talk.heard() if "Event" in one]
    assert (event["CauseType"], event["CauseCode"]) == (cause, code)


def test_only_sip_goes_over_the_line_and_whatever_ends_the_call_ends_it_there() -> None:
    talk, line = on_a_line()
    talk.result("xCommand/Dial", Number="a@example.com", Protocol="H323")
    talk.wait(1)
    assert line.did == []
    call = talk.result("xCommand/Dial", Number="b@example.com")["CallId"]
    talk.device.reboot(talk.now)
    assert line.did == [("dial", call, "b@example.com"), ("hang up", call)]
