"""The web server's rate limit: so many requests a second are handled, some wait, the rest get 503."""

from dataclasses import dataclass


@dataclass(slots=True)
class Gate:
    """A bucket of ``queue`` places that drains at ``rate`` a second. Times are monotonic seconds."""

    rate: float
    queue: int
    _filled: float = 0.0
    _at: float = 0.0

    def admit(self, now: float) -> bool:
        """Whether one more request finds a place."""
        self._filled = max(0.0, self._filled - (now - self._at) * self.rate)
        self._at = now
        if self._filled + 1 > self.queue:
            return False
        self._filled += 1
        return True
