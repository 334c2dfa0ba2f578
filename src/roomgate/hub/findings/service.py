"""Findings: kept once each, however often they are seen."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from roomgate.hub.change import Change, Changes
from roomgate.hub.findings import store
from roomgate.hub.findings.store import Finding
from roomgate.ledger.event import FindingMade
from roomgate.storage.database import Database


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen now. ``key`` makes it the same finding as last time, within its source."""

    source: str
    key: str
    severity: str
    title: str
    evidence: dict[str, str]
    mend: str
    order: str = ""
    room: str = ""
    person: str = ""

    @property
    def id(self) -> str:
        return "finding_" + hashlib.sha256(f"{self.source}\0{self.key}".encode()).hexdigest()[:20]


class Findings:
    def __init__(self, db: Database, changes: Changes) -> None:
        self._db = db
        self._changes = changes

    async def note(self, seen: Sequence[Seen]) -> int:
        """Keep what is new; gives how many were."""
        if not seen:
            return 0
        return await self._changes.write(lambda change: sum(self.note_in(change, one) for one in seen))

    def note_in(self, change: Change, seen: Seen) -> bool:
        """The same inside a change; whether it is new."""
        if store.seen_again(change.conn, seen.id, change.at):
            return False
        store.add(
            change.conn,
            Finding(seen.id, seen.source, seen.severity, seen.title, seen.evidence, seen.mend, change.at, change.at),
        )
        change.record(
            FindingMade, finding=seen.id, severity=seen.severity, title=seen.title, order=seen.order, room=seen.room,
            person=seen.person,
        )  # fmt: skip
        return True

    def close_in(self, change: Change, id: str) -> None:
        """Somebody has dealt with it; whoever closes it writes down who that was. Safe to repeat."""
        store.remove(change.conn, id)

    async def page(self, after: str = "", limit: int = 100) -> list[Finding]:
        return await self._db.read(lambda conn: store.page(conn, after, limit))
