"""Roles give rights over the hub, and none of them opens a room."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.access.capability import Capability
from roomgate.access.principal import ROLES, Right, rights

names = st.sampled_from([*ROLES, "nobody", ""])


def test_an_unknown_role_gives_nothing():
    assert rights(frozenset({"root", "Administrator", ""})) == frozenset()
    assert rights(frozenset()) == frozenset()


@given(st.frozensets(names), names)
def test_more_roles_never_take_a_right_away(roles, one):
    assert rights(roles) <= rights(roles | {one})


@given(st.frozensets(names))
def test_rights_are_those_of_the_single_roles(roles):
    assert rights(roles) == {right for role in roles for right in rights(frozenset({role}))}


def test_no_right_is_a_capability():
    assert {str(r) for r in Right} & {str(c) for c in Capability} == set()


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"administrator"}))
def test_only_administrators_give_rights(role):
    assert rights(frozenset({role})) & {Right.GIVE, Right.PEOPLE, Right.SITES} == set()
