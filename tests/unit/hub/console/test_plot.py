from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.console.plot import HEIGHT, TOP, build_bars, build_frame, build_line, known

columns = st.lists(st.none() | st.floats(0, 1e9), min_size=1, max_size=200)


@given(columns)
def test_all_that_is_drawn_is_inside(values: list[float | None]) -> None:
    frame = build_frame(max(known(values), default=0))
    assert all(TOP <= frame.y(value) <= frame.base <= HEIGHT for value in known(values))
    assert build_line(frame, values).count("h") == sum(
        value is not None and (number == 0 or values[number - 1] is None) for number, value in enumerate(values)
    )
    assert build_bars(frame, values).count("z") == sum(value > 0 for value in known(values))


def test_a_line_goes_through_the_middles_of_its_columns() -> None:
    frame = build_frame(10)
    assert build_line(frame, [0, 10, None, 5]) == (
        f"M{frame.x(0.125)} {frame.y(0)}h.1L{frame.x(0.375)} {float(TOP)}M{frame.x(0.875)} {frame.y(5)}h.1"
    )
    assert build_bars(frame, [10, 0]) == f"M{float(frame.left)} {frame.base}V{float(TOP)}H{frame.x(0.5)}V{frame.base}z"


def test_the_scale_ends_at_a_round_number() -> None:
    assert [build_frame(highest).top for highest in (0, 11, 60, 30_001)] == [10, 20, 100, 30_001]
    assert build_frame(3, least_top=5).top == 5
    assert [value for _, value in build_frame(10).rules] == [0, 5, 10]
