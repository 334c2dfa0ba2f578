"""Pure: the answer to "who can do what in this room, and why", read off the grants and locks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from roomgate.access.capability import Capability
from roomgate.access.decision import Facts
from roomgate.hub.grants.explained import state_of
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
ACTS = frozenset({"call", "sound", "mic", "set"})  # what takes a use of a grant that is counted
AGAINST = ("locked", "disabled", "paused", "later", "over", "not-booked", "spent")  # what makes a grant not count


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
    terms: tuple[str, ...] = ()


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
    facts: Facts,
    *,
    name: str,
    by: str,
    inside: bool,
    words: Mapping[str, str],
    now: datetime,
    terms: Sequence[str] = (),
) -> AnswerRow:
    """``words``: how to say locked, disabled, and each state of a grant that does not count."""
    grant = record.grant
    against = ""
    state = state_of(record, facts, now)
    if locks:
        against = words["locked"]
    elif not facts.active:
        against = words["disabled"]
    elif state != "counts":
        against = words[state]

    def may(column: str) -> str:
        if COLUMNS[column] not in grant.capabilities:
            return "no"
        only_acts = state == "spent" and not locks and facts.active
        if against and (not only_acts or column in ACTS):
            return "locked"
        return "ask" if column in ASKS else "yes"

    return AnswerRow(
        name, inside, {column: may(column) for column in COLUMNS}, grant.reason, by, against,
        grant.start, grant.until, grant.id, tuple(terms),
    )  # fmt: skip
