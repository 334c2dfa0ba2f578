"""The report as one HTML file: it needs nothing else, runs nothing, and loads nothing. Pure.

Page one is for whoever decides, the rest for whoever mends. Targets' words are text and nothing but text: Jinja
escapes all of it, control and direction signs are taken out, no address of a target becomes a link, and the page's own
policy forbids whatever would get through.
"""

import base64
import hashlib
import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined

from roomgate.checks.finding import Finding
from roomgate.checks.grade import COSTS, STEPS
from roomgate.checks.outcome import Outcome
from roomgate.checks.report import words
from roomgate.checks.report.plot import build_plot
from roomgate.checks.report.report import Report
from roomgate.design.sheets import load_sheet
from roomgate.redact import foreign

_PNG = b"\x89PNG\r\n\x1a\n"
_PICTURE_MOST = 2 * 1024 * 1024
_PICTURES_MOST = 24
_POINTS_MOST = 20
_LONGEST = 4000
_ORDER = (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS, Outcome.NOT_APPLICABLE)
_HEADS = {
    Outcome.FAIL: "What fails", Outcome.INCONCLUSIVE: "What is not known", Outcome.PASS: "What passes: none of this was found",
    Outcome.NOT_APPLICABLE: "What does not apply",
}  # fmt: skip


def render_html(report: Report, pictures: Mapping[str, bytes] | None = None) -> str:
    """``pictures``: the run's screenshots by their name; one that is no PNG, or too large, is left out."""
    style = _style()
    groups = [(outcome, _HEADS[outcome], *_parted(found)) for outcome in _ORDER if (found := report.of(outcome))]
    page: str = _template().render(
        report=report, style=style, style_hash=_hash(style), groups=groups, words=words, plots=_plots(report),
        pictures=_inline(report, pictures or {}), points_most=_POINTS_MOST, Outcome=Outcome, costs=COSTS, steps=STEPS,
        facts={one.name: one for one in report.files},
    )  # fmt: skip
    return page


def _parted(found: Sequence[Finding]) -> tuple[list[Finding], dict[str, list[Finding]]]:
    """Those that something was seen of; and those that nothing was, together where they lack the same."""
    seen = [one for one in found if one.outcome is not Outcome.INCONCLUSIVE or one.evidence]
    if any(one.outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE) for one in found):
        seen.sort(key=lambda one: one.id)  # none is more urgent than another
    lacking: dict[str, list[Finding]] = {}
    for one in sorted(found, key=lambda one: one.id):
        if one not in seen:
            lacking.setdefault(one.says, []).append(one)
    return seen, lacking


def _plots(report: Report) -> dict[str, Any]:
    return {one.id: plot for one in report.findings if (plot := build_plot(one.table)) is not None}


def _inline(report: Report, pictures: Mapping[str, bytes]) -> dict[str, str]:
    shown: dict[str, str] = {}
    for one in report.findings:
        for name in one.evidence:
            raw = pictures.get(name, b"")
            if raw.startswith(_PNG) and len(raw) <= _PICTURE_MOST and len(shown) < _PICTURES_MOST:
                shown[name] = base64.b64encode(raw).decode()
    return shown


def inert(value: object) -> str:
    """Anything, as a line of text without control, direction or line-breaking signs."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}" if math.isfinite(value) else "–"
    return foreign(str(value), _LONGEST)


def numeric(table: Sequence[Mapping[str, object]], column: str) -> bool:
    """Whether a column holds numbers, and so stands to the right."""
    return any(isinstance(row.get(column), int | float) and not isinstance(row.get(column), bool) for row in table)


def _style() -> str:
    own = resources.files("roomgate.checks.report").joinpath("page.css").read_text("utf-8")
    return f"\n{load_sheet('tokens.css').decode()}\n{own}"


def _hash(style: str) -> str:
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


@cache
def _template() -> Any:
    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters["inert"] = inert
    made.filters["numeric"] = numeric
    return made.from_string(resources.files("roomgate.checks.report").joinpath("page.html").read_text("utf-8"))
