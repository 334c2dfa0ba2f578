"""Guessing is slowed, for each account and each source, and never locks an account for good.

After a few failures each further try must wait twice as long, up to a minute. What failed long ago is
forgotten. Whoever comes from where somebody signed in before waits for what failed from there alone: others who
guess at an account cannot keep its owner waiting. Pure: it is given the clock.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from roomgate.clock import Clock
from roomgate.errors import RoomgateError

FREE_TRIES = 5
LONGEST_S = 60.0
FORGOTTEN_AFTER_S = 900.0
MOST_KNOWN = 5_000
_MOST_REMEMBERED = 20_000


class TooManyTries(RoomgateError):
    """Wait before the next try; this one was not looked at."""

    code = "signin.slowed"
    hint = "Wait as long as it says, then try again. The account is not locked."

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"Too many tries: wait {max(1, round(wait_s))} s.")
        self.wait_s = wait_s


@dataclass(slots=True)
class Guessing:
    clock: Clock
    _failed: OrderedDict[str, tuple[int, float]] = field(default_factory=OrderedDict)  # key → count, last
    _known: OrderedDict[str, None] = field(default_factory=OrderedDict)  # sources of those who signed in

    def know(self, source: str) -> None:
        """Somebody signed in from there."""
        self._known[source] = None
        self._known.move_to_end(source)
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    def knows(self, source: str) -> bool:
        return source in self._known

    def require(self, *keys: str) -> None:
        """Raises TooManyTries while one of the keys must wait."""
        wait = max((self._wait(key) for key in keys), default=0.0)
        if wait > 0:
            raise TooManyTries(wait)

    def failed(self, *keys: str) -> None:
        now = self.clock.monotonic()
        for key in keys:
            count, last = self._failed.pop(key, (0, now))
            self._failed[key] = (count + 1 if now - last < FORGOTTEN_AFTER_S else 1, now)
        while len(self._failed) > _MOST_REMEMBERED:
            self._failed.popitem(last=False)

    def succeeded(self, *keys: str) -> None:
        for key in keys:
            self._failed.pop(key, None)

    def _wait(self, key: str) -> float:
        count, last = self._failed.get(key, (0, 0.0))
        if count < FREE_TRIES:
            return 0.0
        pause = min(LONGEST_S, 2.0 ** (count - FREE_TRIES))
        return last + pause - self.clock.monotonic()
