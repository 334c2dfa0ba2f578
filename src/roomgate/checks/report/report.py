"""What came of a run, whole: every form of the report renders this. Pure: run, snapshots and target in, a report out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from roomgate.checks.declared import Check, Tier
from roomgate.checks.finding import Finding
from roomgate.checks.grade import grade
from roomgate.checks.journal import Run
from roomgate.checks.outcome import Outcome
from roomgate.checks.run import judge_all
from roomgate.checks.snapshot import Act, AnyStep, Exchange, Fact, Frame, Render, Snapshot, Told
from roomgate.checks.target import Target
from roomgate.errors import BadInput

FORMAT = "roomgate-check-report/1"
SHOWN_MOST = 40  # steps of one finding that are told in words; all are in the look's own file
_SEVERITIES = ("critical", "high", "medium", "low", "info")
_WEIGHTS = ("fatal", "required", "counted", "info")


class Allowed(msgspec.Struct, frozen=True, kw_only=True):
    """Who allowed this, in writing."""

    text: str
    by: str
    until: date | None = None


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """One look of the run: how it ended, how much it did, and the hash of its file."""

    look: str
    began: str
    ended: str
    why: str = ""
    steps: int = 0
    requests: int = 0


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the run's folder that is evidence."""

    name: str
    sha256: str
    size_bytes: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """``seen``: steps that findings point at, in words, by look and number (``links#4``). ``key``: the public half
    of the key that sealed the run; with it, `roomgate check verify` shows whether anything was changed since."""

    format: str = FORMAT
    grade: str
    points: int
    why: tuple[str, ...]
    target: str
    urls: tuple[str, ...]
    authorisation: Allowed
    began: str
    ended: str
    version: str
    tier: int
    only: tuple[str, ...] = ()
    quick: bool = False
    intrusive: bool = False
    findings: tuple[Finding, ...]
    counts: dict[str, int]
    links: int
    requests: int
    pages: int
    channels: int
    looks: tuple[Looked, ...]
    files: tuple[File, ...] = ()
    seen: dict[str, str] = {}
    target_sha256: str
    key: str = ""

    def of(self, outcome: Outcome) -> list[Finding]:
        """What matters most first."""
        return sorted((one for one in self.findings if one.outcome is outcome), key=urgency)

    @property
    def tier_words(self) -> str:
        return Tier(self.tier).words if self.tier in tuple(Tier) else "unknown"


def urgency(one: Finding) -> tuple[int, int, float, str]:
    """What is mended first: what alone decides the grade, then by severity."""
    return (
        0 if one.weight == "fatal" else 1,
        _SEVERITIES.index(one.severity) if one.severity in _SEVERITIES else len(_SEVERITIES),
        -one.score,
        one.id,
    )


def build_report(
    run: Run,
    snapshots: Mapping[str, Snapshot],
    target: Target,
    checks: Sequence[Check],
    files: Sequence[File] = (),
    key: str = "",
) -> Report:
    """A run that asked for some checks only is reported on those alone."""
    wanted = [check for check in checks if not run.only or check.id in run.only]
    findings = judge_all(wanted, dict(snapshots), target)
    found = grade(findings)
    steps = [step for snapshot in snapshots.values() for step in snapshot.steps]
    return Report(
        grade=found.letter, points=found.points, why=found.why, target=target.about.name, urls=target.about.urls,
        authorisation=Allowed(
            text=target.authorisation.text, by=target.authorisation.by, until=target.authorisation.until
        ),
        began=run.began, ended=max([run.began, *(step.at for step in steps)]), version=run.version, tier=run.tier,
        only=run.only, quick=run.quick, intrusive=run.intrusive, findings=tuple(findings),
        counts={outcome.value: sum(one.outcome is outcome for one in findings) for outcome in Outcome},
        links=len(target.links), requests=_count(steps, Exchange), pages=_count(steps, Render),
        channels=sum(isinstance(step, Frame) and step.way == "opened" for step in steps),
        looks=tuple(_looked(one) for _, one in sorted(snapshots.items())), files=tuple(files),
        seen=_seen(findings, snapshots), target_sha256=run.target_sha256, key=key,
    )  # fmt: skip


def encode_report(report: Report) -> bytes:
    return msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n"


def decode_report(raw: bytes) -> Report:
    """Raises BadInput for anything that no version of `encode_report` wrote."""
    try:
        report = msgspec.json.decode(raw, type=Report)
    except (msgspec.MsgspecError, RecursionError) as bad:
        raise BadInput(f"This is no report: {bad}", hint="Name a run's folder, or the report.json in it.") from bad
    if report.format != FORMAT:
        raise BadInput(f"This report is of another form: {report.format}.", hint="Use the version that wrote it.")
    return report


def _count(steps: Sequence[AnyStep], kind: type[AnyStep]) -> int:
    return sum(isinstance(step, kind) for step in steps)


def _looked(one: Snapshot) -> Looked:
    requests = sum(isinstance(step, Exchange) for step in one.steps)
    return Looked(
        look=one.look, began=one.began, ended=one.ended.value, why=one.why, steps=len(one.steps), requests=requests
    )


def _seen(findings: Sequence[Finding], snapshots: Mapping[str, Snapshot]) -> dict[str, str]:
    seen: dict[str, str] = {}
    for one in findings:
        snapshot = snapshots.get(one.look)
        numbers = dict.fromkeys(number for point in one.points for number in point.steps)
        for number in list(numbers)[:SHOWN_MOST]:
            if snapshot is not None and 0 <= number < len(snapshot.steps):
                seen[f"{one.look}#{number}"] = describe(snapshot.steps[number])
    return seen


def describe(step: AnyStep) -> str:
    """A step in one line, for people."""
    who = f" as {step.subject}" if step.subject else ""
    match step:
        case Exchange(status=0):
            what = f"{step.method} {step.url}{who}: no answer ({step.fault or 'nobody knows why'})"
        case Exchange():
            size = f"{step.body_bytes:,} bytes, SHA-256 {step.body_sha256}" if step.body_bytes else "an empty body"
            what = f"{step.method} {step.url}{who}: {step.status}, {size}"
        case Frame():
            what = f"{step.channel} {step.way}{who}: {step.text or step.code or step.url}"
        case Render():
            what = f"{step.url} in a browser{who}: {step.fault or step.title or 'without a title'}"
        case Act():
            what = f"{step.name}, {step.how}{who}: {'done' if step.ok else 'not done'}"
        case Told():
            what = f"asked the tester: {step.question} They said: {step.answer}"
        case Fact():
            what = f"{step.name}{who}: {step.fault or _short(step.value)}"
    return f"{step.at} {what}"[:600]


def _short(value: object) -> str:
    """A value as people read it: what a mapping says, without its brackets, as far as its values are simple."""
    if isinstance(value, dict):
        return ", ".join(f"{str(name).replace('_', ' ')} {_plain(one)}" for name, one in value.items())[:300]
    return _plain(value)


def _plain(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    if isinstance(value, str):
        return f"a page of {len(value):,} characters" if value.lstrip()[:1] == "<" else value[:300]
    return msgspec.json.encode(value, enc_hook=str).decode("utf-8", "replace")[:300]


def tally(findings: Sequence[Finding]) -> dict[str, int]:
    """How many failed, by severity, the worst first; those without any are left out."""
    count = Counter(one.severity for one in findings if one.outcome is Outcome.FAIL)
    return {severity: count[severity] for severity in _SEVERITIES if count[severity]}
