"""The reader of invitations: a process that reads what strangers wrote, and holds nothing else.

Started by `reader.Apart` with two pipes, and nothing of that program's: no credential, no socket, no environment.
Before it reads the first invitation it gives up what it may do: from then on it opens no file and no socket, writes no
file, starts no program, and has so much memory; and so much of the processor for each step, after which the system
ends it. What it needs of the disk it reads before that. A bound that a system does not know is left out.

It ends when the pipe does: also when whoever started it was killed.
"""

import codecs
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import BinaryIO

from roomgate.meetings import lines, zones
from roomgate.meetings.invite import BadInvitation, Window
from roomgate.meetings.reader_messages import (
    HEAD,
    MOST_ANSWER,
    MOST_ASKED,
    At,
    BadFrame,
    Begin,
    Done,
    Read,
    digests,
    frame,
    parse_asked,
    parse_length,
)
from roomgate.meetings.reading import ALL, Given, Numbers, Understood, read
from roomgate.meetings.rules.catalogue import Catalogue
from roomgate.meetings.rules.folder import build_rules
from roomgate.meetings.understand import DeviceAbilities

Reading = Callable[..., Understood]


@dataclass(frozen=True, slots=True)
class Limits:
    """``step_s``: of the processor, in whole seconds, for one step; the system counts roughly. ``room_s``: for all that
    is read together. ``memory``: of addresses, of which a large part is never touched.
    """

    step_s: int = 2
    room_s: float = 10.0
    memory: int = 1536 * 1024 * 1024


def serve(asked: BinaryIO, told: BinaryIO, reading: Reading = read, limits: Limits | None = None) -> None:
    """Until ``asked`` ends. Raises `BadFrame` or `BadPack`, and whatever the reading of an invitation raises: then the
    process ends, and who asked finds out by which.
    """
    limits = limits or Limits()
    messages = _messages(asked)
    begin = next(messages, None)
    if not isinstance(begin, Begin):
        raise BadFrame("no beginning")
    rules = build_rules(begin.packs).catalogue
    every_zone = _load_what_is_read_late(rules)
    _give_up_rights(limits)
    for message in messages:
        if not isinstance(message, Read):
            raise BadFrame("a second beginning")
        _answer(message, every_zone[begin.zone], rules, told, reading, limits)


def _messages(asked: BinaryIO) -> Iterator[Begin | Read]:
    while len(head := asked.read(HEAD.size)) == HEAD.size:
        yield parse_asked(asked.read(parse_length(head, MOST_ASKED)))


def _answer(
    message: Read, zone: tzinfo, rules: Catalogue, told: BinaryIO, reading: Reading, limits: Limits
) -> None:  # fmt: skip
    began = time.process_time()

    def begin(numbers: Numbers) -> None:
        if message.telling:
            _say(told, frame(At(numbers)))
        if message.lost and digests(message.given, numbers) in message.lost:
            raise BadInvitation("reading it took too long or too much memory, twice: it is not tried again")
        if time.process_time() - began > limits.room_s:
            raise BadInvitation("left out: all of the room's invitations together take too long to read")
        _let_run(limits.step_s)

    begin(())
    understood = reading(message.given, zone, rules, begin)
    _let_run(10 * limits.step_s)  # to tell it, and to hear of the next
    _say(told, _bounded(understood))


def _bounded(understood: Understood) -> bytes:
    """The answer, with so many of the meetings as there is room for: an answer is told, whatever invitations hold."""
    meetings, bad = understood.meetings, dict(understood.bad)
    while True:
        raw = frame(Done(meetings, bad))
        if len(raw) <= MOST_ANSWER:
            return raw
        meetings = meetings[: len(meetings) // 2]
        bad[ALL] = f"too much to tell: only the first {len(meetings)} meetings are kept"


def _say(told: BinaryIO, raw: bytes) -> None:
    told.write(raw)
    told.flush()


# Its series, its zone and its words make the libraries load what they otherwise load when they first meet such.
_OWN = b"""BEGIN:VCALENDAR
BEGIN:VTIMEZONE
TZID:Ours
BEGIN:STANDARD
DTSTART:20001029T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:ours
DTSTART;TZID=Ours:20260302T090000
DTEND;TZID=Ours:20260302T100000
RRULE:FREQ=MONTHLY;BYDAY=1MO;COUNT=9
X-ALT-DESC;FMTTYPE=text/html:<p>https://example.zoom.us/j/91234567890</p>
END:VEVENT
END:VCALENDAR
"""
_MARCH = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))


def _load_what_is_read_late(rules: Catalogue) -> Mapping[str, tzinfo]:
    """What is otherwise read from the disk when it is first wanted; gives the time zones, by name."""
    for charset in (*lines.CHARSETS.values(), "idna", "punycode", "utf-16-le", "utf-16-be"):
        codecs.lookup(charset)
    read(Given((_OWN,), (), _MARCH, DeviceAbilities()), UTC, rules)
    return zones.load_all()


def _give_up_rights(limits: Limits) -> None:
    for name in ("CORE", "FSIZE", "NPROC"):
        _limit(name, 0, 0)
    _limit("AS", limits.memory, limits.memory)
    _limit("NOFILE", 0, 0)  # what is open stays so, and nothing more is opened


def _let_run(for_s: int) -> None:
    """The processor's seconds from now after which the system ends this process."""
    _limit("CPU", int(time.process_time()) + 1 + for_s, resource.RLIM_INFINITY)


def _limit(name: str, soft: int, hard: int) -> None:
    with suppress(AttributeError, ValueError, OSError):
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (soft, hard))


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
