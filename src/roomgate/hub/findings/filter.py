"""Pure: which findings somebody looks for, and what to do first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from urllib.parse import urlencode

from roomgate.hub.findings.store import Finding

SEVERITIES = ("critical", "warning", "note")  # what to do first comes first
COLUMNS = (
    "severity", "title", "source", "first_seen", "last_seen", "evidence", "mend", "closed", "closed_by", "reason", "id",
)  # fmt: skip
_LONGEST = 200  # of a word in an address


@dataclass(frozen=True, slots=True)
class Filter:
    """An empty word leaves nothing out; the link of a page is its filter."""

    q: str = ""
    source: str = ""
    severity: str = ""

    @classmethod
    def of(cls, **given: str) -> "Filter":
        """From words that anybody may have sent: what is too long is cut."""
        return cls(**{name: text[:_LONGEST].strip() for name, text in given.items()})

    @property
    def query(self) -> str:
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return urlencode({name: text for name, text in given.items() if text})

    def with_(self, **changes: str) -> str:
        """The query of the same page with something changed."""
        return replace(self, **changes).query


def place(finding: Finding) -> tuple[int, tuple[int, ...], str]:
    """Its place in the list: by severity, the newest first. A severity of another version of the hub comes last."""
    known = finding.severity in SEVERITIES
    rank = SEVERITIES.index(finding.severity) if known else len(SEVERITIES)
    return rank, tuple(-ord(letter) for letter in finding.first_seen), finding.id


def write_place(finding: Finding) -> str:
    """The same as text, to go on from. It holds after the finding itself is gone."""
    return f"{finding.severity} {finding.first_seen} {finding.id}"


def after(found: Iterable[Finding], text: str) -> list[Finding]:
    """Those behind a place that `write_place` gave. Anything else is a place too, if an odd one."""
    severity, _, rest = text.partition(" ")
    first_seen, _, id = rest.partition(" ")
    last = place(Finding(id, "", severity, "", {}, "", first_seen, ""))
    return [one for one in found if place(one) > last]


def fitting(found: Iterable[Finding], wanted: Filter) -> list[Finding]:
    """Those that the filter leaves, what to do first at the top."""
    words = wanted.q.casefold().split()

    def fits(one: Finding) -> bool:
        if wanted.source not in ("", one.source) or wanted.severity not in ("", one.severity):
            return False
        text = " ".join((one.title, one.mend, one.reason or "", *one.evidence, *one.evidence.values())).casefold()
        return all(word in text or word == one.id for word in words)

    return sorted(filter(fits, found), key=place)


def row(one: Finding, people: Mapping[str, str]) -> list[str]:
    """As spreadsheets have it. ``people``: the names of those who closed any."""
    evidence = "\n".join(f"{name}: {fact}" for name, fact in one.evidence.items())
    by = one.closed_by or ""
    return [
        one.severity, one.title, one.source, one.first_seen, one.last_seen, evidence, one.mend, one.closed or "",
        people.get(by, by), one.reason or "", one.id,
    ]  # fmt: skip
