"""What the report says in sentences, the same in every form. Pure."""

from collections.abc import Sequence

from roomgate.checks.finding import Finding
from roomgate.checks.outcome import Outcome
from roomgate.checks.report.report import Report, tally

MEANINGS = {
    "A": "Nothing was found that counts, and everything that matters was looked at.",
    "B": "Nothing grave was found, but something is weak, or could not be judged.",
    "C": "There are weaknesses that an attacker can use under some conditions.",
    "D": "There are grave weaknesses.",
    "E": "There are many grave weaknesses.",
    "F": "It does what was found in 2019: a device is open to whoever has its address, or stays open to who should be out.",
    "-": "There is no grade: what matters most could not be judged.",
}
TIERS = {
    0: "from outside",
    1: "from outside and with test accounts",
    2: "from outside, with test accounts and inside the site",
}
SHAPES = {Outcome.FAIL: "✕", Outcome.INCONCLUSIVE: "?", Outcome.PASS: "✓", Outcome.NOT_APPLICABLE: "–"}
WORDS = {
    Outcome.FAIL: "fails", Outcome.INCONCLUSIVE: "not known", Outcome.PASS: "passes",
    Outcome.NOT_APPLICABLE: "does not apply",
}  # fmt: skip


def meaning(report: Report) -> str:
    return MEANINGS.get(report.grade, "")


def summary(report: Report) -> tuple[str, str, str]:
    """Three sentences: what was looked at, what is wrong, what nobody knows."""
    known = len(report.findings) - len(report.of(Outcome.INCONCLUSIVE))
    asked = counted(report.requests, "request")
    whole = counted(len(report.findings), "check")
    looked = f"{known} of {whole} could be judged {TIERS.get(report.tier, '')}, with {asked}."
    return looked, _wrong(report), _unknown(report)


def _wrong(report: Report) -> str:
    failed = report.of(Outcome.FAIL)
    if not failed:
        return "None of them fails."
    grave = ", ".join(f"{number} {severity}" for severity, number in tally(failed).items())
    return f"{len(failed)} {'fails' if len(failed) == 1 else 'fail'}: {grave}."


def _unknown(report: Report) -> str:
    """Those that need more than this run had are no fault of anybody; both are no pass."""
    unknown = report.of(Outcome.INCONCLUSIVE)
    beyond = sum(one.tier > report.tier for one in unknown)
    here = len(unknown) - beyond
    if not unknown:
        return "Nothing is left open."
    parts = []
    if beyond:
        more = "site access" if report.tier else "test accounts or site access"
        parts.append(f"{counted(beyond, 'check')} {'needs' if beyond == 1 else 'need'} {more}")
    if here:
        parts.append(f"{counted(here, 'check')} could not be judged")
    return f"{' and '.join(parts)}: that is not a pass."


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def scope(report: Report) -> str:
    """What this run left out, if anything."""
    parts = []
    if report.quick:
        parts.append("only what is done within a minute")
    if report.only:
        parts.append(f"only {', '.join(report.only)}")
    if not report.intrusive:
        parts.append("no call was placed, and nothing in a room was moved")
    return "; ".join(parts)


def ids(findings: Sequence[Finding]) -> str:
    return ", ".join(one.id for one in findings)


def day(at: str) -> str:
    """A moment of the record, for people: UTC, to the minute."""
    return f"{at[:10]} {at[11:16]} UTC" if len(at) >= 16 else at
