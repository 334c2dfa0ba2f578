"""A scope only ever takes away."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.access.capability import Capability
from roomgate.access.grant import Grant, Room
from roomgate.access.principal import Right
from roomgate.access.scope import MOST_WORDS, WORDS, Scope, narrow, narrowed
from roomgate.errors import BadInput
from roomgate.ids import ConnectorId, GrantId, PersonId, RoomId, RoomName, SiteId

AT = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
NAMED = {
    name: Room(RoomId(f"room_{name}"), RoomName(name), SiteId(f"site_{name}"), ConnectorId("c"), frozenset({name[0]}))
    for name in ("oslo", "rome")
}
ROOMS = frozenset(room.id for room in NAMED.values())
GRANT = Grant(
    GrantId("grant_1"), PersonId("person_1"), ROOMS,
    frozenset({Capability.OBSERVE, Capability.CALL}), "", AT, AT + timedelta(hours=1), PersonId("person_2"), 1,
)  # fmt: skip

words = st.frozensets(st.sampled_from([*WORDS, "room:oslo", "room:rome", "room:atlantis"]), min_size=1, max_size=6)
grants = st.builds(
    lambda rooms, held: replace(GRANT, rooms=rooms, capabilities=held),
    st.frozensets(st.sampled_from([*ROOMS, RoomId("room_bonn")]), min_size=1),
    st.frozensets(st.sampled_from(list(Capability)), min_size=1),
)


def reach(left: tuple[Grant, ...]) -> set[tuple[str, str]]:
    return {(room, capability) for grant in left for room in grant.rooms for capability in grant.capabilities}


def test_each_word_means_one_thing() -> None:
    assert narrow([GRANT], None, {}) == (GRANT,)
    assert narrow([GRANT], Scope.parse(["rooms"]), {}) == (GRANT,)
    assert narrow([GRANT], Scope.parse(["hub"]), {}) == ()
    assert narrow([GRANT], Scope.parse(["scim"]), {}) == ()
    assert reach(narrow([GRANT], Scope.parse(["read"]), {})) == {("room_oslo", "observe"), ("room_rome", "observe")}
    assert reach(narrow([GRANT], Scope.parse(["call", "room:oslo"]), NAMED)) == {("room_oslo", "call")}
    assert reach(narrow([GRANT], Scope.parse(["room:rome"]), NAMED)) == {
        ("room_rome", "observe"),
        ("room_rome", "call"),
    }
    assert narrow([GRANT], Scope.parse(["macros"]), {}) == ()
    every = frozenset(Right)
    assert narrowed(every, None) == narrowed(every, Scope.parse(["hub"])) == every
    assert narrowed(every, Scope.parse(["read"])) == {Right.SEE, Right.AUDIT}
    assert narrowed(every, Scope.parse(["scim"])) == {Right.PROVISION}
    assert narrowed(every, Scope.parse(["rooms", "room:oslo"])) == frozenset()


def test_a_room_that_is_nowhere_leaves_nothing() -> None:
    assert narrow([GRANT], Scope.parse(["room:atlantis"]), NAMED) == ()
    assert narrow([GRANT], Scope.parse(["room:oslo"]), {}) == ()


def test_a_grant_on_a_site_or_a_tag_is_left_with_the_rooms_that_are_named() -> None:
    wide = replace(GRANT, rooms=frozenset(), sites=frozenset({SiteId("site_oslo")}), tags=frozenset({"r"}))
    assert narrow([wide], Scope.parse(["observe"]), {})[0].sites == wide.sites
    assert reach(narrow([wide], Scope.parse(["observe", "room:oslo"]), NAMED)) == {("room_oslo", "observe")}
    left = narrow([wide], Scope.parse(["observe", "room:oslo", "room:rome"]), NAMED)
    assert (left[0].rooms, left[0].sites, left[0].tags) == (ROOMS, frozenset(), frozenset())
    elsewhere = replace(wide, tags=frozenset(), sites=frozenset({SiteId("site_bonn")}))
    assert narrow([elsewhere], Scope.parse(["room:oslo"]), NAMED) == ()


@pytest.mark.parametrize("wrong", [[], ["everything"], ["room:"], ["Read"], [""], ["room:" + "x" * 240]])
def test_what_is_no_scope(wrong: list[str]) -> None:
    with pytest.raises(BadInput):
        Scope.parse(wrong)


def test_a_scope_is_bounded() -> None:
    with pytest.raises(BadInput):
        Scope.parse([f"room:{n}" for n in range(MOST_WORDS + 1)])


@given(words, st.lists(grants, max_size=3))
def test_it_never_adds(scope: frozenset[str], held: list[Grant]) -> None:
    left = narrow(held, Scope.parse(scope), NAMED)
    by_id = reach(tuple(held))
    assert reach(left) <= by_id
    assert all(grant.until == GRANT.until and grant.person == GRANT.person for grant in left)


@given(words, words, st.lists(grants, max_size=3))
def test_what_is_within_reaches_no_further(inner: frozenset[str], outer: frozenset[str], held: list[Grant]) -> None:
    one, other = Scope.parse(inner), Scope.parse(outer)
    assert one.within(one)
    assert one.within(None)
    if one.within(other):
        assert reach(narrow(held, one, NAMED)) <= reach(narrow(held, other, NAMED))
        assert narrowed(frozenset(Right), one) <= narrowed(frozenset(Right), other)
