"""A run's report on its way to a hub, where it becomes findings that people deal with."""

import json as form
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from roomgate.cli.api import Api, at
from roomgate.cli.files import read_text
from roomgate.cli.output import Json, tell
from roomgate.errors import BadInput

REPORT, RUN = "report.json", "run.json"
# What the hub makes findings of. The rest stays here: what was fetched may hold what is nobody else's business.
_OF_FINDING = ("id", "outcome", "severity", "title", "says", "mend", "vector")
_OF_POINT = ("where", "what")
_MOST_POINTS, _LONGEST = 100, 4000  # a target writes into both, and may write much


def publish(report: Path, /, *, json: Json = False) -> None:
    """Send a report to your hub: what failed, and what could not be judged, stands among its findings then.

    A later report of the same target closes what passes by then. Takes the rights to audit and to cut.

    Example: ``roomgate check publish check-our-connector``

    Parameters
    ----------
    report
        a run's folder, its report.json, or what `roomgate check run --json` printed
    """
    done = Api.from_profile().call("POST", at("findings", "reports"), load_report(report))
    words = f"{_count(done['fresh'], 'new finding')}, {done['known']} known before, {done['closed']} closed."
    tell(done, f"{words} Next: `roomgate finding list --source check`.", json=json)


def load_report(place: Path) -> dict[str, Any]:
    """What is sent of a report. Raises BadInput for what is none."""
    file = place / REPORT if place.is_dir() else place
    if place.is_dir() and not file.exists():
        raise BadInput(
            f"{place} has no {REPORT}.",
            hint="Run the check to its end first, or keep what `roomgate check run --json` prints in a file.",
        )
    whole = _object(file)
    run = file.with_name(RUN)
    if run.exists():  # what a report does not say of itself, the run beside it does
        begun = _object(run)
        whole = {"target": begun.get("target"), "began": begun.get("began"), **whole}
    if missing := [name for name in ("target", "began", "grade", "findings") if not whole.get(name)]:
        raise BadInput(f"{file} is no report: it has no {missing[0]}.", hint="Name a run's folder or its report.json.")
    found = whole["findings"]
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise BadInput(f"{file} is no report: its findings are no list of tables.")
    return {
        **{name: whole[name] for name in ("target", "began", "grade")},
        "findings": [_picked(one, _OF_FINDING) | {"points": _points(one)} for one in found],
    }


def _points(finding: Mapping[str, Any]) -> list[dict[str, Any]]:
    points = finding.get("points", ())
    if not isinstance(points, list):
        return []
    return [_picked(one, _OF_POINT) for one in points[:_MOST_POINTS] if isinstance(one, dict)]


def _picked(one: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    found = {name: one[name] for name in names if name in one}
    return {name: fact[:_LONGEST] if isinstance(fact, str) else fact for name, fact in found.items()}


def _object(file: Path) -> dict[str, Any]:
    try:
        found = form.loads(read_text(file))
    except (ValueError, RecursionError) as bad:
        raise BadInput(f"{file} is not JSON.") from bad
    if not isinstance(found, dict):
        raise BadInput(f"{file} is no report.")
    return found


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
