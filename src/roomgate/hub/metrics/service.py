"""Gathers the hub's figures when somebody asks for them, and measures what cannot be asked for later."""

import asyncio
from collections import Counter
from collections.abc import Callable

from roomgate import __version__
from roomgate.hub.cuts.fall import Fall
from roomgate.hub.metrics import store
from roomgate.hub.metrics.figures import Histogram, Snapshot
from roomgate.hub.parts import Parts
from roomgate.hub.relay.parts import RelayParts
from roomgate.ledger.event import SignInFailed

BEAT_S = 0.5


class Metrics:
    def __init__(self, parts: Parts, relay: RelayParts) -> None:
        self._parts = parts
        self._relay = relay
        self._cuts = Histogram()
        self._lag_s = 0.0
        self._refused = 0
        self._read = 0  # entries of the record that were looked at
        parts.cuts.measured = self._measured

    def _measured(self, fall: Fall) -> None:
        self._cuts.add(fall.took_ms / 1000)

    async def measure_loop(self, beat_s: float = BEAT_S) -> None:
        """For ever: how late the loop wakes who asked to be woken."""
        clock: Callable[[], float] = self._parts.clock.monotonic
        while True:
            asleep = clock()
            await asyncio.sleep(beat_s)
            self._lag_s = max(self._lag_s, clock() - asleep - beat_s)

    async def snapshot(self) -> Snapshot:
        parts, relay = self._parts, self._relay
        rooms = [room for id in parts.rooms.ids() if (room := parts.rooms.summary(id)) is not None]
        connectors = parts.rooms.connectors()
        linked = sum(parts.rooms.linked(one) for one in connectors)
        size = await parts.record.size()
        witnessed = (await parts.record.witnessed())[0] if parts.config.witness_url else size
        await self._count_refused(size)
        lag, self._lag_s = self._lag_s, 0.0
        return Snapshot(
            version=__version__,
            room_states=Counter(room.state.value for room in rooms),
            calls=sum(room.calls for room in rooms),
            connectors_linked=linked,
            connectors_away=len(connectors) - linked,
            sessions=sum(relay.book.shows(session) for session in relay.book),
            channels=len(relay.channels),
            asks=await parts.db.read(store.asks_by_outcome),
            signins_failed=self._refused,
            ledger_entries=size,
            witness_lag=max(0, size - witnessed),
            writes_waiting=parts.db.waiting,
            loop_lag_s=lag,
            alerts=parts.alerts.by_severity(),
            safe_mode=parts.restorations.safe_mode is not None,
            cuts=self._cuts,
            rooms={room.name: room.state.value for room in rooms} if parts.config.metrics_rooms else {},
        )

    async def _count_refused(self, size: int) -> None:
        """Since the program began; of the record only what is new is read."""
        start, self._read = self._read or size, size
        kind = SignInFailed.__struct_config__.tag
        found = await self._parts.record.entries(start, max(1, size - start), kind=str(kind)) if size > start else []
        self._refused += len(found)
