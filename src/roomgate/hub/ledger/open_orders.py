"""Which orders the two records must still be compared on. Pure: it is fed what each record added.

Theory: an order is *settled* once hub and site have both told its outcome and agree; then it is forgotten
here. What disagrees, or has only one side, stays and is judged again, since the other side may still
come (or stay away until it is overdue).
"""

from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from roomgate.ledger.event import (
    ConnectorConnected,
    ConnectorGone,
    Event,
    HubStarted,
    OrderAbout,
    OrderOutcome,
    OrderRefused,
    OutcomeKnown,
    Permitted,
    Unknown,
)
from roomgate.ledger.reconcile import Discrepancy, Kind, reconcile

_MOST = 20_000
_MOST_BREAKS = 1000


@dataclass(slots=True)
class _Sides:
    hub: list[Event] = field(default_factory=list)
    site: list[Event] = field(default_factory=list)

    def settled(self) -> bool:
        told = any(isinstance(e, OutcomeKnown) for e in self.hub)
        done = any(isinstance(e, OrderOutcome | OrderRefused) for e in self.site)
        return told and done and any(isinstance(e, Permitted) for e in self.hub)


@dataclass(slots=True)
class OpenOrders:
    _orders: OrderedDict[str, _Sides] = field(default_factory=OrderedDict)
    _breaks: deque[Event] = field(default_factory=lambda: deque(maxlen=_MOST_BREAKS))  # restarts and lost links

    def hub(self, events: Iterable[Event | Unknown]) -> None:
        for event in events:
            if isinstance(event, Permitted | OutcomeKnown):
                sides = self._sides(event.order)
                if event not in sides.hub:
                    sides.hub.append(event)
            elif isinstance(event, HubStarted | ConnectorGone | ConnectorConnected):
                self._breaks.append(event)

    def site(self, events: Iterable[Event | Unknown]) -> list[str]:
        """Gives the orders of which nothing was known: the hub's record must be asked about them."""
        strange = []
        for event in events:
            if isinstance(event, OrderAbout | OrderRefused | OrderOutcome):
                if event.order not in self._orders:
                    strange.append(event.order)
                self._sides(event.order).site.append(event)
        return strange

    def judge(self, now: datetime) -> list[Discrepancy]:
        """Where the two disagree; what is settled and agreed upon, or was interrupted, is told once and forgotten."""
        hub = [*self._breaks, *(event for sides in self._orders.values() for event in sides.hub)]
        site = [event for sides in self._orders.values() for event in sides.site]
        found = reconcile(hub, site, now=now)
        disputed = {d.order for d in found if d.kind is not Kind.INTERRUPTED}
        interrupted = {d.order for d in found} - disputed
        over = [o for o, sides in self._orders.items() if sides.settled() or o in interrupted]
        for order in [o for o in over if o not in disputed]:
            del self._orders[order]
        return found

    def __len__(self) -> int:
        return len(self._orders)

    def _sides(self, order: str) -> _Sides:
        if order not in self._orders:
            self._orders[order] = _Sides()
            while len(self._orders) > _MOST:
                self._orders.popitem(last=False)
        return self._orders[order]
