import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings.pattern import BadPattern, Pattern, PatternSet


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


NUMBER, LINE, WORD = (Pattern(text) for text in ("[0-9]{2}", r"(?im)^x\s*(?P<v>\S+)$", "ü"))


@given(st.text(alphabet="xX1ü \n", max_size=30))
def test_a_set_names_those_that_match_and_those_that_always_do(text):
    raw = text.encode()
    alone = [number for number, one in enumerate((NUMBER, LINE, WORD)) if one.find(raw)]
    assert sorted(PatternSet([NUMBER, LINE, WORD, None]).find(raw)) == [*alone, 3]


def test_an_empty_set():
    assert PatternSet([]).find(b"x") == []


def test_a_set_that_is_too_large_asks_each_by_itself():
    large = [Pattern(rf"\pL{{2,60}}-{number}") for number in range(10)]
    made = PatternSet([*large, None])
    assert (made.find(b"xx-7"), made.find(b"xx-")) == ([7, 10], [10])
