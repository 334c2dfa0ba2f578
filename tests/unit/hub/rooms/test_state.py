from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.access.decision import Room
from roomgate.hub.rooms.state import Live, RoomState, summarise
from roomgate.hub.rooms.store import RoomRecord
from roomgate.ids import ConnectorId, RoomId, RoomName, SiteId

AT = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
_leaf = st.one_of(st.none(), st.integers(), st.text(max_size=5))
_tree = st.recursive(
    _leaf,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["Status", "Call", "Audio", "Volume", "id", "Bookings"]), inner, max_size=3),
    ),
    max_leaves=8,
)


def record(state: str = "fine", trusted: bool = True) -> RoomRecord:
    room = Room(RoomId("room_1"), RoomName("oslo"), SiteId("site_1"), ConnectorId("connector_1"))
    return RoomRecord(room, "d", state, "", "Bar", "ce11", "2026", None, trusted)


def live(**status: Any) -> Live:
    one = Live()
    one.absorb({"Status": status}, True, AT)
    return one


def test_a_call_is_counted_from_when_it_was_first_seen() -> None:
    one = live(Call=[{"id": 7, "Status": "Connected"}])
    one.absorb({"Status": {"Call": [{"id": 7, "Duration": 30}]}}, False, AT + timedelta(seconds=30))
    said = summarise(record(), one, linked=True, sessions=2)
    assert (said.state, said.calls, said.call_since, said.sessions) == (RoomState.CALL, 1, AT, 2)
    one.absorb({"Status": {"Call": [{"id": 7, "ghost": "True"}]}}, False, AT + timedelta(seconds=60))
    said = summarise(record(), one, linked=True, sessions=0)
    assert (said.state, said.calls, said.call_since) == (RoomState.FINE, 0, None)


@pytest.mark.parametrize(
    ("state", "trusted", "linked", "expected"),
    [
        ("fine", True, True, RoomState.FINE),
        ("offline", True, True, RoomState.TROUBLE),
        ("quarantined", True, True, RoomState.TROUBLE),
        ("locked", True, True, RoomState.WARN),
        ("something-new", True, True, RoomState.UNKNOWN),
        ("fine", False, True, RoomState.UNKNOWN),
        ("fine", True, False, RoomState.UNKNOWN),
    ],
)
def test_the_state_says_the_worst_that_is_known(state: str, trusted: bool, linked: bool, expected: RoomState) -> None:
    assert summarise(record(state, trusted), live(), linked=linked, sessions=0).state is expected


def test_what_the_device_complains_of_is_a_warning() -> None:
    one = live(Diagnostics={"Message": [{"id": 1, "Level": "Error"}]})
    assert summarise(record(), one, linked=True, sessions=0).state is RoomState.WARN


def test_bookings_and_microphones_are_read() -> None:
    one = live(
        Audio={"Microphones": {"Mute": "On"}},
        Bookings={"Availability": {"Status": "BookedUntil", "TimeStamp": "2026-03-10T10:00:00Z"}},
    )
    said = summarise(record(), one, linked=True, sessions=0)
    assert (said.muted, said.booked, said.booked_until) == (True, "BookedUntil", AT + timedelta(hours=1))


@given(st.dictionaries(st.sampled_from(["Status", "Configuration"]), _tree, max_size=2))
def test_whatever_a_connector_tells_gives_a_summary(document: dict[str, Any]) -> None:
    one = Live()
    one.absorb(document, True, AT)
    assert summarise(record(), one, linked=True, sessions=0).name == "oslo"
