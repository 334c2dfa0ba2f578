"""A secret does not slip out; foreign text does not break a line."""

import copy
import json
import pickle
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.redact import Secret, foreign

WORD = "correct horse battery"


@pytest.mark.parametrize("show", [str, repr, "{}".format, "{0!r}".format, "{0!s:>30}".format, lambda s: f"{[s]}"])
def test_a_secret_shows_as_dots(show):
    assert WORD not in show(Secret(WORD))
    assert "•••" in show(Secret(WORD))


def test_only_reveal_opens_it():
    assert Secret(WORD).reveal() == WORD
    assert Secret(b"bytes").reveal() == b"bytes"


def test_it_cannot_be_compared_hashed_pickled_or_written():
    with pytest.raises(TypeError, match="compare_digest"):
        assert Secret(WORD) == Secret(WORD)
    with pytest.raises(TypeError, match="compare_digest"):
        assert Secret(WORD) != WORD
    with pytest.raises(TypeError):
        hash(Secret(WORD))
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(Secret(WORD))
    with pytest.raises(TypeError):
        copy.deepcopy(Secret(WORD))
    with pytest.raises(TypeError):
        json.dumps({"password": Secret(WORD)})
    with pytest.raises(AttributeError):
        Secret(WORD).another = 1  # type: ignore[attr-defined]


@given(st.text(max_size=400), st.integers(1, 300))
def test_foreign_text_is_one_bounded_line_without_control_characters(text, limit):
    clean = foreign(text, limit)
    assert len(clean) <= limit + 1
    assert {unicodedata.category(c)[0] for c in clean} & {"C"} == set()
    assert len(clean.splitlines()) <= 1


@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=200))
def test_decent_text_is_left_alone(text):
    assert foreign(text) == text


def test_long_text_says_that_it_was_cut():
    assert foreign("a" * 201) == "a" * 200 + "…"
    assert foreign("a" * 200) == "a" * 200
    assert foreign("\x1b[31mred\r\nnext\u202e\u2028\u2029") == "·[31mred··next···"
