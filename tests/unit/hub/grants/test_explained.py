"""What is said of a call beforehand: the answer is the decision's, and the words say by what."""

import dataclasses
from datetime import timedelta

import pytest

from roomgate.access.capability import Capability
from roomgate.access.decision import Facts
from roomgate.access.grant import Grant, Lock, Room
from roomgate.access.principal import Kind, Principal
from roomgate.clock import HandClock
from roomgate.errors import BadInput
from roomgate.hub.grants.explained import Verdict, explain, parse_call
from roomgate.hub.grants.store import GrantRecord, LockRecord
from roomgate.ids import ConnectorId, GrantId, LockId, PersonId, RoomId, RoomName, SiteId
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import UnknownPath, XapiError
from roomgate.xapi.schema import Catalogue

NOW = HandClock().now()
KNOWN = Catalogue.shipped()
ADA = Principal(PersonId("person_ada"), "ada", Kind.PERSON, "")
OSLO = Room(RoomId("room_oslo"), RoomName("oslo"), SiteId("site_1"), ConnectorId("connector_1"))


def grant(*capabilities: str, used: int = 0, **more) -> GrantRecord:
    made = Grant(
        GrantId("grant_1"), ADA.id, frozenset({OSLO.id}), frozenset(map(Capability, capabilities)), "",
        NOW - timedelta(minutes=5), NOW + timedelta(minutes=10), PersonId("person_root"), 1,
    )  # fmt: skip
    made = dataclasses.replace(made, **more)
    return GrantRecord(made, 1, "why" if made.paused else None, None, used)


def lock(kind: str, subject: str) -> LockRecord:
    return LockRecord(Lock(LockId("lock_1"), kind, subject, "board meeting"), PersonId("person_root"), 1, "")


def judge(call: str = "Dial", grants=(), locks=(), value: str | None = None, booked: bool = False) -> Verdict:
    held = tuple(r.grant for r in grants)
    facts = Facts(True, True, held, tuple(r.lock for r in locks), {r.grant.id: r.used for r in grants}, booked)
    return explain(ADA, OSLO, facts, grants, locks, parse_call(call, value, KNOWN), NOW, KNOWN)


def test_a_yes_names_its_grant():
    verdict = judge(grants=[grant("call")])
    assert (verdict.allowed, verdict.rule, verdict.grant) == (True, "grant", "grant_1")
    assert (verdict.needs, verdict.missing, verdict.asks_room, verdict.never) == (["call"], [], True, None)
    assert [line.state for line in verdict.grants] == ["counts"]


def test_a_no_names_what_is_missing():
    verdict = judge(grants=[grant("observe")])
    assert (verdict.allowed, verdict.rule, verdict.missing) == (False, "capability", ["call"])
    assert [(line.state, line.enough) for line in verdict.grants] == [("counts", False)]
    verdict = judge("Configuration/Audio/DefaultVolume", [grant("av-control")], value="40")
    assert (verdict.needs, verdict.missing) == (["av-control", "configure"], ["configure"])
    # A reading needs one of its classes, not all.
    assert judge("Status/Audio", [grant("observe")]).missing == []
    assert "observe" in judge("Status/Audio", [grant("call")]).missing


@pytest.mark.parametrize(
    ("record", "state", "rule"),
    [
        (grant("call", paused=True), "paused", "no-grant"),
        (grant("call", start=NOW + timedelta(seconds=1)), "later", "no-grant"),
        (grant("call", until=NOW), "over", "no-grant"),
        (grant("call", only_booked=True), "not-booked", "not-booked"),
        (grant("call", most_uses=2, used=2), "spent", "uses"),
        (grant("call", most_uses=2, used=1), "counts", "grant.counted"),
    ],
)
def test_each_grant_says_why_it_counts_or_not(record, state, rule):
    verdict = judge(grants=[record])
    assert (verdict.grants[0].state, verdict.rule) == (state, rule)
    assert verdict.words
    assert verdict.grants[0].enough


def test_uses_bookings_and_locks_are_told():
    counted = grant("call", "observe", most_uses=3, used=3)
    assert judge("Call Disconnect", [counted]).allowed  # somebody can always hang up
    assert judge("Status/Audio/Volume", [counted]).grants[0].uses_left == 0
    assert judge(grants=[grant("call", only_booked=True)], booked=True).allowed
    locked = judge(grants=[grant("call")], locks=[lock("room", OSLO.id)])
    assert (locked.allowed, locked.rule, locked.locks) == (False, "lock.room", ["room: board meeting"])


def test_the_never_list_is_told_though_the_hub_says_yes():
    verdict = judge("SystemUnit FactoryReset", [grant("system")])
    assert (verdict.allowed, verdict.never) == (True, "SystemUnit FactoryReset")


def test_a_call_as_people_write_it():
    assert parse_call("xStatus Audio Volume", None, KNOWN).verb is Verb.GET
    assert parse_call("Configuration/Audio/DefaultVolume", "40", KNOWN).verb is Verb.SET
    assert parse_call("audio volume set", None, KNOWN).path.words == ("Audio", "Volume", "Set")
    with pytest.raises(BadInput):
        parse_call("Dial", "5", KNOWN)
    with pytest.raises(UnknownPath):
        parse_call("Nothing", None, KNOWN)
    with pytest.raises(XapiError):
        parse_call("Configuration/Audio/DefaultVolume", "loud", KNOWN)
