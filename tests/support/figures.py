"""Figures of a connector and of a hub, without one."""

from types import SimpleNamespace
from typing import Any

from roomgate.connector.figures import Figures
from roomgate.connector.room import RoomCondition
from roomgate.hub.metrics.figures import JITTER_S, LOSS_PERCENT, Snapshot
from roomgate.metrics.histogram import Histogram

HUB = Snapshot(
    version="1", room_states={"call": 2}, calls=2, quality={"poor": 1, "unknown": 1}, loss=Histogram(LOSS_PERCENT),
    jitter=Histogram(JITTER_S), connectors_linked=1, connectors_away=0, link_ups=3, round_trips=Histogram(), sessions=0,
    channels=0, asks={}, signins_failed=0, ledger_entries=1, witness_lag=0, writes_waiting=0, loop_lag_s=0.0, alerts={},
    safe_mode=False, cuts=Histogram(),
)  # fmt: skip


def connector_figures(held: int | None) -> Figures:
    async def size() -> int:
        return 9

    everything: Any = SimpleNamespace(
        keepers=lambda: [SimpleNamespace(condition=RoomCondition.FINE, name="oslo")], size=size, held=held,
        up=True, ups=2, round_trips=Histogram(), all=list,
    )  # fmt: skip
    return Figures(*[everything] * 5, occupied=lambda: {"device_1"})
