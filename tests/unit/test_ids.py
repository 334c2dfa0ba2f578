"""Identifiers cannot be guessed, and can be read aloud."""

import re

from roomgate.ids import mint


def test_an_id_says_what_it_names_and_holds_100_bits():
    assert re.fullmatch(r"grant_[0-9a-hjkmnp-tv-z]{20}", mint("grant"))


def test_no_letter_is_mistaken_for_another():
    seen = set("".join(mint("x").partition("_")[2] for _ in range(200)))
    assert len(seen) == 32
    assert seen & set("ilou") == set()


def test_no_two_are_alike():
    assert len({mint("ask") for _ in range(1000)}) == 1000
