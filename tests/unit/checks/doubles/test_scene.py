import pytest

from roomgate.checks.doubles.device import PretendDevice
from roomgate.checks.doubles.flaws import NONE
from roomgate.checks.doubles.scene import (
    ADA,
    BEN,
    CAUSES,
    ELM,
    LINKS,
    OAK,
    build_bare,
    build_scene,
    role_of,
    test_person,
)
from roomgate.checks.pace import HandTime
from roomgate.checks.target import CAUSES as KINDS

pytestmark = pytest.mark.asyncio
test_person.__test__ = False  # type: ignore[attr-defined]  # a name of the double's people, not a test


async def test_everybody_has_a_room_and_a_password_of_their_own():
    scene = await build_scene(NONE, HandTime())
    people = scene.service.people
    assert set(people) == set(scene.passwords) >= {test_person(one) for one in CAUSES}
    assert len(set(scene.passwords.values())) == len(people)
    assert (people[ADA].rooms, people[BEN].rooms) == (frozenset({OAK}), frozenset({ELM}))
    assert len(scene.links) == LINKS
    assert set(CAUSES) <= set(KINDS)
    assert role_of(ADA) == people[ADA].role == "administrator"


async def test_a_bare_one_has_its_administrator_alone():
    double = build_bare(NONE, HandTime(), {OAK: PretendDevice("Oak")}, "secret")
    assert list(double.service.people) == ["admin"]
