"""A room that is never quiet: one leaf of its status takes another number again and again. Pure.

For whoever measures what feedback costs a client; switched while the room runs, as faults are. Each room begins at
a moment of its own within the first pause, so that many of them are a steady stream.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from roomgate.errors import BadInput
from roomgate.sim.state import State
from roomgate.xapi.errors import XapiError
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue, Leaf

_LOWEST, _STEPS = 30, 40  # numbers that are good for a volume as well as for decibels


class _Wish(msgspec.Struct, forbid_unknown_fields=True):
    leaf: str
    seconds: float = 2.0


@dataclass(frozen=True, slots=True)
class Unrest:
    """What changes, and how many seconds lie between two changes."""

    leaf: Path
    every_s: float


def parse_unrest(body: bytes) -> Unrest | None:
    """Read the switch, ``{"leaf", "seconds"}``; None (seconds 0) makes the room quiet. Raises BadInput."""
    try:
        wish = msgspec.json.decode(body, type=_Wish)
        path = Path.parse(wish.leaf)
        known = Catalogue.shipped().leaves(path)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, XapiError) as bad:
        raise BadInput(f"not an unrest: {bad}") from bad
    return _check(wish, path, known)


def read_unrest(text: str) -> Unrest:
    """Read ``LEAF=SECONDS``, as a person writes it; raises BadInput."""
    leaf, _, seconds = text.rpartition("=")
    try:
        wish = _Wish(leaf, float(seconds))
        path = Path.parse(leaf)
    except (ValueError, XapiError) as bad:
        raise BadInput(f"{text!r} is no LEAF=SECONDS, such as Status/RoomAnalytics/AmbientNoise/Level/A=30") from bad
    unrest = _check(wish, path, Catalogue.shipped().leaves(path))
    if unrest is None:
        raise BadInput("seconds takes 0.05–3600")
    return unrest


def _check(wish: _Wish, path: Path, known: tuple[Leaf, ...]) -> Unrest | None:
    if path.root != "Status" or not any(one.path == path for one in known):
        raise BadInput(f"{wish.leaf} is no leaf of a room's status")
    if wish.seconds and not 0.05 <= wish.seconds <= 3600:
        raise BadInput("seconds takes 0, or 0.05–3600")
    return Unrest(path, wish.seconds) if wish.seconds else None


@dataclass(slots=True)
class Restless:
    """One room's unrest. ``due`` is the next change."""

    unrest: Unrest
    due: datetime
    _turn: int = 0

    @classmethod
    def of(cls, unrest: Unrest, room: str, now: datetime) -> "Restless":
        share = int.from_bytes(hashlib.sha256(room.encode()).digest()[:4]) / 2**32
        return cls(unrest, now + timedelta(seconds=unrest.every_s * share))

    def tick(self, state: State, now: datetime) -> None:
        """One change if it is due. After a pause of the whole program it goes on, and makes up for nothing."""
        if now < self.due:
            return
        self._turn += 1
        state.put(*self.unrest.leaf.parts[1:], value=_LOWEST + self._turn % _STEPS)
        step = timedelta(seconds=self.unrest.every_s)
        self.due += step
        if self.due <= now:
            self.due = now + step
