from dataclasses import replace

import pytest

from roomgate.access.decision import Denied, Facts
from roomgate.access.grant import Lock
from roomgate.clock import HandClock
from roomgate.hub.channels import Kind
from roomgate.hub.relay.sessions import Book
from roomgate.hub.relay.standing import permits, stand
from roomgate.ids import LockId
from roomgate.xapi.call import Verb
from roomgate.xapi.schema import Catalogue
from support.relay_rig import ADA, OSLO, Given

KNOWN = Catalogue.shipped()
DIAL = KNOWN.canonical(Verb.COMMAND, "Dial", {"Number": "x"})
NUMBER = KNOWN.canonical(Verb.SUBSCRIBE, "Status/Call/RemoteNumber")


@pytest.fixture
def given():
    return Given(HandClock())


def judge(given, session=None, room=OSLO, **facts):
    told = Facts(**{"active": True, "room_live": True, "grants": tuple(given.grants), **facts})
    return stand(ADA, room, told, given.clock.now(), KNOWN, session)


def test_any_live_grant_lets_a_channel_stand_and_tells_what_it_may_carry(given):
    given.give(ADA, "network")
    given.give(ADA, "call", id="grant_2", minutes=90)
    standing = judge(given)
    assert (standing.grants, standing.capabilities) == ({"grant_1", "grant_2"}, {"network", "call"})
    assert standing.until == given.grants[1].until


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"active": False}, "principal.inactive"),
        ({"room_live": False}, "room.gone"),
        ({"grants": ()}, "no-grant"),
        ({"locks": (Lock(LockId("lock_1"), "room", OSLO.id, ""),)}, "lock.room"),
    ],
)
def test_what_does_not_stand(given, facts, rule):
    given.give(ADA, "observe", "call")
    with pytest.raises(Denied) as no:
        judge(given, **facts)
    assert no.value.rule == rule


def test_no_room_no_standing(given):
    given.give(ADA, "observe")
    with pytest.raises(Denied):
        judge(given, room=None)


def test_an_expired_grant_carries_nothing(given):
    given.give(ADA, "observe")
    given.clock.advance(3600)
    with pytest.raises(Denied):
        judge(given)


def test_lasting_effects_need_a_grant_that_covers_what_was_done(given):
    given.give(ADA, "observe")
    session = Book(given.clock).open(ADA, OSLO, Kind.API)
    session.uses = frozenset({DIAL})
    judge(given, session)
    session.effects = {"effect_1"}
    with pytest.raises(Denied):
        judge(given, session)


def test_a_subscription_goes_on_only_while_its_class_is_held(given):
    session = Book(given.clock).open(ADA, OSLO, Kind.XAPI)
    for capability, goes_on in (("observe", False), ("call", True)):
        given.grants.clear()
        given.give(ADA, capability)
        facts = Facts(True, True, tuple(given.grants))
        assert permits(session, NUMBER, facts, given.clock.now(), KNOWN) is goes_on


def test_what_was_begun_with_the_last_use_stands(given):
    session = Book(given.clock).open(ADA, OSLO, Kind.API)
    session.uses, session.effects = frozenset({DIAL}), {"effect_1"}
    given.grants = [replace(given.give(ADA, "call"), most_uses=1)]
    assert judge(given, session, uses={"grant_1": 1}).grants == {"grant_1"}
    facts = Facts(True, True, tuple(given.grants), uses={given.grants[0].id: 1})
    assert permits(session, DIAL, facts, given.clock.now(), KNOWN)  # the ask itself, on its way


def test_what_a_booking_opened_stands_while_it_lasts(given):
    given.grants = [replace(given.give(ADA, "call", "observe"), only_booked=True)]
    assert judge(given, booked=True).grants == {"grant_1"}
    with pytest.raises(Denied) as no:
        judge(given)
    assert no.value.rule == "not-booked"
