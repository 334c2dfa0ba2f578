"""Pure: single facts out of a document that a device wrote. Whatever does not have the expected shape is not there."""

import math
from collections.abc import Iterator
from typing import Any

from roomgate.redact import foreign
from roomgate.xapi import tree

MOST_MEMBERS = 64
_LARGEST = 1e15
_OVER = frozenset({"Idle", "Disconnecting", ""})  # a call that is none any more


def read_text(node: object, *parts: str, limit: int = 120) -> str:
    """A leaf as text; "" where there is none."""
    found = tree.lookup(node, parts)
    if isinstance(found, str):
        return foreign(found, limit)
    return str(found) if isinstance(found, int) and not isinstance(found, bool) and abs(found) < _LARGEST else ""


def read_number(node: object, *parts: str) -> float | None:
    """A leaf as a number; devices write some as text. None for what is no number, NaN and infinities among them."""
    found = tree.lookup(node, parts)
    if isinstance(found, bool) or not isinstance(found, int | float | str):
        return None
    try:
        value = float(found[:24] if isinstance(found, str) else found)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) and abs(value) < _LARGEST else None


def read_count(node: object, *parts: str) -> int | None:
    """A whole number that is not below 0: devices say -1 for what they do not know."""
    value = read_number(node, *parts)
    return None if value is None or value < 0 else round(value)


def members(node: object, *parts: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The members of a list, with their ids; not those that are gone, and not more than a page can show."""
    found = tree.lookup(node, parts)
    count = 0
    for position, one in enumerate(found if isinstance(found, list) else (), 1):
        if not isinstance(one, dict) or tree.is_ghost(one):
            continue
        if (count := count + 1) > MOST_MEMBERS:
            return
        number = tree.member_id(one)
        yield position if number is None else number, one


def live_calls(status: object) -> list[tuple[int, dict[str, Any]]]:
    return [(id, call) for id, call in members(status, "Call") if read_text(call, "Status") not in _OVER]


def loss_of(channel: object) -> float | None:
    """Lost packets, % of those that were sent: of the last interval where it is told, else since the call began."""
    for lost, came in (("LastIntervalLost", "LastIntervalReceived"), ("Loss", "Packets")):
        gone, here = read_count(channel, "Netstat", lost), read_count(channel, "Netstat", came)
        if gone is not None and here is not None and gone + here:
            return round(100 * gone / (gone + here), 2)
    return None


def media_channels(status: object) -> Iterator[tuple[int, dict[str, Any]]]:
    """The channels of all calls, each with its call's id."""
    for call, one in members(status, "MediaChannels", "Call"):
        for _, channel in members(one, "Channel"):
            yield call, channel
