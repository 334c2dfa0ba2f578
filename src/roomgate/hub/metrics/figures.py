"""Pure: what a scrape tells. No person, room or site is named, unless the configuration asks for the rooms."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from roomgate.metrics.histogram import Histogram

if TYPE_CHECKING:
    from prometheus_client.core import Metric

QUALITIES = ("good", "fair", "poor", "unknown")
LOSS_PERCENT = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 25.0)
JITTER_S = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The hub at one moment. ``rooms`` by name, each with its state, only where they are to be named."""

    version: str
    room_states: Mapping[str, int]
    calls: int
    quality: Mapping[str, int]  # rooms in a call by how good it is
    loss: Histogram
    jitter: Histogram
    connectors_linked: int
    connectors_away: int
    link_ups: int
    round_trips: Histogram
    sessions: int
    channels: int
    asks: Mapping[str, int]
    signins_failed: int
    ledger_entries: int
    witness_lag: int
    writes_waiting: int
    loop_lag_s: float
    alerts: Mapping[str, int]
    safe_mode: bool
    cuts: Histogram
    rooms: Mapping[str, str] = field(default_factory=dict)


def families(now: Snapshot) -> "Iterator[Metric]":
    """As the library writes them."""
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily

    def gauge(name: str, words: str, value: float) -> "Metric":
        return GaugeMetricFamily(f"roomgate_{name}", words, value=value)

    def by(name: str, words: str, label: str, values: Mapping[str, int]) -> "Metric":
        made = GaugeMetricFamily(f"roomgate_{name}", words, labels=[label])
        for key, value in sorted(values.items()):
            made.add_metric([key], value)
        return made

    yield InfoMetricFamily("roomgate_hub", "The hub's version.", value={"version": now.version})
    yield by("rooms", "Rooms by state.", "state", now.room_states)
    yield gauge("calls", "Calls that rooms are in.", now.calls)
    yield by("call_rooms", "Rooms in a call by its quality.", "quality", {q: now.quality.get(q, 0) for q in QUALITIES})
    yield now.loss.family("roomgate_call_loss_percent", "Packets lost, of the worst stream of each room in a call.")
    yield now.jitter.family("roomgate_call_jitter_seconds", "Jitter, of the worst stream of each room in a call.")
    yield by(
        "connectors", "Trusted connectors with rooms.", "state",
        {"linked": now.connectors_linked, "away": now.connectors_away},
    )  # fmt: skip
    yield CounterMetricFamily("roomgate_link_ups", "How often links of connectors came up.", value=now.link_ups)
    yield now.round_trips.family(
        "roomgate_link_round_trip_seconds", "From a connector's heartbeat until the answer, as connectors measure it."
    )
    yield gauge("sessions", "Sessions of people in rooms.", now.sessions)
    yield gauge("channels", "Open channels that a cut would close.", now.channels)
    asks = CounterMetricFamily("roomgate_asks", "Asks by outcome.", labels=["outcome"])
    for outcome, count in sorted(now.asks.items()):
        asks.add_metric([outcome], count)
    yield asks
    yield CounterMetricFamily("roomgate_signins_failed", "Sign-ins that were refused.", value=now.signins_failed)
    yield CounterMetricFamily("roomgate_ledger_entries", "Entries in the record.", value=now.ledger_entries)
    yield gauge("witness_lag_entries", "Entries that no witness has co-signed yet.", now.witness_lag)
    yield gauge("writes_waiting", "Units of work that wait for the database's writer.", now.writes_waiting)
    yield gauge("loop_lag_seconds", "The longest that the event loop was late since the last scrape.", now.loop_lag_s)
    yield by("alerts", "Open alerts by severity.", "severity", now.alerts)
    yield gauge("safe_mode", "1 while the hub goes on from an older copy of its data.", float(now.safe_mode))
    yield now.cuts.family("roomgate_cut_seconds", "From just before a cut's commit until the last of it had ended.")
    if now.rooms:
        named = GaugeMetricFamily("roomgate_room_state", "1 for the state that a room is in.", labels=["room", "state"])
        for room, state in sorted(now.rooms.items()):
            named.add_metric([room, state], 1)
        yield named
