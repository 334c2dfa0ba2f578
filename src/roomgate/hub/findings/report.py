"""Pure: a report of exposure checks, as `roomgate check run --json` prints it, and what it makes of findings.

A failed check is a finding, and so is one that could not be judged, unless an earlier report says that it fails:
what nobody knows mends nothing. A check that passes, or does not apply any more, closes what is known of it, if the
report is as new as what it was known by.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec

from roomgate.clock import parse_iso
from roomgate.errors import BadInput

SOURCE = "check"
Outcome = Literal["pass", "fail", "inconclusive", "not-applicable"]
Severity = Literal["critical", "high", "medium", "low", "info"]
_ID = re.compile(r"[A-Za-z][A-Za-z0-9.-]{0,19}")
_AHEAD = timedelta(days=1)  # by which two clocks may differ
_MOST_POINTS = 8
_RANKS: dict[str, str] = {
    "critical": "critical",
    "high": "critical",
    "medium": "warning",
    "low": "note",
    "info": "note",
}
FAILS = ("critical", "warning", "note")

Short = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Text = Annotated[str, msgspec.Meta(max_length=8000)]


class PointShown(msgspec.Struct, frozen=True):
    where: Text = ""
    what: Text = ""


class CheckJudged(msgspec.Struct, frozen=True):
    """One check of a report. What else stands in it is for those who read the report itself."""

    id: str
    outcome: Outcome
    severity: Severity
    title: Short
    says: Text = ""
    mend: Text = ""
    vector: Annotated[str, msgspec.Meta(max_length=300)] = ""
    points: Annotated[list[PointShown], msgspec.Meta(max_length=10_000)] = []


class CheckReport(msgspec.Struct, frozen=True):
    """``target``: the name in the target file; ``began``: when the run began, in UTC."""

    target: Short
    began: Annotated[str, msgspec.Meta(max_length=40)]
    grade: Annotated[str, msgspec.Meta(max_length=2)]
    findings: Annotated[list[CheckJudged], msgspec.Meta(min_length=1, max_length=500)]


class ReportTaken(msgspec.Struct, frozen=True):
    """What became of a report: findings that are new, that were known, that it closed."""

    fresh: int
    known: int
    closed: int


@dataclass(frozen=True, slots=True)
class Named:
    """A finding of a check, by what makes it the same one next time."""

    target: str
    check: str
    kind: str  # how bad the fail is, or "inconclusive": a check that gets worse is another finding

    @property
    def key(self) -> str:
        return "\0".join((self.target, self.check, self.kind))


def check_report(report: CheckReport, now: datetime) -> CheckReport:
    """Raises BadInput for what the shapes alone do not show to be wrong."""
    try:
        began = parse_iso(report.began)
    except ValueError as bad:
        raise BadInput("began is no time in UTC, such as 2026-03-10T09:00:00.000Z.") from bad
    if began > now + _AHEAD:
        raise BadInput("This report was begun in the future: set the clock of the machine that made it.")
    if not report.target.isprintable():
        raise BadInput("target has letters that cannot be printed.")
    ids = [one.id for one in report.findings]
    if odd := [id for id in ids if not _ID.fullmatch(id)]:
        raise BadInput(f"{odd[0][:40]!r} is no check's id.")
    if len(set(ids)) < len(ids):
        raise BadInput("A check stands in it twice.")
    return report


def named(report: CheckReport, one: CheckJudged) -> Named | None:
    """The finding that this check is now; None for one that is fine."""
    match one.outcome:
        case "fail":
            return Named(report.target, one.id, _RANKS[one.severity])
        case "inconclusive":
            return Named(report.target, one.id, "inconclusive")
        case _:
            return None


def others(report: CheckReport, one: CheckJudged) -> list[Named]:
    """The findings of this check that are over now, if there were any."""
    if one.outcome == "inconclusive":
        return []
    kinds = (*FAILS, "inconclusive")
    now = named(report, one)
    return [Named(report.target, one.id, kind) for kind in kinds if now is None or kind != now.kind]


def fails(report: CheckReport, one: CheckJudged) -> list[Named]:
    """How a fail of this check would be known."""
    return [Named(report.target, one.id, kind) for kind in FAILS]


def severity_of(named: Named) -> str:
    return named.kind if named.kind in FAILS else "note"


def title_of(report: CheckReport, one: CheckJudged) -> str:
    if one.outcome == "inconclusive":
        return f"{report.target}: {one.id} could not be judged ({one.title})."
    return f"{report.target}: {one.title} ({one.id})."


def mend_of(one: CheckJudged) -> str:
    if one.outcome == "inconclusive":
        return f"Give the check what it lacked, and run it again: `roomgate check explain {one.id}`."
    return one.mend


def evidence_of(report: CheckReport, one: CheckJudged, by: str) -> dict[str, str]:
    found = {
        "target": report.target, "check": one.id, "outcome": one.outcome, "severity": one.severity, "says": one.says,
        "seen": _seen(one.points), "CVSS": one.vector if one.outcome == "fail" else "", "began": report.began,
        "grade": report.grade, "published by": by,
    }  # fmt: skip
    return {name: fact for name, fact in found.items() if fact}


def _seen(points: Sequence[PointShown]) -> str:
    lines = [f"{one.where}: {one.what}"[:500] for one in points[:_MOST_POINTS]]
    if len(points) > _MOST_POINTS:
        lines.append(f"and {len(points) - _MOST_POINTS} more")
    return "\n".join(lines)


def older(report: CheckReport, than: str | None) -> bool:
    """Whether the report was begun before something was known or done; so it says nothing against that."""
    try:
        return parse_iso(report.began) < parse_iso(than or "")
    except ValueError:
        return False
