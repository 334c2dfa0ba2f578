"""CVSS 4.0: from a vector to a score and a word, by the published tables (the ``cvss`` package). Pure."""

from dataclasses import dataclass
from functools import cache

from roomgate.errors import CannotStart


@dataclass(frozen=True, slots=True)
class Score:
    vector: str
    base: float
    severity: str  # info, low, medium, high, critical


NONE = Score("", 0.0, "info")


@cache
def score_of(vector: str) -> Score:
    """``vector`` with its prefix ``CVSS:4.0/``; an empty one scores nothing. Raises ValueError for a wrong one,
    and CannotStart where the package is not installed."""
    if not vector:
        return NONE
    try:
        from cvss import CVSS4, CVSSError
    except ImportError as missing:
        raise CannotStart(
            "A report needs the package cvss, which is not installed here.",
            hint='`pip install "roomgate[check]"` brings it (`pip install ".[check]"` in a clone). Nothing seen is lost.',
        ) from missing

    try:
        found = CVSS4(vector)
    except CVSSError as bad:
        raise ValueError(f"{vector} is no CVSS 4.0 vector: {bad}") from bad
    word = str(found.severities()[0]).lower()
    return Score(vector, float(found.scores()[0]), "info" if word == "none" else word)
