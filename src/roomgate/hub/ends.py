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
    """When each id ends. An id that is set again has only its last end.

    Theory: ``_ends`` is the truth; the two heaps only say when to look, and may hold what was set anew or
    dropped since. What is due is handed out until it is dropped, so a failure to end it loses nothing.
    """

    clock: Clock
    _ends: dict[str, tuple[datetime, float]] = field(default_factory=dict)
    _by_wall: list[tuple[datetime, str]] = field(default_factory=list)
    _by_mono: list[tuple[float, str]] = field(default_factory=list)
    _due: dict[str, None] = field(default_factory=dict)

    def set(self, id: str, until: datetime, since: datetime | None = None) -> None:
        """It ends at ``until``, or as many seconds from now as that is away, if that is sooner.

        ``since`` is a moment known to have passed: a wall clock that was set back while nothing ran here, and
        so nothing measured, gives nobody more time.
        Setting the same end again changes nothing: the first reckoning stands, whatever the wall clock did.
        """
        if id in self._ends and self._ends[id][0] == until:
            return
        now = self.clock.now() if since is None else max(self.clock.now(), since)
        mono = self.clock.monotonic() + (until - now).total_seconds()
        self._ends[id] = (until, mono)
        self._due.pop(id, None)
        heapq.heappush(self._by_wall, (until, id))
        heapq.heappush(self._by_mono, (mono, id))

    def drop(self, id: str) -> None:
        self._ends.pop(id, None)
        self._due.pop(id, None)

    def past(self, id: str) -> bool:
        """Whether it has ended. An id that was never set has no end known here, and so has not."""
        end = self._ends.get(id)
        return end is not None and (end[0] <= self.clock.now() or end[1] <= self.clock.monotonic())

    def due(self) -> list[str]:
        """What has ended and has not been dropped yet."""
        wall, mono = self.clock.now(), self.clock.monotonic()
        while self._by_wall and self._by_wall[0][0] <= wall:
            self._look(heapq.heappop(self._by_wall)[1])
        while self._by_mono and self._by_mono[0][0] <= mono:
            self._look(heapq.heappop(self._by_mono)[1])
        return list(self._due)

    def _look(self, id: str) -> None:
        if self.past(id):
            self._due[id] = None
