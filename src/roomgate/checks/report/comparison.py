"""Two reports of one target: what got better, what got worse. Pure."""

import msgspec

from roomgate.checks.finding import Finding
from roomgate.checks.outcome import Outcome
from roomgate.checks.report.report import Report

# Unknown is never a pass: what was looked at and can no longer be judged got worse, unless it failed before.
_SOUND = (Outcome.PASS, Outcome.NOT_APPLICABLE)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One check, then and now; ``before`` is empty for one that the earlier report does not have."""

    id: str
    title: str
    before: str
    now: str
    says: str
    severity: str


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """``new``: not looked at in the earlier run. ``unclear``: known then, and now nobody knows, since it failed before
    or was not looked at this time. ``gone``: checks that only the earlier report has."""

    target: str
    other_target: str  # of the later report, where it is another one
    grades: tuple[str, str]
    points: tuple[int, int]
    dates: tuple[str, str]
    better: tuple[Change, ...]
    worse: tuple[Change, ...]
    new: tuple[Change, ...]
    unclear: tuple[Change, ...]
    same: tuple[Change, ...]
    gone: tuple[str, ...]

    @property
    def alarming(self) -> bool:
        """Whether something got worse, or fails that nobody had looked at before."""
        return bool(self.worse) or any(one.now == Outcome.FAIL.value for one in self.new)


def compare(old: Report, new: Report) -> Comparison:
    before = {one.id: one for one in old.findings}
    after = {one.id: one for one in new.findings}
    sorted_in: dict[str, list[Change]] = {name: [] for name in ("better", "worse", "new", "unclear", "same")}
    for one in new.findings:
        earlier = before.get(one.id)
        sorted_in["new" if earlier is None else verdict(earlier, one)].append(_change(earlier, one))
    return Comparison(
        target=old.target, other_target=new.target if new.target != old.target else "",
        grades=(old.grade, new.grade), points=(old.points, new.points), dates=(old.began, new.began),
        better=tuple(sorted_in["better"]), worse=tuple(sorted_in["worse"]), new=tuple(sorted_in["new"]),
        unclear=tuple(sorted_in["unclear"]), same=tuple(sorted_in["same"]),
        gone=tuple(id for id in before if id not in after),
    )  # fmt: skip


def verdict(old: Finding, new: Finding) -> str:
    """better, worse, new, unclear or same."""
    if _overlooked(old) and new.outcome is not Outcome.INCONCLUSIVE:
        return "new"
    if _overlooked(new) and old.outcome is not Outcome.INCONCLUSIVE:
        return "unclear"
    if old.outcome is Outcome.FAIL:
        if new.outcome is Outcome.FAIL:
            return "same" if new.score == old.score else "worse" if new.score > old.score else "better"
        return "better" if new.outcome in _SOUND else "unclear"
    if new.outcome is Outcome.FAIL:
        return "worse"
    if (old.outcome in _SOUND) == (new.outcome in _SOUND):
        return "same"
    return "better" if new.outcome in _SOUND else "worse"


def _overlooked(one: Finding) -> bool:
    """Nothing was seen of it: its look was not taken, as in a run of a smaller tier."""
    return one.outcome is Outcome.INCONCLUSIVE and not one.evidence


def _change(old: Finding | None, new: Finding) -> Change:
    before = old.outcome.value if old is not None else ""
    return Change(
        id=new.id, title=new.title, before=before, now=new.outcome.value, says=new.says, severity=new.severity
    )
