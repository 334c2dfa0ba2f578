"""The newest checkpoint of the hub's ledger that the hub told: shown at each hello, so that an older hub notices.

The site need not be able to judge it: it is the hub's own signature, which the hub itself verifies. A hub that
tells nonsense here fools only itself.
"""

import os
from pathlib import Path

from roomgate import log
from roomgate.ledger.checkpoint import BadNote, Checkpoint, Note

LONGEST = 4096
_log = log.get("hub-memory")


class HubMemory:
    """One small file in the connector's data folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._note = ""
        try:
            self._note = path.read_text("utf-8")[:LONGEST]
        except FileNotFoundError:
            pass
        except (OSError, UnicodeDecodeError) as bad:
            _log.warning("hub-memory.unreadable", error=str(bad)[:200])

    @property
    def checkpoint(self) -> str:
        return self._note

    def tell(self, note: str) -> None:
        """Keep it if it says more than what is known, or is of a ledger of another name. Never raises."""
        if len(note) > LONGEST or not _newer(note, self._note):
            return
        fresh = self._path.with_suffix(".new")
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
                out.write(note)
                out.flush()
                os.fsync(out.fileno())
            fresh.rename(self._path)
        except OSError as bad:  # the link goes on: it is a second witness, not a condition
            _log.warning("hub-memory.unwritable", error=str(bad)[:200])
            return
        self._note = note


def _newer(note: str, known: str) -> bool:
    told = _read(note)
    before = _read(known)
    return told is not None and (before is None or told.origin != before.origin or told.size > before.size)


def _read(note: str) -> Checkpoint | None:
    try:
        return Checkpoint.parse(Note.parse(note).text)
    except BadNote:
        return None
