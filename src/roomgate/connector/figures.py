"""The connector in figures, for Prometheus. No person, room, device or site is named."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

from roomgate.connector.effects import Effects
from roomgate.connector.enrol import SOFTWARE
from roomgate.connector.fleet import Fleet
from roomgate.connector.room import RoomCondition
from roomgate.connector.spool import Spool
from roomgate.metrics.histogram import Histogram
from roomgate.storage.record import Record

if TYPE_CHECKING:
    from prometheus_client.core import Metric


class Link(Protocol):
    """What is needed of the uplink."""

    ups: int
    round_trips: Histogram

    @property
    def up(self) -> bool: ...


class Figures:
    """Gathered when somebody asks."""

    def __init__(
        self, fleet: Fleet, link: Link, record: Record, spool: Spool, effects: Effects, occupied: Callable[[], set[str]]
    ) -> None:
        self._fleet = fleet
        self._link = link
        self._record = record
        self._spool = spool
        self._effects = effects
        self._occupied = occupied

    async def scrape(self) -> "Iterator[Metric]":
        return self._families(await self._record.size())

    def _families(self, size: int) -> "Iterator[Metric]":
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily

        name = "roomgate_connector"
        yield InfoMetricFamily(name, "The connector's version.", value={"version": SOFTWARE})
        devices = GaugeMetricFamily(f"{name}_devices", "Devices by condition.", labels=["condition"])
        found = Counter(keeper.condition for keeper in self._fleet.keepers())
        for condition in RoomCondition:
            devices.add_metric([condition.value], found[condition])
        yield devices
        yield GaugeMetricFamily(f"{name}_link_up", "1 while the hub is linked.", value=float(self._link.up))
        yield CounterMetricFamily(f"{name}_link_ups", "How often the link came up.", value=self._link.ups)
        yield self._link.round_trips.family(
            f"{name}_link_round_trip_seconds", "From a heartbeat until the hub's answer to it."
        )
        yield GaugeMetricFamily(
            f"{name}_rooms_in_use", "Rooms that somebody outside is in.", value=len(self._occupied())
        )
        yield GaugeMetricFamily(
            f"{name}_effects", "What sessions caused and what still lasts.", value=len(self._effects.all())
        )
        yield CounterMetricFamily(f"{name}_ledger_entries", "Entries in the site's record.", value=size)
        if self._spool.held is not None:
            waiting = max(0, size - self._spool.held)
            yield GaugeMetricFamily(f"{name}_spool_entries", "Entries that the hub does not hold yet.", value=waiting)
