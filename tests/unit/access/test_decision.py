"""The decision, held against a second one written the slow way (support.naive), and against properties that any change must keep."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.access.capability import Capability
from roomgate.access.decision import Ask, Denied, Facts, Permit, Room, decide
from roomgate.access.grant import Grant, Lock
from roomgate.access.principal import Kind, Principal
from roomgate.ids import AskId, ConnectorId, GrantId, LockId, PersonId, RoomId, RoomName, SessionId, SiteId
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue
from support import decide_many, naive

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
CATALOGUE = Catalogue.shipped()
RULES_OF_REFUSAL = {
    "principal.inactive",
    "room.gone",
    "no-grant",
    "not-booked",
    "capability",
    "uses",
    *("lock.person", "lock.room", "lock.site", "lock.connector", "lock.session", "lock.planet"),
}

# ---- random worlds --------------------------------------------------------------------------------

people = st.sampled_from(["person_ada", "person_bob"]).map(PersonId)
rooms = st.sampled_from(["room_oslo", "room_rome"]).map(RoomId)
capabilities = st.frozensets(
    st.sampled_from(
        [Capability.OBSERVE, Capability.CALL, Capability.PRIVACY, Capability.AV_CONTROL, Capability.CONFIGURE]
    ),
    min_size=1,
    max_size=4,
)
calls = st.sampled_from(
    [
        CATALOGUE.canonical(Verb.COMMAND, "Dial", {"Number": "123@example.com"}),
        CATALOGUE.canonical(Verb.COMMAND, "Audio Microphones Unmute"),
        CATALOGUE.canonical(Verb.COMMAND, "Audio Volume Set", {"Level": 40}),
        CATALOGUE.canonical(Verb.COMMAND, "SystemUnit Boot"),
        CATALOGUE.canonical(Verb.SET, "Configuration/Audio/DefaultVolume", {"Value": 50}),
        CATALOGUE.canonical(Verb.GET, "Status/Audio/Volume"),
        CATALOGUE.canonical(Verb.SUBSCRIBE, "Status/Bluetooth"),
        CATALOGUE.canonical(Verb.GET, "Status/Audio"),
        Call(Verb.COMMAND, Path.of("Command", "Nonsense")),
        Call(Verb.SET, Path.of("Configuration", "Nonsense"), (("Value", "On"),)),
        Call(Verb.GET, Path.of("Status", "Nonsense")),
    ]
)


@st.composite
def grants(draw):
    start = NOW + timedelta(minutes=draw(st.integers(-90, 30)))
    return Grant(
        GrantId(f"grant_{draw(st.integers(0, 99))}"),
        draw(people),
        draw(st.frozensets(rooms, min_size=1)),
        draw(capabilities),
        "why",
        start,
        start + timedelta(minutes=draw(st.integers(1, 180))),
        PersonId("person_boss"),
        1,
        draw(st.booleans()) and draw(st.booleans()),
        draw(st.sampled_from([frozenset(), frozenset(), frozenset({SiteId("site_north")})])),
        draw(st.sampled_from([frozenset(), frozenset(), frozenset({"boards"}), frozenset({"cheap"})])),
        draw(st.sampled_from([None, None, 1, 2])),
        draw(st.booleans()),
    )


locks = st.builds(
    Lock,
    st.just(LockId("lock_1")),
    st.sampled_from(["person", "room", "site", "connector", "session", "planet"]),
    st.sampled_from(["person_ada", "room_oslo", "site_north", "con_1", "session_1", "somebody_else"]),
    st.sampled_from(["", "stolen laptop"]),
)
asks = st.builds(
    Ask,
    st.just(AskId("ask_1")),
    st.builds(Principal, people, st.just("Ada"), st.sampled_from(Kind), st.just("token_1")),
    st.builds(
        Room,
        rooms,
        st.just(RoomName("oslo")),
        st.sampled_from([SiteId("site_north"), SiteId("site_south")]),
        st.just(ConnectorId("con_1")),
        st.sampled_from([frozenset(), frozenset({"boards"}), frozenset({"boards", "dear"})]),
    ),
    calls,
    st.just("why"),
    st.sampled_from([None, SessionId("session_1"), SessionId("session_2")]),
)
often = st.integers(0, 9).map(bool)
facts = st.builds(
    Facts,
    often,
    often,
    st.lists(grants(), max_size=5).map(tuple),
    st.one_of(st.just(()), st.lists(locks, max_size=2).map(tuple)),
    st.dictionaries(st.integers(0, 99).map(lambda n: GrantId(f"grant_{n}")), st.integers(0, 2), max_size=4),
    st.booleans(),
)


def refusal(ask: Ask, facts: Facts, now: datetime = NOW) -> Denied | None:
    try:
        decide(ask, facts, now, CATALOGUE)
    except Denied as no:
        return no
    return None


def decided(ask: Ask, facts: Facts, now: datetime = NOW) -> str:
    no = refusal(ask, facts, now)
    return no.rule if no else "yes"


# ---- properties -----------------------------------------------------------------------------------


def test_it_agrees_with_the_slow_one():
    """By the million: `python -m support.decide_many`. Each rule must have come up, or nothing was compared."""
    rules = decide_many.compare(30_000, seed=7)
    assert set(rules) >= (RULES_OF_REFUSAL | {"grant", "grant.counted"})
    assert min(rules.values()) > 50


@given(asks, facts)
def test_it_agrees_with_the_slow_one_on_worlds_of_its_choice(ask, facts):
    assert decide_many.decided(ask, facts) == naive.naive(ask, facts, NOW)


@given(asks, facts)
def test_a_refusal_names_its_rule_and_tells_a_stranger_nothing(ask, facts):
    mine = [g for g in facts.grants if g.live(NOW) and g.person == ask.principal.id and naive.covers(g, ask)]
    no = refusal(ask, facts)
    assert no is None or no.rule in RULES_OF_REFUSAL
    assert no is None or mine or not no.some_grant


@given(asks, facts)
def test_a_permit_rests_on_one_live_grant_that_covers_the_call(ask, facts):
    if refusal(ask, facts) is None:
        permit = decide(ask, facts, NOW, CATALOGUE)
        by = [g for g in facts.grants if g.id == permit.by and g.until == permit.until]
        by = [g for g in by if naive.includes([str(c) for c in g.capabilities], ask.call)]
        assert [g for g in by if g.live(NOW) and g.person == ask.principal.id and naive.covers(g, ask)]


@given(asks, facts, st.data())
def test_taking_a_grant_away_never_turns_a_no_into_a_yes(ask, facts, data):
    kept = tuple(g for g in facts.grants if data.draw(st.booleans()))
    fewer = dataclasses.replace(facts, grants=kept)
    assert decided(ask, facts) == "yes" or decided(ask, fewer) != "yes"


@given(asks, facts, locks)
def test_adding_a_lock_never_turns_a_no_into_a_yes(ask, facts, lock):
    locked = dataclasses.replace(facts, locks=(*facts.locks, lock))
    assert decided(ask, facts) == "yes" or decided(ask, locked) != "yes"


@given(asks, facts, st.data())
def test_narrowing_never_widens(ask, facts, data):
    narrower = []
    for grant in facts.grants:
        less = data.draw(capabilities) & grant.capabilities
        where = data.draw(st.frozensets(rooms)) & grant.rooms
        until = min(grant.until, grant.start + timedelta(minutes=data.draw(st.integers(1, 180))))
        if less and (where or grant.sites or grant.tags):
            narrower.append(dataclasses.replace(grant, capabilities=less, rooms=where, until=until))
    less_facts = dataclasses.replace(facts, grants=tuple(narrower))
    if decided(ask, facts) != "yes":
        assert decided(ask, less_facts) != "yes"
    elif decided(ask, less_facts) == "yes":
        wide, narrow = (decide(ask, f, NOW, CATALOGUE) for f in (facts, less_facts))
        assert narrow.held <= wide.held
        assert narrow.until <= wide.until


@given(asks, facts)
def test_the_order_of_grants_changes_nothing(ask, facts):
    turned = dataclasses.replace(facts, grants=facts.grants[::-1])
    assert decided(ask, facts) == decided(ask, turned)


@given(asks, facts)
def test_when_every_grant_is_over_nothing_is_permitted(ask, facts):
    assert decided(ask, facts, NOW + timedelta(days=2)) != "yes"


# ---- single rules ---------------------------------------------------------------------------------

ROOM = Room(RoomId("room_oslo"), RoomName("oslo"), SiteId("site_north"), ConnectorId("con_1"))
ADA = Principal(PersonId("person_ada"), "Ada", Kind.PERSON, "token_1")
DIAL = CATALOGUE.canonical(Verb.COMMAND, "Dial", {"Number": "123@example.com"})


def ask_for(call: Call = DIAL) -> Ask:
    return Ask(AskId("ask_1"), ADA, ROOM, call, session=SessionId("session_1"))


def give(*held: Capability, minutes: int = 60, name: str = "grant_1") -> Grant:
    end = NOW + timedelta(minutes=minutes)
    return Grant(GrantId(name), ADA.id, frozenset({ROOM.id}), frozenset(held), "why", NOW, end, ADA.id, 1)


def lock(kind: str, subject: str) -> Lock:
    return Lock(LockId("lock_1"), kind, subject, "stolen laptop")


COVERING = give(Capability.CALL)
YES = Facts(active=True, room_live=True, grants=(COVERING,))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({}, "yes"),
        ({"locks": (lock("room", "room_rome"), lock("person", ROOM.id))}, "yes"),
        ({"active": False}, "principal.inactive"),
        ({"room_live": False}, "room.gone"),
        ({"locks": (lock("person", ADA.id),)}, "lock.person"),
        ({"locks": (lock("room", ROOM.id),)}, "lock.room"),
        ({"locks": (lock("site", ROOM.site),)}, "lock.site"),
        ({"locks": (lock("connector", ROOM.connector),)}, "lock.connector"),
        ({"locks": (lock("session", "session_1"),)}, "lock.session"),
        ({"locks": (lock("planet", "earth"),)}, "lock.planet"),
        ({"locks": (lock("room", "room_rome"), lock("room", ROOM.id))}, "lock.room"),
        ({"grants": ()}, "no-grant"),
        ({"grants": (dataclasses.replace(COVERING, paused=True),)}, "no-grant"),
        ({"grants": (dataclasses.replace(COVERING, person=PersonId("person_bob")),)}, "no-grant"),
        ({"grants": (dataclasses.replace(COVERING, rooms=frozenset({RoomId("room_rome")})),)}, "no-grant"),
        ({"grants": (dataclasses.replace(COVERING, start=NOW - timedelta(hours=1), until=NOW),)}, "no-grant"),
        ({"grants": (dataclasses.replace(COVERING, start=NOW + timedelta(seconds=1)),)}, "no-grant"),
        ({"grants": (give(*set(Capability) - {Capability.CALL}),)}, "capability"),
    ],
)
def test_each_fact_alone_turns_the_yes_into_a_no(change, rule):
    assert decided(ask_for(), dataclasses.replace(YES, **change)) == rule


def test_what_is_not_known_speaks_for_nobody():
    counted = dataclasses.replace(COVERING, most_uses=5)
    assert decided(ask_for(), dataclasses.replace(YES, grants=(counted,))) == "uses"
    booked = dataclasses.replace(COVERING, only_booked=True)
    assert decided(ask_for(), dataclasses.replace(YES, grants=(booked,))) == "not-booked"
    assert decided(ask_for(), dataclasses.replace(YES, grants=(booked,), booked=True)) == "yes"


def test_a_grant_covers_by_name_site_or_tag():
    none = {"rooms": frozenset(), "sites": frozenset(), "tags": frozenset()}
    tagged = dataclasses.replace(ROOM, tags=frozenset({"boards", "ground-floor"}))
    for some in ({"rooms": {ROOM.id}}, {"sites": {ROOM.site}}, {"tags": {"boards", "other"}}):
        grant = dataclasses.replace(COVERING, **none | {name: frozenset(value) for name, value in some.items()})
        elsewhere = Room(RoomId("room_rome"), RoomName("rome"), SiteId("site_south"), ConnectorId("con_1"))
        assert grant.covers(tagged)
        assert not grant.covers(elsewhere)
        assert not grant.covers(dataclasses.replace(elsewhere, tags=frozenset({"dear"})))


@pytest.mark.parametrize(
    ("call", "counted"),
    [
        (DIAL, True),
        (Call(Verb.SET, Path.of("Configuration", "Audio", "DefaultVolume"), (("Value", 5),)), True),
        (Call(Verb.COMMAND, Path.of("Command", "Call", "Disconnect")), False),
        (Call(Verb.COMMAND, Path.of("Command", "Audio", "Microphones", "Mute")), False),
        (Call(Verb.COMMAND, Path.of("Command", "Bookings", "List")), False),
        (Call(Verb.COMMAND, Path.of("Command", "HttpClient", "Get")), True),  # it goes out into the network
        (Call(Verb.GET, Path.of("Status", "Audio", "Volume")), False),
        (Call(Verb.SUBSCRIBE, Path.of("Status", "Audio", "Volume")), False),
    ],
)
def test_only_what_acts_takes_a_use_and_never_what_relieves(call, counted):
    grant = dataclasses.replace(give(*Capability), most_uses=2)
    fresh, spent = (Facts(True, True, (grant,), uses={grant.id: n}) for n in (1, 2))
    assert decide(ask_for(call), fresh, NOW, CATALOGUE).counted == counted
    assert decided(ask_for(call), spent) == ("uses" if counted else "yes")
    assert decided(ask_for(call), spent.unspent()) == "yes"


def test_a_grant_that_is_not_counted_comes_before_one_that_is():
    counted = dataclasses.replace(give(Capability.CALL, minutes=90, name="grant_0"), most_uses=1)
    permit = decide(ask_for(), Facts(True, True, (counted, COVERING), uses={counted.id: 0}), NOW, CATALOGUE)
    assert (permit.by, permit.rule, permit.counted) == (COVERING.id, "grant", False)
    permit = decide(ask_for(), Facts(True, True, (counted,), uses={counted.id: 0}), NOW, CATALOGUE)
    assert (permit.by, permit.rule, permit.counted) == (counted.id, "grant.counted", True)


def test_what_a_booking_opens_is_held_only_while_it_lasts():
    asleep = dataclasses.replace(give(Capability.CALL), only_booked=True, id=GrantId("grant_2"))
    awake = give(Capability.OBSERVE)
    reading = ask_for(CATALOGUE.canonical(Verb.GET, "Status/Audio/Volume"))
    facts = Facts(True, True, (asleep, awake))
    assert decide(reading, facts, NOW, CATALOGUE).held == {Capability.OBSERVE}
    no = refusal(ask_for(), facts)
    assert no is not None
    assert (no.rule, "booking" in no.hint) == ("capability", True)
    booked = dataclasses.replace(facts, booked=True)
    assert decide(reading, booked, NOW, CATALOGUE).held == {Capability.OBSERVE, Capability.CALL}
    assert decided(ask_for(), booked) == "yes"


def test_no_facts_mean_no():
    assert decided(ask_for(), Facts(active=True, room_live=True)) == "no-grant"


def test_the_rights_of_two_grants_do_not_add_up_to_a_third():
    call = CATALOGUE.canonical(Verb.SET, "Configuration/Audio/DefaultVolume", {"Value": 50})
    apart = Facts(True, True, (give(Capability.AV_CONTROL), give(Capability.CONFIGURE)))
    assert decided(ask_for(call), apart) == "capability"
    assert decided(ask_for(call), Facts(True, True, (give(Capability.AV_CONTROL, Capability.CONFIGURE),))) == "yes"


def test_the_grant_that_ends_last_carries_the_permit():
    two = Facts(True, True, (give(Capability.CALL, minutes=90, name="grant_0"), give(Capability.CALL, minutes=5)))
    permit = decide(ask_for(), two, NOW, CATALOGUE)
    assert (permit.by, permit.until) == ("grant_0", NOW + timedelta(minutes=90))


def test_only_granted_leaves_may_be_read():
    permit = decide(
        ask_for(CATALOGUE.canonical(Verb.GET, "Status/Audio")),
        Facts(True, True, (give(Capability.OBSERVE),)),
        NOW,
        CATALOGUE,
    )
    assert permit.may_read(Path.parse("Status/Audio/Volume"))
    assert not permit.may_read(Path.of("Status", "Bluetooth", "Devices"))
    assert not permit.may_read(Path.of("Status", "Audio", "Brandnew"))  # of a newer firmware: nobody classified it


def test_a_permit_cannot_be_made_by_hand():
    with pytest.raises(TypeError):
        Permit(ask_for(), GrantId("grant_1"), NOW, frozenset(Capability), NOW, CATALOGUE)
    with pytest.raises(TypeError):
        Permit(ask_for(), GrantId("grant_1"), NOW, frozenset(Capability), NOW, CATALOGUE, object())


def test_what_a_refusal_says():
    with pytest.raises(Denied) as no:
        decide(ask_for(), Facts(True, True, (give(Capability.OBSERVE),)), NOW, CATALOGUE)
    assert (no.value.code, no.value.rule, no.value.some_grant) == ("denied", "capability", True)
    assert "Dial" in no.value.message
    assert "call" in no.value.message
    assert no.value.hint
