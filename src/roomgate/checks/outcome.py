"""What a judgement says. Pure."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import msgspec


class Outcome(StrEnum):
    """INCONCLUSIVE is never a pass: it says that nobody knows, and why."""

    PASS = "pass"  # noqa: S105 (a word, not a secret)
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not-applicable"


class Point(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that was seen: where, what, and which steps of the snapshot show it (their numbers)."""

    where: str
    what: str
    steps: tuple[int, ...] = ()


class Judgement(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a check concludes. ``says`` is one or two sentences for people.

    ``vector`` replaces the check's own CVSS vector where what was seen is milder or worse than the usual case.
    ``table`` is for figures that people compare, such as a cut's percentiles: rows of plain values.
    """

    outcome: Outcome
    says: str
    points: tuple[Point, ...] = ()
    vector: str = ""
    table: tuple[dict[str, Any], ...] = ()


def passed(says: str, points: Sequence[Point] = (), table: Sequence[dict[str, Any]] = ()) -> Judgement:
    return Judgement(Outcome.PASS, says, tuple(points), "", tuple(table))


def failed(
    says: str, points: Sequence[Point] = (), vector: str = "", table: Sequence[dict[str, Any]] = ()
) -> Judgement:
    return Judgement(Outcome.FAIL, says, tuple(points), vector, tuple(table))


def inconclusive(says: str, points: Sequence[Point] = ()) -> Judgement:
    return Judgement(Outcome.INCONCLUSIVE, says, tuple(points))


def not_applicable(says: str) -> Judgement:
    return Judgement(Outcome.NOT_APPLICABLE, says)
