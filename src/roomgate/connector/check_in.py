"""Whether somebody came to a meeting, and what follows where nobody did: pure.

A meeting is given back only after the room itself has said so for a while, with a button against it. So whatever this
program missed (it was killed, the device was away), the people in the room have their say first. What cannot be seen
counts as nothing seen; a device that is away, or a panel that cannot be spoken on, releases nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roomgate.connector.booking_rules import CALL, PRESENCE, CheckInRules
from roomgate.meetings.booking import BookingId
from roomgate.meetings.showing import Shown
from roomgate.xapi import tree


@dataclass(frozen=True, slots=True)
class CheckIn:
    """Somebody came. ``sign`` is how that was seen."""

    meeting: Shown
    sign: str


@dataclass(frozen=True, slots=True)
class Warn:
    """The room is to say that the meeting will be released."""

    meeting: Shown


@dataclass(frozen=True, slots=True)
class Release:
    meeting: Shown


Act = CheckIn | Warn | Release


def decide(
    shown: Collection[Shown],
    rules: CheckInRules,
    now: datetime,
    *,
    signs: Collection[str],
    checked: Collection[BookingId],
    warned: Mapping[BookingId, datetime],
) -> tuple[Act, ...]:
    """What is to be done now. ``signs`` is what is seen in the room at this moment, ``checked`` who came before,
    ``warned`` since when the room says that a meeting will be released.

    Somebody in the room counts for every meeting that could be checked in to: where two overlap, which one they came
    to is not ours to say. All-day meetings are never released.
    """
    acts: list[Act] = []
    sign = next((one for one in rules.by if one in signs), None)
    for one in shown:
        start, end = one.meeting.start, one.meeting.end
        if one.booking is None or one.meeting.all_day or one.id in checked or not start - rules.opens <= now < end:
            continue
        if sign is not None:
            acts.append(CheckIn(one, sign))
            continue
        if now < start + rules.release - rules.warn:
            continue
        if one.id not in warned:
            acts.append(Warn(one))
        elif now >= max(start + rules.release, warned[one.id] + rules.warn):
            acts.append(Release(one))
    return tuple(acts)


def read_signs(state: Mapping[str, Any]) -> frozenset[str]:
    """What a device's mirrored state says of people: a call, or somebody seen. "Unknown" and -1 say nothing."""
    found: set[str] = set()
    if isinstance(calls := tree.lookup(state, ("Status", "Call")), list) and calls:
        found.add(CALL)
    analytics = ("Status", "RoomAnalytics")
    count = tree.lookup(state, (*analytics, "PeopleCount", "Current"))
    if tree.lookup(state, (*analytics, "PeoplePresence")) == "Yes" or (_number(count) or 0) > 0:
        found.add(PRESENCE)
    return frozenset(found)


def _number(value: object) -> int | None:
    try:
        return int(value) if isinstance(value, int | str) else None
    except ValueError:
        return None
