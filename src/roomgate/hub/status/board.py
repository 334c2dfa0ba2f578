"""What open pages show of rooms, kept current by what their watches hear: so no change asks the device again.

A board belongs to one session in one room. It holds only what that session was told, and whoever reads it is given
only what the session's grants let through at that moment.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from roomgate.access.capability import Classes
from roomgate.hub.channels import Session
from roomgate.xapi import tree
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue
from roomgate.xapi.tree import Document

MOST_BOARDS = 200  # with a device's whole status each


@dataclass(slots=True)
class Board:
    """``document`` is rooted."""

    document: Document = field(default_factory=dict)
    version: int = 0

    def absorb(self, path: Path, document: Document, present: bool) -> None:
        """A feedback on ``path``; a present value takes the place of all that was known there."""
        if present:
            gone = tree.expand(Path(path.parts), {"ghost": "True"})
            self.document = tree.merge(self.document, gone)
        self.document = tree.merge(self.document, document)
        self.version += 1

    def status(self, session: Session, catalogue: Catalogue) -> Any:
        """What stands below Status and may be read in this session now."""
        classes, held = Classes.shipped(), session.capabilities
        allowed = tree.prune(self.document, None, lambda leaf: classes.told(leaf, catalogue) in held)
        return tree.lookup(allowed, ("Status",)) or {}


class Boards:
    def __init__(self, most: int = MOST_BOARDS) -> None:
        self._most = most
        self._kept: OrderedDict[str, Board] = OrderedDict()

    def begin(self, session: Session, status: Any) -> Board:
        """A page was made of this status, which was just asked for; the board of its session goes on from there."""
        board = self._kept.setdefault(session.id, Board())
        board.document = {"Status": status} if isinstance(status, dict) else {}
        board.version += 1
        self._kept.move_to_end(session.id)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return board

    def get(self, session: Session) -> Board | None:
        """None where none was begun, or it has been let go."""
        return self._kept.get(session.id)
