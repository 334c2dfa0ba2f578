"""Pure: the texts that a device is programmed with, told apart by their digest, and how two of them differ."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from roomgate.hub.edits import edits, grouped

MOST_BYTES = 160 * 1024  # of one text: what fits into a request, however it is written there
LONGEST_NAME = 250
LONGEST_ID = 255
CONTEXT = 3
MOST_DIFFERENT = 4000  # lines of a difference; the rest is left out, and that is said


class Kind(StrEnum):
    MACRO = "macro"
    PANEL = "panel"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something at a line and column, both from 1. ``kind``: bad where it cannot work, warn where it may not.

    ``code`` is a message of the console's catalogue, ``about`` what it speaks of.
    """

    line: int
    column: int
    kind: str
    code: str
    about: str = ""


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def refuse_name(kind: Kind, name: str) -> str:
    """Why nothing may be saved under this name, as a message of the catalogue; empty where it may."""
    if not name or len(name) > (LONGEST_NAME if kind is Kind.MACRO else LONGEST_ID):
        return "code.name-length"
    if not name.isprintable() or name != name.strip() or any(one in name for one in "/\\") or name.startswith("."):
        return "code.name-form"
    if kind is Kind.MACRO and name == "xapi":
        return "code.name-taken"
    return ""


@dataclass(frozen=True, slots=True)
class DiffLine:
    """``sign``: ``+``, ``-``, a space, or ``@`` before each part. The numbers are the line's in the old and new text."""

    sign: str
    text: str
    old: int = 0
    new: int = 0


def difference(old: str, new: str) -> list[DiffLine]:
    """What became of the old text, in parts with the lines around; empty where both are the same."""
    before, after = old.splitlines(), new.splitlines()
    lines: list[DiffLine] = []
    for group in grouped(edits(before, after), CONTEXT):
        first, last = group[0], group[-1]
        lines.append(DiffLine("@", f"-{_span(first.old, last.old_end)} +{_span(first.new, last.new_end)}"))
        for part in group:
            if part.same:
                numbers = zip(range(part.old, part.old_end), range(part.new, part.new_end), strict=True)
                lines += [DiffLine(" ", before[n], n + 1, m + 1) for n, m in numbers]
                continue
            lines += [DiffLine("-", before[n], n + 1, 0) for n in range(part.old, part.old_end)]
            lines += [DiffLine("+", after[m], 0, m + 1) for m in range(part.new, part.new_end)]
        if len(lines) > MOST_DIFFERENT:
            return [*lines[:MOST_DIFFERENT], DiffLine("@", "…")]
    if not lines and old != new:  # only the ends of lines differ
        lines.append(DiffLine("@", "\\r \\n"))
    return lines


def _span(start: int, end: int) -> str:
    return f"{start + 1 if end > start else start},{end - start}"


def unified(old: str, new: str, old_name: str, new_name: str) -> str:
    """As `diff -u` writes it."""
    lines = difference(old, new)
    if not lines:
        return ""
    told = [f"@@ {one.text} @@" if one.sign == "@" else one.sign + one.text for one in lines]
    return "\n".join([f"--- {old_name}", f"+++ {new_name}", *told]) + "\n"
