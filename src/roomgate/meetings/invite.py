"""The bytes of an .ics file become invitations: one per event, or one per occurrence in a window.

Everything in such a file was written by a stranger. Whatever is wrong with it, the only error that leaves
this module is `BadInvitation`. Field order and oddities follow RFC 5545, RFC 7986 and what calendars write.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import icalendar
import recurring_ical_events

from roomgate.errors import BadInput
from roomgate.meetings import plaintext, series
from roomgate.meetings.meeting import Organizer, Step

MOST_BYTES = 4 * 1024 * 1024
MOST_EVENTS = 1000
MOST_OCCURRENCES = 2000
UNTIMED = timedelta(minutes=30)  # an event without an end, or one that ends before it begins

Component = Any  # a component of the icalendar library, whose types say "anything" too

_FOLD = re.compile(rb"\r?\n[ \t]")  # linear: no repetition
_ESCAPE = re.compile(r"\\([\\;,nN])")
_SERIOUS = ("REQUEST", "PUBLISH", "ADD", "CANCEL", "")

# In the order in which they are believed; the last two are the event's own words.
_TEXTS = (
    "CONFERENCE",
    "X-GOOGLE-CONFERENCE",
    "X-GOOGLE-HANGOUT",
    "X-GOOGLE-HANGOUT-LINK",
    "X-MICROSOFT-SKYPETEAMSMEETINGURL",
    "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK",
    "X-MICROSOFT-ONLINEMEETINGCONFLINK",
    "X-PM-CONFERENCE-URL",
    "URL",
    "LOCATION",
    "DESCRIPTION",
    "X-ALT-DESC",
    "X-MICROSOFT-LOCATIONS",
)


class BadInvitation(BadInput):
    """The file cannot be understood as an invitation; the message says why."""

    code = "meeting.invitation.bad"
    hint = "Ask the sender for a fresh invitation, or look at the file."


@dataclass(frozen=True, slots=True)
class Window:
    """From ``start`` (inclusive) to ``end``, both with a zone."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Text:
    """One field's plain text and where it stood."""

    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """What one occurrence says, before anything is concluded from it. Times are UTC."""

    uid: str
    recurrence_id: str
    title: str
    start: datetime
    end: datetime
    all_day: bool
    organizer: Organizer
    private: bool
    cancelled: bool
    texts: tuple[Text, ...]
    mailboxes: frozenset[str] = frozenset()
    steps: tuple[Step, ...] = ()
    tentative: bool = False  # its organizer is not sure of it yet
    declined_by: frozenset[str] = frozenset()  # the mail addresses, in lower case, of those who do not come


@dataclass(frozen=True, slots=True)
class Event:
    """One VEVENT of a file, still in the library's hands."""

    component: Component = field(repr=False)
    uid: str
    recurrence_id: str
    rank: tuple[int, str, bool]  # SEQUENCE, DTSTAMP, cancelled: the highest is the latest word
    zone: tzinfo
    steps: tuple[Step, ...] = ()

    @property
    def repeats(self) -> bool:
        return any(name in self.component for name in ("RRULE", "RDATE"))


def parse_events(raw: bytes, zone: tzinfo = UTC) -> list[Event]:
    """The file's events, at least one. ``zone`` is where floating times are taken to be, unless it says so itself.

    Raises `BadInvitation`.
    """
    if len(raw) > MOST_BYTES:
        raise BadInvitation(f"the file is larger than {MOST_BYTES // 1024 // 1024} MiB")
    if not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raw = _FOLD.sub(b"", raw)  # on bytes: old mailers fold in the middle of a character
    text = plaintext.clean(plaintext.decode(raw)).strip().replace("\n ", "").replace("\n\t", "")
    upper = text[-40:].upper()
    if not upper.endswith("END:VCALENDAR"):
        raise BadInvitation("the file does not end as a calendar: it is something else, or not written to its end")
    try:
        calendars = icalendar.Calendar.from_ical(text, multiple=True)
        return _events(calendars, zone)
    except BadInvitation:
        raise
    except Exception as bad:  # the library raises whatever it met in foreign bytes
        raise BadInvitation(f"the calendar cannot be read: {type(bad).__name__}") from bad


def _events(calendars: Iterable[Any], zone: tzinfo) -> list[Event]:
    found: list[Event] = []
    for calendar in calendars:
        method = str(calendar.get("METHOD", "")).upper()
        if method not in _SERIOUS:
            raise BadInvitation("the file is an answer to an invitation, not an invitation")
        floating = _zone_named(str(calendar.get("X-WR-TIMEZONE", ""))) or zone
        for component in calendar.walk("VEVENT"):
            if len(found) == MOST_EVENTS:
                raise BadInvitation(f"the file has more than {MOST_EVENTS} events")
            found.append(_event(component, method == "CANCEL", floating))
    if not found:
        raise BadInvitation("the file has no event")
    return found


def _event(component: Component, cancelled: bool, zone: tzinfo) -> Event:
    if "DTSTART" not in component:
        raise BadInvitation("an event has no start")
    if getattr(component, "errors", None):
        names = sorted({str(name) for name, _ in component.errors})
        if {"DTSTART", "DTEND", "RRULE", "EXDATE", "RDATE", "RECURRENCE-ID", "DURATION"} & set(names):
            raise BadInvitation(f"an event's {', '.join(names)} cannot be read"[:200])
    if cancelled:
        component["STATUS"] = "CANCELLED"
    steps = []
    start = component["DTSTART"]
    if (name := start.params.get("TZID")) and isinstance(start.dt, datetime) and start.dt.tzinfo is None:
        steps.append(Step("time zone", plaintext.line(str(name), 80), f"unknown zone: taken as {zone}"))
    for name in ("DTSTART", "DTEND", "RECURRENCE-ID"):
        _anchor(component, name, zone)
    uid = plaintext.line(str(component.get("UID", "")), 500)
    if not uid:
        uid = f"{_utc(component['DTSTART'].dt, zone).isoformat()} {plaintext.line(str(component.get('SUMMARY', '')))}"
    original = component.get("RECURRENCE-ID")
    stamp = component.get("DTSTAMP")
    return Event(
        component,
        uid,
        _utc(original.dt, zone).isoformat() if original is not None else "",
        (
            int(component.get("SEQUENCE", 0) or 0),
            _utc(stamp.dt, zone).isoformat() if stamp is not None and hasattr(stamp, "dt") else "",
            _is_cancelled(component),
        ),
        zone,
        tuple(steps),
    )


def _anchor(component: Component, name: str, zone: tzinfo) -> None:
    """Give a floating time its zone."""
    value = component.get(name)
    if value is None:
        return
    if isinstance(value, list):
        raise BadInvitation(f"an event has {name} more than once")
    if isinstance(value.dt, datetime) and value.dt.tzinfo is None:
        value.dt = value.dt.replace(tzinfo=zone)


def parse_invitations(raw: bytes, window: Window, zone: tzinfo = UTC) -> list[Invitation]:
    """The occurrences of one file in the window, by start. Raises `BadInvitation`."""
    return occurrences(parse_events(raw, zone), window)


def occurrences(events: Sequence[Event], window: Window) -> list[Invitation]:
    """The occurrences of all these events in the window, by start; of each event only its latest word counts.

    Events may come from several files: an update, an exception or a cancellation often is a mail of its own.
    Raises `BadInvitation`.
    """
    found: list[Invitation] = []
    for uid in dict.fromkeys(event.uid for event in events):
        found += _series([event for event in events if event.uid == uid], window)
        if len(found) > MOST_OCCURRENCES:
            raise BadInvitation(f"more than {MOST_OCCURRENCES} occurrences in the window")
    return sorted(found, key=lambda one: (one.start, one.uid, one.recurrence_id))


def _series(events: Sequence[Event], window: Window) -> list[Invitation]:
    latest: dict[str, Event] = {}
    for event in events:
        known = latest.get(event.recurrence_id)
        if known is None or event.rank >= known.rank:
            latest[event.recurrence_id] = event
    master = latest.get("")
    if master is None or not master.repeats:
        chosen = [event for event in latest.values() if master is None or event is master]
        return [one for event in chosen if _overlaps(one := invitation(event), window)]
    try:
        calendar = icalendar.Calendar()
        bounded = series.bounded(master.component, window.start, window.end)
        calendar.add_component(bounded)
        for event in latest.values():
            if event is not master:
                calendar.add_component(event.component)
        expanded = recurring_ical_events.of(calendar).between(window.start, window.end)
        return [_occurrence(component, latest, master) for component in expanded]
    except series.UnboundedSeries as bad:
        raise BadInvitation(bad.message) from bad
    except BadInvitation:
        raise
    except Exception as bad:  # as above: the library meets foreign rules here
        raise BadInvitation(f"the series cannot be expanded: {type(bad).__name__}") from bad


def _occurrence(component: Component, latest: dict[str, Event], master: Event) -> Invitation:
    original = component.get("RECURRENCE-ID")
    when = _utc(original.dt if original is not None else component["DTSTART"].dt, master.zone).isoformat()
    source = latest.get(when, master)
    cancelled = _is_cancelled(master.component) or _is_cancelled(component)
    made = invitation(Event(component, master.uid, when, source.rank, master.zone, source.steps))
    return made if made.cancelled == cancelled else _cancelled(made)


def _cancelled(one: Invitation) -> Invitation:
    return Invitation(
        one.uid, one.recurrence_id, one.title, one.start, one.end, one.all_day, one.organizer, one.private, True,
        one.texts, one.mailboxes, one.steps,
    )  # fmt: skip


def _overlaps(one: Invitation, window: Window) -> bool:
    return one.start < window.end and one.end > window.start


def invitation(event: Event) -> Invitation:
    """What this event says, as it stands: no series is expanded. Raises `BadInvitation`."""
    try:
        return _read(event)
    except BadInvitation:
        raise
    except Exception as bad:  # as above
        raise BadInvitation(f"an event cannot be read: {type(bad).__name__}") from bad


def _read(event: Event) -> Invitation:
    component, steps = event.component, list(event.steps)
    first = component["DTSTART"].dt
    start = _utc(first, event.zone)
    end = _end(component, start, event.zone)
    if end <= start:
        end = start + UNTIMED
        steps.append(Step("end", "no usable end", "taken as 30 minutes"))
    texts: list[Text] = []
    for name in _TEXTS:
        for value in _values(component, name):
            said = _unescaped(str(value)) if name.startswith("X-") else str(value)
            text, cut = plaintext.reduce(said, markup=name == "X-ALT-DESC")
            if cut:
                steps.append(Step("size", f"{name} of {len(str(value))} characters", "only its first 256 KiB are read"))
            if text.strip():
                texts.append(Text(name, text))
    organizer = next(iter(_values(component, "ORGANIZER")), None)
    mailboxes = frozenset(_mailbox(value) for name in ("ORGANIZER", "ATTENDEE") for value in _values(component, name))
    return Invitation(
        uid=event.uid,
        recurrence_id=event.recurrence_id,
        title=plaintext.line(str(component.get("SUMMARY", ""))),
        start=start,
        end=end,
        all_day=not isinstance(first, datetime),
        organizer=_organizer(organizer),
        private=str(component.get("CLASS", "PUBLIC")).upper() in ("PRIVATE", "CONFIDENTIAL"),
        cancelled=_is_cancelled(component),
        texts=tuple(texts),
        mailboxes=mailboxes - {""},
        steps=tuple(steps),
    )


def _values(component: Component, name: str) -> list[Any]:
    value = component.get(name)
    return [] if value is None else value[:200] if isinstance(value, list) else [value]


def _unescaped(text: str) -> str:
    """The library leaves the escapes of RFC 5545 3.3.11 in properties that it does not know."""
    return _ESCAPE.sub(lambda match: "\n" if match.group(1) in "nN" else match.group(1), text)


def _organizer(value: Any) -> Organizer:
    if value is None:
        return Organizer()
    mail = _mailbox(value)
    return Organizer(plaintext.line(str(getattr(value, "params", {}).get("CN", ""))) or mail, mail)


def _mailbox(value: Any) -> str:
    text = plaintext.line(str(value)).lower()
    return text.removeprefix("mailto:").strip()


def _is_cancelled(component: Component) -> bool:
    return str(component.get("STATUS", "")).upper() == "CANCELLED"


def _end(component: Component, start: datetime, zone: tzinfo) -> datetime:
    if (value := component.get("DTEND")) is not None:
        return _utc(value.dt, zone)
    if (value := component.get("DURATION")) is not None and isinstance(value.dt, timedelta):
        return start + value.dt
    if not isinstance(component["DTSTART"].dt, datetime):
        return start + timedelta(days=1)
    return start


def _utc(value: Any, zone: tzinfo) -> datetime:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=zone).astimezone(UTC)
    raise BadInvitation("a time cannot be read")


def _zone_named(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
