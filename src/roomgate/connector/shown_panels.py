"""On which devices the panel with a call's controls may stand, and that it is ours: kept over restarts.

What is written here is written before the device is asked, and taken out after it has answered. So whatever is
killed, and whenever, the next start knows which devices to look at; and a panel of the same id on a device that is
not written here was put there by somebody else.
"""

import sqlalchemy as sql

from roomgate.clock import Clock, iso
from roomgate.ids import DeviceId, RoomName
from roomgate.ledger.event import CallPanelRemoved, CallPanelShown
from roomgate.storage.database import Database
from roomgate.storage.record import Record

metadata = sql.MetaData()
_shown = sql.Table(
    "call_panels",
    metadata,
    sql.Column("device", sql.String(64), primary_key=True),
)


class ShownPanels:
    """The list in the connector's database and, for those who ask often, in memory."""

    def __init__(self, db: Database, record: Record, clock: Clock, known: set[DeviceId]) -> None:
        self._db = db
        self._record = record
        self._clock = clock
        self._known = known

    @classmethod
    async def open(cls, db: Database, record: Record, clock: Clock) -> "ShownPanels":
        rows = await db.read(lambda conn: conn.execute(sql.select(_shown)).all())
        return cls(db, record, clock, {DeviceId(row.device) for row in rows})

    def __contains__(self, device: object) -> bool:
        return device in self._known

    async def put(self, device: DeviceId, room: RoomName, service: str) -> None:
        """Our panel is about to be there; durable, with its ledger entry, when this returns."""

        def unit(conn: sql.Connection) -> None:
            conn.execute(_shown.delete().where(_shown.c.device == device))
            conn.execute(_shown.insert().values(device=device))
            self._record.append(conn, CallPanelShown(at=self._now(), room=room, device=device, service=service))

        await self._db.write(unit)
        self._known.add(device)

    async def drop(self, device: DeviceId, room: RoomName) -> None:
        """The device has it no more; durable when this returns, and only then forgotten."""

        def unit(conn: sql.Connection) -> None:
            conn.execute(_shown.delete().where(_shown.c.device == device))
            self._record.append(conn, CallPanelRemoved(at=self._now(), room=room, device=device))

        await self._db.write(unit)
        self._known.discard(device)

    def _now(self) -> str:
        return iso(self._clock.now())
