"""The web server's rate limit: so many requests a second are handled, some wait their turn, the rest get 503.

As release notes 10, 11 and 26 tell it: with Basic authentication one request a second and a queue of 30, with a
session cookie 15 a second and a queue of 90. Thirty at once take thirty seconds, so the first waits a second too.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Gate:
    """A bucket of ``queue`` places that drains at ``rate`` a second. Times are monotonic seconds.

    With ``waits`` a request has its turn when the bucket has drained as far as its place; without, at once.
    """

    rate: float
    queue: int
    waits: bool = False
    _filled: float = 0.0
    _at: float = 0.0

    def turn(self, now: float) -> float | None:
        """How many seconds one more request waits for its turn; None where it finds no place."""
        self._filled = max(0.0, self._filled - (now - self._at) * self.rate)
        self._at = now
        if self._filled + 1 > self.queue:
            return None
        self._filled += 1
        return self._filled / self.rate if self.waits else 0.0

    def admit(self, now: float) -> bool:
        """Whether one more request finds a place."""
        return self.turn(now) is not None


def basic_gate() -> Gate:
    """A device's own limit for Basic authentication."""
    return Gate(1.0, 30, waits=True)


def cookie_gate() -> Gate:
    """A device's own limit for requests with a session's cookie."""
    return Gate(15.0, 90, waits=True)
