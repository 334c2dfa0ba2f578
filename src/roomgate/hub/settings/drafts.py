"""What somebody has changed on their pages and not applied yet, and what became of what they applied last.

In the hub's memory alone, since a new password may be among it: for one sign-in and one room, half an hour at most.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from roomgate.clock import Clock
from roomgate.hub.settings.change import Edit, Step
from roomgate.ids import RoomId, SessionId
from roomgate.xapi.path import Path

KEPT_S = 1800.0
MOST = 2000
MOST_EDITS = 200


@dataclass(frozen=True, slots=True)
class Reading:
    """A device's answer, for the next look within seconds: whoever types a search asks the device once.

    It holds for the session that it was read in: with a grant or the site's policy that changed, that is gone.
    """

    session: SessionId
    at: float
    document: Any


@dataclass(slots=True)
class Draft:
    """``steps``: of the last changes that were applied; ``undone``: they took back what was applied before."""

    edits: dict[Path, Edit] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    undone: bool = False
    reading: Reading | None = None
    touched: float = 0.0

    def add(self, edits: Sequence[Edit]) -> int:
        """A later edit of a setting takes the place of an earlier one. Gives how many found no place."""
        left_out = 0
        for edit in edits:
            if edit.call.path not in self.edits and len(self.edits) >= MOST_EDITS:
                left_out += 1
                continue
            self.edits[edit.call.path] = edit
        return left_out

    def take(self) -> list[Edit]:
        """All edits, to be applied: they are no draft any more, so that no second form applies them again."""
        taken, self.edits = list(self.edits.values()), {}
        return taken


class Drafts:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._all: OrderedDict[tuple[str, RoomId], Draft] = OrderedDict()

    def of(self, credential: str, room: RoomId) -> Draft:
        """This sign-in's, of this room; an empty one where there was none."""
        now = self._clock.monotonic()
        while self._all:
            key, oldest = next(iter(self._all.items()))
            if len(self._all) <= MOST and now - oldest.touched < KEPT_S:
                break
            del self._all[key]
        found = self._all.setdefault((credential, room), Draft())
        found.touched = now
        self._all.move_to_end((credential, room))
        return found
