"""What a calendar that speaks JSON hands out: one occurrence, understood, and what is needed to write to it again."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, tzinfo
from typing import Protocol, TypeVar, runtime_checkable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from roomgate.ids import RoomName
from roomgate.meetings import plaintext
from roomgate.meetings.calendars.base import CalendarRefused
from roomgate.meetings.invite import UNTIMED, BadInvitation, Invitation, Text
from roomgate.meetings.meeting import Step

Raw = bytes | msgspec.Raw  # one JSON object, as it came
Shape = TypeVar("Shape", bound=msgspec.Struct)
MOST_ENTRIES = 2000  # of one room in one window, as with files


@dataclass(frozen=True, slots=True)
class Entry:
    """``key``: what the service calls this occurrence. ``own``: the room itself is the organizer, and may move it.
    ``guests``: others were invited to it.
    """

    key: str
    invitation: Invitation
    own: bool = False
    guests: bool = False


def check_movable(one: Entry, end: datetime) -> None:
    """Whether the room may give the occurrence this end. Raises `CalendarRefused`."""
    if not one.own:
        raise CalendarRefused("the meeting is its organizer's to move, not the room's")
    if one.invitation.all_day:
        raise CalendarRefused("a whole day has no end that could be moved")
    if end <= one.invitation.start:
        raise CalendarRefused("a meeting cannot end before it begins")


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that an administrator should know, though the calendar works: a stable code, and what to do."""

    code: str
    message: str
    remedy: str


@runtime_checkable
class Telling(Protocol):
    """What a calendar plays besides that knows more of a room than its meetings."""

    def notices(self, room: RoomName) -> tuple[Notice, ...]:
        """As of the last fetch."""


@dataclass(frozen=True, slots=True)
class Entries:
    """The occurrences of one room, by key, and the reason for each that could not be understood."""

    found: tuple[Entry, ...] = ()
    bad: Mapping[str, str] = field(default_factory=dict)
    read: Mapping[bytes, Entry | None] = field(default_factory=dict, repr=False)  # by the digest of what came

    @property
    def cursor(self) -> str:
        """The same for the same content, in whatever order it came, and whatever else the service changed."""
        lines = [repr(_plain(one)) for one in sorted(self.found, key=lambda one: one.key)]
        return hashlib.sha256(
            "\n".join([*lines, repr(sorted(self.bad.items()))]).encode("utf-8", "replace")
        ).hexdigest()

    def find(self, uid: str, recurrence_id: str) -> Entry | None:
        for one in self.found:
            if (one.invitation.uid, one.invitation.recurrence_id) == (uid, recurrence_id):
                return one
        return None


def _plain(one: Entry) -> tuple[object, ...]:
    said = one.invitation
    return (
        one.key, one.own, one.guests, said.uid, said.recurrence_id, said.title, said.start, said.end, said.all_day,
        said.organizer, said.private, said.cancelled, said.tentative, said.texts, said.steps,
        sorted(said.mailboxes), sorted(said.declined_by),
    )  # fmt: skip


def decode(raw: Raw, kind: type[Shape]) -> Shape:
    """One JSON object of a service's. Raises `BadInvitation` with the field that is not as published."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as bad:
        raise BadInvitation(f"the service describes the event in an unknown way: {plaintext.line(str(bad))}") from bad
    except (msgspec.MsgspecError, RecursionError, ValueError) as bad:
        raise BadInvitation(f"the event cannot be read: {type(bad).__name__}") from bad


class _Named(msgspec.Struct):
    id: str = ""


def parse_each(
    raws: Iterable[Raw], parse: Callable[[Raw], Entry | None], before: Entries | None = None, around: str = ""
) -> Entries:
    """Each event for itself: a bad one is told by its key and takes no other along.

    An event that comes twice counts as it came last: pages are read while people go on planning. What came ``before``
    to the byte is not parsed again: of a whole window most times one event is new. ``around``: what else the parsing
    depends on, such as a zone.
    """
    found: dict[str, Entry] = {}
    bad: dict[str, str] = {}
    read: dict[bytes, Entry | None] = {}
    known = before.read if before else {}
    for number, raw in enumerate(raws, 1):
        if number > MOST_ENTRIES:
            bad["all together"] = f"more than {MOST_ENTRIES} events: the rest is left out"
            break
        digest = hashlib.sha256(b"%b\0%b" % (around.encode(), raw)).digest()
        try:
            entry = known[digest] if digest in known else parse(raw)
        except BadInvitation as refused:
            bad[_name(raw, number)] = refused.message
        else:
            read[digest] = entry
            if entry is not None:
                found[entry.key] = entry
    return Entries(tuple(found.values()), bad, read)


def _name(raw: Raw, number: int) -> str:
    try:
        return plaintext.line(decode(raw, _Named).id, 100) or f"event {number}"
    except BadInvitation:
        return f"event {number}"


def find_zone(name: str) -> tzinfo | None:
    """A zone by its IANA name or by the name that Windows gives it."""
    if name.upper() in ("UTC", "Z", "TZONE://MICROSOFT/UTC"):
        return UTC
    try:
        return ZoneInfo(WINDOWS_TO_OLSON.get(name, name)) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def moment(text: str, zone: tzinfo) -> datetime:
    """A time or a day in UTC; ``zone`` is where it is, unless it says so itself. Raises `BadInvitation`."""
    try:
        when = datetime.fromisoformat(text[:40])
        return (when if when.tzinfo else when.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as bad:
        raise BadInvitation(f"a time cannot be read: {plaintext.line(text, 40)}") from bad


def is_midnight(text: str) -> bool:
    try:
        return datetime.fromisoformat(text[:40]).time() == time()
    except ValueError:
        return False


def ended(start: datetime, end: datetime, steps: list[Step]) -> datetime:
    """The end, or a usable one in its place."""
    if end > start:
        return end
    steps.append(Step("end", "no usable end", "taken as 30 minutes"))
    return start + UNTIMED


def said(source: str, text: str | None, steps: list[Step], *, markup: bool = False) -> tuple[Text, ...]:
    """One field's plain text, as `invite` makes it; nothing where there is none."""
    if not text:
        return ()
    plain, cut = plaintext.reduce(text, markup=markup)
    if cut:
        steps.append(Step("size", f"{source} of {len(text)} characters", "only its first 256 KiB are read"))
    return (Text(source, plain),) if plain.strip() else ()


def mailbox(address: str | None) -> str:
    return plaintext.line(address or "").lower().removeprefix("mailto:").strip()


def mailboxes(addresses: Iterable[str | None]) -> frozenset[str]:
    return frozenset(mailbox(one) for one in addresses) - {""}
