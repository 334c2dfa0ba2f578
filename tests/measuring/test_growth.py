import pytest

from bench.growth import exponent


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_a_power_is_found_again(power):
    assert exponent({n: 3.0 * n**power for n in (10, 100, 1000, 5000)}) == pytest.approx(power)


def test_a_bend_upwards_at_the_end_is_seen():
    assert exponent({10: 1.0, 100: 1.0, 1000: 100.0}) == pytest.approx(2.0)


def test_sizes_that_lie_close_are_no_measure():
    assert exponent({10: 1.0, 20: 40.0}) == 0.0


def test_what_falls_or_was_measured_once_does_not_grow():
    assert exponent({10: 5.0, 100: 1.0}) == 0.0
    assert exponent({10: 5.0}) == 0.0
    assert exponent({10: 0.0, 100: 1.0}) == 0.0
