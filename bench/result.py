"""Pure: what a measurement hands over, and whether it met its targets. Also the form of the files that are kept."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from bench.samples import Spread

Sense = Literal["at most", "at least"]
Verdict = Literal["met", "missed, explained", "missed"]
# What a profile must say of a target that was missed, beside naming it.
HEADINGS = ("## What limits it", "## What comes next")


class Judged(msgspec.Struct, frozen=True):
    """One target and what was measured against it: the median over the repeats decides.

    ``id`` names the target in a profile, such as ``read.one.p50``. ``how`` says in a few words what was counted.
    """

    id: str
    what: str
    sense: Sense
    limit: float
    unit: str
    measured: float
    low: float
    high: float
    how: str = ""

    @property
    def met(self) -> bool:
        return self.measured <= self.limit if self.sense == "at most" else self.measured >= self.limit

    @property
    def ratio(self) -> float:
        """Measured in terms of the limit; 0.0 where the limit is none."""
        return self.measured / self.limit if self.limit else 0.0


def judged(id: str, what: str, sense: Sense, limit: float, unit: str, measured: Spread, how: str = "") -> Judged:
    return Judged(id, what, sense, limit, unit, measured.median, measured.low, measured.high, how)


class Table(msgspec.Struct, frozen=True):
    """A table as it stands on the page."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    note: str = ""


class Line(msgspec.Struct, frozen=True):
    name: str
    points: list[tuple[float, float]]


class Plot(msgspec.Struct, frozen=True):
    """A drawing: lines over numbers. ``name`` is that of its file, without its end."""

    name: str
    title: str
    x: str
    y: str
    lines: list[Line]
    log_x: bool = False
    log_y: bool = False


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one measurement found. ``samples`` are the raw ones, ``units`` say what they count."""

    name: str
    judged: list[Judged]
    tables: list[Table] = []
    plots: list[Plot] = []
    notes: list[str] = []
    units: str = ""
    samples: Mapping[str, object] = {}


def verdict(one: Judged, profile: str | None) -> Verdict:
    """A missed target is explained by a profile that names it, says what limits it, and what comes next."""
    if one.met:
        return "met"
    named = profile is not None and f"`{one.id}`" in profile and all(heading in profile for heading in HEADINGS)
    return "missed, explained" if named else "missed"


def verdicts(results: Sequence[Result], profiles: Mapping[str, str]) -> list[tuple[Judged, Verdict]]:
    """Of every target, in order; ``profiles`` by the measurement's name."""
    return [(one, verdict(one, profiles.get(result.name))) for result in results for one in result.judged]


def exit_code(found: Sequence[tuple[Judged, Verdict]]) -> int:
    """0 where every target was met or its miss is explained."""
    return 1 if any(said == "missed" for _, said in found) else 0
