"""The hub's own record, its copies of the connectors' records, the witness, and the comparison of the two."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from roomgate import log
from roomgate.access.principal import Right
from roomgate.clock import Clock
from roomgate.errors import BadInput, Conflict, NotFound, RoomgateError
from roomgate.hub.findings.service import Findings, Seen
from roomgate.hub.identity.person import Signed
from roomgate.hub.ledger import store
from roomgate.hub.ledger.open_orders import OpenOrders
from roomgate.hub.ledger.store import SiteRecord
from roomgate.ids import ConnectorId
from roomgate.ledger.checkpoint import SIGNATURE, BadNote, Checkpoint, Note, VerifierKey, open_checkpoint
from roomgate.ledger.event import BadEvent, Event, Unknown, filed_under, parse_event
from roomgate.ledger.reconcile import Discrepancy, Kind
from roomgate.ledger.tree import Frontier, leaf_hash
from roomgate.storage.database import Database
from roomgate.storage.record import Entry, Record
from roomgate.storage.witnessed import push

_PAGE = 1000
_log = log.get("ledger")
_SEVERITY = {
    Kind.FORGED: "critical",
    Kind.NOT_PERMITTED: "critical",
    Kind.OTHER_CALL: "critical",
    Kind.TWICE: "critical",
    Kind.NO_TRACE: "warning",
    Kind.OTHER_OUTCOME: "warning",
    Kind.INTERRUPTED: "note",
}
_MEND = {
    Kind.FORGED: "Nothing was done. Look at the hub's machine, and at who else may have the key of its link.",
    Kind.NOT_PERMITTED: "Somebody used the hub's key without its record: change the key, look at the hub's machine.",
    Kind.OTHER_CALL: "The order was changed on its way: change the hub's key, and look at both machines.",
    Kind.TWICE: "Look at the room's history, and at the connector's machine.",
    Kind.NO_TRACE: "See whether the connector was away; if not, look at its machine.",
    Kind.OTHER_OUTCOME: "Look at the room; the device's own history says what happened.",
    Kind.INTERRUPTED: "Nothing, if you know of the restart; the site writes down what it does before it does it.",
}


class RecordForked(RoomgateError):
    """A connector's entries are not those that its checkpoint is over, or not those that it told before."""

    code = "ledger.forked"
    hint = "Keep both copies, and look at the connector's machine."


@dataclass(frozen=True, slots=True)
class Proven:
    """An entry with what proves it to anyone who has the hub's public key."""

    entry: Entry
    checkpoint: str
    size: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Witness:
    url: str
    key: VerifierKey
    tls: ssl.SSLContext


class HubLedger:
    def __init__(
        self, db: Database, record: Record, clock: Clock, findings: Findings, witness: Witness | None = None
    ) -> None:
        self.record = record
        self._db = db
        self._clock = clock
        self._findings = findings
        self._witness = witness
        self._witnessed = 0
        self._open = OpenOrders()
        self._hub_read = 0
        self._site_read: dict[ConnectorId, int] = {}

    # -- reading ------------------------------------------------------------------------------------

    async def entries(
        self, by: Signed, *, before: int | None = None, limit: int = 100, kind: str | None = None,
        room: str | None = None, person: str | None = None,
    ) -> list[Entry]:  # fmt: skip
        """Newest first, below an index."""
        by.require(Right.AUDIT)
        return await self.record.entries(
            0, limit, before=before, kind=kind, room=room, person=person, newest_first=True
        )

    async def site_entries(self, by: Signed, connector: ConnectorId, room: str, limit: int) -> list[Entry]:
        """The newest of what a connector's own record says of a room, as far as it is here; newest first."""
        by.require(Right.AUDIT)

        def unit(conn: Connection) -> list[tuple[int, bytes]]:
            kept = store.find(conn, connector)
            return store.entries(conn, connector, max(0, kept.frontier.size - _PAGE), _PAGE) if kept else []

        found: list[Entry] = []
        for index, raw in reversed(await self._db.read(unit)):
            try:
                event = parse_event(raw)
            except BadEvent:
                continue  # a connector may tell what it likes; it is kept, and compared
            if filed_under(event)[1] == room and len(found) < limit:
                found.append(Entry(index, raw, event))
        return found

    async def prove(self, by: Signed, index: int) -> Proven:
        """Raises NotFound."""
        by.require(Right.AUDIT)
        note = await self.record.checkpoint()
        size = Checkpoint.parse(Note.parse(note).text).size
        found = await self.record.entries(index, 1) if 0 <= index < size else []
        if not found or found[0].index != index:
            raise NotFound("There is no such entry.")
        return Proven(found[0], note, size, tuple(await self.record.inclusion(index, size)))

    async def checkpoint(self, by: Signed) -> str:
        by.require(Right.AUDIT)
        return await self.record.checkpoint()

    # -- the connectors' records ----------------------------------------------------------------------

    async def kept_size(self, connector: ConnectorId) -> int:
        """How many of a connector's entries are here."""
        kept = await self._db.read(lambda conn: store.find(conn, connector))
        return kept.frontier.size if kept else 0

    async def keep_site_entries(
        self, connector: ConnectorId, public_key: bytes, start: int, entries: Sequence[bytes], checkpoint: str
    ) -> int:
        """Keep what a connector told of its record; gives the number of its entries that are durable here.

        What is here already is compared, never replaced. Raises BadNote for a checkpoint that the
        connector's key did not sign, Conflict for a gap, RecordForked (and makes a finding) where entries
        and checkpoint, or entries of now and then, differ.
        """
        signed = _open(checkpoint, public_key)

        def unit(conn: Connection) -> int:
            kept = store.find(conn, connector) or SiteRecord(Frontier(), signed.origin, "")
            if kept.origin != signed.origin:
                raise RecordForked(f"the record was called {kept.origin} before")
            size = kept.frontier.size
            if start > size:
                raise Conflict(f"{size} entries are here; {start} leaves a gap")
            if start < size:
                known = dict(store.entries(conn, connector, start, size - start))
                if any(known.get(start + i, raw) != raw for i, raw in enumerate(entries)):
                    raise RecordForked("an entry is told otherwise than before")
            fresh = list(entries[size - start :])
            frontier, _ = kept.frontier.extend(map(leaf_hash, fresh))
            if signed.size == frontier.size and signed.root != frontier.root():
                raise RecordForked("the checkpoint is not over these entries")
            if signed.size < frontier.size and fresh:
                raise RecordForked("entries beyond what the checkpoint covers")
            store.add(conn, connector, size, fresh)
            newest = checkpoint if signed.size == frontier.size else kept.checkpoint
            store.save(conn, connector, SiteRecord(frontier, signed.origin, newest))
            return frontier.size

        try:
            return await self._db.write(unit)
        except RecordForked as forked:
            await self._findings.note(
                [
                    Seen(
                        "reconciliation", f"forked {connector} {start}", "critical",
                        "A connector's record does not agree with itself.",
                        {"connector": connector, "why": forked.message},
                        RecordForked.hint,
                    )
                ]
            )  # fmt: skip
            raise

    # -- what runs by itself --------------------------------------------------------------------------

    async def push_to_witness(self) -> None:
        """Have the record signed if it grew. Called about once a second; failures are the supervisor's."""
        size = await self.record.size()
        if size <= self._witnessed:
            return
        if self._witness is None:
            await self.record.checkpoint()  # its own signature alone: then at least nobody without the key rewrites it
            self._witnessed = size
        else:
            self._witnessed = await push(self.record, self._witness.url, self._witness.key, self._witness.tls)

    async def reconcile(self) -> list[Discrepancy]:
        """Compare what both records added since the last time; new discrepancies become findings.

        In a thread where it computes: there may be thousands of entries, and asks do not wait for them.
        """
        while events := await self._next_hub():
            await asyncio.to_thread(self._open.hub, events)
        for connector in await self._db.read(store.connectors):
            while site := await self._next_site(connector):
                if strange := await asyncio.to_thread(self._open.site, site):
                    known = await self.record.find(strange)
                    await asyncio.to_thread(self._open.hub, [entry.event for entry in known])
        found = await asyncio.to_thread(self._open.judge, self._clock.now())
        await self._findings.note([_seen(d) for d in found])
        return found

    async def _next_hub(self) -> list[Event | Unknown]:
        entries = await self.record.entries(self._hub_read, _PAGE)
        if entries:
            self._hub_read = entries[-1].index + 1
        return [entry.event for entry in entries]

    async def _next_site(self, connector: ConnectorId) -> list[Event | Unknown]:
        start = self._site_read.get(connector, 0)

        def unit(conn: Connection) -> tuple[int, list[Event | Unknown]]:
            rows = store.entries(conn, connector, start, _PAGE)
            end = rows[-1][0] + 1 if rows else start
            return end, [event for _, raw in rows if (event := _event(raw)) is not None]

        end, events = await self._db.read(unit)
        self._site_read[connector] = end
        return events


def _open(checkpoint: str, public_key: bytes) -> Checkpoint:
    origin = Checkpoint.parse(Note.parse(checkpoint).text).origin
    try:
        key = VerifierKey(origin, SIGNATURE, public_key)
    except BadInput as bad:
        raise BadNote("the origin is no name") from bad
    return open_checkpoint(checkpoint, key)


def _event(raw: bytes) -> Event | Unknown | None:
    try:
        return parse_event(raw)
    except BadEvent as bad:
        _log.warning("ledger.site-entry-unreadable", error=bad.message[:200])
        return None


def _seen(d: Discrepancy) -> Seen:
    evidence = {"kind": d.kind.value, "order": d.order, "room": d.room, "call": d.call, "at": d.at}
    if d.rule:
        evidence["rule"] = d.rule
    return Seen(
        source="reconciliation", key=f"{d.kind.value} {d.order or d.at}", severity=_SEVERITY[d.kind],
        title=d.title[:1].upper() + d.title[1:] + ".", evidence=evidence, mend=_MEND[d.kind],
        order=d.order, room=d.room, person=d.principal, past=True,
    )  # fmt: skip
