import pytest

from bench.samples import Spread
from bench.words import number, spread


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"), (0.0123, "0.0123"), (0.8, "0.800"), (1.2345, "1.23"), (12.345, "12.3"), (99.96, "100.0"),
        (123.4, "123"), (12345.6, "12,346"), (-1.5, "-1.50"),
    ],
)  # fmt: skip
def test_a_number_has_three_digits_that_count(value, shown):
    assert number(value) == shown


def test_a_spread_shows_the_median_and_the_ends():
    assert spread(Spread(2.0, 1.0, 30.0)) == "2.00 (1.00–30.0)"
