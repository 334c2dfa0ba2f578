"""Codes that people copy: however they are typed, they are read as they were made, or not at all."""

from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.identity.codes import digest, make_code, parse_code

_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"


@given(st.integers(2, 8), st.booleans(), st.sampled_from(["-", " ", "", " - "]))
def test_a_code_is_read_however_it_was_copied(groups: int, loud: bool, between: str) -> None:
    code = make_code(groups).reveal()
    typed = between.join(code.split("-"))
    assert parse_code(typed.upper() if loud else typed, groups) == code
    assert parse_code(typed.replace("0", "O").replace("1", "l"), groups) == code


@given(st.text(max_size=120), st.integers(1, 8))
def test_whatever_is_typed_is_a_code_as_it_is_made_or_none(typed: str, groups: int) -> None:
    code = parse_code(typed, groups)
    assert code is None or (parse_code(code, groups) == code and set(code) <= {*_LETTERS, "-"})


def test_codes_are_many_and_kept_as_a_digest() -> None:
    made = {make_code(4).reveal() for _ in range(200)}
    assert len(made) == 200
    assert {len(code) for code in made} == {19}
    assert len({digest(code) for code in made} - made) == 200
