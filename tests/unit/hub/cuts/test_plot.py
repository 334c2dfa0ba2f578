from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.console.plot import HEIGHT, TOP
from roomgate.hub.cuts.figures import Figures
from roomgate.hub.cuts.plot import build_plot

days = st.lists(
    st.lists(st.floats(0, 1e5), min_size=3, max_size=3).map(
        lambda ms: Figures("2026-03-01", 1, 3, *sorted(ms))  # type: ignore[misc]  # three of them
    ),
    max_size=90,
)


@given(days)
def test_every_mark_is_inside_and_later_is_higher(found: list[Figures]) -> None:
    plot = build_plot(found)
    assert len(plot.marks) == len(found)
    xs = [mark.x for mark in plot.marks]
    assert xs == sorted(xs)
    for mark in plot.marks:
        assert plot.frame.left <= mark.x <= plot.frame.right
        assert TOP - 1 <= mark.most <= mark.p99 <= mark.p50 <= plot.frame.base <= HEIGHT
    assert sum(mark.named for mark in plot.marks) <= 6


def test_the_scale_ends_at_a_round_number() -> None:
    assert [value for _, value in build_plot([Figures("d", 1, 1, 30.0, 70.0, 70.0)]).frame.rules] == [0, 50, 100]
    assert [value for _, value in build_plot([]).frame.rules] == [0, 5, 10]
