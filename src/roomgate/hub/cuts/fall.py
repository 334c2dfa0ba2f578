"""One cut while it falls: what it ended, and after how many milliseconds each.

Theory: the clock runs from the moment at which the revocation was written, just before its commit, so the commit is
in every figure. Nothing here waits or writes: the cut's own path only appends numbers. A fall is over once all
that this hub had to end has ended and every connector that could be told has said that it has cut.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from roomgate.clock import Clock
from roomgate.ids import ConnectorId


@dataclass(slots=True, eq=False)
class Fall:
    """``channels``: by kind, one figure for each that was closed or let go. ``connectors``: None has not said it yet."""

    sequence: int  # its revocation's
    cause: str
    at: str
    began: float  # monotonic
    clock: Clock
    keep: "Callable[[Fall], None]"  # called once, when it is over
    sessions: int = 0
    channels: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    connectors: dict[ConnectorId, float | None] = field(default_factory=dict)
    _told: dict[str, ConnectorId] = field(default_factory=dict)  # cuts on their way
    _ended_here: bool = False
    _kept: bool = False

    def now_ms(self) -> float:
        return round((self.clock.monotonic() - self.began) * 1000, 1)

    def closed(self, kind: str, count: int = 1) -> None:
        """So many channels of a kind have ended, just now."""
        if count:
            self.channels[kind].extend([self.now_ms()] * count)

    def told(self, connector: ConnectorId, cut: str) -> None:
        """The connector will say `said` of this cut, once it has cut."""
        self._told[cut] = connector
        self.connectors[connector] = None

    def away(self, connector: ConnectorId) -> None:
        """There is no link to it: its leases lapse, which no figure tells."""
        self.connectors.setdefault(connector, None)

    def said(self, cut: str, connector: ConnectorId) -> bool:
        """A connector says that it has cut; False where it was not the one that was told."""
        if self._told.get(cut) != connector:
            return False
        del self._told[cut]
        if connector not in self._told.values():
            self.connectors[connector] = self.now_ms()
        self._look()
        return True

    def ended_here(self) -> None:
        """All that this hub had to end has ended."""
        self._ended_here = True
        self._look()

    def give_up(self) -> None:
        """Wait for no connector any more: whoever has not said it by now is kept as silent."""
        self._told.clear()
        self.ended_here()

    def _look(self) -> None:
        if self._ended_here and not self._told and not self._kept:
            self._kept = True
            self.keep(self)

    @property
    def empty(self) -> bool:
        """Whether there was nothing to end."""
        return not self.sessions and not self.channels

    @property
    def took_ms(self) -> float:
        """Until the last that is known of."""
        heard = [one for one in self.connectors.values() if one is not None]
        return max([one for each in self.channels.values() for one in each] + heard, default=0.0)
