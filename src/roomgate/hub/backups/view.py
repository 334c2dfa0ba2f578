"""Pure: backups and their differences as a page shows them."""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from roomgate.clock import parse_iso
from roomgate.fleet.backup import Shown
from roomgate.fleet.restoring import Change
from roomgate.hub.backups.service import Comparison
from roomgate.hub.edits import edits, grouped
from roomgate.hub.rooms.state import RoomSummary

COLUMNS = (
    "id", "made", "name", "by", "size", "digest", "product", "software", "settings", "panels", "macros", "pictures", "damaged",
)  # fmt: skip
MOST_ROWS = 300  # of one table
MOST_LINES = 80  # of one text's difference
MOST_ROOMS = 100  # offered by name


@dataclass(frozen=True, slots=True)
class BackupView:
    """``at``: None where it is damaged, or the site gave no time that can be read."""

    shown: Shown
    at: datetime | None
    href: str
    size: str


@dataclass(frozen=True, slots=True)
class RowView:
    """One difference. ``lines``: of a text, what goes and what comes, each with its sign."""

    kind: str
    name: str
    was: str | None
    will: str
    left: str
    lines: tuple[tuple[str, str], ...]
    more: int  # lines that are not shown


def table_of(backups: Iterable[Shown]) -> list[list[str]]:
    """For CSV and JSON: a row for each."""
    return [[str(getattr(one, column)) for column in COLUMNS] for one in backups]


def view_backup(shown: Shown, here: str) -> BackupView:
    try:
        at = parse_iso(shown.made)
    except ValueError:
        at = None
    return BackupView(shown, at, f"{here}/{shown.id}", f"{max(1, round(shown.size / 1024))} KiB")


def confirming(id: str) -> str:
    """What is typed to confirm that a backup is removed: the start of its id, as pages show it."""
    return id.removeprefix("backup_")[:6]


def view_rows(found: Comparison) -> list[RowView]:
    """What would be done, then what is left out."""
    return [_row(one) for one in (*found.difference.changes, *found.difference.left)]


def _row(one: Change) -> RowView:
    was, will = one.was, str(one.will)
    if one.kind == "branding":
        was, will = None if was is None else _picture(was), _picture(will)
    lines = _lines(was or "", will) if one.kind in ("panel", "macro") else []
    return RowView(
        one.kind, one.name, was, will, one.left or "", tuple(lines[:MOST_LINES]), max(0, len(lines) - MOST_LINES)
    )


def _picture(text: str) -> str:
    """A picture in base64 as its size and the start of its hash."""
    picture = base64.b64decode(text)
    return f"{max(1, len(picture) // 1024)} KiB, {hashlib.sha256(picture).hexdigest()[:12]}"


def _lines(was: str, will: str) -> list[tuple[str, str]]:
    """A panel's XML is one line: it is broken at its elements."""
    before, after = (text.replace("><", ">\n<").splitlines() for text in (was, will))
    found: list[tuple[str, str]] = []
    for part in (part for group in grouped(edits(before, after), 1) for part in group):
        if part.same:
            found += [(" ", line) for line in before[part.old : part.old_end]]
            continue
        found += [("-", line) for line in before[part.old : part.old_end]]
        found += [("+", line) for line in after[part.new : part.new_end]]
    return [(sign, line[:199]) for sign, line in found]


def same_kind(rooms: Iterable[RoomSummary], product: str) -> list[str]:
    """The rooms that a backup may go to without a word of warning, by name."""
    names = (str(room.name) for room in rooms if room.product == product)
    return sorted(names, key=str.casefold)[:MOST_ROOMS]
