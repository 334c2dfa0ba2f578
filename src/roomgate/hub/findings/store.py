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
    closed: str | None = None  # when somebody had dealt with it
    closed_by: str | None = None
    reason: str | None = None


def add(conn: Connection, finding: Finding) -> None:
    conn.execute(
        insert(findings),
        {
            "id": finding.id, "source": finding.source, "severity": finding.severity, "title": finding.title,
            "evidence": finding.evidence, "mend": finding.mend, "first_seen": finding.first_seen,
            "last_seen": finding.last_seen,
        },
    )  # fmt: skip


def seen_again(conn: Connection, id: str, at: str, evidence: dict[str, str], mend: str) -> None:
    """It is open, be it again; ``evidence`` and ``mend`` are those of now."""
    values = {"last_seen": at, "evidence": evidence, "mend": mend, "closed": None, "closed_by": None, "reason": None}
    conn.execute(update(findings).where(findings.c.id == id).values(values))


def close(conn: Connection, id: str, at: str, by: str, reason: str) -> None:
    conn.execute(update(findings).where(findings.c.id == id).values(closed=at, closed_by=by, reason=reason))


def remove(conn: Connection, id: str) -> None:
    conn.execute(delete(findings).where(findings.c.id == id))


def find(conn: Connection, id: str) -> Finding | None:
    row = conn.execute(select(findings).where(findings.c.id == id)).one_or_none()
    return None if row is None else _finding(row)


def page(conn: Connection, after: str, limit: int) -> list[Finding]:
    """Of those that are open, by id."""
    query = select(findings).where(findings.c.id > after, findings.c.closed.is_(None))
    return [_finding(row) for row in conn.execute(query.order_by(findings.c.id).limit(limit))]


def closed(conn: Connection, limit: int) -> list[Finding]:
    """Those that were dealt with, the last one first."""
    query = select(findings).where(findings.c.closed.is_not(None))
    return [_finding(row) for row in conn.execute(query.order_by(findings.c.closed.desc(), findings.c.id).limit(limit))]


def _finding(row: Any) -> Finding:
    return Finding(
        row.id, row.source, row.severity, row.title, row.evidence, row.mend, row.first_seen, row.last_seen,
        row.closed, row.closed_by, row.reason,
    )  # fmt: skip
