import pytest

from roomgate.access.principal import Right
from roomgate.access.role import SHIPPED
from roomgate.errors import BadInput
from roomgate.hub.roles.http import parse_rights, show_role
from roomgate.hub.roles.store import RoleRecord


def test_rights_are_known_words() -> None:
    assert parse_rights(["see", "give"]) == {Right.SEE, Right.GIVE}
    with pytest.raises(BadInput) as bad:
        parse_rights(["see", "rule"])
    assert "rule" in bad.value.message
    assert "approve" in bad.value.hint


def test_a_role_is_shown_with_what_it_gives() -> None:
    shown = show_role(RoleRecord(SHIPPED["service-desk"], 0))
    assert (shown.name, shown.rights, shown.shipped) == ("service-desk", ["cut", "see"], True)
    assert "call" in shown.capabilities
