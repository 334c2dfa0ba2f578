import pytest

from bench.samples import Spread, median, over_repeats, quantile, thinned


def test_a_quantile_is_a_value_that_was_seen():
    samples = list(range(1, 101))
    assert [quantile(samples, share) for share in (0.0, 0.5, 0.99, 1.0)] == [1, 50, 99, 100]
    assert quantile([7.0], 0.99) == 7.0
    assert quantile([3, 1, 2], 0.5) == 2  # in any order


@pytest.mark.parametrize(("samples", "share"), [([], 0.5), ([1.0], 1.5), ([1.0], -0.1)])
def test_no_quantile_is_made_up(samples, share):
    with pytest.raises(ValueError):
        quantile(samples, share)


def test_the_median_of_an_even_number_lies_between():
    assert median([4, 1, 3, 2]) == 2.5
    assert median([9, 1, 5]) == 5
    with pytest.raises(ValueError):
        median([])


def test_the_spread_is_between_repeats_not_within_them():
    repeats = [[1, 2, 300], [1, 4, 500], [1, 3, 400]]
    assert over_repeats(repeats, 0.5) == Spread(3, 2, 4)
    assert over_repeats(repeats, 1.0) == Spread(400, 300, 500)


def test_thinning_keeps_order_and_reaches_over_the_whole():
    assert thinned(range(10), 20) == list(range(10))
    kept = thinned(range(1000), 100)
    assert len(kept) == 100
    assert kept == sorted(kept)
    assert (kept[0], kept[-1]) == (0, 990)
