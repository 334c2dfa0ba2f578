"""A whole calendar in one file, taken apart: a small file for each event, so that a bad one takes no other along.

Such feeds reach back years. What lies outside the window is left out without being understood; a series stays, as
do the exceptions of it. Bytes only, one pass: a feed is foreign, and may be large.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from roomgate.meetings.calendars.base import Source
from roomgate.meetings.invite import BadInvitation, Window

_FOLD = re.compile(rb"\r?\n[ \t]")  # linear: no repetition
_DATE = re.compile(rb"[0-9]{8}")
_MARGIN = timedelta(days=1)  # whatever the zone
_MOST_LINE = 1024 * 1024


@dataclass(slots=True)
class _Event:
    lines: list[bytes] = field(default_factory=list)
    uid: bytes = b""
    repeats: bool = False
    exception: bool = False
    start: bytes = b""
    end: bytes = b""


@dataclass(slots=True)
class _Feed:
    head: list[bytes] = field(default_factory=list)
    zones: list[list[bytes]] = field(default_factory=list)
    events: list[_Event] = field(default_factory=list)


def split(raw: bytes, window: Window) -> tuple[Source, ...]:
    """The events that may touch the window, those with one uid together, named by it. Raises `BadInvitation`."""
    feed = _read(raw)
    together: dict[bytes, list[_Event]] = {}
    for number, event in enumerate(feed.events):
        together.setdefault(event.uid or b"event %d" % number, []).append(event)
    first, last = (_day(window.start - _MARGIN), _day(window.end + _MARGIN))
    sources: list[Source] = []
    for uid, events in sorted(together.items()):
        series = any(event.repeats for event in events)
        if near := [event for event in events if series or _near(event, first, last)]:
            sources.append(Source(uid.decode("utf-8", "replace")[:200], _file(feed, near)))
    return tuple(sources)


def cursor(sources: Iterable[Source]) -> str:
    """Equal where the events are: some services write the moment of the asking as each event's DTSTAMP."""
    digest = hashlib.sha256()
    for source in sources:
        kept = [line for line in source.raw.split(b"\r\n") if not line.upper().startswith(b"DTSTAMP")]
        digest.update(repr((source.name, kept)).encode())
    return digest.hexdigest()


def _read(raw: bytes) -> _Feed:
    if b"BEGIN:VCALENDAR" not in raw[:4096].upper():
        raise BadInvitation("what is there is no calendar")
    feed, inside, part = _Feed(), list[bytes](), list[bytes]()
    event, calendars = _Event(), 0
    for line in _FOLD.sub(b"", raw).splitlines():
        line = line.strip()
        name, _, value = line[:_MOST_LINE].partition(b":")
        word = name.split(b";", 1)[0].upper()
        kind = value.strip().upper()
        if word == b"BEGIN":
            inside.append(kind)
            if len(inside) == 2:
                part, event = [], _Event()
            calendars += len(inside) == 1
        if len(inside) == 1 and word not in (b"BEGIN", b"END"):
            if calendars == 1:  # a second calendar in the file brings its events; one head has to do
                feed.head.append(line)
        elif len(inside) >= 2:
            part.append(line)
            if len(inside) == 2:
                _note(event, word, value)
        if word == b"END" and inside:
            done = inside.pop()
            if len(inside) == 1 and done == b"VEVENT":
                event.lines = part
                feed.events.append(event)
            elif len(inside) == 1 and done == b"VTIMEZONE":
                feed.zones.append(part)
    if inside and inside != [b"VCALENDAR"]:
        raise BadInvitation("the calendar is not written to its end")
    return feed


def _note(event: _Event, word: bytes, value: bytes) -> None:
    match word:
        case b"UID":
            event.uid = value.strip()
        case b"RRULE" | b"RDATE":
            event.repeats = True
        case b"RECURRENCE-ID":
            event.exception = True
        case b"DTSTART":
            event.start = _date(value)
        case b"DTEND":
            event.end = _date(value)


def _near(event: _Event, first: bytes, last: bytes) -> bool:
    """Whether it may touch the window; yes where that cannot be seen, so that it is told as a bad one."""
    if not event.start:
        return True
    return event.start <= last and (event.end or _later(event.start)) >= first


def _later(day: bytes) -> bytes:
    """An event without an end may have a length: nobody sits in a meeting for longer than this."""
    try:
        return _day(datetime.strptime(day.decode(), "%Y%m%d") + timedelta(days=7))
    except (ValueError, OverflowError):
        return b"99999999"


def _date(value: bytes) -> bytes:
    found = _DATE.match(value.strip())
    return found[0] if found else b""


def _day(moment: datetime) -> bytes:
    return moment.strftime("%Y%m%d").encode()


def _file(feed: _Feed, events: Sequence[_Event]) -> bytes:
    body = [line for event in events for line in event.lines]
    said = b"\n".join(body)
    zones = [line for zone in feed.zones if _zone_name(zone) in said for line in zone]
    lines = [b"BEGIN:VCALENDAR", *feed.head, *zones, *body, b"END:VCALENDAR", b""]
    return b"\r\n".join(lines)


def _zone_name(zone: Sequence[bytes]) -> bytes:
    named = next((line for line in zone if line.upper().startswith(b"TZID")), b":")
    return named.partition(b":")[2].strip()
