import pytest

from roomgate.errors import BadInput
from roomgate.hub.identity.scim.kept import MOST_MEMBERS, GroupWish, PersonWish


@pytest.mark.parametrize(
    "more",
    [
        {"display": "x" * 241},
        {"mail": "x" * 321},
        {"external_id": "x" * 256},
        {"display": "two\nlines"},
        {"external_id": "\x00"},
        {"mail": "a\u202eb"},
    ],
)
def test_a_person_that_is_not_kept(more: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        PersonWish("alice", True, **more)


@pytest.mark.parametrize(
    ("name", "more"), [("", {}), ("  ", {}), ("x" * 241, {}), ("a\tb", {}), ("a", {"external_id": "x" * 256})]
)
def test_a_group_that_is_not_kept(name: str, more: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        GroupWish(name, frozenset(), **more)


def test_a_group_has_room_for_many_and_not_for_any_number() -> None:
    many = [str(n) for n in range(MOST_MEMBERS + 1)]
    GroupWish("all", frozenset(many[:-1]))
    with pytest.raises(BadInput):
        GroupWish("all", frozenset(many))
