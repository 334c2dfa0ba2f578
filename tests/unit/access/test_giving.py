"""Nobody gives what they do not have: each part of a grant must be had in one piece."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from roomgate.access.capability import Capability
from roomgate.access.giving import within
from roomgate.access.grant import Grant, Room
from roomgate.ids import ConnectorId, GrantId, PersonId, RoomId, RoomName, SiteId

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
DESK, GUEST = PersonId("person_desk"), PersonId("person_guest")
OSLO = Room(RoomId("room_oslo"), RoomName("oslo"), SiteId("site_1"), ConnectorId("con_1"), frozenset({"boards"}))
ROME = Room(RoomId("room_rome"), RoomName("rome"), SiteId("site_2"), ConnectorId("con_2"))
HOUR = timedelta(hours=1)
LOOKING = frozenset({Capability.OBSERVE})
OWN = Grant(
    GrantId("own"), DESK, frozenset({OSLO.id}), frozenset({Capability.CALL, Capability.OBSERVE}), "", NOW, NOW + HOUR,
    PersonId("person_admin"), 1,
)  # fmt: skip
NEW = dataclasses.replace(
    OWN, id=GrantId("new"), person=GUEST, capabilities=frozenset({Capability.CALL}), made_by=DESK, issued=9
)


def ok(grant: Grant = NEW, own: Grant | None = OWN, reach: frozenset[Capability] = LOOKING) -> bool:
    return within(grant, DESK, reach, [own] if own else [], [OSLO, ROME])


def test_by_an_own_grant_that_is_as_wide():
    assert ok()
    assert ok(dataclasses.replace(NEW, rooms=frozenset(), sites=frozenset({OSLO.site}))) is False
    by_site = dataclasses.replace(OWN, sites=frozenset({OSLO.site}))
    assert ok(dataclasses.replace(NEW, rooms=frozenset(), sites=frozenset({OSLO.site})), by_site)
    by_tag = dataclasses.replace(OWN, rooms=frozenset(), tags=frozenset({"boards"}))
    assert ok(own=by_tag)  # the room bears it now
    assert ok(dataclasses.replace(NEW, rooms=frozenset(), tags=frozenset({"boards"})), by_tag)
    assert not ok(dataclasses.replace(NEW, rooms=frozenset(), tags=frozenset({"boards", "dear"})), by_tag)


@pytest.mark.parametrize(
    "more",
    [
        {"capabilities": frozenset({Capability.CALL, Capability.SECURITY})},
        {"rooms": frozenset({OSLO.id, ROME.id})},
        {"rooms": frozenset({OSLO.id, RoomId("room_gone")})},
        {"until": NOW + HOUR + timedelta(seconds=1)},
        {"tags": frozenset({"boards"})},
        {"issued": 1},
        {"issued": 0},
    ],
)
def test_more_of_anything_is_not_theirs(more):
    assert not ok(dataclasses.replace(NEW, **more))


@pytest.mark.parametrize(
    "less",
    [
        {"person": GUEST},
        {"paused": True},
        {"most_uses": 5},
        {"only_booked": True},
        {"start": NOW + timedelta(seconds=1)},
        {"capabilities": frozenset({Capability.OBSERVE})},
    ],
)
def test_an_own_grant_that_is_less_carries_nothing(less):
    assert not ok(own=dataclasses.replace(OWN, **less))


def test_what_counts_only_while_booked_gives_what_counts_only_while_booked():
    assert ok(dataclasses.replace(NEW, only_booked=True), dataclasses.replace(OWN, only_booked=True))


def test_what_may_be_given_to_anybody_reaches_everywhere_and_is_not_added_to_a_grant():
    wide = dataclasses.replace(NEW, capabilities=frozenset({Capability.OBSERVE}), rooms=frozenset({ROME.id}))
    assert ok(wide, None)
    both = frozenset({Capability.CONFIGURE, Capability.OBSERVE})
    configures = dataclasses.replace(OWN, capabilities=frozenset({Capability.CONFIGURE}))
    assert not ok(dataclasses.replace(NEW, capabilities=both), configures)
    assert ok(dataclasses.replace(wide, capabilities=frozenset(Capability)), None, frozenset(Capability))

    assert not ok(wide, None, frozenset())
