"""Roles, and how far they reach."""

import pytest

from roomgate.access.capability import Capability
from roomgate.access.principal import ROLES, Right
from roomgate.access.role import SHIPPED, Power, Role, roles_of
from roomgate.errors import BadInput

DESK = Role("our-desk", frozenset({Right.SEE, Right.GIVE}), frozenset({Capability.OBSERVE}))


def test_the_shipped_ones():
    assert SHIPPED.keys() == ROLES.keys()
    assert all(SHIPPED[name].rights == ROLES[name] for name in ROLES)
    gives = {name: role.gives for name, role in SHIPPED.items()}
    assert gives["administrator"] == frozenset(Capability)
    assert gives["member"] == gives["provisioner"] == frozenset()
    assert gives["observer"] < gives["room-user"] < gives["integrator"]
    assert Capability.PRIVACY not in gives["service-desk"] | gives["room-user"] | gives["integrator"]


@pytest.mark.parametrize("name", ["", "administrator", "Upper", "-a", "a-", "a b", "a/b", "x" * 41, "ä"])
def test_what_is_no_name_of_an_own_role(name):
    with pytest.raises(BadInput):
        Role(name, frozenset(), frozenset())


def test_power_to_give_comes_with_the_right_to():
    assert Power.of([SHIPPED["administrator"]]) == Power(frozenset(Right), frozenset(Capability), frozenset(Capability))
    officer = Power.of([SHIPPED["security-officer"], DESK])
    assert officer.approves == frozenset(Capability)
    assert officer.gives == {Capability.OBSERVE}  # who approves what others ask for gives no more by themself
    assert Power.of([SHIPPED["integrator"]]) == Power()
    assert Power.of([DESK]).gives == {Capability.OBSERVE}
    # What a role gives that may not give is a preset, and reaches nowhere, whatever stands beside it.
    preset = Role("preset", frozenset(), frozenset(Capability))
    assert Power.of([DESK, preset, SHIPPED["integrator"]]).gives == {Capability.OBSERVE}


def test_reaching():
    admin, desk = Power.of([SHIPPED["administrator"]]), Power.of([DESK])
    assert admin.reaches(desk)
    assert not desk.reaches(admin)
    # All the rights, and yet less to give than an administrator: who has it makes nobody one.
    assert not Power.of([Role("boss", frozenset(Right), frozenset({Capability.CALL}))]).reaches(admin)
    assert admin.may_make(DESK)
    assert desk.may_make(DESK)
    assert not desk.may_make(Role("preset", frozenset(), frozenset({Capability.CALL})))


def test_an_unknown_role_gives_nothing():
    assert roles_of({"our-desk", "gone", "auditor"}, [DESK]) == (SHIPPED["auditor"], DESK)
    # Nothing of our own stands in for a shipped one.
    assert roles_of({"member"}, []) == (SHIPPED["member"],)
