"""What a room was invited to, made of what strangers wrote. Pure: bytes in, meetings out.

What was sent by one sender, or in one series, takes nothing else along where it cannot be understood. So the work goes
in steps, and each step names the invitations that it is about before it begins: whoever runs this may refuse them
there, and knows which they were if it never ends.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

from roomgate.meetings.invite import MOST_OCCURRENCES, BadInvitation, Event, Invitation, Window, occurrences, parse_file
from roomgate.meetings.meeting import Meeting
from roomgate.meetings.rules.catalogue import Catalogue
from roomgate.meetings.understand import DeviceAbilities, understand

ALL = -1  # in the place of one invitation's number, where something is told of all together
Numbers = tuple[int, ...]  # of invitations, in order
Begin = Callable[[Numbers], None]


@dataclass(frozen=True, slots=True)
class Given:
    """What is read together: one room's files, and the occurrences that its calendar understood itself. They are
    numbered in this order, the files first.
    """

    files: tuple[bytes, ...] = field(repr=False)
    invitations: tuple[Invitation, ...]
    window: Window
    device: DeviceAbilities

    @property
    def count(self) -> int:
        return len(self.files) + len(self.invitations)


@dataclass(frozen=True, slots=True)
class Understood:
    """The meetings by their start, and the reason for each invitation of which something was left out."""

    meetings: tuple[Meeting, ...]
    bad: Mapping[int, str]


def _at_once(_: Numbers) -> None:
    """Nobody asks what is begun."""


def read(given: Given, zone: tzinfo, rules: Catalogue | None = None, begin: Begin = _at_once) -> Understood:
    """``zone``: where floating times are. ``begin`` hears which invitations a step is about, and may raise
    `BadInvitation` to have them left out.
    """
    bad: dict[int, str] = {}
    ones = _occurrences(given, zone, begin, bad)
    ones.sort(key=lambda one: (one[1].start, one[1].uid, one[1].recurrence_id))
    if len(ones) > MOST_OCCURRENCES:
        bad[ALL] = f"more than {MOST_OCCURRENCES} occurrences: the later ones are left out"
    meetings: list[Meeting] = []
    for numbers, one in ones[:MOST_OCCURRENCES]:
        try:
            begin(numbers)
            meetings.append(understand(one, given.device, rules))
        except BadInvitation as refused:
            bad |= dict.fromkeys(numbers, refused.message)
    return Understood(tuple(meetings), bad)


def _occurrences(
    given: Given, zone: tzinfo, begin: Begin, bad: dict[int, str]
) -> list[tuple[Numbers, Invitation]]:  # fmt: skip
    window = given.window
    found: list[tuple[Numbers, Invitation]] = [
        ((number,), one)
        for number, one in enumerate(given.invitations, len(given.files))
        if one.end > window.start and one.start < window.end
    ]
    by_uid: dict[str, list[tuple[int, Event]]] = {}  # an update or a cancellation may be a file of its own
    for number, raw in enumerate(given.files):
        try:
            begin((number,))
            events, left_out = parse_file(raw, zone)
        except BadInvitation as refused:
            bad[number] = refused.message
            continue
        if left_out:
            bad[number] = _told(left_out, len(events))
        for event in events:
            by_uid.setdefault(event.uid, []).append((number, event))
    for together in by_uid.values():
        numbers = tuple(sorted({number for number, _ in together}))
        try:
            begin(numbers)
            found += ((numbers, one) for one in occurrences([event for _, event in together], window))
        except BadInvitation as refused:
            bad |= dict.fromkeys(numbers, refused.message)
    return found


def _told(left_out: Iterable[str], kept: int) -> str:
    reasons = list(left_out)
    if not kept and len(reasons) == 1:
        return reasons[0]
    return f"{len(reasons)} of its {kept + len(reasons)} events left out: {reasons[0]}"
