"""A change of the hub's state: one unit of work, with its place in the sequence, its record and what it ends.

Everything that ends access goes through here, so that the change, the next sequence number, the revocation
and the ledger entry are one transaction, and the revocation is published before anybody is answered.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, insert, select, update

from roomgate.clock import Clock, iso
from roomgate.hub.bus import Bus
from roomgate.hub.db.schema import revocations, sequence
from roomgate.hub.revocation import Cause, Revocation, SubjectKind
from roomgate.ids import PersonId, RoomId, WebSessionId
from roomgate.ledger.event import Event, Revoked
from roomgate.storage.database import Database
from roomgate.storage.record import Record

T = TypeVar("T")


class Change:
    """What a unit of work may do beside its own statements. Lives in the writer's thread, for one unit."""

    def __init__(self, conn: Connection, record: Record, now: datetime, mono: float) -> None:
        self.conn = conn
        self.now = now
        self.at = iso(now)
        self.revoked: list[Revocation] = []
        self._record = record
        self._mono = mono

    def position(self) -> int:
        """The next number of the hub's own sequence."""
        advanced = update(sequence).where(sequence.c.id == 1).values(value=sequence.c.value + 1)
        return int(self.conn.execute(advanced.returning(sequence.c.value)).scalar_one())

    def record(self, kind: type[Event], **fields: Any) -> int:
        """Append to the ledger; gives the entry's index."""
        return self._record.append(self.conn, kind(at=self.at, **fields))

    def revoke(
        self,
        cause: Cause,
        kind: SubjectKind,
        subject: str,
        *,
        by: PersonId | None,
        reason: str,
        rooms: frozenset[RoomId] | None = None,
        spared: WebSessionId | None = None,
    ) -> Revocation:
        """End what matches: row and ledger entry now, word to every open channel once it is durable."""
        revocation = Revocation(self.position(), cause, kind, subject, by, reason, rooms, spared, written=self._mono)
        self.conn.execute(
            insert(revocations),
            {
                "sequence": revocation.sequence,
                "cause": cause.value,
                "kind": kind.value,
                "subject": subject,
                "by": by,
                "reason": reason,
                "rooms": None if rooms is None else sorted(rooms),
                "spared": spared,
                "at": self.at,
            },
        )
        self.record(
            Revoked,
            sequence=revocation.sequence,
            cause=cause.value,
            subject=f"{kind.value} {subject}",
            scope="all rooms" if rooms is None else " ".join(sorted(rooms)),
            by=by or "",
            reason=reason,
        )
        self.revoked.append(revocation)
        return revocation


class Changes:
    """Writes changes. ``write`` returns after the commit is durable and every listener has been told."""

    def __init__(self, db: Database, record: Record, bus: Bus, clock: Clock) -> None:
        self._db = db
        self._record = record
        self._bus = bus
        self._clock = clock
        self.version = 0  # grows with each committed change: what was read at an older one may be out of date

    async def write(self, unit: Callable[[Change], T], *, of_access: bool = True) -> T:
        """Do one unit. What it raises undoes it and is raised here.

        ``of_access`` False: it changes nothing that a decision looks at, so what was read for those stays true.

        Cancelling stops the waiting alone: a commit on its way is still published, since a cut that is
        written and not told would leave channels open until their leases lapse.
        """
        return await asyncio.shield(self._write(unit, of_access))

    async def _write(self, unit: Callable[[Change], T], of_access: bool) -> T:
        now = self._clock.now()

        def run(conn: Connection) -> tuple[T, list[Revocation]]:
            change = Change(conn, self._record, now, self._clock.monotonic())
            return unit(change), change.revoked

        result, revoked = await self._db.write(run)
        self.version += of_access or bool(revoked)
        faults: list[Exception] = []

        async def tell(revocation: Revocation) -> None:
            try:
                await self._bus.publish(revocation)
            except Exception as fault:  # the others are told all the same: each cuts something of its own
                faults.append(fault)

        async with asyncio.TaskGroup() as group:  # at once: none waits for the slowest channel of another
            for revocation in revoked:
                group.create_task(tell(revocation), name="change.tell")
        if faults:
            raise ExceptionGroup("the change is written, and not everybody heard of it", faults)
        return result

    async def since(self, position: int) -> list[Revocation]:
        """Every revocation after a position: what was missed by whoever was away."""
        query = select(revocations).where(revocations.c.sequence > position).order_by(revocations.c.sequence)
        return await self._db.read(lambda conn: [_read(row) for row in conn.execute(query)])

    async def position(self) -> int:
        """The present position of the sequence."""
        query = select(sequence.c.value).where(sequence.c.id == 1)
        return await self._db.read(lambda conn: int(conn.execute(query).scalar_one()))


def _read(row: Any) -> Revocation:
    return Revocation(
        row.sequence,
        Cause(row.cause),
        SubjectKind(row.kind),
        row.subject,
        PersonId(row.by) if row.by else None,
        row.reason,
        None if row.rooms is None else frozenset(RoomId(room) for room in row.rooms),
        WebSessionId(row.spared) if row.spared else None,
    )
