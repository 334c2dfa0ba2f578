"""Ends that come by themselves: by the wall clock or the monotonic clock, whichever is first.

The wall clock says when something ends; the monotonic clock makes sure that setting the wall clock back
does not prolong it. Pure: the caller asks what is due.
"""

import heapq
from dataclasses import dataclass, field
from datetime import datetime

from roomgate.clock import Clock


@dataclass(slots=True)
class Ends:
    """When each id ends. An id that is set again has only its last end; sets are idempotent."""

    clock: Clock
    _ends: dict[str, tuple[datetime, float]] = field(default_factory=dict)
    _by_wall: list[tuple[datetime, str]] = field(default_factory=list)
    _by_mono: list[tuple[float, str]] = field(default_factory=list)

    def set(self, id: str, until: datetime) -> None:
        """It ends at ``until``, or as many seconds from now as that is away, if that is sooner."""
        mono = self.clock.monotonic() + (until - self.clock.now()).total_seconds()
        if self._ends.get(id, (None, None))[0] == until:
            return  # known already: the first reckoning stands, whatever the wall clock did since
        self._ends[id] = (until, mono)
        heapq.heappush(self._by_wall, (until, id))
        heapq.heappush(self._by_mono, (mono, id))

    def drop(self, id: str) -> None:
        self._ends.pop(id, None)

    def past(self, id: str) -> bool:
        """Whether it has ended. An id that was never set has no end known here, and so has not."""
        end = self._ends.get(id)
        return end is not None and (end[0] <= self.clock.now() or end[1] <= self.clock.monotonic())

    def due(self) -> list[str]:
        """What has ended and has not been dropped yet; asking again gives it again, so a failure loses none."""
        wall, mono = self.clock.now(), self.clock.monotonic()
        found: dict[str, None] = {}
        for heap, now, which in ((self._by_wall, wall, 0), (self._by_mono, mono, 1)):
            kept = []
            while heap and heap[0][0] <= now:  # type: ignore[operator]  # each heap is compared with its own clock
                at, id = heapq.heappop(heap)  # type: ignore[misc]  # the two heaps differ in their key alone
                if id in self._ends and self._ends[id][which] == at:
                    found[id] = None
                    kept.append((at, id))
            for item in kept:
                heapq.heappush(heap, item)  # type: ignore[misc]  # as above
        return list(found)
