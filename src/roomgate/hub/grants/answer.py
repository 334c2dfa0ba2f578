"""Pure: the answer to "who can do what in this room, and why", read off the grants and locks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from roomgate.access.capability import Capability
from roomgate.hub.grants.store import GrantRecord, LockRecord

# What people ask about, and the class that gives it. Those in `ASKS` are felt in the room, which is asked first.
COLUMNS = {
    "see": Capability.OBSERVE,
    "bookings": Capability.BOOKINGS,
    "call": Capability.CALL,
    "sound": Capability.AV_CONTROL,
    "mic": Capability.PRIVACY,
    "set": Capability.CONFIGURE,
}
ASKS = frozenset({"call", "mic"})


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One grant. ``may``: yes, ask, no or locked, by column. ``against``: what forbids it now, if anything."""

    name: str
    inside: bool
    may: dict[str, str]
    reason: str
    by: str
    against: str
    start: datetime
    until: datetime
    grant: str


@dataclass(frozen=True, slots=True)
class AnswerView:
    title: str
    of_room: bool
    rows: tuple[AnswerRow, ...]
    cut: str = ""  # where the form goes that cuts the room or the person; empty where it is cut already
    columns: tuple[str, ...] = tuple(COLUMNS)


def find_subject(asked: str, rooms: Sequence[str], people: Sequence[str]) -> tuple[str, str] | None:
    """Which room or person a question names: ("room", name) or ("person", name). The longest name wins."""
    text = asked.casefold()
    found = [("room", name) for name in rooms if name.casefold() in text]
    found += [("person", name) for name in people if name.casefold() in text]
    return max(found, key=lambda one: len(one[1]), default=None)


def build_row(
    record: GrantRecord,
    locks: Sequence[LockRecord],
    *,
    active: bool,
    name: str,
    by: str,
    inside: bool,
    words: Mapping[str, str],
    now: datetime,
) -> AnswerRow:
    """``words``: how to say paused, locked, disabled."""
    grant = record.grant
    against = ""
    if locks:
        against = words["locked"]
    elif not active:
        against = words["disabled"]
    elif not grant.live(now):
        against = words["paused"]

    def may(column: str) -> str:
        if COLUMNS[column] not in grant.capabilities:
            return "no"
        if against:
            return "locked"
        return "ask" if column in ASKS else "yes"

    return AnswerRow(
        name, inside, {column: may(column) for column in COLUMNS}, grant.reason, by, against,
        grant.start, grant.until, grant.id,
    )  # fmt: skip
