"""The grade of a run, by a formula that anyone can work out by hand. Pure; docs/checks/README.md has it in words.

1. K01, K03 or K04 fails: F.
2. K01 could not be judged, or was not asked for: no grade ("-"), for nothing is known of what matters most.
3. Otherwise 100 points, less 30 for each failed check of critical severity, 15 high, 7 medium, 3 low (what
   informs only takes nothing away). 95 and more is an A, 80 a B, 60 a C, 40 a D, less an E.
4. No A while a required check is not a pass: it failed, or could not be judged. (K30 passes if the cut takes at most
   5 s at the 99th percentile.) What does not apply to the target counts as a pass.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from roomgate.checks.finding import Finding
from roomgate.checks.outcome import Outcome

COSTS = {"critical": 30, "high": 15, "medium": 7, "low": 3, "info": 0}
STEPS = ((95, "A"), (80, "B"), (60, "C"), (40, "D"), (0, "E"))
FATAL, REQUIRED = "fatal", "required"
_GOOD = (Outcome.PASS, Outcome.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Grade:
    """``why`` names what held it down, each in a sentence; empty for an A."""

    letter: str
    points: int
    why: tuple[str, ...] = ()


def grade(findings: Sequence[Finding]) -> Grade:
    """Whatever was judged gives a grade, or says why there is none."""
    by = {one.id: one for one in findings}
    failed = [one for one in findings if one.outcome is Outcome.FAIL]
    points = max(0, 100 - sum(COSTS[one.severity] for one in failed))
    fatal = [one for one in failed if one.weight == FATAL]
    if fatal:
        return Grade("F", points, tuple(f"{one.id} fails: {one.title}." for one in fatal))
    if "K01" not in by:
        return Grade(
            "-", points, ("K01 was not among the checks of this run, and without it a grade would say nothing.",)
        )
    if by["K01"].outcome not in _GOOD:
        return Grade("-", points, ("K01 could not be judged, and without it a grade would say nothing.",))
    letter = next(letter for least, letter in STEPS if points >= least)
    why = [f"{one.id} fails: {one.title}." for one in failed if COSTS[one.severity] or one.weight == REQUIRED]
    required = [one for one in findings if one.weight in (FATAL, REQUIRED)]
    if any(one.outcome not in _GOOD for one in required):
        letter = max(letter, "B")
    if open_ := [one for one in required if one.outcome is Outcome.INCONCLUSIVE]:
        why.append(f"No A before these are judged: {', '.join(one.id for one in open_)}.")
    return Grade(letter, points, tuple(why))
