"""The report as a table for spreadsheets (CSV). Pure.

What targets say stands in it: a cell that a spreadsheet would take for a formula is made text, and no cell breaks
its line.
"""

import csv
import io

from roomgate.checks.finding import Finding
from roomgate.checks.report.report import Report
from roomgate.redact import foreign

COLUMNS = (
    "id", "outcome", "severity", "score", "title", "says", "seen", "mend", "weight", "vector", "cwe", "asvs", "evidence",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")
_LONGEST = 8000  # spreadsheets take 32,767 characters in a cell


def render_csv(report: Report) -> str:
    """A row for each check, those that failed first; with the mark by which spreadsheets know UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    order = ("fail", "inconclusive", "pass", "not-applicable")
    for one in sorted(report.findings, key=lambda one: (order.index(one.outcome.value), one.id)):
        writer.writerow([cell(text) for text in _row(one)])
    return "\ufeff" + out.getvalue()


def cell(text: str) -> str:
    """Inert in a spreadsheet, whatever its first sign is."""
    clean = foreign(text, _LONGEST)
    return f"'{clean}" if clean.lstrip(" \u00a0'\"").startswith(_FORMULA) else clean


def _row(one: Finding) -> tuple[str, ...]:
    seen = " | ".join(f"{point.where}: {' / '.join(point.what.splitlines())}" for point in one.points)
    return (
        one.id, one.outcome.value, one.severity, f"{one.score:.1f}", one.title, one.says, seen, one.mend, one.weight,
        one.vector, " ".join(f"CWE-{number}" for number in one.cwe), " ".join(one.asvs), " ".join(one.evidence),
    )  # fmt: skip
