import pytest

from roomgate.checks.doubles.flaws import ALL, FOUND_BY, NONE, Flaw, expected, parse_flaws
from roomgate.errors import BadInput


def test_every_flaw_has_the_check_that_finds_it():
    assert set(FOUND_BY) == set(Flaw)
    assert expected(ALL) == {f"K{n:02}" for n in range(1, 31)}
    assert expected(NONE) == set()


def test_names_all_and_none():
    assert parse_flaws(["endless", "silent"]) == {Flaw.ENDLESS, Flaw.SILENT}
    assert parse_flaws(["all"]) == ALL
    assert parse_flaws(["none"]) == parse_flaws([]) == NONE


def test_a_name_that_is_none_says_which_there_are():
    with pytest.raises(BadInput, match="There is no flaw endles") as bad:
        parse_flaws(["endles"])
    assert "endless" in str(bad.value.hint)
