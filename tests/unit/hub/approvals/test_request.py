"""What may be asked for, who may see and answer it, and that an answer never gives more."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.access.capability import Capability
from roomgate.access.principal import Kind, Principal
from roomgate.errors import BadInput
from roomgate.hub.approvals.request import (
    EVERYDAY,
    LONGEST_MINUTES,
    Request,
    State,
    check_wanted,
    check_words,
    may_answer,
    may_see,
    narrowed,
)
from roomgate.hub.grants.wanted import Wanted
from roomgate.hub.identity.person import Person, Signed
from roomgate.ids import PersonId, RequestId

NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)
GOOD = Wanted(person="person_kim", rooms=("oslo",), capabilities=("observe", "call"), minutes=60, reason="the camera")
REQUEST = Request(RequestId("request_1"), PersonId("person_kim"), GOOD, State.WAITING, NOON, NOON + timedelta(hours=24))


def signed(id: str, *roles: str, kind: Kind = Kind.PERSON) -> Signed:
    person = Person(PersonId(id), id, kind, frozenset(roles), True, NOON, 1)
    return Signed(Principal(person.id, person.name, kind, "token_1"), person)


def test_a_good_one_passes_whatever_its_rooms_are_called() -> None:
    check_wanted(GOOD, NOON)
    check_wanted(msgspec.structs.replace(GOOD, rooms=("no such room",), sites=("home",)), NOON)
    check_wanted(msgspec.structs.replace(GOOD, rooms=(), tags=("board",), capabilities=(), role="technician"), NOON)
    check_wanted(msgspec.structs.replace(GOOD, start="2027-01-20T12:00:00Z", most_uses=3), NOON)


@pytest.mark.parametrize(
    "wrong",
    [
        {"minutes": None}, {"minutes": 0}, {"minutes": -1}, {"minutes": LONGEST_MINUTES + 1}, {"minutes": float("nan")},
        {"until": "2027-01-01T13:00:00Z"}, {"reason": " "}, {"reason": "x" * 1001}, {"rooms": ()},
        {"rooms": tuple(map(str, range(30)))}, {"rooms": ("x" * 201,)}, {"capabilities": ()},
        {"capabilities": ("everything",)}, {"start": "tomorrow"}, {"start": "0001-01-01T00:00:00+23:59"}, {"start": "2027-02-01T12:00:00Z"},
        {"start": "2026-12-01T12:00:00Z"}, {"start": "2027-01-02T12:00:00"}, {"most_uses": 0},
    ],
)  # fmt: skip
def test_what_cannot_be_asked_for(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        check_wanted(msgspec.structs.replace(GOOD, **wrong), NOON)


def test_everybody_sees_their_own_and_some_see_all() -> None:
    assert may_see(signed("person_kim"), REQUEST)
    assert not may_see(signed("person_eve"), REQUEST)
    for role in ("administrator", "auditor", "security-officer", "service-desk"):
        assert may_see(signed("person_eve", role), REQUEST)


def test_only_somebody_else_with_the_right_answers_and_no_program() -> None:
    answering = {role for role in ("administrator", "security-officer", "auditor", "service-desk", "member")
                 if may_answer(signed("person_eve", role), REQUEST)}  # fmt: skip
    assert answering == {"administrator", "security-officer"}
    assert not may_answer(signed("person_kim", "administrator"), REQUEST)
    assert not may_answer(signed("service_s", "administrator", kind=Kind.SERVICE), REQUEST)


def test_break_glass_is_told_by_its_state_and_where_reads_as_asked() -> None:
    assert [replace(REQUEST, state=state).loud for state in (State.WAITING, State.TAKEN, State.ACKNOWLEDGED)] == [
        False, True, True,
    ]  # fmt: skip
    wanted = msgspec.structs.replace(GOOD, sites=("home",), tags=("board",))
    assert replace(REQUEST, wanted=wanted).where == "oslo, home, board"


def test_the_everyday_is_what_a_room_is_used_by() -> None:
    assert {one.value for one in Capability if one not in EVERYDAY} == {
        "macros", "users", "security", "network", "system", "provisioning", "logs", "configure", "web",
    }  # fmt: skip


@given(
    st.none() | st.floats(allow_nan=True, allow_infinity=True),
    st.none() | st.lists(st.sampled_from([one.value for one in Capability]), max_size=4).map(tuple),
)
def test_an_answer_gives_at_most_what_was_asked_for(
    minutes: float | None, capabilities: tuple[str, ...] | None
) -> None:
    wanted = msgspec.structs.replace(GOOD, role="technician")
    try:
        less = narrowed(wanted, minutes, capabilities)
    except BadInput:
        return
    assert less.minutes is not None
    assert 0 < less.minutes <= 60
    assert set(less.capabilities) <= set(GOOD.capabilities)
    assert (
        less.role is None if capabilities is not None else less == msgspec.structs.replace(wanted, minutes=less.minutes)
    )
    assert (less.person, less.rooms, less.reason) == (GOOD.person, GOOD.rooms, GOOD.reason)


def test_an_answer_has_an_end() -> None:
    check_words("x" * 1000)
    with pytest.raises(BadInput):
        check_words("x" * 1001)
