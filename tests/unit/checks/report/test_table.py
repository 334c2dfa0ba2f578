"""CSV: a row a check, and no cell that a spreadsheet would run."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.report.table import COLUMNS, cell, render_csv
from support.hostile_words import LINES, hostile_report
from support.reports import report_of

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def rows(text):
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:], newline="")))


def test_every_check_has_its_row_and_those_that_failed_come_first():
    head, *body = rows(render_csv(report_of()))
    assert tuple(head) == COLUMNS
    assert [row[0] for row in body] == ["K01", "K06", "K10", "K11", "K29", "K30", "K02", "K21", "K03", "K13", "K25"]
    first = dict(zip(head, body[0], strict=True))
    assert (first["outcome"], first["severity"], first["score"], first["cwe"]) == (
        "fail",
        "critical",
        "10.0",
        "CWE-306 CWE-319",
    )
    assert first["seen"].startswith("https://connector.example.com/d/7f3a91: shows")


@pytest.mark.parametrize("line", LINES)
def test_hostile_words_are_inert(line):
    for row in rows(render_csv(hostile_report(line))):
        assert len(row) == len(COLUMNS)
        assert [one for one in row if one.startswith(FORMULA)] == []


@given(st.text(max_size=80))
def test_no_text_at_all_is_a_formula_or_breaks_its_line(text):
    made = cell(text)
    assert not made.lstrip(" \"'").startswith(FORMULA) or made.startswith("'")
    assert len(made.splitlines()) <= 1
