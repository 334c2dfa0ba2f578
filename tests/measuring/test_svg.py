"""Drawings: well-formed, without anything from elsewhere, every point on the sheet."""

import re
from xml.etree import ElementTree

import pytest

from bench import svg
from bench.result import Line, Plot


def plot(*points: tuple[float, float], log: bool = False, name: str = "a & <b>") -> Plot:
    return Plot("p", "Title & <more>", "x", "y", [Line(name, list(points)), Line("other", list(points))], log, log)


@pytest.mark.parametrize(
    ("points", "log"),
    [
        ([(0, 0), (10, 100)], False), ([(5, 5)], False), ([(1, 1), (10, 1)], False), ([(3, -4), (9, 2)], False),
        ([(10, 0.02), (5000, 700)], True), ([(7, 7)], True), ([(10, 1), (100, 10)], True),
    ],
)  # fmt: skip
def test_every_point_lies_on_the_sheet(points, log):
    root = ElementTree.fromstring(svg.draw(plot(*points, log=log)))  # noqa: S314 (it was drawn here)
    lines = [one for one in root if one.tag.endswith("polyline")]
    assert len(lines) == 2
    for pair in lines[0].attrib["points"].split():
        x, y = map(float, pair.split(","))
        assert 0 <= x <= svg.WIDTH
        assert 0 <= y <= svg.HEIGHT


def test_what_is_larger_is_further_right_and_further_up():
    text = svg.draw(plot((1, 1), (10, 10), (100, 100), log=True))
    pairs = [tuple(map(float, pair.split(","))) for pair in re.search(r'points="([^"]*)"', text)[1].split()]
    assert [x for x, _ in pairs] == sorted(x for x, _ in pairs)
    assert [y for _, y in pairs] == sorted((y for _, y in pairs), reverse=True)


def test_names_are_text_and_nothing_is_fetched():
    text = svg.draw(plot((1, 1), (2, 2)))
    assert "a &amp; &lt;b&gt;" in text
    assert "prefers-color-scheme:dark" in text
    assert re.findall(r"(?:href|src|url)\b", text) == []


def test_a_plot_without_points_is_refused():
    with pytest.raises(ValueError, match="no points"):
        svg.draw(Plot("p", "t", "x", "y", []))


@pytest.mark.parametrize(
    ("low", "high", "log", "marks"),
    [(0, 100, False, [0, 20, 40, 60, 80, 100]), (0, 0.9, False, [0, 0.2, 0.4, 0.6, 0.8, 1.0]), (10, 5000, True, [10, 100, 1000, 10000])],
)  # fmt: skip
def test_axes_have_round_marks_that_hold_everything(low, high, log, marks):
    assert svg.ticks(low, high, log) == pytest.approx(marks)
