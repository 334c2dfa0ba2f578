"""Devices that are not spoken to until somebody at the site confirms them: kept over restarts.

A refused password is never tried again by itself, or the device would lock the account; so the refusal must
outlive the program.
"""

from dataclasses import dataclass

import sqlalchemy as sql

from roomgate.clock import Clock, iso
from roomgate.ids import DeviceId, RoomName
from roomgate.ledger.event import DeviceConfirmed, DeviceQuarantined
from roomgate.storage.database import Database
from roomgate.storage.record import Record

metadata = sql.MetaData()
_quarantined = sql.Table(
    "quarantined",
    metadata,
    sql.Column("device", sql.String(64), primary_key=True),
    sql.Column("reason", sql.String(64), nullable=False),
    sql.Column("words", sql.Text, nullable=False),
    sql.Column("since", sql.String(32), nullable=False),
)

CREDENTIAL = "device.credential-changed"
CERTIFICATE = "device.certificate-changed"


@dataclass(frozen=True, slots=True)
class Why:
    """A stable word, and a sentence for people."""

    reason: str
    words: str


class Quarantine:
    """The list of such devices, in the connector's database and, for those who ask often, in memory."""

    def __init__(self, db: Database, record: Record, clock: Clock, known: dict[DeviceId, Why]) -> None:
        self._db = db
        self._record = record
        self._clock = clock
        self._known = known

    @classmethod
    async def open(cls, db: Database, record: Record, clock: Clock) -> "Quarantine":
        rows = await db.read(lambda conn: conn.execute(sql.select(_quarantined)).all())
        return cls(db, record, clock, {DeviceId(row.device): Why(row.reason, row.words) for row in rows})

    def of(self, device: DeviceId) -> Why | None:
        return self._known.get(device)

    async def put(self, device: DeviceId, room: RoomName, why: Why) -> None:
        """Remember it, with its ledger entry; from the call on, `of` knows it. Durable when this returns."""
        self._known[device] = why
        now = iso(self._clock.now())

        def unit(conn: sql.Connection) -> None:
            conn.execute(_quarantined.delete().where(_quarantined.c.device == device))
            conn.execute(_quarantined.insert().values(device=device, reason=why.reason, words=why.words, since=now))
            self._record.append(conn, DeviceQuarantined(at=now, room=room, device=device, reason=why.reason))

        await self._db.write(unit)

    async def lift(self, device: DeviceId, room: RoomName, by: str) -> None:
        """Somebody at the site has looked at it. Durable when this returns, and only then in force."""

        def unit(conn: sql.Connection) -> None:
            conn.execute(_quarantined.delete().where(_quarantined.c.device == device))
            self._record.append(conn, DeviceConfirmed(at=iso(self._clock.now()), room=room, device=device, by=by))

        await self._db.write(unit)
        self._known.pop(device, None)
