"""Pure: the contacts of a room's own phone book, out of the device's answers and in and out of CSV."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from roomgate.errors import BadInput

COLUMNS = ("name", "number", "title", "favourite", "folder")
FAVOURITE, PLAIN = "Favorite", "Untagged"  # the device's words
MOST_ROWS = 500  # of one table
DEEPEST = 5  # of folders within folders
LONGEST = 255  # of each field, by the device's own measure
_YES, _NO = ("yes", "true", "1", "x"), ("", "no", "false", "0")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Contact:
    """``id`` is the device's; empty for one that is not there yet. Only the first number is dialled and carried.

    ``folder``: its place, such as ``Desks/Night``; empty at the top.
    """

    name: str
    number: str = ""
    title: str = ""
    favourite: bool = False
    id: str = ""
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Folder:
    """``place``: its name after those of the folders that it is in."""

    id: str
    place: str


@dataclass(frozen=True, slots=True)
class Found:
    """``total``: how many there are in all."""

    contacts: tuple[Contact, ...]
    total: int


def read_contacts(answer: Any, folders: Iterable[Folder] = ()) -> Found:
    """Out of the answer to a search; what makes no sense is left out."""
    places = {one.id: one.place for one in folders}
    found = tuple(one for row in _rows(answer, "Contact") if (one := _contact(row, places)) is not None)
    return Found(found, total_of(answer, len(found)))


def total_of(answer: Any, otherwise: int) -> int:
    """How many there are in all, by a search's own word."""
    info = answer.get("ResultInfo") if isinstance(answer, dict) else None
    total = str(info.get("TotalRows", "")) if isinstance(info, dict) else ""
    return int(total) if total.isascii() and total.isdigit() and len(total) < 8 else otherwise


def read_folders(answers: Iterable[Any]) -> tuple[Folder, ...]:
    """Out of all answers to a search for them, by their places. One within itself is at the top."""
    rows = {
        str(row["FolderId"])[:LONGEST]: (str(row.get("Name", ""))[:LONGEST], str(row.get("ParentFolderId") or ""))
        for answer in answers
        for row in _rows(answer, "Folder")
        if isinstance(row, dict) and row.get("FolderId")
    }

    def place(id: str, below: tuple[str, ...] = ()) -> str:
        name, above = rows[id]
        return f"{place(above, (*below, id))}/{name}" if above in rows and above not in (*below, id) else name

    return tuple(sorted((Folder(id, place(id)) for id in rows), key=lambda one: one.place.casefold()))


def _rows(answer: Any, name: str) -> list[Any]:
    found = answer.get(name, []) if isinstance(answer, dict) else []
    return found if isinstance(found, list) else [found]


def _contact(row: Any, places: Mapping[str, str]) -> Contact | None:
    if not isinstance(row, dict) or not row.get("ContactId"):
        return None
    methods = row.get("ContactMethod", [])
    first = methods[0] if isinstance(methods, list) and methods and isinstance(methods[0], dict) else {}
    return Contact(
        str(row.get("Name", ""))[:LONGEST], str(first.get("Number", ""))[:LONGEST], str(row.get("Title", ""))[:LONGEST],
        row.get("Tag") == FAVOURITE, str(row["ContactId"])[:LONGEST], places.get(str(row.get("FolderId", "")), ""),
    )  # fmt: skip


def read_csv(text: str) -> list[Contact]:
    """A table with a head; columns that are not ours are passed over. Commas, semicolons or tabs part them.

    Raises BadInput with the line's number.
    """
    text = text.removeprefix("\ufeff")
    part = max(",;\t", key=text.split("\n", 1)[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=part, strict=True)
    found: list[Contact] = []
    try:
        head = [word.strip().lower() for word in next(reader, [])]
        if "name" not in head:
            raise BadInput(f"The first line has to name the columns: {', '.join(COLUMNS)}.")
        for cells in reader:
            row = dict(zip(head, map(_unquoted, cells), strict=False))
            if not any(row.values()):
                continue
            if len(found) >= MOST_ROWS:
                raise BadInput(f"At most {MOST_ROWS} contacts are taken at once.")
            found.append(_of_row(row, reader.line_num))
    except csv.Error as bad:
        raise BadInput(f"Line {reader.line_num} cannot be read: {bad}.") from bad
    return found


def _of_row(row: dict[str, str], line: int) -> Contact:
    name, number, title = (row.get(column, "").strip() for column in COLUMNS[:3])
    word = row.get("favourite", row.get("favorite", "")).strip().lower()
    if not name or max(map(len, (name, number, title))) > LONGEST:
        raise BadInput(f"Line {line}: a contact has a name, and no field of more than {LONGEST} characters.")
    if word not in (*_YES, *_NO):
        raise BadInput(f"Line {line}: favourite is yes or no.")
    return Contact(name, number, title, word in _YES, folder=require_place(row.get("folder", "")))


def require_place(text: str) -> str:
    """A folder's place, tidied. Raises BadInput for one that is too deep or too long."""
    names = [name.strip() for name in text.split("/") if name.strip()]
    if len(names) > DEEPEST or max(map(len, names), default=0) > LONGEST:
        raise BadInput(f"A folder is at most {DEEPEST} deep, and its name has at most {LONGEST} characters.")
    return "/".join(names)


def _unquoted(cell: str) -> str:
    """Without the mark by which a table keeps a spreadsheet from taking a cell for a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def rows_of(contacts: tuple[Contact, ...]) -> list[list[str]]:
    return [[one.name, one.number, one.title, "yes" if one.favourite else "no", one.folder] for one in contacts]


def arguments_of(contact: Contact, folder: str = "") -> dict[str, str]:
    """Of the command that adds it; ``folder`` is the device's id."""
    given = {"Name": contact.name, "Number": contact.number, "Title": contact.title, "FolderId": folder}
    return {name: text for name, text in given.items() if text} | {"Tag": FAVOURITE if contact.favourite else PLAIN}
