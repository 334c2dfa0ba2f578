"""Time, handed in: the system's, and one wound by hand for tests."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Who wants the time asks this; nobody asks the machine."""

    def now(self) -> datetime:
        """The wall clock, in UTC: for people, for the record, for calendars."""

    def monotonic(self) -> float:
        """Seconds that never jump: for leases, deadlines and ends."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 (the one place that may)

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass(slots=True)
class HandClock:
    """A clock that moves when told."""

    wall: datetime = field(default_factory=lambda: datetime(2026, 3, 10, 9, 0, tzinfo=UTC))
    mono: float = 1000.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.mono

    def advance(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.mono += seconds


JUMP_S = 2.0


class Jumps:
    """Sees that the wall clock was set: then it and the monotonic clock no longer agree.

    A machine that slept counts as set forward: the monotonic clock did not run meanwhile.
    """

    def __init__(self, clock: Clock, since: datetime | None = None) -> None:
        """``since``: a moment known to have passed, such as that of the newest entry on record."""
        self._clock = clock
        now = clock.now()
        self._wall = now if since is None else max(now, since)
        self._mono = clock.monotonic()

    def look(self) -> float:
        """By how many seconds it was set since the last look; 0.0 where it was not. Each jump is told once."""
        wall, mono = self._clock.now(), self._clock.monotonic()
        by_s = (wall - self._wall).total_seconds() - (mono - self._mono)
        if abs(by_s) < JUMP_S:
            return 0.0
        self._wall, self._mono = wall, mono
        return by_s


def iso(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, as the record and the API write it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_iso(text: str) -> datetime:
    """The inverse of `iso`; raises ValueError for a time without a zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return moment.astimezone(UTC)
