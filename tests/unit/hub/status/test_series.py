from datetime import UTC, datetime, timedelta

from roomgate.hub.status.series import HOURS, PLOTS, Sample, build_plots

NOW = datetime(2026, 3, 8, 13, 30, tzinfo=UTC)


def ago(hours: float, **values: float) -> Sample:
    return Sample(NOW - timedelta(hours=hours), values)


def test_only_what_was_measured_is_drawn() -> None:
    assert build_plots([], NOW) == []
    plots = build_plots([ago(2, online=1, call=1), ago(1.9, online=1, call=0), ago(1, online=0)], NOW)
    assert [plot.key for plot in plots] == ["use", "online"]
    use, online = plots
    assert (use.least, use.most, use.latest) == (50, 50, 50)
    assert (online.least, online.latest) == (0, 0)
    assert use.path.count("M") == 1


def test_an_hour_tells_its_most_people_and_its_worst_loss() -> None:
    plots = build_plots([ago(0.1, people=2, loss=0.5, ambient=20), ago(0.2, people=5, loss=7, ambient=22)], NOW)
    assert {plot.key: plot.latest for plot in plots} == {"people": 5, "ambient": 21, "loss": 7}
    assert {plot.key for plot in plots} < set(PLOTS)


def test_a_line_stops_where_nothing_is_known_and_the_week_has_its_days() -> None:
    [plot] = build_plots([ago(30, jitter=3), ago(29, jitter=4), ago(3, jitter=9)], NOW)
    assert plot.path.count("M") == 2
    assert len(plot.days) == 7
    assert [day.name for day in plot.days][-2:] == ["03-07", ""]  # the last has no room for its name
    xs = [day.x for day in plot.days]
    assert xs == sorted(xs)


def test_what_is_older_or_to_come_is_left_out() -> None:
    assert build_plots([ago(HOURS + 1, online=1), ago(-2, online=1)], NOW) == []
