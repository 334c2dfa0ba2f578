"""Findings: kept once each, however often they are seen; closed by somebody with a reason, or by a later look."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from roomgate.access.principal import Right
from roomgate.clock import Clock
from roomgate.errors import BadInput, Conflict, NotFound
from roomgate.hub.change import Change, Changes
from roomgate.hub.findings import report as reports
from roomgate.hub.findings import store
from roomgate.hub.findings.filter import Filter, fitting
from roomgate.hub.findings.report import CheckJudged, CheckReport, ReportTaken
from roomgate.hub.findings.store import Finding
from roomgate.hub.identity.person import Signed
from roomgate.ledger.event import FindingClosed, FindingMade
from roomgate.storage.database import Database

LONGEST_REASON = 1000
MOST = 10_000  # findings that are looked through for a list
ACKNOWLEDGED = "break-glass"  # by somebody else than who took the access, on the page of approvals


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
    detail: str = ""  # for the record alone
    past: bool = False  # it happened, and that cannot change: once somebody has dealt with it, it stays closed

    @property
    def id(self) -> str:
        return "finding_" + hashlib.sha256(f"{self.source}\0{self.key}".encode()).hexdigest()[:20]


def may_close(signed: Signed) -> bool:
    """Who audits may read what is found; to make it go away takes somebody who may act on it as well."""
    return signed.may(Right.AUDIT) and signed.may(Right.CUT)


class Findings:
    def __init__(self, db: Database, changes: Changes, clock: Clock) -> None:
        self._db = db
        self._changes = changes
        self._clock = clock

    # -- what the hub itself notes --------------------------------------------------------------------

    async def note(self, seen: Sequence[Seen]) -> int:
        """Keep what is new; gives how many were."""
        if not seen:
            return 0
        return await self._changes.write(lambda change: sum(self.note_in(change, one) for one in seen))

    def note_in(self, change: Change, seen: Seen) -> bool:
        """The same inside a change; whether it is new, or is there again after somebody had dealt with it."""
        known = store.find(change.conn, seen.id)
        if known is not None and known.closed is not None and seen.past:
            return False
        if known is not None:
            store.seen_again(change.conn, seen.id, change.at, seen.evidence, seen.mend)
            if known.closed is None:
                return False
        else:
            fresh = Finding(
                seen.id, seen.source, seen.severity, seen.title, seen.evidence, seen.mend, change.at, change.at
            )
            store.add(change.conn, fresh)
        change.record(
            FindingMade, finding=seen.id, severity=seen.severity, title=seen.title, detail=seen.detail,
            order=seen.order, room=seen.room, person=seen.person,
        )  # fmt: skip
        return True

    def close_in(self, change: Change, id: str) -> None:
        """It is over, and forgotten; whoever does so writes down who that was. Safe to repeat."""
        store.remove(change.conn, id)

    async def page(self, after: str = "", limit: int = 100) -> list[Finding]:
        """Those that are open, in the order of their ids, for whoever goes through all of them."""
        return await self._db.read(lambda conn: store.page(conn, after, limit))

    # -- what people do -------------------------------------------------------------------------------

    async def list_for(self, signed: Signed, wanted: Filter | None = None) -> list[Finding]:
        """Those that are open, what to do first at the top. Raises Forbidden."""
        signed.require(Right.AUDIT)
        return fitting(await self.page(limit=MOST), wanted or Filter())

    async def closed_for(self, signed: Signed, wanted: Filter | None = None) -> list[Finding]:
        """Those that were dealt with, the last one first. Raises Forbidden."""
        signed.require(Right.AUDIT)
        found = await self._db.read(lambda conn: store.closed(conn, MOST))
        ids = {one.id for one in fitting(found, wanted or Filter())}
        return [one for one in found if one.id in ids]

    async def get(self, id: str, signed: Signed) -> Finding:
        """Raises Forbidden, NotFound."""
        signed.require(Right.AUDIT)
        found = await self._db.read(lambda conn: store.find(conn, id))
        if found is None:
            raise NotFound("There is no such finding.")
        return found

    async def close(self, id: str, reason: str, signed: Signed) -> Finding:
        """Somebody has dealt with it, and says how. Seen again, it is open again, unless it is of the past.

        Raises Forbidden, NotFound, BadInput without a reason, Conflict for what is acknowledged elsewhere.
        """
        _require_close(signed)
        reason = reason.strip()
        if not reason or len(reason) > LONGEST_REASON:
            raise BadInput(f"Say what was done about it, in 1 to {LONGEST_REASON} letters.")

        def unit(change: Change) -> Finding:
            found = store.find(change.conn, id)
            if found is None:
                raise NotFound("There is no such finding.")
            if found.closed is not None:
                raise Conflict("Somebody has dealt with it already.")
            if found.source == ACKNOWLEDGED:
                raise Conflict(
                    "Access without a second person is acknowledged by somebody else.",
                    hint="Acknowledge it on the page of approvals.",
                )
            self._end(change, found, reason, signed)
            return replace(found, closed=change.at, closed_by=signed.person.id, reason=reason)

        return await self._changes.write(unit, of_access=False)

    async def take_report(self, report: CheckReport, signed: Signed) -> ReportTaken:
        """Make findings of a report of exposure checks, and close what passes now. Raises Forbidden, BadInput."""
        _require_close(signed)
        reports.check_report(report, self._clock.now())

        def unit(change: Change) -> ReportTaken:
            fresh = known = closed = 0
            for one in report.findings:
                closed += self._close_others(change, report, one, signed)
                seen = _seen_of(report, one, signed)
                if seen is None or self._is_known_worse(change, report, one):
                    continue
                before = store.find(change.conn, seen.id)
                if before is not None and (
                    reports.older(report, before.evidence.get("began", "")) or reports.older(report, before.closed)
                ):
                    known += 1  # what a newer report saw, or somebody dealt with since, stays as it is
                elif self.note_in(change, seen):
                    fresh += 1
                else:
                    known += 1
            return ReportTaken(fresh, known, closed)

        return await self._changes.write(unit, of_access=False)

    def _close_others(self, change: Change, report: CheckReport, one: CheckJudged, signed: Signed) -> int:
        closed = 0
        for named in reports.others(report, one):
            found = store.find(change.conn, _id(named.key))
            if found is None or found.closed is not None:
                continue
            if not reports.older(report, found.evidence.get("began", "")):
                self._end(change, found, f"the report of {report.began} says: {one.outcome}", signed)
                closed += 1
        return closed

    def _is_known_worse(self, change: Change, report: CheckReport, one: CheckJudged) -> bool:
        """Whether a check that could not be judged is known to fail by an earlier report, or by a newer one."""
        if one.outcome != "inconclusive":
            return False
        known = [store.find(change.conn, _id(named.key)) for named in reports.fails(report, one)]
        return any(found is not None and found.closed is None for found in known)

    def _end(self, change: Change, found: Finding, reason: str, signed: Signed) -> None:
        store.close(change.conn, found.id, change.at, signed.person.id, reason)
        change.record(
            FindingClosed, finding=found.id, severity=found.severity, title=found.title, reason=reason,
            by=signed.person.id,
        )  # fmt: skip


def _require_close(signed: Signed) -> None:
    signed.require(Right.AUDIT)
    signed.require(Right.CUT)


def _id(key: str) -> str:
    return Seen(reports.SOURCE, key, "", "", {}, "").id


def _seen_of(report: CheckReport, one: CheckJudged, signed: Signed) -> Seen | None:
    named = reports.named(report, one)
    if named is None:
        return None
    return Seen(
        reports.SOURCE, named.key, reports.severity_of(named), reports.title_of(report, one),
        reports.evidence_of(report, one, signed.person.name), reports.mend_of(one),
        detail=f"published by {signed.person.id}",
    )  # fmt: skip
