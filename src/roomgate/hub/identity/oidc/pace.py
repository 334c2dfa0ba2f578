"""How often each address may say something: a volley at once, then so many a second. Pure: it is given the clock."""

from collections import OrderedDict
from dataclasses import dataclass, field

from roomgate.clock import Clock
from roomgate.hub.identity.guessing import TooManyTries

_MOST_REMEMBERED = 2_000


@dataclass(slots=True)
class Pace:
    """By address, so that a stranger cannot use up what the provider needs."""

    clock: Clock
    at_once: int
    per_s: float
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)  # key → left, when

    def take(self, key: str) -> None:
        """Raises TooManyTries."""
        now = self.clock.monotonic()
        left, when = self._left.pop(key, (float(self.at_once), now))
        left = min(float(self.at_once), left + (now - when) * self.per_s)
        self._left[key] = (left - 1 if left >= 1 else left, now)
        while len(self._left) > _MOST_REMEMBERED:
            self._left.popitem(last=False)
        if left < 1:
            raise TooManyTries((1 - left) / self.per_s)
