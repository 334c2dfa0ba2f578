"""RFC 6238, by its own vectors; and the window in which a code is taken."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.identity.totp import STEP_S, build_uri, find_step, make_secret, parse_digits, spell

RFC = b"12345678901234567890"
# Appendix B, the rows of SHA-1; the last six of their eight digits.
VECTORS = {
    59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037",
    20000000000: "353130",
}  # fmt: skip


def at(second: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)


@pytest.mark.parametrize(("second", "digits"), VECTORS.items())
def test_the_vectors_of_the_rfc(second: int, digits: str) -> None:
    assert find_step(RFC, digits, at(second), 0) == second // STEP_S


@pytest.mark.parametrize("late", [-60, -30, 0, 30, 60])
def test_a_code_is_taken_one_step_early_or_late(late: int) -> None:
    found = find_step(RFC, "050471", at(1111111111 + late), 0)
    assert found == (1111111111 // STEP_S if abs(late) <= 30 else None)


def test_a_step_that_served_serves_no_more() -> None:
    step = 1111111111 // STEP_S
    assert find_step(RFC, "050471", at(1111111111), step - 1) == step
    for after in (step, step + 1):
        assert find_step(RFC, "050471", at(1111111111), after) is None


@given(st.text(max_size=60))
def test_whatever_is_typed_is_six_digits_or_none(typed: str) -> None:
    found = parse_digits(typed)
    assert found is None or (len(found) == 6 and set(found) <= set("0123456789"))


@pytest.mark.parametrize(
    ("typed", "digits"),
    [("123456", "123456"), (" 123 456 ", "123456"), ("12345", None), ("1234567", None), ("١٢٣٤٥٦", None), ("", None)],
)
def test_digits_are_read_as_people_space_them(typed: str, digits: str | None) -> None:
    assert parse_digits(typed) == digits


def test_what_an_app_is_given() -> None:
    assert spell(RFC) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert build_uri(RFC, "ada & co", "Roomgate").startswith("otpauth://totp/Roomgate:ada%20%26%20co?secret=GEZDG")
    assert len(make_secret()) == 20
    assert make_secret() != make_secret()
