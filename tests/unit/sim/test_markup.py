"""XML from strangers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.sim.markup import DEEPEST, MOST_CHARACTERS, MOST_ELEMENTS, BadMarkup, parse


def test_names_texts_and_order_are_kept() -> None:
    root = parse("<a x='1'><b> one </b><c/><b>two &amp; more</b></a>")
    assert [one.text for one in root.all("b")] == [" one ", "two & more"]
    assert (root.word("b"), root.word("nothing", "else"), root.first("nothing")) == ("one", "else", None)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "no markup",
        "<a>",
        "<a></b>",
        '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        "<a>&unknown;</a>",
        "<a>" * (DEEPEST + 1) + "</a>" * (DEEPEST + 1),
        "<a>" + "<b/>" * MOST_ELEMENTS + "</a>",
        "<a>" + "x" * MOST_CHARACTERS + "</a>",
        "<a>\x00</a>",
    ],
)
def test_what_is_hostile_or_broken_is_refused(bad: str) -> None:
    with pytest.raises(BadMarkup):
        parse(bad)


@given(st.text())
def test_rubbish_raises_only_our_error(text: str) -> None:
    try:
        parse(text)
    except BadMarkup as bad:
        assert bad.message
