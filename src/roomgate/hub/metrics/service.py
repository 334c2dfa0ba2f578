"""Gathers the hub's figures when somebody asks for them, and measures what cannot be asked for later."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING

from roomgate import __version__
from roomgate.hub.cuts.fall import Fall
from roomgate.hub.metrics import store
from roomgate.hub.metrics.figures import JITTER_S, LOSS_PERCENT, Snapshot, families
from roomgate.hub.parts import Parts
from roomgate.hub.relay.parts import RelayParts
from roomgate.hub.rooms.state import RoomState, RoomSummary
from roomgate.hub.status.sampling import build_values
from roomgate.hub.status.summary import judge_quality
from roomgate.ledger.event import SignInFailed
from roomgate.metrics.histogram import Histogram

if TYPE_CHECKING:
    from prometheus_client.core import Metric

BEAT_S = 0.5
CALLS_EVERY_S = 30.0


class Metrics:
    def __init__(self, parts: Parts, relay: RelayParts) -> None:
        self._parts = parts
        self._relay = relay
        self._cuts = Histogram()
        self._loss, self._jitter = Histogram(LOSS_PERCENT), Histogram(JITTER_S)
        self._lag_s = 0.0
        self._refused = 0
        self._read = 0  # entries of the record that were looked at
        parts.cuts.measured = self._measured

    def _measured(self, fall: Fall) -> None:
        self._cuts.add(fall.took_ms / 1000)

    def tasks(self) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
        """What has to run for it."""
        return [("hub.loop", self.measure_loop), ("hub.calls", self.measure_calls)]

    async def measure_calls(self) -> None:
        """For ever: how good each call is, twice a minute; a scrape that is missed loses none."""
        while True:
            self.look_at_calls()
            await asyncio.sleep(CALLS_EVERY_S)

    def look_at_calls(self) -> None:
        rooms = self._parts.rooms
        for room in [room for id in rooms.ids() if (room := rooms.summary(id)) is not None and room.calls]:
            loss, jitter_ms = self._measured_call(room)
            if loss is not None:
                self._loss.add(loss)
            if jitter_ms is not None:
                self._jitter.add(jitter_ms / 1000)

    def _measured_call(self, room: RoomSummary) -> tuple[float | None, float | None]:
        """Loss in percent and jitter in milliseconds, of the worst stream; None where it is not told."""
        values = build_values(self._parts.rooms.document(room.id), True)
        return values.get("loss"), values.get("jitter")

    async def scrape(self) -> "Iterator[Metric]":
        return families(await self.snapshot())

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
        states = Counter(room.state for room in rooms)
        connectors = parts.rooms.connectors()
        linked = sum(parts.rooms.linked(one) for one in connectors)
        size = await parts.record.size()
        witnessed = (await parts.record.witnessed())[0] if parts.config.witness_url else size
        await self._count_refused(size)
        lag, self._lag_s = self._lag_s, 0.0
        return Snapshot(
            version=__version__,
            room_states={state.value: states[state] for state in RoomState},
            calls=sum(room.calls for room in rooms),
            quality=Counter(judge_quality(*self._measured_call(room)) or "unknown" for room in rooms if room.calls),
            loss=self._loss,
            jitter=self._jitter,
            connectors_linked=linked,
            connectors_away=len(connectors) - linked,
            link_ups=sum(parts.rooms.came.values()),
            round_trips=relay.links.round_trips,
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
