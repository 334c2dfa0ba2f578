"""K30: how long access lives on after it has ended: the benchmark, by cause and by channel."""

from collections.abc import Sequence
from typing import Any

from roomgate.checks.cuts import Cut, Verdict, cuts_of, not_undone, percentile, point, verdict
from roomgate.checks.declared import Check, Weight
from roomgate.checks.looks import cutting
from roomgate.checks.outcome import Judgement, failed, inconclusive, passed
from roomgate.checks.snapshot import Snapshot
from roomgate.checks.target import Target

MOST_S = 5.0
# Changed at the device itself, where nobody tells the connector: it can only look, and K03 judges how long that takes.
UNTOLD = "device-password"
_CAME = (Verdict.CUT, Verdict.LATE)


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    cuts = [(cut, number) for cut, number in cuts_of(snapshot) if not cut.anew]
    came = [(cut, number) for cut, number in cuts if verdict(cut) in _CAME and cut.cause_kind != UNTOLD]
    if not came:
        return inconclusive(
            "No cut came that the target was told of, so there is nothing to measure.", not_undone(snapshot)
        )
    table = build_table([cut for cut, _ in cuts])
    p99 = percentile([cut.latency_s for cut, _ in came], 99)
    says = f"Of {len(came)} cuts, 99 in 100 came within {p99:.1f} s."
    never = sum(verdict(cut) is Verdict.NEVER for cut, _ in cuts)
    if never:
        says += f" {never} never came, which other checks judge."
    if p99 > MOST_S:
        slow = sorted((pair for pair in came if pair[0].latency_s > MOST_S), key=lambda pair: -pair[0].latency_s)
        return failed(says, [*(point(cut, number) for cut, number in slow), *not_undone(snapshot)], table=table)
    return passed(says, not_undone(snapshot), table)


def build_table(cuts: Sequence[Cut]) -> list[dict[str, Any]]:
    """A row for all, for each cause, for each channel, and for each cause with each channel."""
    groups: dict[tuple[str, str], list[Cut]] = {("all", "all"): list(cuts)}
    for cut in cuts:
        for key in ((cut.cause, "all"), ("all", cut.channel), (cut.cause, cut.channel)):
            groups.setdefault(key, []).append(cut)
    return [{"cause": cause, "channel": channel, **_figures(found)} for (cause, channel), found in groups.items()]


def _figures(cuts: Sequence[Cut]) -> dict[str, Any]:
    came = [cut.latency_s for cut in cuts if verdict(cut) in _CAME]
    return {
        "count": len(came),
        "p50": round(percentile(came, 50), 3) if came else None,
        "p99": round(percentile(came, 99), 3) if came else None,
        "most": round(max(came), 3) if came else None,
        "never": sum(verdict(cut) is Verdict.NEVER for cut in cuts),
        "undecided": sum(verdict(cut) is Verdict.UNDECIDED for cut in cuts),
    }


CHECK = Check(
    id="K30",
    title="Access ends, but not within five seconds",
    weight=Weight.REQUIRED,
    vector="",
    cwe=(),
    asvs=("7.4.1",),
    sources=("https://www.rfc-editor.org/rfc/rfc8935", "https://openid.net/specs/openid-caep-1_0-final.html"),
    procedure="Under every cause of the target file, measure for each channel the time from when the deed was done to "
    "the last moment at which it served. The table has the median, the 99th percentile (the nearest rank) and the most, "
    "by cause and by channel, and how many cuts never came. It passes if the 99th percentile of all cuts that came is "
    "at most 5 s; a password that was changed at the device itself stands in the table and does not count here, since "
    "nobody tells the connector of it (K03 judges that). All times are of one clock, that of the machine which runs the "
    "check.",
    remedy="Tell whatever holds a channel open that its right has ended, instead of letting it look now and then; keep "
    "caches of rights to a few seconds.",
    mistaken="A deed that is done by hand is timed from when Enter is pressed. Requests are made four times a second, and "
    "the way to the target and back counts as well: differences below half a second say nothing.",
    look=cutting.LOOK,
    judge=judge,
)
