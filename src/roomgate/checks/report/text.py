"""The report for a terminal: the grade first, then what to do first. Colours where they are wanted, never alone.

Targets' words stand in it; they cannot steer the terminal.
"""

import io
from collections.abc import Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from roomgate.checks.finding import Finding
from roomgate.checks.outcome import Outcome
from roomgate.checks.report.comparison import Change, Comparison
from roomgate.checks.report.report import Report
from roomgate.checks.report.words import SHAPES, counted, day, ids, meaning, scope, summary
from roomgate.redact import foreign

WIDEST = 100  # lines longer than this are hard to read, however wide the window is
_LONGEST = 1200
_POINTS_MOST = 4
_GRADES = {"A": "bold green", "B": "bold green", "C": "bold yellow", "D": "bold yellow", "-": "bold yellow"}
_BAD, _OPEN, _GOOD, _DIM = "bold red", "bold yellow", "green", "dim"
_PIPE_WIDTH = 10_000


def render_text(report: Report, width: int | None = None, *, colour: bool = False) -> str:
    """``width``: of the terminal; None for a pipe, which has no edge at which to fold."""
    out = _paper(width, colour)
    letter = Text(f" {_one(report.grade)} ", style=f"{_GRADES.get(report.grade, _BAD)} reverse" if colour else "")
    out.print(Text.assemble(letter, f"  {report.points} of 100 points   ", (_one(report.target), "bold")))
    out.print(_words(meaning(report)))
    for line in report.why:
        out.print(_words(line, _DIM))
    out.print()
    out.print(_words(" ".join(summary(report))))
    by = report.authorisation
    until = f", until {by.until}" if by.until else ""
    out.print(_words(f"Allowed by {by.by}{until}: {by.text}", _DIM))
    out.print(_words("; ".join(filter(None, (f"Begun {day(report.began)}", scope(report)))) + ".", _DIM))
    _part(out, "Do this first", [_failed(one) for one in report.of(Outcome.FAIL)])
    _part(out, "Not known, and not a pass", _open(report.of(Outcome.INCONCLUSIVE)))
    for outcome, head in ((Outcome.PASS, "Passed"), (Outcome.NOT_APPLICABLE, "Does not apply")):
        if found := report.of(outcome):
            style = _GOOD if outcome is Outcome.PASS else _DIM
            out.print()
            line = f"{head}, {counted(len(found), 'check')}: {ids(sorted(found, key=lambda one: one.id))}"
            out.print(Text.assemble((SHAPES[outcome], style), _one(f" {line}")))
    if report.key:
        out.print()
        out.print(_words(f"Sealed with the key {report.key}", _DIM))
    return _written(out)


def render_comparison(found: Comparison, width: int | None = None, *, colour: bool = False) -> str:
    out = _paper(width, colour)
    out.print(Text.assemble((_one(found.target), "bold"), _one(f": {found.grades[0]} → {found.grades[1]}")))
    points = f"{found.points[0]} → {found.points[1]} points, {day(found.dates[0])} → {day(found.dates[1])}"
    out.print(_words(points, _DIM))
    if found.other_target:
        out.print(_words(f"The second report is of another target: {_one(found.other_target)}.", _OPEN))
    parts = (
        ("Got worse", found.worse, _BAD), ("Got better", found.better, _GOOD),
        ("Known before, and nobody knows now", found.unclear, _OPEN), ("Not looked at before", found.new, ""),
    )  # fmt: skip
    for head, changes, style in parts:
        _part(out, head, [[_words(_changed(one), style), _words(one.says, _DIM)] for one in changes])
    out.print()
    same = f"The same: {', '.join(one.id for one in found.same) or 'none'}."
    out.print(_words(same + (f" No longer looked at: {', '.join(found.gone)}." if found.gone else ""), _DIM))
    return _written(out)


def _changed(one: Change) -> str:
    way = f"{one.before} → {one.now}" if one.before else one.now
    return f"{one.id} {one.title}: {way}"


def _failed(one: Finding) -> list[RenderableType]:
    head = Text.assemble((_one(f"{SHAPES[one.outcome]} {one.id} "), _BAD), (_one(one.title), "bold"))
    head.append(_one(f"  {one.severity} {one.score:.1f}" if one.score else f"  {one.severity}"), _BAD)
    lines: list[RenderableType] = [head, _words(one.says)]
    lines += [_words(f"• {point.where}: {_first(point.what)}", _DIM) for point in one.points[:_POINTS_MOST]]
    if len(one.points) > _POINTS_MOST:
        lines.append(_words(f"• and {len(one.points) - _POINTS_MOST} more, in the report", _DIM))
    return [*lines, _words(f"To mend it: {one.mend}")]


def _first(text: str) -> str:
    """The first of several lines: a difference of two pages is for the other forms."""
    lines = text.splitlines()
    return f"{lines[0]} …" if len(lines) > 1 else text


def _open(found: Sequence[Finding]) -> list[list[RenderableType]]:
    """Those that lack the same are told together."""
    by: dict[str, list[Finding]] = {}
    for one in sorted(found, key=lambda one: one.id):
        by.setdefault(one.says, []).append(one)
    lines: list[list[RenderableType]] = []
    for says, those in by.items():
        head = _one(those[0].title) if len(those) == 1 else ""
        shape = SHAPES[Outcome.INCONCLUSIVE]
        lines.append([Text.assemble((_one(f"{shape} {ids(those)} "), _OPEN), head), _words(says, _DIM)])
    return lines


def _part(out: Console, head: str, found: Sequence[Sequence[RenderableType]]) -> None:
    if found:
        out.print()
        out.print(Text(head, style="bold underline"))
    for lines in found:
        out.print(lines[0])
        for line in lines[1:]:
            out.print(Padding(line, (0, 0, 0, 2)))


def _one(text: str) -> str:
    return foreign(text, _LONGEST)


def _words(text: str, style: str = "") -> Text:
    return Text(_one(text), style=style)


def _paper(width: int | None, colour: bool) -> Console:
    # A real console's look-around would find the environment; this one is told everything.
    return Console(
        file=io.StringIO(), width=min(width, WIDEST) if width else _PIPE_WIDTH, force_terminal=colour, highlight=False,
        markup=False, emoji=False, color_system="standard" if colour else None, no_color=not colour, _environ={},
        legacy_windows=False,
    )  # fmt: skip


def _written(out: Console) -> str:
    made = out.file
    assert isinstance(made, io.StringIO)
    return "\n".join(line.rstrip() for line in made.getvalue().splitlines()) + "\n"
