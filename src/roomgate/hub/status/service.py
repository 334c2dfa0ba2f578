"""What is kept of rooms over time: a few numbers every five minutes for eight days, and what each device is.

All comes from the state that sites let out unasked; addresses also from what somebody with a grant was shown.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from roomgate.clock import Clock
from roomgate.hub.rooms.service import Rooms
from roomgate.hub.status import store
from roomgate.hub.status.board import Boards
from roomgate.hub.status.sampling import Facts, Values, build_facts, build_values
from roomgate.hub.status.series import Sample
from roomgate.ids import RoomId
from roomgate.storage.database import Database

EVERY = timedelta(minutes=5)
LOOK_EVERY_S = 20.0
KEPT = timedelta(days=8)
_AT_ONCE = 200  # rooms that are looked at before others get their turn


class RoomStatus:
    def __init__(self, db: Database, clock: Clock, rooms: Rooms) -> None:
        self._db = db
        self._clock = clock
        self._rooms = rooms
        self._last: datetime | None = None
        self._facts: dict[RoomId, Facts] = {}  # as this process wrote them
        self.boards = Boards()

    async def keep(self) -> None:
        """One sample of each room, once in five minutes by the clock; to be called more often than that.

        Not at the start: the connectors have yet to come back, and that nothing is heard of a room would be wrong.
        """
        now = self._clock.now()
        at = datetime.fromtimestamp(now.timestamp() // EVERY.total_seconds() * EVERY.total_seconds(), now.tzinfo)
        last, self._last = self._last, at
        if last is not None and at != last:  # also where the clock was set back
            await self._sample(at, now)

    async def _sample(self, at: datetime, now: datetime) -> None:
        values: list[tuple[RoomId, Values]] = []
        told: dict[RoomId, Facts] = {}
        for number, (room, online) in enumerate(self._rooms.reach()):
            document = self._rooms.document(room)
            values.append((room, build_values(document, online)))
            facts = build_facts(document.get("Status"))
            if facts and (known := self._facts.get(room, {})) != {**known, **facts}:
                told[room] = facts
            if number % _AT_ONCE == _AT_ONCE - 1:
                await asyncio.sleep(0)

        def unit(conn: Connection) -> None:
            store.forget(conn, at - KEPT)
            store.add(conn, at, values)
            for some in _slices(told):
                store.keep_facts(conn, some, now)

        await self._db.write(unit)
        self._remember(told)

    def saw(self, room: RoomId, status: object) -> None:
        """Somebody with a grant was shown a device's status: what it is, is kept with whatever is written next."""
        facts = build_facts(status)
        if facts and (known := self._facts.get(room, {})) != {**known, **facts}:
            now = self._clock.now()
            self._db.write_soon(lambda conn: store.keep_facts(conn, {room: facts}, now))
            self._remember({room: facts})

    def _remember(self, told: dict[RoomId, Facts]) -> None:
        for room, facts in told.items():
            self._facts[room] = {**self._facts.get(room, {}), **facts}

    # -- looking: whether the asker may know the room is the caller's question ------------------------------

    async def samples(self, room: RoomId, since: datetime) -> list[Sample]:
        """The oldest first."""

        def read(conn: Connection) -> list[Sample]:
            return store.since(conn, room, since)

        return await self._db.read(read)

    async def facts(self, only: Iterable[RoomId] | None = None) -> dict[RoomId, tuple[Facts, datetime]]:
        """What devices are, as far as they were seen, and when that was written: of all rooms, or of these."""

        def read(conn: Connection) -> dict[RoomId, tuple[Facts, datetime]]:
            return store.facts(conn, only)

        return await self._db.read(read)


def _slices(told: dict[RoomId, Facts], size: int = 500) -> Iterable[dict[RoomId, Facts]]:
    """In parts that fit into one statement."""
    rooms = list(told)
    for first in range(0, len(rooms), size):
        yield {room: told[room] for room in rooms[first : first + size]}
