"""A judged check, as reports tell it. Pure."""

import msgspec

from roomgate.checks.declared import Check
from roomgate.checks.outcome import Judgement, Outcome, Point
from roomgate.checks.score import Score, score_of
from roomgate.checks.snapshot import Snapshot


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """``severity`` is that of the score (critical, high, medium, low, info), and says something only of a fail."""

    id: str
    outcome: Outcome
    severity: str
    title: str
    says: str
    mend: str
    points: tuple[Point, ...] = ()
    evidence: tuple[str, ...] = ()  # files of the run's folder
    vector: str = ""
    score: float = 0.0
    cwe: tuple[int, ...] = ()
    asvs: tuple[str, ...] = ()
    look: str = ""
    tier: int = 0
    weight: str = ""
    table: tuple[dict[str, object], ...] = ()
    procedure: str = ""
    mistaken: str = ""
    sources: tuple[str, ...] = ()


def build_finding(check: Check, snapshot: Snapshot | None, judgement: Judgement) -> Finding:
    score: Score = score_of(judgement.vector or check.vector)
    evidence: tuple[str, ...] = ()
    if snapshot is not None and snapshot.steps:
        pictures = {getattr(step, "picture", "") for step in snapshot.steps} - {""}
        evidence = (f"looks/{snapshot.look}.json", *(f"evidence/{name}" for name in sorted(pictures)))
    return Finding(
        id=check.id, outcome=judgement.outcome, severity=score.severity, title=check.title, says=judgement.says,
        mend=check.remedy, points=judgement.points, evidence=evidence, vector=score.vector, score=score.base,
        cwe=check.cwe, asvs=check.asvs, look=check.look.id, tier=int(check.tier), weight=check.weight.value,
        table=judgement.table, procedure=check.procedure, mistaken=check.mistaken, sources=check.sources,
    )  # fmt: skip
