from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.cuts.figures import Figures, build_figures, by_cause, by_day, share
from roomgate.hub.cuts.store import Cut


def cut(day: int, cause: str, *ms: float) -> Cut:
    return Cut(day, cause, datetime(2026, 3, day, 23, 59, tzinfo=UTC), 1, {"page": list(ms)} if ms else {}, {}, 9)


def test_days_and_causes_gather_the_channels_of_their_cuts() -> None:
    cuts = [cut(2, "lock", 5.0, 1.0), cut(1, "lock", 3.0), cut(2, "signed-out", 100.0)]
    assert by_day(cuts) == [Figures("2026-03-01", 1, 1, 3.0, 3.0, 3.0), Figures("2026-03-02", 2, 3, 5.0, 100.0, 100.0)]
    assert by_cause(cuts) == [Figures("lock", 2, 3, 3.0, 5.0, 5.0), Figures("signed-out", 1, 1, 100.0, 100.0, 100.0)]


def test_a_cut_that_closed_no_channel_is_counted_without_a_figure() -> None:
    assert build_figures("x", [cut(1, "lock")]) == Figures("x", 1, 0, 0.0, 0.0, 0.0)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1.0))
def test_so_many_are_no_later_and_fewer_would_not_do(values: list[float], part: float) -> None:
    values.sort()
    found = share(values, part)
    assert found in values
    assert sum(one <= found for one in values) >= part * len(values) - 1e-6
    assert sum(one < found for one in values) < part * len(values) + 1e-6
