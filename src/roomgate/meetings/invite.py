"""The bytes of an .ics file become invitations: one per event, or one per occurrence in a window.

Everything in such a file was written by a stranger. Whatever is wrong with it, the only error that leaves
this module is `BadInvitation`. Field order and oddities follow RFC 5545, RFC 7986 and what calendars write.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo

import msgspec

from roomgate.meetings import lines, plaintext, series
from roomgate.meetings.lines import MOST_BYTES, MOST_EVENTS, BadInvitation, Calendar, Property
from roomgate.meetings.meeting import Organizer, Step
from roomgate.meetings.reason import Reason
from roomgate.meetings.times import in_utc, parse_duration, parse_periods, parse_time, parse_times
from roomgate.meetings.zones import zone_described, zone_named, zone_of_offset

__all__ = [
    "MOST_BYTES", "MOST_EVENTS", "BadInvitation", "Event", "Invitation", "Text", "Window", "invitation", "occurrences",
    "parse_events", "parse_file", "parse_invitations",
]  # fmt: skip

MOST_OCCURRENCES = 2000
MOST_MAILBOXES = 2000
MOST_TITLE = 2000
UNTIMED = timedelta(minutes=30)  # an event without an end, or one that ends before it begins

_SERIOUS = ("REQUEST", "PUBLISH", "ADD", "CANCEL", "")
_PLAIN_WORDS = ("LOCATION", "DESCRIPTION", "X-ALT-DESC", "X-MICROSOFT-LOCATIONS", "SUMMARY")


@dataclass(frozen=True, slots=True)
class Window:
    """From ``start`` (inclusive) to ``end``, both with a zone."""

    start: datetime
    end: datetime


class Text(msgspec.Struct, frozen=True, gc=False):
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
    """One VEVENT of a file: its times are read, its words not yet."""

    properties: dict[str, list[Property]] = field(repr=False)
    uid: str
    recurrence_id: str
    rank: tuple[int, str, bool]  # SEQUENCE, DTSTAMP, cancelled: the highest is the latest word
    zone: tzinfo
    times: series.Part = field(repr=False)
    steps: tuple[Step, ...] = ()

    @property
    def cancelled(self) -> bool:
        return self.rank[2]

    @property
    def repeats(self) -> bool:
        return bool(self.times.rule or self.times.added)


def parse_events(raw: bytes, zone: tzinfo = UTC) -> list[Event]:
    """The file's events, at least one. ``zone`` is where floating times are taken to be, unless it says so itself.

    Raises `BadInvitation`, also where one event alone cannot be read: see `parse_file`.
    """
    found, left_out = parse_file(raw, zone)
    if left_out:
        raise BadInvitation(left_out[0])
    return found


def parse_file(raw: bytes, zone: tzinfo = UTC) -> tuple[list[Event], list[str]]:
    """As `parse_events`, but an event that cannot be read takes only its own series along, and not the file: what was
    moved or called off in it must not be shown as if it had not been. Beside the events the reason for each left out.

    Raises `BadInvitation` where the file as a whole is none.
    """
    found: list[Event] = []
    bad: list[str] = []
    spoiled: set[str] = set()  # uids
    for calendar in lines.parse_calendars(raw):
        if calendar.method not in _SERIOUS:
            raise BadInvitation("the file is an answer to an invitation, not an invitation")
        floating = (zone_named(calendar.zone_name) if calendar.zone_name else None) or zone
        zones = _Zones(calendar, floating)
        for properties in calendar.events:
            try:
                found.append(_event(properties, calendar.method == "CANCEL", zones))
            except BadInvitation as refused:
                bad.append(refused.message)
                spoiled.add(_uid(properties))
    if not found and not bad:
        raise BadInvitation("the file has no event")
    kept = [event for event in found if event.uid not in spoiled]
    return kept, bad + ["another event of its series cannot be read"] * (len(found) - len(kept))


class _Zones:
    """The zones of one calendar: the name's own meaning first, then the file's VTIMEZONE, then an offset in the name."""

    def __init__(self, calendar: Calendar, floating: tzinfo) -> None:
        self.floating = floating
        self.told: dict[str, Step] = {}
        self._described = calendar.zones
        self._known: dict[str, tzinfo] = {}

    def __call__(self, given: Property) -> tzinfo:
        name = given.parameter("TZID") if "=" in given.head else None
        if not name:
            return self.floating
        if name not in self._known:
            self._known[name] = self._find(name)
        return self._known[name]

    def _find(self, name: str) -> tzinfo:
        if found := zone_named(name):
            return found
        if name in self._described and (found := zone_described(self._described[name])):
            return found
        found = zone_of_offset(name, self.floating)
        decided = f"unknown zone: taken as {found or self.floating}"
        self.told[name] = Step("time zone", plaintext.line(name, 80), decided)
        return found or self.floating


def _event(properties: dict[str, list[Property]], cancelled: bool, zones: _Zones) -> Event:
    first = _only(properties, "DTSTART")
    if first is None:
        raise BadInvitation("an event has no start")
    start = parse_time(first, zones)
    steps = [told] if (told := zones.told.get(first.parameter("TZID") or "")) else []
    # A time of the same event that names no zone is in the zone of its start.
    own: Callable[[Property], tzinfo] = zones
    if isinstance(start, datetime) and (given := start.tzinfo):
        zone_of_start: tzinfo = given
        own = lambda line: zones(line) if "TZID" in line.head.upper() else zone_of_start  # noqa: E731
    cancelled = cancelled or _word(properties, "STATUS") == "CANCELLED"
    end = _end(properties, start, own, zones.floating, steps)
    original = _only(properties, "RECURRENCE-ID")
    recurs = parse_time(original, own) if original else None
    sequence = _word(properties, "SEQUENCE")
    stamp = properties.get("DTSTAMP")
    uid = _uid(properties)
    if not uid:
        uid = f"{in_utc(start, zones.floating).isoformat()} {plaintext.line(_text(properties, 'SUMMARY'))}"
    rules = {series.tidied(rule.value[:1000], start) for rule in properties.get("RRULE", ()) if rule.value.strip()}
    if len(rules) > 1 or "EXRULE" in properties:
        raise BadInvitation("an event has several recurrence rules")
    times = series.Part(
        start,
        end,
        recurs,
        original is not None and (original.parameter("RANGE") or "").upper() == "THISANDFUTURE",
        int(sequence) if sequence.isascii() and sequence.isdigit() and len(sequence) < 10 else 0,
        rules.pop() if rules else "",
        tuple(parse_periods(_dates(properties, "RDATE"), own)),
        tuple(_like(start, one) for one in parse_times(_dates(properties, "EXDATE"), own)),
    )
    return Event(
        properties,
        uid,
        "" if recurs is None else in_utc(recurs, zones.floating).isoformat(),
        (times.sequence, _stamp(stamp), cancelled),
        zones.floating,
        times,
        tuple(steps),
    )


def _uid(properties: dict[str, list[Property]]) -> str:
    return plaintext.line(_text(properties, "UID"), 500)


def _dates(properties: dict[str, list[Property]], name: str) -> list[Property]:
    given = properties.get(name, [])
    if sum(line.value.count(",") + 1 for line in given) > series.MOST_DATES:
        raise BadInvitation(f"the series names more than {series.MOST_DATES} dates")
    return given


def _like(start: date, excluded: date) -> date:
    """A day that is left out of a series of times is left out at the time that it would have."""
    if isinstance(start, datetime) and not isinstance(excluded, datetime):
        return datetime.combine(excluded, start.timetz())
    if not isinstance(start, datetime) and isinstance(excluded, datetime):
        return excluded.date()
    return excluded


def _stamp(stamps: list[Property] | None) -> str:
    """DTSTAMP only orders: one that cannot be read comes before all others."""
    try:
        moment = parse_time(stamps[0], lambda _: UTC) if stamps else None
        return "" if moment is None else in_utc(moment, UTC).isoformat()
    except BadInvitation:
        return ""


def _end(
    properties: dict[str, list[Property]],
    start: date,
    zones: Callable[[Property], tzinfo],
    floating: tzinfo,
    steps: list[Step],
) -> date:
    """The end, after the start and of the start's kind."""
    timed = isinstance(start, datetime)
    end: date | None = None
    try:
        if (given := _only(properties, "DTEND")) is not None and given.value.strip():
            end = parse_time(given, zones)
        elif (length := _only(properties, "DURATION")) is not None and length.value.strip():
            end = start + parse_duration(length.value)
        elif not timed:
            return start + timedelta(days=1)
        if end is not None and isinstance(start, datetime) and not isinstance(end, datetime):
            end = datetime(end.year, end.month, end.day, tzinfo=start.tzinfo)
        elif end is not None and not timed and isinstance(end, datetime):
            end = end.date() + timedelta(days=1 if (end.hour or end.minute) else 0)
        if end is not None and (in_utc(end, floating) > in_utc(start, floating)):
            return end
        steps.append(
            Step("end", "no usable end", "taken as 30 minutes" if timed else "taken as the whole day"),
        )
        return start + (UNTIMED if timed else timedelta(days=1))
    except (OverflowError, ValueError) as bad:
        raise BadInvitation("an event has a date that no year has") from bad


def _only(properties: dict[str, list[Property]], name: str) -> Property | None:
    values = properties.get(name)
    if values and len(values) > 1 and len({one.value for one in values}) > 1:
        raise BadInvitation(f"an event has {name} more than once")
    return values[0] if values else None


def _text(properties: dict[str, list[Property]], name: str) -> str:
    values = properties.get(name)
    return values[0].text(MOST_TITLE) if values else ""


def _word(properties: dict[str, list[Property]], name: str) -> str:
    values = properties.get(name)
    return values[0].value.strip().upper() if values else ""


def parse_invitations(raw: bytes, window: Window, zone: tzinfo = UTC) -> list[Invitation]:
    """The occurrences of one file in the window, by start. Raises `BadInvitation`."""
    return occurrences(parse_events(raw, zone), window)


def occurrences(events: Sequence[Event], window: Window) -> list[Invitation]:
    """The occurrences of all these events in the window, by start; of each event only its latest word counts.

    Events may come from several files: an update, an exception or a cancellation often is a mail of its own.
    Raises `BadInvitation`.
    """
    found: list[Invitation] = []
    for together in _by_uid(events):
        found += _undisputed(together, _series(together, window))
        if len(found) > MOST_OCCURRENCES:
            raise BadInvitation(f"more than {MOST_OCCURRENCES} occurrences in the window")
    return sorted(found, key=lambda one: (one.start, one.uid, one.recurrence_id))


def stated(events: Sequence[Event]) -> list[Invitation]:
    """As `occurrences`, but each event as it stands: no series is expanded."""
    return [
        one
        for together in _by_uid(events)
        for one in _undisputed(together, [invitation(event) for event in _latest(together)])
    ]


def _by_uid(events: Sequence[Event]) -> list[list[Event]]:
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(event.uid, []).append(event)
    return list(found.values())


def _undisputed(events: Sequence[Event], found: list[Invitation]) -> list[Invitation]:
    """A meeting is its organizer's alone to change (RFC 5546, 2.1), and whoever was invited knows its UID. So where two
    say that it is theirs, nobody knows whose word counts, and nothing that leads anywhere is left of it.
    """
    claimed = {_mailbox(said[0]) if (said := event.properties.get("ORGANIZER")) else "" for event in events}
    if len(claimed) < 2:
        return found
    saw = ", ".join(one or "nobody" for one in sorted(claimed))[:200]
    told = Step("organizer", saw, "no button: it is not sure whose meeting this is", Reason.DISPUTED)
    return [replace(one, texts=(), steps=(*one.steps, told)) for one in found]


def _latest(events: Sequence[Event]) -> list[Event]:
    """Of each event only its latest word; of two that came at once the later in the file."""
    found: dict[tuple[str, str], Event] = {}
    for event in events:
        known = found.get((event.uid, event.recurrence_id))
        if known is None or event.rank >= known.rank:
            found[event.uid, event.recurrence_id] = event
    return list(found.values())


def _series(events: Sequence[Event], window: Window) -> list[Invitation]:
    said = _latest(events)
    master = next((event for event in said if not event.recurrence_id), None)
    if master is None or not master.repeats:
        chosen = said if master is None else [master]
        return [invitation(event) for event in chosen if _overlaps(event, window)]
    exceptions = [event for event in said if event is not master]
    return _expanded([master, *exceptions], window)


def _expanded(parts: list[Event], window: Window) -> list[Invitation]:
    master = parts[0]
    # A whole day is a day of the site's zone, which the library does not know.
    margin = timedelta() if isinstance(master.times.start, datetime) else timedelta(days=1)
    try:
        seen = series.expand([one.times for one in parts], window.start - margin, window.end + margin)
    except series.UnboundedSeries as bad:
        raise BadInvitation(bad.message) from bad
    except Exception as bad:  # the library meets foreign rules here
        raise BadInvitation(f"the series cannot be expanded: {type(bad).__name__}") from bad
    words: dict[int, Invitation] = {}
    found = []
    for one in seen:
        if one.part not in words:
            words[one.part] = invitation(parts[one.part])
        said = words[one.part]
        start, end = in_utc(one.start, master.zone), in_utc(one.end, master.zone)
        if start < window.end and end > window.start:
            made = replace(said, recurrence_id=in_utc(one.original, master.zone).isoformat(), start=start, end=end)
            found.append(replace(made, cancelled=True) if master.cancelled else made)
    return found


def _overlaps(event: Event, window: Window) -> bool:
    return in_utc(event.times.start, event.zone) < window.end and in_utc(event.times.end, event.zone) > window.start


def invitation(event: Event) -> Invitation:
    """What this event says, as it stands: no series is expanded. Raises `BadInvitation`."""
    properties, steps = event.properties, list(event.steps)
    people = properties.get("ATTENDEE", [])
    organizer = properties.get("ORGANIZER")
    boxes = {_mailbox(one) for one in people[:MOST_MAILBOXES]}
    if organizer:
        boxes.add(_mailbox(organizer[0]))
    return Invitation(
        uid=event.uid,
        recurrence_id=event.recurrence_id,
        title=titled(_text(properties, "SUMMARY"), steps),
        start=in_utc(event.times.start, event.zone),
        end=in_utc(event.times.end, event.zone),
        all_day=not isinstance(event.times.start, datetime),
        organizer=_organizer(organizer[0]) if organizer else Organizer(),
        private=_word(properties, "CLASS") in ("PRIVATE", "CONFIDENTIAL"),
        cancelled=event.cancelled,
        texts=_texts(properties, steps),
        mailboxes=frozenset(boxes - {""}),
        steps=tuple(steps),
        tentative=_is_tentative(properties),
        declined_by=frozenset(_mailbox(one) for one in people if _declines(one)) - {""},
    )


def _texts(properties: dict[str, list[Property]], steps: list[Step]) -> tuple[Text, ...]:
    """The fields' texts in the order in which they are believed, together at most 256 KiB."""
    texts: list[Text] = []
    left = plaintext.MOST_TEXT
    for name in lines.TEXTS:
        for value in properties.get(name, ()):
            if name == "SUMMARY":
                left = min(left, MOST_TITLE)  # the last of all
            said = value.text(left) if name in _PLAIN_WORDS or name.startswith("X-") else value.value[:left]
            text, _ = plaintext.reduce(said, markup=name == "X-ALT-DESC")
            if name == "X-PM-CONFERENCE-URL" and (passcode := _passcode(value)):
                text = f"{text}\nPasscode: {passcode}"
            if len(value.value) > left and name != "SUMMARY":
                saw = f"{name} of {len(value.value)} characters"
                steps.append(Step("size", saw, "only its first 256 KiB are read"))
            left -= min(len(said), left)
            if text.strip() and (name != "SUMMARY" or "/" in text or "@" in text):
                texts.append(Text(name, text))
    return tuple(texts)


def _passcode(link: Property) -> str:
    """Of a link that Proton writes as a property: what stands beside it is its own. A word is no room's to key in."""
    given = (link.parameter("PASSWORD") or link.parameter("X-PM-PASSWORD") or "").strip()
    return given if given.isascii() and given.isdigit() and len(given) <= 10 else ""


def titled(said: str, steps: list[Step]) -> str:
    """What is shown of a subject; what of it is not shown as it came, and what it tries, is told."""
    if plaintext.clean(said).split() != said.split():
        steps.append(Step("title", "signs that no reader sees", "taken out"))
    if "<script" in said.lower():
        steps.append(Step("title", "a script", "shown as text, never run"))
    title = plaintext.line(said)
    if len(said) > len(title) == plaintext.MOST_LINE:
        steps.append(Step("title", "it is too long", f"only its first {plaintext.MOST_LINE} characters are shown"))
    return title


def _organizer(value: Property) -> Organizer:
    mail = _mailbox(value)
    return Organizer(plaintext.line(value.parameter("CN") or "") or mail, mail)


def _mailbox(value: Property) -> str:
    text = value.value.strip().lower()
    if not text.startswith("mailto:") and "EMAIL=" in value.head.upper():
        text = (value.parameter("EMAIL") or text).lower()
    text = text.removeprefix("mailto:").strip()
    return text if text.isprintable() and len(text) <= 320 else plaintext.line(text, 320)


def _declines(value: Property) -> bool:
    if "PARTSTAT=DECLINED" not in (head := value.head.upper()):
        return False
    return (value.parameter("PARTSTAT") or "").upper() == "DECLINED" if '"' in head else ";PARTSTAT=DECLINED" in head


def _is_tentative(properties: dict[str, list[Property]]) -> bool:
    """Exchange marks every request as tentative for the one who is asked; what its organizer means stands beside it."""
    if _word(properties, "STATUS") == "TENTATIVE":
        return True
    if intended := _word(properties, "X-MICROSOFT-CDO-INTENDEDSTATUS"):
        return intended == "TENTATIVE"
    return _word(properties, "X-MICROSOFT-CDO-BUSYSTATUS") == "TENTATIVE" and _word(properties, "STATUS") != "CONFIRMED"
