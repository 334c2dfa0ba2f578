"""Pure: the contacts of a room's own phone book, out of the device's answers and in and out of CSV."""

import csv
import io
from dataclasses import dataclass
from typing import Any

from roomgate.errors import BadInput

COLUMNS = ("name", "number", "title", "favourite")
FAVOURITE, PLAIN = "Favorite", "Untagged"  # the device's words
MOST_ROWS = 500  # of one table
LONGEST = 255  # of each field, by the device's own measure
_YES, _NO = ("yes", "true", "1", "x"), ("", "no", "false", "0")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Contact:
    """``id`` is the device's; empty for one that is not there yet. Only the first number is dialled and carried."""

    name: str
    number: str = ""
    title: str = ""
    favourite: bool = False
    id: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """``total``: how many there are in all."""

    contacts: tuple[Contact, ...]
    total: int


def read_contacts(answer: Any) -> Found:
    """Out of the answer to a search; what makes no sense is left out."""
    rows = answer.get("Contact", []) if isinstance(answer, dict) else []
    info = answer.get("ResultInfo") if isinstance(answer, dict) else None
    found = tuple(one for row in (rows if isinstance(rows, list) else [rows]) if (one := _contact(row)) is not None)
    total = str(info.get("TotalRows", "")) if isinstance(info, dict) else ""
    return Found(found, int(total) if total.isascii() and total.isdigit() and len(total) < 8 else len(found))


def _contact(row: Any) -> Contact | None:
    if not isinstance(row, dict) or not row.get("ContactId"):
        return None
    methods = row.get("ContactMethod", [])
    first = methods[0] if isinstance(methods, list) and methods and isinstance(methods[0], dict) else {}
    return Contact(
        str(row.get("Name", ""))[:LONGEST], str(first.get("Number", ""))[:LONGEST], str(row.get("Title", ""))[:LONGEST],
        row.get("Tag") == FAVOURITE, str(row["ContactId"])[:LONGEST],
    )  # fmt: skip


def read_csv(text: str) -> list[Contact]:
    """A table with a head; columns that are not ours are passed over. Raises BadInput with the line's number."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
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
    return Contact(name, number, title, word in _YES)


def _unquoted(cell: str) -> str:
    """Without the mark by which a table keeps a spreadsheet from taking a cell for a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def rows_of(contacts: tuple[Contact, ...]) -> list[list[str]]:
    return [[one.name, one.number, one.title, "yes" if one.favourite else "no"] for one in contacts]


def arguments_of(contact: Contact) -> dict[str, str]:
    """Of the command that adds it."""
    given = {"Name": contact.name, "Number": contact.number, "Title": contact.title}
    return {name: text for name, text in given.items() if text} | {"Tag": FAVOURITE if contact.favourite else PLAIN}
