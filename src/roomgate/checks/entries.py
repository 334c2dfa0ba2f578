"""A record that nobody described, taken apart into its entries and their times. Pure.

A vendor's log may be JSON, JSON on each line, CSV, plain text, or a page with a table. An entry is the smallest part
that has a time of its own, so that what two entries say is never taken for one.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from typing import Any

import msgspec

from roomgate.clock import parse_iso

ENTRIES_MOST = 5000
DEPTH_MOST = 8  # of lists in lists; what lies deeper is part of its entry
_PAGE = re.compile(r"(?i)<(html|table|body|head)\b")
_ROW_ENDS = re.compile(r"(?i)</(tr|li|p|div|pre|dd|h\d)\s*>|<br\s*/?>")
_DEAD = re.compile(r"(?is)<(script|style)\b.*?(</\1\s*>|$)")
_TAG = re.compile(r"<[^<>]*>")
_CLOCK = re.compile(r"\d:\d\d|\d{10}")
_ZONE = r"\s*(Z\b|UTC|GMT|[+-]\d\d:?\d\d)?(?!\s*[AaPp]\.?[Mm])"
_HOUR = r"(\d\d:\d\d(?::\d\d)?)(?![:\d])(?:[.,]\d{1,9})?"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"({'|'.join(_MONTHS)})[a-z]*\.?"
_ISO = re.compile(rf"(\d{{4}})-(\d\d)-(\d\d)(?:[Tt]|,? +){_HOUR}{_ZONE}", re.IGNORECASE)
_DAY_FIRST = re.compile(rf"\b(\d{{1,2}})[ /-]{_MONTH}[ /-](\d{{4}})[ :,]+{_HOUR}{_ZONE}", re.IGNORECASE)
_MONTH_FIRST = re.compile(rf"\b{_MONTH} +(\d{{1,2}}),? +(\d{{4}})[ ,]+{_HOUR}{_ZONE}", re.IGNORECASE)
_EPOCH = re.compile(r"(?<![\d.+-])(1\d{9})(?:\d{3}|\d{6})?(?:\.\d+)?(?![\d:-])")


def parse_record(text: str) -> list[str]:
    """The entries of a record, each as one text."""
    whole = _json(text)
    if isinstance(whole, dict | list):
        found = _below(whole) or ([] if isinstance(whole, list) or _lists(whole) else [_flat(whole)])
        return found[:ENTRIES_MOST]
    if _PAGE.search(text):
        text = _DEAD.sub(" ", text)
        text = unescape(_TAG.sub(" ", _ROW_ENDS.sub("\n", re.sub(r"\s*\n\s*", " ", text))))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(blocks := [block.strip() for block in re.split(r"\n\s*\n", text) if block.strip()]) > 1:
        lines += [block for block in blocks if "\n" in block and len(list(times_in(block))) == 1]
    return lines[:ENTRIES_MOST]


def looks_like_record(text: str) -> bool:
    """Whether it could be one at all, be it empty: a page or an object without a single entry is something else."""
    whole = _json(text)
    if isinstance(whole, list):
        return True
    if isinstance(whole, dict):
        return bool(_lists(whole)) or any(True for _ in times_in(_flat(whole)))
    return not _PAGE.search(text) or any(has_clock(entry) for entry in parse_record(text))


def times_in(entry: str) -> Iterator[datetime]:
    """The moments that an entry names. One without a zone is taken for UTC, and shows to be wrong if it is not."""
    for year, month, day, clock, zone in _ISO.findall(entry):
        yield from _moment(year, month, day, clock, zone)
    for day, month, year, clock, zone in _DAY_FIRST.findall(entry):
        yield from _moment(year, _number(month), day, clock, zone)
    for month, day, year, clock, zone in _MONTH_FIRST.findall(entry):
        yield from _moment(year, _number(month), day, clock, zone)
    for seconds in _EPOCH.findall(entry):
        yield datetime.fromtimestamp(int(seconds), UTC)


def has_clock(entry: str) -> bool:
    """Whether it has something that could be a time, understood or not."""
    return _CLOCK.search(entry) is not None


def _moment(year: str, month: str, day: str, clock: str, zone: str) -> Iterator[datetime]:
    plain = "+00:00" if zone.upper() in ("", "Z", "UTC", "GMT") else zone
    try:
        yield parse_iso(f"{year}-{month}-{day:0>2}T{clock}{plain}")
    except (ValueError, OverflowError):
        return


def _number(month: str) -> str:
    return f"{_MONTHS.index(month[:3].lower()) + 1:02}"


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return None


def _below(value: Any, depth: int = 0) -> list[str]:
    """The entries in the lists of a document, whatever they are wrapped in."""
    rows = value if isinstance(value, list) else [row for inner in _lists(value) for row in inner]
    return [entry for row in rows for entry in _split(row, depth + 1)]


def _split(row: Any, depth: int) -> list[str]:
    """A row itself; or, if it only wraps lists of rows that have times of their own, those."""
    if isinstance(row, dict | list) and depth < DEPTH_MOST:
        inner = _below(row, depth)
        if any(True for entry in inner for _ in times_in(entry)):
            return inner
    return [_flat(row)]


def _lists(table: dict[str, Any], depth: int = 0) -> list[list[Any]]:
    found = [value for value in table.values() if isinstance(value, list)]
    if depth < DEPTH_MOST:
        for value in table.values():
            if isinstance(value, dict):
                found += _lists(value, depth + 1)
    return found


def _flat(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode("utf-8", "replace")
