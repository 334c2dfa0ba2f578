"""The SQL of findings."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from roomgate.hub.db.schema import findings


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that somebody should look at. ``id`` is stable: the same fact is the same finding."""

    id: str
    source: str
    severity: str  # critical, warning, note
    title: str
    evidence: dict[str, str]
    mend: str
    first_seen: str
    last_seen: str


def add(conn: Connection, finding: Finding) -> None:
    conn.execute(
        insert(findings),
        {
            "id": finding.id, "source": finding.source, "severity": finding.severity, "title": finding.title,
            "evidence": finding.evidence, "mend": finding.mend, "first_seen": finding.first_seen,
            "last_seen": finding.last_seen,
        },
    )  # fmt: skip


def seen_again(conn: Connection, id: str, at: str) -> bool:
    """Whether it was known."""
    return conn.execute(update(findings).where(findings.c.id == id).values(last_seen=at)).rowcount > 0


def remove(conn: Connection, id: str) -> None:
    conn.execute(delete(findings).where(findings.c.id == id))


def page(conn: Connection, after: str, limit: int) -> list[Finding]:
    query = select(findings).where(findings.c.id > after).order_by(findings.c.id).limit(limit)
    return [_finding(row) for row in conn.execute(query)]


def _finding(row: Any) -> Finding:
    return Finding(row.id, row.source, row.severity, row.title, row.evidence, row.mend, row.first_seen, row.last_seen)
