"""The terminal's report: grade first, folds where the window ends, and nobody's words steer it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from roomgate.checks.outcome import Point, failed, inconclusive, passed
from roomgate.checks.report.comparison import compare
from roomgate.checks.report.text import render_comparison, render_text
from support.hostile_words import LINES, hostile_report
from support.reports import check, report_of

OURS = re.compile(r"\x1b\[[0-9;]*m")  # colours and weights: all that we write ourselves


def test_the_grade_comes_first_and_then_what_to_do_first():
    lines = render_text(report_of()).splitlines()
    assert lines[0].split() == ["F", "30", "of", "100", "points", "Our", "connector,", "trial", "tenant"]
    told = "\n".join(lines)
    heads = [
        "Do this first",
        "✕ K01",
        "✕ K06",
        "✕ K30",
        "Not known, and not a pass",
        "? K02",
        "Passed, 2 checks: K03",
        "K25",
    ]
    assert sorted(heads, key=told.index) == heads
    assert "Allowed by Head of IT security, until 2026-03-31" in told


def test_those_that_lack_the_same_are_told_together():
    lacks = "Not looked at: the file names no account."
    told = render_text(
        report_of([check("K03", inconclusive(lacks)), check("K02", inconclusive(lacks)), check("K05", passed("x"))])
    )
    assert "? K02, K03" in told
    assert told.count(lacks) == 1


def test_of_several_lines_the_first_is_told():
    told = render_text(report_of([check("K07", failed("Changed.", [Point("here", "scripts put in\n--- the device")]))]))
    assert "here: scripts put in …" in told
    assert "--- the device" not in told


def test_a_pipe_gets_no_escapes_and_no_folds():
    long = check("K01", failed("word " * 60))
    told = render_text(report_of([long]))
    assert "\x1b" not in told
    assert any(len(line) > 250 for line in told.splitlines())


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_it_folds_where_the_window_ends(width):
    told = render_text(report_of(), width)
    assert max(len(line) for line in told.splitlines()) <= min(width, 100)


def test_colour_is_never_alone():
    assert OURS.sub("", render_text(report_of(), 80, colour=True)).split() == render_text(report_of(), 80).split()


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("colour", [False, True])
def test_hostile_words_steer_nothing(line, colour):
    told = OURS.sub("", render_text(hostile_report(line), 80, colour=colour))
    assert [sign for sign in told if sign != "\n" and not sign.isprintable()] == []


@given(st.text(max_size=60))
def test_no_text_at_all_steers_a_terminal(text):
    told = render_text(hostile_report(text), 60)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", told)


@pytest.mark.parametrize("line", LINES)
def test_a_report_that_somebody_else_wrote_steers_nothing_either(line):
    """``compare`` reads a report.json from anywhere."""
    made = hostile_report(line)
    findings = tuple(replace(one, id=line + one.id, severity=line, weight=line) for one in made.findings)
    forged = replace(made, grade=line, target=line, began=line, key=line, why=(line,), findings=findings)
    for told in (
        render_text(forged, 80), render_comparison(compare(forged, report_of()), 80),
        render_comparison(compare(report_of(), forged), 80),
    ):  # fmt: skip
        assert [sign for sign in told if sign != "\n" and not sign.isprintable()] == []


def test_a_comparison_tells_what_got_worse_first():
    old = report_of([check("K01", passed("x")), check("K02", failed("x")), check("K05", failed("x"))])
    new = report_of(
        [
            check("K01", failed("Open.")),
            check("K02", passed("x")),
            check("K05", inconclusive("?")),
            check("K10", failed("x")),
        ]
    )
    told = render_comparison(compare(old, replace(new, target="\x1b[31mOther")), 80)
    heads = [
        "Got worse",
        "K01",
        "Got better",
        "K02",
        "Known before, and nobody knows now",
        "K05",
        "Not looked at before",
        "K10",
        "The same: none.",
    ]
    assert sorted(heads, key=told.index) == heads
    assert "of another target" in told
    assert "\x1b" not in told


def test_no_change_is_told_as_such():
    told = render_comparison(compare(report_of(), report_of()))
    assert "Got" not in told
    assert "The same: K01, K02" in told
