"""Controls belong to the one call that the room dialled, if it is clear with whom; anything else has none."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.connector.joined import Joined, find_booked_service, find_joined
from roomgate.meetings.booking import booking_id
from roomgate.meetings.meeting import Meeting, Organizer, sip_join

NINE = datetime(2026, 3, 10, 9, tzinfo=UTC)
ADDRESS = "98765432109.123456@zoomcrc.com"
CALL = {
    "id": 7,
    "Status": "Connected",
    "Direction": "Outgoing",
    "Protocol": "SIP",
    "RemoteNumber": ADDRESS,
    "CallbackNumber": f"sip:{ADDRESS}",
}


def state(*calls, about=None):
    return {"Status": {"Call": list(calls), **({"Conference": {"Call": [{"id": 7, **about}]}} if about else {})}}


def unbooked(number, booking):
    return None


def meeting(service, address, uid="a", **more):
    return Meeting(
        uid, "", service, "Stand-up", NINE, NINE + timedelta(minutes=30), Organizer("Ada"), False,
        more.pop("cancelled", False), sip_join(address), **more,
    )  # fmt: skip


@pytest.mark.parametrize("status", ["Connected", "OnHold"])
def test_the_call_that_the_room_dialled(status):
    assert find_joined(state({**CALL, "Status": status}), unbooked) == Joined(7, "zoom")


@pytest.mark.parametrize(
    "change",
    [
        {"Status": "Dialling"},
        {"Status": "Disconnecting"},
        {"Direction": "Incoming"},  # who calls in may call themselves anything
        {"Protocol": "H323"},
        {"Protocol": "Spark"},
        {"RemoteNumber": "a@example.com", "CallbackNumber": "sip:a@example.com"},
        {"RemoteNumber": "26341234567@example.webex.com"},  # the far end says one thing, the room dialled another
        {"id": "x"},
        {"ghost": "True"},
    ],
)
def test_any_other_call_has_no_controls(change):
    assert find_joined(state({**CALL, **change}), unbooked) is None


def test_of_two_calls_nobody_knows_which_is_meant():
    assert find_joined(state(CALL, {**CALL, "id": 8}), unbooked) is None
    assert find_joined(state(CALL, {"id": 8, "ghost": "True"}), unbooked) == Joined(7, "zoom")


def test_a_far_end_that_shows_another_address_changes_nothing():
    assert find_joined(state({**CALL, "RemoteNumber": "Weekly meeting"}), unbooked) == Joined(7, "zoom")


def test_a_call_that_takes_no_tones_has_no_controls():
    assert find_joined(state(CALL, about={"Capabilities": {"DTMF": "False"}}), unbooked) is None
    assert find_joined(state(CALL, about={"Capabilities": {"DTMF": "True"}}), unbooked) == Joined(7, "zoom")


def test_the_booking_that_was_joined_tells_the_service():
    asked = []

    def booked(number, booking):
        asked.append((number, booking))
        return "pexip"

    own = {**CALL, "RemoteNumber": "standup@video.example.com", "CallbackNumber": "sip:standup@video.example.com"}
    assert find_joined(state(own, about={"BookingId": "rg-1"}), booked) == Joined(7, "pexip")
    assert asked[0] == ("standup@video.example.com", "rg-1")


def test_a_meeting_is_known_by_its_address_and_by_its_booking():
    meetings = (meeting("pexip", "standup@video.example.com"), meeting("zoom", ADDRESS, "b"))
    assert find_booked_service(meetings, "SIP:Standup@video.example.com", None) == "pexip"
    assert find_booked_service(meetings, ADDRESS, booking_id("b", "")) == "zoom"
    assert find_booked_service(meetings, ADDRESS, booking_id("a", "")) is None
    assert find_booked_service(meetings, "other@example.com", None) is None


def test_meetings_that_differ_or_were_called_off_tell_nothing():
    one, other = meeting("pexip", "a@video.example.com"), meeting("zoom", "a@video.example.com", "b")
    assert find_booked_service((one, other), "a@video.example.com", None) is None
    assert find_booked_service((one, meeting("pexip", "a@video.example.com", "c")), "a@video.example.com", None)
    assert find_booked_service((meeting("pexip", "a@v.example.com", cancelled=True),), "a@v.example.com", None) is None


leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
trees = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*CALL, "Call"]), inner)
)


@given(trees, trees)
def test_rubbish_is_no_call(calls, conference):
    found = find_joined({"Status": {"Call": calls, "Conference": conference}}, lambda number, booking: "zoom")
    assert found is None or found.service == "zoom"
