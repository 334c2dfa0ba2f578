"""The drawing of percentiles: in the right order, inside its frame, for any table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.report.plot import LEFT, RIGHT, ROWS_MOST, WIDTH, build_plot
from support.reports import CUTS


def test_half_then_99_then_the_slowest():
    plot = build_plot(CUTS)
    assert plot is not None
    assert len(plot.bars) == len(CUTS)
    assert all(LEFT <= bar.half <= bar.p99 <= bar.most <= WIDTH - RIGHT for bar in plot.bars)
    assert [bar.p99 for bar in plot.bars] == sorted(bar.p99 for bar in plot.bars)
    assert plot.bars[0].name == "the administrator leaves · request"
    assert plot.limit is not None


def test_what_is_too_late_for_an_a_is_marked():
    plot = build_plot([{"cause": "a", "p99_s": 5.0}, {"cause": "b", "p99_s": 5.1}])
    assert plot is not None
    assert [bar.late for bar in plot.bars] == [False, True]


@pytest.mark.parametrize(
    "row", [{"p99_ms": 5100}, {"p99_s": 5.1}, {"p99": 5.1}, {"P99 (s)": 1, "p99": 5.1}, {"p99_s": 5.1, "p50_s": None}]
)
def test_columns_are_known_by_their_beginning_and_unit(row):
    plot = build_plot([row])
    assert plot is not None


def test_milliseconds_are_seconds_too():
    long, short = build_plot([{"p99_ms": 5100}]), build_plot([{"p99_ms": 51}])
    assert long is not None
    assert short is not None
    assert (long.bars[0].late, short.bars[0].late) == (True, False)
    assert short.limit is None  # 5 s is far beyond that scale


@pytest.mark.parametrize(
    "table",
    [[], [{}], [{"cause": "a"}], [{"p99_s": "fast"}], [{"p99_s": True}], [{"p99_s": float("nan")}], [{"p99_s": -1}]],
)
def test_a_table_without_percentiles_has_no_drawing(table):
    assert build_plot(table) is None


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["p50_s", "p99_s", "max_s", "p99_ms", "cause"]) | st.text(max_size=5),
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80),
        ),
        max_size=80,
    )
)
def test_any_table_stays_inside_its_frame(table):
    plot = build_plot(table)
    if plot is not None:
        assert 0 < len(plot.bars) <= ROWS_MOST
        for bar in plot.bars:
            assert all(LEFT <= x <= WIDTH - RIGHT for x in (bar.half, bar.p99, bar.most))
            assert bar.name.isprintable()
