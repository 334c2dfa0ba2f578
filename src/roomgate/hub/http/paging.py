"""Lists come in pages, with an opaque place to go on from."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import msgspec

from roomgate.errors import BadInput

T = TypeVar("T")
R = TypeVar("R")
USUAL, MOST = 50, 200


class Page(msgspec.Struct, Generic[T], frozen=True):
    """``next`` is what to send as ``cursor`` for the following page, or null at the end."""

    items: list[T]
    next: str | None


def parse_limit(limit: int | None) -> int:
    if limit is not None and not 1 <= limit <= MOST:
        raise BadInput(f"limit is from 1 to {MOST}.")
    return limit or USUAL


def parse_cursor(cursor: str | None) -> str:
    """Where the last page ended; nothing for the first one. Raises BadInput."""
    if not cursor:
        return ""
    try:
        return base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeError) as bad:
        raise BadInput("This cursor is not one of ours.") from bad


def build_page(found: Sequence[R], limit: int, key: Callable[[R], str], show: Callable[[R], T]) -> Page[T]:
    """``found`` holds one more than the limit where there is a following page."""
    shown = found[:limit]
    more = len(found) > limit and shown
    return Page([show(one) for one in shown], write_cursor(key(shown[-1])) if more else None)


def write_cursor(last: str) -> str:
    """What `parse_cursor` reads: where this page ended."""
    return base64.urlsafe_b64encode(last.encode()).decode().rstrip("=")
