"""Pure: tags of rooms from a spreadsheet. Every complaint is found, each with its line."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from roomgate.errors import BadInput
from roomgate.hub.rooms.tags import parse_tags
from roomgate.redact import foreign

MOST_BYTES = 2 * 1024 * 1024
MOST_ROWS = 20_000
MOST_COMPLAINTS = 100


class BadSheet(BadInput):
    """The sheet cannot be read, or says what cannot be done; every complaint names its line."""

    code = "inventory.sheet"

    def __init__(self, complaints: list[str]) -> None:
        more = len(complaints) - MOST_COMPLAINTS
        told = complaints[:MOST_COMPLAINTS] + ([f"… and {more} more."] if more > 0 else [])
        super().__init__(" ".join(told), hint="The sheet needs the columns name and tags; nothing was changed.")
        self.complaints = told


@dataclass(frozen=True, slots=True)
class Tagging:
    """What a sheet would change of one room."""

    room: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def added(self) -> tuple[str, ...]:
        return tuple(tag for tag in self.after if tag not in self.before)

    @property
    def removed(self) -> tuple[str, ...]:
        return tuple(tag for tag in self.before if tag not in self.after)


def read_sheet(raw: bytes | str) -> dict[str, frozenset[str]]:
    """Name → all tags of that room from now on. Commas, semicolons or tabs part the columns, spaces the tags.

    Other columns are of no concern, so a sheet that was exported can be read back. Raises BadSheet.
    """
    if len(raw) > MOST_BYTES:
        raise BadSheet([f"The sheet is larger than {MOST_BYTES // 1024 // 1024} MiB."])
    if isinstance(raw, bytes):
        try:
            raw = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
        except UnicodeDecodeError as bad:
            raise BadSheet([f"The sheet is not UTF-8: byte {bad.start}. Save it as “CSV UTF-8”."]) from bad
    text = raw.lstrip("\ufeff")
    first = text.split("\n", 1)[0]
    part = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=part, strict=True))
    except csv.Error as bad:
        raise BadSheet([f"The sheet is no CSV: {bad}."]) from bad
    return _rows(rows)


def _rows(rows: list[list[str]]) -> dict[str, frozenset[str]]:
    heads = [cell.strip().casefold() for cell in rows[0]] if rows else []
    missing = [name for name in ("name", "tags") if heads.count(name) != 1]
    if missing:
        raise BadSheet([f"Line 1: there must be one column {name!r}." for name in missing])
    if len(rows) > MOST_ROWS + 1:
        raise BadSheet([f"More than {MOST_ROWS} rooms."])
    name_at, tags_at = heads.index("name"), heads.index("tags")
    wanted: dict[str, frozenset[str]] = {}
    complaints: list[str] = []
    for number, cells in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) <= max(name_at, tags_at):
            complaints.append(f"Line {number}: it has only {len(cells)} columns.")
            continue
        name = _unguarded(cells[name_at].strip())
        if name in wanted:
            complaints.append(f"Line {number}: {foreign(name, 80)} is there twice.")
            continue
        try:
            wanted[name] = parse_tags(_unguarded(cells[tags_at].strip()).replace(",", " ").split())
        except BadInput as bad:
            complaints.append(f"Line {number}: {bad.message}")
            wanted[name] = frozenset()
    if complaints:
        raise BadSheet(complaints)
    return wanted


def _unguarded(cell: str) -> str:
    """The quote that our own export puts before what a spreadsheet would take for a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:2] in ("=", "+", "-", "@") else cell


def compare(wanted: Mapping[str, frozenset[str]], present: Mapping[str, frozenset[str]]) -> list[Tagging]:
    """What differs, by name. Raises BadSheet with every room that is not among the present ones."""
    if unknown := sorted(name for name in wanted if name not in present):
        raise BadSheet([f"There is no room {foreign(name, 80) or '“”'}." for name in unknown])
    return [
        Tagging(name, tuple(sorted(present[name])), tuple(sorted(wanted[name])))
        for name in sorted(wanted)
        if wanted[name] != present[name]
    ]
