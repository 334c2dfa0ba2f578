"""Which of a room's meetings its device shows, and the reason for each: pure.

Meetings that overlap are all shown, in the order of their start, and of their ids where they start together: so the
order stays, however often and in whatever order a calendar is read. A meeting may be joined for a while after its end
only as long as that takes nothing from the next: the two buffers never overlap.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from roomgate.meetings.booking import Booking, BookingId, booking_id, build_booking
from roomgate.meetings.house_rules import DEFAULT, HouseRules, Private
from roomgate.meetings.meeting import How, Meeting, Step

MOST_BOOKINGS = 100
NONE: Mapping[BookingId, datetime] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Shown:
    """A meeting, and what the device is to show of it: None for nothing. ``because`` ends with the reason."""

    meeting: Meeting
    id: BookingId
    booking: Booking | None
    because: tuple[Step, ...]


def decide_shown(
    meetings: Sequence[Meeting],
    rules: HouseRules = DEFAULT,
    mailbox: str = "",
    withheld: Mapping[BookingId, datetime] = NONE,
) -> tuple[Shown, ...]:
    """All meetings, in the order of the list. ``mailbox`` is the room's own address, for what it declined itself;
    ``withheld`` are those whose time the room has given back, each with its start then."""
    named = [(booking_id(one.uid, one.recurrence_id), one) for one in meetings]
    named.sort(key=lambda pair: (pair[1].start, pair[0]))
    judged = [(identity, one, _hidden(identity, one, rules, mailbox, withheld)) for identity, one in named]
    visible = [(identity, one) for identity, one, hidden in judged if hidden is None][:MOST_BOOKINGS]
    starts, overlapping = [one.start for _, one in visible], _overlapping(visible)
    found: list[Shown] = []
    count = 0
    for identity, meeting, step in judged:
        if step is None and count == len(visible):
            step = Step("list", f"{MOST_BOOKINGS} earlier meetings", "not shown: the list is full")
        if step is not None:
            found.append(Shown(meeting, identity, None, (*meeting.because, step)))
            continue
        count += 1
        steps = [*meeting.because]
        if identity in overlapping:
            steps.append(Step("overlap", "another meeting at the same time", "all of them are shown"))
        steps.append(Step("shown", _kind(meeting), "on the room's list"))
        booking = build_booking(meeting, rules, late_s=_late_s(meeting, starts, rules))
        found.append(Shown(meeting, identity, booking, tuple(steps)))
    return tuple(found)


def _hidden(
    identity: BookingId, meeting: Meeting, rules: HouseRules, mailbox: str, withheld: Mapping[BookingId, datetime]
) -> Step | None:
    """Why the room shows nothing of it; None where it does."""
    if meeting.cancelled:
        return Step("shown", "called off", "not shown")
    if mailbox and mailbox.strip().lower() in meeting.declined_by:
        return Step("declined", "the room itself declined it", "not shown")
    if withheld.get(identity) == meeting.start:
        return Step("released", "the room gave its time back", "not shown")
    if meeting.private and rules.private is Private.HIDE:
        return Step("private", "a private meeting", "not shown: the site hides these")
    if meeting.tentative and not rules.tentative:
        return Step("tentative", "its organizer is not sure of it yet", "not shown: the site hides these")
    if meeting.all_day and not rules.all_day:
        return Step("all-day", "it lasts all day", "not shown: the site hides these")
    if meeting.join.how is How.NONE and not rules.not_joinable:
        return Step("not joinable", "no way to join from the room", "not shown: the site hides these")
    return None


def _kind(meeting: Meeting) -> str:
    words = [
        word
        for word, true in (
            ("private", meeting.private),
            ("tentative", meeting.tentative),
            ("all-day", meeting.all_day),
        )
        if true
    ]
    return f"a {', '.join(words)} meeting" if words else "a meeting"


def _overlapping(ordered: Sequence[tuple[BookingId, Meeting]]) -> set[BookingId]:
    """All that share time with another; an all-day meeting lies over every other, and that is not worth a word."""
    found: set[BookingId] = set()
    last: tuple[BookingId, Meeting] | None = None  # of those so far, the one that ends last
    for identity, meeting in ordered:
        if meeting.all_day:
            continue
        if last is not None and meeting.start < last[1].end:
            found |= {last[0], identity}
        if last is None or meeting.end > last[1].end:
            last = (identity, meeting)
    return found


def _late_s(meeting: Meeting, starts: Sequence[datetime], rules: HouseRules) -> int:
    """The next meeting's own buffer begins where this one's must have ended. ``starts`` in their order."""
    if not rules.late:
        return 0
    following = bisect_left(starts, meeting.end)
    room = rules.late if following == len(starts) else starts[following] - rules.early - meeting.end
    return int(max(timedelta(0), min(rules.late, room)).total_seconds())
