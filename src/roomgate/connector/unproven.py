"""The changes behind the fence that are not proven yet: kept over restarts, so that none is left to itself.

Each is written down before it is made, with what takes it back, and struck out once it is proven or taken back.
"""

from dataclasses import dataclass

import msgspec
import sqlalchemy as sql

from roomgate.connector.room import Room
from roomgate.ids import DeviceId, OrderId
from roomgate.storage.database import Database, StorageBusy, StorageFailed
from roomgate.xapi.call import Call, Scalar, Verb
from roomgate.xapi.path import Path

metadata = sql.MetaData()
_unproven = sql.Table(
    "unproven",
    metadata,
    sql.Column("order", sql.String(64), primary_key=True),
    sql.Column("facts", sql.LargeBinary, nullable=False),
)


class Change(msgspec.Struct, frozen=True):
    """One setting, from its old value to a new one, by one order."""

    order: OrderId
    device: DeviceId
    path: tuple[str | int, ...]
    old: Scalar
    new: Scalar
    privileged: bool  # made by the Admin account

    @property
    def made(self) -> Call:
        return _set(self.path, self.new)

    @property
    def back(self) -> Call:
        return _set(self.path, self.old)


def _set(path: tuple[str | int, ...], value: Scalar) -> Call:
    return Call(Verb.SET, Path(path), (("Value", value),))


def change_of(order: str, room: Room, made: Call, back: Call, privileged: bool) -> Change:
    """Pure: ``made`` and ``back`` are sets of the same setting."""
    old, new = back.argument("Value"), made.argument("Value")
    assert isinstance(old, Scalar), "a set carries one value"
    assert isinstance(new, Scalar), "a set carries one value"
    return Change(OrderId(order), room.device, made.path.parts, old, new, privileged)


@dataclass(slots=True)
class Unproven:
    """The book of them, in memory and in the connector's database."""

    _db: Database
    _all: dict[OrderId, Change]

    @classmethod
    async def open(cls, db: Database) -> "Unproven":
        rows = await db.read(lambda conn: conn.execute(sql.select(_unproven.c.facts)).scalars().all())
        known = [msgspec.msgpack.decode(row, type=Change) for row in rows]
        return cls(db, {change.order: change for change in known})

    def all(self) -> list[Change]:
        return list(self._all.values())

    async def begin(self, change: Change) -> None:
        """Durable on return; raises StorageFailed or StorageBusy: then it is not in the book."""
        facts = msgspec.msgpack.encode(change)
        await self._db.write(lambda conn: conn.execute(_unproven.insert().values(order=change.order, facts=facts)))
        self._all[change.order] = change

    async def forget(self, change: Change) -> None:
        """Never fails: where it cannot be written now, a restart looks at the setting once more."""
        self._all.pop(change.order, None)
        try:
            await self._db.write(lambda conn: conn.execute(_unproven.delete().where(_unproven.c.order == change.order)))
        except (StorageFailed, StorageBusy):
            pass  # as above
