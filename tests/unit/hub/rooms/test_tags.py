import pytest

from roomgate.errors import BadInput
from roomgate.hub.rooms.tags import MOST, parse_tags


def test_one_spelling():
    assert parse_tags(["Boards", " boards ", "ground-floor", "3.og", "二楼"]) == {
        "boards",
        "ground-floor",
        "3.og",
        "二楼",
    }
    assert parse_tags([]) == frozenset()


@pytest.mark.parametrize("word", ["", " ", "a b", "-a", "a-", "a,b", "a/b", "<b>", "x" * 41, "a\n"])
def test_what_is_no_tag(word):
    with pytest.raises(BadInput):
        parse_tags(["good", word + ("b" if word == "a\n" else "")])


def test_not_too_many():
    with pytest.raises(BadInput):
        parse_tags([f"tag{n}" for n in range(MOST + 1)])
