"""How many requests a second a device takes, kept before it has to say no. Time is told, never read.

The web server of a device works off so many requests a second, lets so many more wait, and answers the rest with
503 (release notes of RoomOS 10, 11 and 26). Whoever waits here instead waits no longer, and nothing is turned away.
"""

import math
from collections import deque
from dataclasses import dataclass

from roomgate.xapi.errors import BadArgument, RateLimited


@dataclass(eq=False, slots=True)
class Place:
    """A place in the line: its turn comes at ``at``, or earlier where those before it went away."""

    at: float


class Budget:
    """A line of requests, ``per_s`` of which may go each second, in the order in which they came."""

    __slots__ = ("_free_at", "_line", "_longest", "_spacing")

    def __init__(self, per_s: float, longest: int) -> None:
        """``longest`` is how many may wait at a time."""
        if per_s <= 0 or longest < 1:
            raise BadArgument("A budget lets some requests through")
        self._spacing = 1 / per_s
        self._longest = longest
        self._free_at = -math.inf  # from then on one may go
        self._line: deque[Place] = deque()

    def enter(self, now: float, deadline: float) -> Place:
        """A place at the line's end. Raises RateLimited where its turn would come after the deadline, or the line
        is full; the message says when to ask again."""
        at = max(now, self._free_at) + len(self._line) * self._spacing
        if len(self._line) >= self._longest or at > deadline:
            raise RateLimited(
                f"{len(self._line)} requests wait for the device, which takes {1 / self._spacing:g} a second:"
                f" ask again in {max(self._spacing, at - now):.1f} s",
                data={"retry_after_s": round(max(self._spacing, at - now), 3)},
            )
        place = Place(at)
        self._line.append(place)
        return place

    def wait_s(self, place: Place, now: float) -> float:
        """How long a place has yet to wait; 0 when it is its turn, which then is taken by `go`."""
        ahead = self._line.index(place)
        place.at = max(now, self._free_at) + ahead * self._spacing
        return max(0.0, place.at - now)

    def go(self, place: Place, now: float) -> None:
        """The request goes out now."""
        self._line.remove(place)
        self._free_at = max(now, self._free_at) + self._spacing

    def leave(self, place: Place) -> None:
        """It waits no more; those behind it move up. Safe to repeat, and after `go`."""
        if place in self._line:
            self._line.remove(place)

    def hold(self, now: float, for_s: float) -> None:
        """Nothing goes out for so long: the device has said that it was too much."""
        self._free_at = max(self._free_at, now + for_s)
