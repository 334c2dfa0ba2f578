"""How a server's no, its slowness and its quota are borne: pure, time is handed in.

A server that does not answer is left alone for a pause that grows, jittered in full so that many sites do not come
back together; then one request tries it, while the others are still told to wait. What the server itself says in
``Retry-After`` goes before our own pauses.
"""

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_WAIT_S = 3600.0  # whatever a server asks for
FORGIVEN = 3
FIRST_REST_S = 60.0
TRYING_S = 30.0  # one request tries a server that was down; after so long, another one may


class Quota:
    """A token bucket: ``rate_per_s`` requests a second in the long run, ``burst`` of them at once."""

    __slots__ = ("_burst", "_rate", "_since", "_tokens")

    def __init__(self, rate_per_s: float, burst: int) -> None:
        self._rate = rate_per_s
        self._burst = float(burst)
        self._tokens = float(burst)
        self._since = float("-inf")

    def turn_s(self, now: float) -> float:
        """Seconds until a request that comes now might go. No place is taken."""
        return max(0.0, (1.0 - self._filled(now)) / self._rate)

    def take(self, now: float) -> float:
        """Seconds until this request may go. Its place is taken whether it goes or not, so that the order is kept."""
        self._tokens = self._filled(now) - 1.0
        self._since = now
        return max(0.0, -self._tokens / self._rate)

    def _filled(self, now: float) -> float:
        if self._since == float("-inf"):
            return self._tokens
        return min(self._burst, self._tokens + max(0.0, now - self._since) * self._rate)


class Breaker:
    """Whether a server is asked at all. Not to be shared between servers."""

    __slots__ = ("_dice", "_failed_at", "_failures", "_first_s", "_most_s", "_trying_until", "_until")

    def __init__(self, dice: random.Random, first_s: float = 1.0, most_s: float = 30.0) -> None:
        self._dice = dice
        self._first_s = first_s
        self._most_s = most_s
        self._failures = 0
        self._failed_at = self._until = self._trying_until = float("-inf")

    def closed_s(self, now: float) -> float:
        """The seconds for which nobody should ask; 0 where somebody may."""
        return max(0.0, self._until - now, self._trying_until - now) if self._failures else 0.0

    def enter(self, now: float) -> float:
        """The same, for one who is about to ask: of a server that was down, they are the one who tries it."""
        closed_s = self.closed_s(now)
        if self._failures and not closed_s:
            self._trying_until = now + TRYING_S
        return closed_s

    def failed(self, began: float, now: float, retry_after_s: float | None = None) -> float:
        """A request that went at ``began`` had no answer. Returns the seconds for which the server is left alone.

        Those that were on their way together count as one failure, or a single outage would grow the pause at once.
        """
        if began > self._failed_at or not self._failures:
            self._failures += 1
            self._failed_at = now
            ceiling = min(self._most_s, self._first_s * 2.0 ** min(self._failures - 1, 30))
            self._until = now + self._dice.uniform(0.05, ceiling)
        if retry_after_s is not None:
            self._until = max(self._until, now + retry_after_s)
        self._trying_until = float("-inf")
        return max(0.0, self._until - now)

    def answered(self) -> None:
        self._failures = 0
        self._failed_at = self._until = self._trying_until = float("-inf")


class Refusals:
    """Whether credentials are offered at all: after `FORGIVEN` refusals in a row they rest, longer each time.

    One refusal may be one room's; many in a row are a wrong password, for which servers lock accounts.
    """

    __slots__ = ("_in_a_row", "_until")

    def __init__(self) -> None:
        self._in_a_row = 0
        self._until = float("-inf")

    def closed_s(self, now: float) -> float:
        return max(0.0, self._until - now)

    def refused(self, now: float) -> None:
        if self.closed_s(now):
            return  # was on its way when they began to rest
        self._in_a_row += 1
        if (beyond := self._in_a_row - FORGIVEN) >= 0:
            self._until = now + min(LONGEST_WAIT_S, FIRST_REST_S * 2.0 ** min(beyond, 10))

    def accepted(self) -> None:
        self._in_a_row = 0
        self._until = float("-inf")


def parse_retry_after(text: str, now: datetime) -> float | None:
    """The seconds of a ``Retry-After`` header, a number or a date (RFC 9110 10.2.3); None where it says neither."""
    text = text.strip()[:64]
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_WAIT_S)
    try:
        then = parsedate_to_datetime(text)
        then = then if then.tzinfo else then.replace(tzinfo=UTC)
        return min(max(0.0, (then - now).total_seconds()), LONGEST_WAIT_S)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
