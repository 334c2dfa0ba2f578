import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings.rules.pattern import BadPattern, Pattern


def test_where_it_is_found_and_what_its_groups_took():
    pattern = Pattern(r"(?P<a>ü+)(?P<b>x)?")
    assert pattern.groups == ("a", "b")
    assert pattern.find("-üü-".encode()) == (1, 5, {"a": "üü"})
    assert pattern.find(b"none") is None
    assert [found[2] for found in pattern.find_all("ü üx".encode())] == [{"a": "ü"}, {"a": "ü", "b": "x"}]


def test_a_start_in_the_middle():
    assert Pattern("a").find(b"aba", 1) == (2, 3, {})


@pytest.mark.parametrize("text", ["(", r"(a)\1", "(?=a)", "a{1001}", "\ud800"])
def test_what_is_no_pattern(text):
    with pytest.raises(BadPattern):
        Pattern(text)


def test_an_empty_match_goes_on():
    assert [found[:2] for found in Pattern("x*").find_all(b"ax")] == [(0, 0), (1, 2), (2, 2)]


@given(
    text=st.text(alphabet="ab1ü \n", max_size=30),
    pattern=st.sampled_from(["[0-9]+", "a(?P<v>b?)", r"(?m)^\s*(?P<v>\S+)$", "ü"]),
)
def test_it_finds_what_the_library_finds(text, pattern):
    raw = text.encode()
    theirs = [(found.start(), found.end()) for found in re2.compile(pattern).finditer(raw)]
    assert [found[:2] for found in Pattern(pattern).find_all(raw)] == theirs
