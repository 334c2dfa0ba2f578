from datetime import timedelta

import pytest

from roomgate.cli.explain import explain, parse_call
from roomgate.clock import HandClock, iso
from roomgate.errors import BadInput
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import UnknownPath, XapiError
from roomgate.xapi.schema import Catalogue

CLOCK = HandClock()
NOW = CLOCK.now()
ADA = {"id": "person_ada", "name": "ada", "kind": "person", "active": True}
OSLO = {"id": "room_oslo", "name": "oslo", "site": "site_1", "connector": "connector_1"}


def grant(
    *capabilities: str, rooms: tuple[str, ...] = ("oslo",), minutes: float = 10, **more: object
) -> dict[str, object]:
    made = {
        "id": "grant_1", "person": "person_ada", "rooms": list(rooms), "capabilities": list(capabilities),
        "reason": "", "start": iso(NOW - timedelta(minutes=5)), "until": iso(NOW + timedelta(minutes=minutes)),
        "made_by": "person_root", "paused": None,
    }  # fmt: skip
    return made | more


def lock(kind: str, subject: str) -> dict[str, str]:
    return {"id": "lock_1", "kind": kind, "subject": subject, "reason": "board meeting"}


def judge(call: str = "Dial", grants=(), locks=(), person=ADA, value: str | None = None):
    return explain(person, OSLO, grants, locks, call, value, CLOCK)


def test_a_grant_that_covers_it():
    verdict = judge(grants=[grant("call")])
    assert verdict == {
        "person": "ada", "room": "oslo", "call": "Command/Dial", "allowed": True, "grant": "grant_1",
        "until": iso(NOW + timedelta(minutes=10)),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({}, "no-grant"),
        ({"grants": [grant("call", rooms=("rome",))]}, "no-grant"),
        ({"grants": [grant("call", minutes=-1)]}, "no-grant"),
        ({"grants": [grant("call", paused="its giver is gone")]}, "no-grant"),
        ({"grants": [grant("observe")]}, "capability"),
        ({"grants": [grant("call")], "person": ADA | {"active": False}}, "principal.inactive"),
        ({"grants": [grant("call")], "locks": [lock("person", "person_ada")]}, "lock.person"),
        ({"grants": [grant("call")], "locks": [lock("room", "room_oslo")]}, "lock.room"),
        ({"grants": [grant("call")], "locks": [lock("site", "site_1")]}, "lock.site"),
        ({"grants": [grant("call")], "locks": [lock("connector", "connector_1")]}, "lock.connector"),
    ],
)
def test_the_rule_that_says_no_is_named(given, rule):
    verdict = judge(**given)
    assert (verdict["allowed"], verdict["rule"]) == (False, rule)


def test_a_lock_on_something_else_changes_nothing():
    assert judge(grants=[grant("call")], locks=[lock("room", "room_rome"), lock("person", "person_bob")])["allowed"]


def test_reading_and_writing_are_two_things():
    volume = "Configuration/Audio/DefaultVolume"
    assert judge(volume, [grant("av-control")])["allowed"]
    assert not judge(volume, [grant("av-control")], value="40")["allowed"]
    assert judge(volume, [grant("av-control", "configure")], value="40")["allowed"]


def test_calls_are_read_as_people_write_them():
    catalogue = Catalogue.shipped()
    for text in ("audio volume set", "Audio.Volume.Set", "xCommand Audio Volume Set", "Command/Audio/Volume/Set"):
        assert str(parse_call(text, None, catalogue).path) == "Command/Audio/Volume/Set"
    assert parse_call("xStatus Audio Volume", None, catalogue).verb is Verb.GET
    with pytest.raises(UnknownPath):
        parse_call("Audio Volume Sett", None, catalogue)
    with pytest.raises(BadInput):
        parse_call("Dial", "1@example.com", catalogue)
    for text, value in (("Status/Audio/Volume", "3"), ("", None), ("Configuration/Audio/DefaultVolume", "loud")):
        with pytest.raises(XapiError):
            parse_call(text, value, catalogue)
