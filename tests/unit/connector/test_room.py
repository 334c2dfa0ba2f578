"""The face of a device: the keeper has it, and so has the room of the tests; a fake that drifts away is noticed."""

import inspect

import pytest

from roomgate.connector.keeper import Keeper
from roomgate.connector.room import Room, RoomCondition
from support.rooms import MemoryRoom

METHODS = [name for name, value in vars(Room).items() if inspect.iscoroutinefunction(value)]
FACTS = [name for name, value in vars(Room).items() if isinstance(value, property)]


def test_the_role_is_this():
    assert (METHODS, FACTS) == (["call", "prove", "subscribe"], ["device", "name", "condition", "state"])


@pytest.mark.parametrize("kind", [Keeper, MemoryRoom])
@pytest.mark.parametrize("name", METHODS)
def test_whoever_plays_the_role_takes_the_same_and_is_awaited(kind, name):
    promised, given = (inspect.signature(getattr(one, name)) for one in (Room, kind))
    assert inspect.iscoroutinefunction(getattr(kind, name))
    assert [(p.name, p.kind, p.default) for p in given.parameters.values()] == [
        (p.name, p.kind, p.default) for p in promised.parameters.values()
    ]


@pytest.mark.parametrize("kind", [Keeper, MemoryRoom])
def test_whoever_plays_the_role_has_its_facts(kind):
    known = {*dir(kind), *getattr(kind, "__dataclass_fields__", {}), *inspect.signature(kind).parameters}
    assert set(FACTS) - known == set()


def test_the_conditions_are_the_words_that_the_hub_knows():
    """`RoomInfo.state` on the link: the hub shows what it does not know as unknown."""
    assert {one.value for one in RoomCondition} == {"fine", "offline", "quarantined"}
