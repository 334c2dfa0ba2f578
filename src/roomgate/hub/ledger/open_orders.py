"""Which orders the two records must still be compared on. Pure: it is fed what each record added.

Theory: an order is *settled* once hub and site have both told its outcome and agree; then it is forgotten
here. What disagrees, or has only one side, stays and is judged again, since the other side may still
come (or stay away until it is overdue).
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from roomgate.ledger.event import (
    Event,
    OrderAbout,
    OrderOutcome,
    OrderRefused,
    OutcomeKnown,
    Permitted,
    Unknown,
)
from roomgate.ledger.reconcile import Breaks, Discrepancy, Kind, reconcile

_MOST = 20_000


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
    _breaks: Breaks = field(default_factory=Breaks)  # restarts and lost links
    _forged: list[OrderRefused] = field(default_factory=list)  # what names no order
    _fresh: set[str] = field(default_factory=set)  # reads without a permit, which may come with the next commit

    def hub(self, events: Iterable[Event | Unknown]) -> None:
        """What the hub's record added. May be told again of what it had before."""
        for event in events:
            self._breaks.saw(event)
            if isinstance(event, Permitted | OutcomeKnown):
                sides = self._sides(event.order)
                if event not in sides.hub:
                    sides.hub.append(event)

    def site(self, events: Iterable[Event | Unknown]) -> list[str]:
        """Gives the orders of which nothing was known: the hub's record must be asked about them."""
        strange = []
        for event in events:
            if isinstance(event, OrderRefused) and not event.order:
                self._forged.append(event)
            elif isinstance(event, OrderAbout | OrderRefused | OrderOutcome):
                if isinstance(event, OrderOutcome):
                    self._fresh.add(event.order)
                if event.order not in self._orders:
                    strange.append(event.order)
                self._sides(event.order).site.append(event)
        return strange

    def judge(self, now: datetime) -> list[Discrepancy]:
        """Where the two disagree; what is settled and agreed upon, was interrupted or forged, is told once and forgotten."""
        hub = [event for sides in self._orders.values() for event in sides.hub]
        site = [
            event
            for order, sides in self._orders.items()
            if sides.hub or order not in self._fresh
            for event in sides.site
        ]
        found = reconcile(hub, [*site, *self._forged], now=now, breaks=self._breaks)
        self._fresh.clear()
        self._forged.clear()
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
