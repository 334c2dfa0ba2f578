from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.access.grant import Lock
from roomgate.clock import iso
from roomgate.hub.rooms.state import RoomState, RoomSummary
from roomgate.hub.rooms.view import (
    KINDS,
    RoomViews,
    build_list,
    build_room,
    lock_on,
    read_bookings,
    read_calls,
    read_scalar,
    room_href,
)
from roomgate.ids import LockId, RoomId

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
OSLO = RoomSummary(
    id=RoomId("room_oslo"), name="oslo", site="site_1", connector="connector_1", state=RoomState.CALL, words="In a call.",
    product="Board", software="11", volume=30, muted=False, standby="Off", call_since=NOW, calls=1, booked="BookedUntil",
    booked_until=NOW, sessions=0,
)  # fmt: skip

rubbish = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Id", "Time", "Booking", "Call", "Status", "DialInfo", "x"]), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


def entry(id: str = "1", minutes: int = 5, **more: Any) -> dict[str, Any]:
    start = NOW + timedelta(minutes=minutes)
    return {
        "Id": id, "Title": "Review", "Organizer": {"FirstName": "Org", "LastName": "Anizer"},
        "Time": {"StartTime": iso(start), "EndTime": iso(start + timedelta(minutes=30))},
        "DialInfo": {"Calls": {"Call": [{"Number": "a@example.com"}]}}, **more,
    }  # fmt: skip


def rooms(*names: str, **changes: Any):
    return [build_room(replace(OSLO, id=RoomId(f"room_{n}"), name=n, **changes), "North", 0, []) for n in names]


def test_every_state_has_a_sign() -> None:
    assert set(KINDS) == set(RoomState)
    assert len(set(KINDS.values())) == len(KINDS)


def test_a_room_is_shown_as_it_is() -> None:
    view = build_room(OSLO, "North", 2, [])
    assert (view.kind, view.inside, view.locked, view.href) == ("call", 2, "", "/rooms/oslo")
    assert view.booked
    assert not view.asleep
    assert "north" in view.text


@pytest.mark.parametrize(("standby", "asleep"), [(None, False), ("Off", False), ("Halfwake", False), ("Standby", True)])
def test_what_counts_as_asleep(standby: str | None, asleep: bool) -> None:
    assert build_room(replace(OSLO, standby=standby), "North", 0, []).asleep is asleep


@pytest.mark.parametrize(("kind", "subject"), [("room", "room_oslo"), ("site", "site_1"), ("connector", "connector_1")])
def test_a_lock_on_the_room_or_what_it_stands_in_shows(kind: str, subject: str) -> None:
    assert lock_on(OSLO, [Lock(LockId("lock_1"), kind, subject, "")]) == "lock_1"
    assert lock_on(OSLO, [Lock(LockId("lock_1"), kind, "other", "")]) == ""
    assert lock_on(OSLO, [Lock(LockId("lock_1"), "person", subject, "")]) == ""


def test_whoever_may_not_see_all_learns_of_a_locked_room_only_that_it_is() -> None:
    view = build_room(OSLO, "North", 3, [Lock(LockId("lock_1"), "room", OSLO.id, "")], sees=False)
    assert (view.kind, view.words, view.volume, view.muted, view.call_since, view.inside) == (
        "void", "Locked.", None, None, None, 0,
    )  # fmt: skip
    assert (view.booked, view.booked_until, view.standby) == (False, None, None)
    assert build_room(OSLO, "North", 3, [Lock(LockId("lock_1"), "room", OSLO.id, "")]).volume == 30


LOCKED = [Lock(LockId("lock_1"), "room", OSLO.id, "")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((OSLO, "North", 0, []), (replace(OSLO, volume=31), "North", 0, [])),
        ((OSLO, "North", 0, []), (OSLO, "South", 0, [])),
        ((OSLO, "North", 0, []), (OSLO, "North", 1, [])),
        ((OSLO, "North", 0, []), (OSLO, "North", 0, LOCKED)),
        ((OSLO, "North", 0, LOCKED), (OSLO, "North", 0, [])),
        ((OSLO, "North", 0, LOCKED, True), (OSLO, "North", 0, LOCKED, False)),
        ((OSLO, "North", 0, LOCKED, False), (OSLO, "North", 0, LOCKED, True)),
    ],
    ids=["state", "site", "inside", "locked", "unlocked", "who-does-not-see", "who-sees"],
)
def test_a_kept_view_is_not_shown_where_another_would_be_built(before: Any, after: Any) -> None:
    views = RoomViews()
    assert [views.get(*asked) for asked in (before, after)] == [build_room(*asked) for asked in (before, after)]
    assert build_room(*before) != build_room(*after)


def test_a_view_is_kept_while_it_would_be_built_the_same_and_no_more_than_so_many_are() -> None:
    views = RoomViews(most=2)
    first = views.get(OSLO, "North", 0, LOCKED)
    assert views.get(replace(OSLO), "North", 0, list(LOCKED)) is first
    for name in ("rome", "bergen"):
        views.get(replace(OSLO, id=RoomId(name)), "North", 0, [])
    again = views.get(OSLO, "North", 0, LOCKED)
    assert again == first
    assert again is not first


def test_a_room_whose_name_is_an_address_of_ours_goes_by_its_id() -> None:
    assert room_href("stream", "room_1") == "/rooms/room_1"
    assert room_href("a/../b?c", "room_1") == "/rooms/a%2F..%2Fb%3Fc"


def test_the_worst_come_first_and_filters_leave_out() -> None:
    every = [*rooms("zeta", state=RoomState.TROUBLE), *rooms("alpha", "beta")]
    shown = build_list(every, {"connector_1": True})
    assert [room.name for room in shown.rooms] == ["zeta", "alpha", "beta"]
    assert (shown.total, dict(shown.tally)["bad"], dict(shown.tally)["call"], dict(shown.tally)["ok"]) == (3, 1, 2, 0)
    assert [room.name for room in build_list(every, {}, state="bad").rooms] == ["zeta"]
    assert [room.name for room in build_list(every, {}, find="BE north").rooms] == ["beta"]
    assert build_list(every, {}, site="elsewhere").rooms == ()
    assert build_list(every, {}, state="inside").rooms == ()
    assert build_list(every, {}, site="elsewhere").total == 3


def test_a_site_is_connected_if_all_its_connectors_are() -> None:
    two = [*rooms("alpha"), *rooms("beta", connector="connector_2")]
    assert build_list(two, {"connector_1": True, "connector_2": True}).sites[0].linked
    assert not build_list(two, {"connector_1": True}).sites[0].linked


def test_the_first_look_at_many_rooms_is_bounded() -> None:
    many = [*rooms("worst", state=RoomState.TROUBLE), *rooms(*(f"r{n}" for n in range(9)))]
    shown = build_list(many, {}, most=3, find="r", view="table")
    assert (len(shown.rooms), shown.more, shown.total) == (3, 7, 10)
    assert shown.rooms[0].name == "worst"
    assert shown.all_href == "/rooms?q=r&view=table&all=1"
    assert build_list(many, {}, most=10).more == 0


def test_bookings_are_those_ahead_in_order() -> None:
    listed = {
        "Booking": [
            entry("late", 24 * 60 - 1), entry("tomorrow", 24 * 60), entry("over", -60), entry("now", -5),
            entry("bad", Time={"StartTime": "x"}),
        ]
    }  # fmt: skip
    assert [booking.id for booking in read_bookings(listed, NOW)] == ["now", "late"]
    first = read_bookings(listed, NOW)[0]
    assert (first.title, first.organizer, first.number) == ("Review", "Org Anizer", "a@example.com")


def test_a_private_meeting_keeps_its_title_and_its_organizer() -> None:
    [private] = read_bookings({"Booking": [entry(Privacy="Private")]}, NOW)
    assert (private.title, private.organizer, private.number) == ("", "", "a@example.com")


def test_a_meeting_without_an_address_has_no_number() -> None:
    [one] = read_bookings({"Booking": [entry(DialInfo={"Calls": {}})]}, NOW)
    assert one.number == ""


@given(rubbish)
def test_rubbish_from_a_device_is_never_an_error(told: Any) -> None:
    assert read_bookings(told, NOW) == []
    read_calls(told if isinstance(told, dict) else {})
    assert read_scalar(told, "DefaultVolume") is None or isinstance(read_scalar(told, "DefaultVolume"), int)


def test_calls_that_are_over_are_not_shown() -> None:
    call = {"Status": "Connected", "DisplayName": "Far end", "Protocol": "SIP", "Direction": "Outgoing"}
    document = {"Status": {"Call": [call, {"Status": "Idle"}, {"Status": "Disconnecting"}, "rubbish", {}]}}
    [shown] = read_calls(document)
    assert (shown.title, shown.how) == ("Far end", "SIP, Outgoing, Connected")


@pytest.mark.parametrize(
    ("told", "number"),
    [(40, 40), ("40", 40), ({"DefaultVolume": 40}, 40), ({"Audio": {"DefaultVolume": "40"}}, 40), (None, None), ("x", None), ([1], None)],
)  # fmt: skip
def test_a_number_is_read_however_it_is_wrapped(told: Any, number: int | None) -> None:
    assert read_scalar(told, "DefaultVolume") == number
