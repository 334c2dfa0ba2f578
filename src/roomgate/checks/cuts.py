"""What was seen of one channel under one cause, and what it means. Pure; the checks of cut-off share it.

A channel counts as cut at the last moment at which it served something: a connection that stays open and is silent
is no authority. What never served before the cause came proves nothing, and what nobody knows is undecided.
"""

from collections.abc import Sequence
from enum import StrEnum
from math import ceil
from typing import Any

import msgspec

from roomgate.checks.outcome import Judgement, Point, failed, inconclusive, passed
from roomgate.checks.snapshot import Fact, Snapshot
from roomgate.checks.target import Target

WATCHED = "watched"  # the name of the fact
EVERYTHING = "everything"  # in place of a channel, where none could be opened


class Verdict(StrEnum):
    CUT = "cut"
    LATE = "late"
    NEVER = "never"
    UNDECIDED = "undecided"


class Cut(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Times are seconds after the deed was done. ``last_s``: it last served; ``cut_s``: it was first seen cut.

    ``held_s`` and ``held_cut_s`` are the same of a live channel as the cause met it, before it was opened again.
    ``anew``: not something that was held, but a new try by whoever should be shut out: the link alone, or a new
    sign-in with what was valid before. ``named``: the target file names this channel for this very cause.
    """

    cause: str
    cause_kind: str
    channel: str
    channel_kind: str = "request"
    anew: bool = False
    named: bool = False
    proven: bool = False  # it served before, and the deed was done
    why: str = ""  # why not
    within_s: float = 60.0
    watched_s: float = 0.0
    last_s: float | None = None
    unclear_s: float | None = None
    cut_s: float | None = None
    held_s: float | None = None
    held_cut_s: float | None = None
    how: str = ""
    asked: int = 0
    served: int = 0
    refused: int = 0
    trouble: int = 0
    unclear: int = 0

    @property
    def live(self) -> bool:
        return self.channel_kind != "request"

    @property
    def latency_s(self) -> float:
        """From the deed to the last moment at which it served."""
        return max(self.last_s or 0.0, 0.0)


def cuts_of(snapshot: Snapshot) -> list[tuple[Cut, int]]:
    """All that were recorded, each with its step's number; a fact of another form is none."""
    found = []
    for number, step in enumerate(snapshot.steps):
        if isinstance(step, Fact) and step.name == WATCHED:
            try:
                found.append((msgspec.convert(step.value, Cut), number))
            except (msgspec.ValidationError, RecursionError):
                continue
    return found


def verdict(cut: Cut) -> Verdict:
    if not cut.proven:
        return Verdict.UNDECIDED
    if cut.last_s is not None and cut.last_s > cut.within_s:
        return Verdict.NEVER if cut.cut_s is None else Verdict.LATE
    if cut.cut_s is None and cut.last_s is not None and 0 < cut.within_s <= cut.watched_s < cut.last_s + 2.0:
        return Verdict.NEVER  # it served to the very end of a watch that was long enough
    if cut.cut_s is None or max(cut.cut_s, cut.unclear_s or 0.0) > cut.within_s:
        return Verdict.UNDECIDED
    return Verdict.CUT


def words(cut: Cut) -> str:
    """One line for people."""
    match verdict(cut):
        case Verdict.CUT:
            return f"cut after {cut.latency_s:.1f} s ({cut.how})"
        case Verdict.LATE:
            return f"cut only after {cut.latency_s:.1f} s; {cut.within_s:.0f} s were allowed ({cut.how})"
        case Verdict.NEVER:
            return f"still served {cut.latency_s:.0f} s later"
        case Verdict.UNDECIDED:
            return f"undecided: {cut.why or _undecided(cut)}"


def _undecided(cut: Cut) -> str:
    if cut.unclear_s is not None:
        return "it answered in another form than before; let the channel's expects say what is served"
    if cut.trouble:
        return f"{cut.trouble} of {cut.asked} requests met trouble at the server or on the way"
    return cut.how or "nothing that was seen says whether it was cut"


def point(cut: Cut, number: int) -> Point:
    return Point(f"{cut.cause}: {cut.channel}{' (anew)' if cut.anew else ''}", words(cut), (number,))


def row(cut: Cut) -> dict[str, Any]:
    """For the table of latencies."""
    found = verdict(cut)
    return {
        "cause": cut.cause, "kind": cut.cause_kind, "channel": cut.channel, "channel kind": cut.channel_kind,
        "anew": cut.anew, "verdict": found.value, "how": cut.how,
        "seconds": round(cut.latency_s, 3) if found in (Verdict.CUT, Verdict.LATE) else None,
        "allowed": cut.within_s,
    }  # fmt: skip


def late_of(cuts: Sequence[tuple[Cut, int]]) -> list[tuple[Cut, int]]:
    return [(cut, number) for cut, number in cuts if verdict(cut) in (Verdict.LATE, Verdict.NEVER)]


def not_undone(snapshot: Snapshot) -> list[Point]:
    """What the run changed and could not put back: told with every judgement of it."""
    return [
        Point(step.label, f"NOT UNDONE ({step.fault}): {step.value}", (snapshot.number(step),))
        for step in snapshot.of(Fact)
        if step.name == "not-undone"
    ]


def open_questions(cuts: Sequence[tuple[Cut, int]], causes: Sequence[str]) -> list[Point]:
    """What stands in the way of a pass: each cause needs something that was cut, and nothing may be undecided that
    served before, or that the target file names for the cause."""
    found = []
    for cause in causes:
        mine = [(cut, number) for cut, number in cuts if cut.cause == cause]
        asked = [
            point(cut, number)
            for cut, number in mine
            if verdict(cut) is Verdict.UNDECIDED and (cut.proven or cut.named or cut.channel == EVERYTHING)
        ]
        if not asked and not any(verdict(cut) is Verdict.CUT and not cut.anew for cut, _ in mine):
            asked = [point(cut, number) for cut, number in mine if not cut.proven]
            asked = asked or [Point(cause, "undecided: no channel of this kind was watched under it")]
        found += asked
    return found


def judge_requests(
    snapshot: Snapshot, target: Target, wanted: Sequence[str], least: Sequence[str], event: str
) -> Judgement:
    """Whether requests end under causes of these kinds. ``least``: one of these at the least must have been tried.

    ``event`` names the causes for people: "a password was changed".
    """
    causes = [cause.name for cause in target.causes if cause.kind in wanted]
    if not any(cause.kind in least for cause in target.causes):
        return inconclusive(f"Not tried: give at least one [[causes]] of kind {' or '.join(least)} in the target file.")
    cuts = [(cut, number) for cut, number in cuts_of(snapshot) if cut.cause_kind in wanted and not cut.live]
    table = [row(cut) for cut, _ in cuts]
    told = not_undone(snapshot)
    if late := late_of(cuts):
        names = ", ".join(dict.fromkeys(cut.cause for cut, _ in late))
        most = max(cut.latency_s for cut, _ in late)
        says = f"Access went on after {event}: for {most:.0f} s or longer after {names}."
        return failed(says, [*(point(cut, number) for cut, number in late), *told], table=table)
    if asked := open_questions(cuts, causes):
        return inconclusive(f"Whether access ends after {event} could not be seen everywhere.", [*asked, *told])
    points = [*(point(cut, number) for cut, number in cuts), *told]
    slowest = max((cut.latency_s for cut, _ in cuts if verdict(cut) is Verdict.CUT), default=0.0)
    return passed(f"Access ended after {event}, within {slowest:.1f} s.", points, table)


def percentile(values: Sequence[float], part: float) -> float:
    """The nearest rank: a value that was really measured. Raises ValueError for none."""
    if not values:
        raise ValueError("there is no percentile of nothing")
    ordered = sorted(values)
    rank = ceil(len(ordered) * part / 100)
    return ordered[min(max(rank, 1), len(ordered)) - 1]
