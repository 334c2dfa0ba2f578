"""Pure: what a scrape tells. No person, room or site is named, unless the configuration asks for the rooms."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client.core import Metric

BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 20.0)


@dataclass(slots=True)
class Histogram:
    """Durations, counted since the program began."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))
    total_s: float = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BUCKETS_S, seconds)] += 1
        self.total_s += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """Each with all that are smaller, as the format has it."""
        summed, found = 0, []
        for bound, count in zip([*map(str, BUCKETS_S), "+Inf"], self.counts, strict=True):
            summed += count
            found.append((bound, float(summed)))
        return found


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The hub at one moment. ``rooms`` by name, each with its state, only where they are to be named."""

    version: str
    room_states: Mapping[str, int]
    calls: int
    connectors_linked: int
    connectors_away: int
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
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily

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
    yield by(
        "connectors", "Trusted connectors with rooms.", "state",
        {"linked": now.connectors_linked, "away": now.connectors_away},
    )  # fmt: skip
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
    yield HistogramMetricFamily(
        "roomgate_cut_seconds", "From just before a cut's commit until the last of it had ended.",
        buckets=now.cuts.buckets(), sum_value=now.cuts.total_s,
    )  # fmt: skip
    if now.rooms:
        named = GaugeMetricFamily("roomgate_room_state", "1 for the state that a room is in.", labels=["room", "state"])
        for room, state in sorted(now.rooms.items()):
            named.add_metric([room, state], 1)
        yield named
