"""The content lines of an .ics file: bytes of whatever charset, folding and encoding become named values.

Only what the rest of the program reads is kept, so a file costs what its meeting is worth and not what a
stranger put around it. The forms are those of RFC 5545 3.1 and of vCalendar 1.0, and what mailers make of
them: lines folded in the middle of a character, a declared charset, quoted-printable and base64 left over
from the mail, carriage returns alone.
"""

import base64
import binascii
import quopri
import re
from dataclasses import dataclass, field

from roomgate.errors import BadInput

MOST_BYTES = 4 * 1024 * 1024
MOST_LINES = 100_000
MOST_EVENTS = 5000  # a published calendar keeps years of them
MOST_ZONES = 50
MOST_ZONE_LINES = 400
MOST_VALUES = 200  # of one property in one event; people and dates have bounds of their own
MOST_PEOPLE = 20_000
MOST_DECODED = 512 * 1024  # of one value that is encoded once more: more than anybody reads of it
MOST_QUOTES = 200  # quoted parameters of one line
MOST_DATE_LINES = 2001  # one more than a series may name: whoever counts them says no


class BadInvitation(BadInput):
    """The file cannot be understood as an invitation; the message says why."""

    code = "meeting.invitation.bad"
    hint = "Ask the sender for a fresh invitation, or look at the file."


DATES = frozenset(("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "RRULE", "EXRULE", "EXDATE", "RDATE"))
PEOPLE = frozenset(("ORGANIZER", "ATTENDEE"))
# In the order in which they are believed; the last are the event's own words.
TEXTS = (
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
    "SUMMARY",
)
_KEPT = (
    DATES
    | PEOPLE
    | frozenset(TEXTS)
    | frozenset(("UID", "SEQUENCE", "DTSTAMP", "SUMMARY", "STATUS", "CLASS"))
    | frozenset(("X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-CDO-INTENDEDSTATUS"))
)
_MOST = {**dict.fromkeys(PEOPLE, MOST_PEOPLE), "EXDATE": MOST_DATE_LINES, "RDATE": MOST_DATE_LINES}

# A name is never handed to Python as it stands: some of its codecs are no charsets, and some are slow.
CHARSETS = {
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "big5": "big5hkscs", "shift_jis": "cp932",
    "shift-jis": "cp932", "windows-31j": "cp932", "euc-jp": "euc_jp", "iso-2022-jp": "iso2022_jp", "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949", "koi8-r": "koi8_r", "us-ascii": "cp1252", "utf8": "utf-8", "utf-8": "utf-8",
    **{f"iso-8859-{n}": f"iso8859_{n}" for n in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)},
    "iso-8859-1": "cp1252", **{f"windows-{n}": f"cp{n}" for n in range(1250, 1259)},
}  # fmt: skip

# Each is linear: a class or a fixed word, at most once repeated, and nothing behind that could fail.
_PARAMETER = re.compile(r';([A-Za-z0-9-]{1,64})=("[^"]*"|[^;"]*)')
_MAILED = re.compile(rb"\n[A-Za-z-]{1,64};[A-Za-z-]{1,64}=3D")
_MAILTO = re.compile(r"(?i):mailto:")
_WHOLE_BASE64 = b"QkVHSU46VkNBTEVOREFS"  # BEGIN:VCALENDAR


@dataclass(frozen=True, slots=True)
class Property:
    """One content line, unfolded and decoded; ``value`` as it is written, escapes and all."""

    head: str  # name and parameters
    value: str

    def parameter(self, name: str) -> str | None:
        for match in _PARAMETER.finditer(self.head[:4096]):
            if match.group(1).upper() == name:
                return match.group(2).strip('"')
        return None

    def text(self, most: int) -> str:
        """So many signs of the value, with the escapes of RFC 5545 3.3.11 undone."""
        if "\\" not in self.value:
            return self.value[:most]
        # An escaped backslash parts the text: what stands between two of them has no other.
        parts = self.value[: 2 * most].split("\\\\")
        return "\\".join(map(_unescaped, parts))[:most]


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    for escaped, sign in (("\\n", "\n"), ("\\N", "\n"), ("\\,", ","), ("\\;", ";")):
        text = text.replace(escaped, sign)
    return text


@dataclass(frozen=True, slots=True)
class Calendar:
    """One VCALENDAR: its events' properties by upper-case name, and the lines of its own time zones."""

    method: str
    zone_name: str
    zones: dict[str, list[str]] = field(repr=False)
    events: list[dict[str, list[Property]]] = field(repr=False)


def parse_calendars(raw: bytes) -> list[Calendar]:
    """All calendars of the file. Raises `BadInvitation`."""
    if len(raw) > MOST_BYTES:
        raise BadInvitation(f"the file is larger than {MOST_BYTES // 1024 // 1024} MiB")
    whole = _unfolded(raw)
    if not whole[-40:].upper().endswith(b"END:VCALENDAR"):
        raise BadInvitation("the file does not end as a calendar: it is something else, or not written to its end")
    if whole.count(b"\n") >= MOST_LINES:
        raise BadInvitation(f"the file has more than {MOST_LINES} lines")
    try:
        return _Reader(whole.decode().split("\n"), foreign=False).calendars()
    except UnicodeDecodeError:
        # Each line is decoded by itself then, from the bytes that are kept within the text.
        text = whole.decode("utf-8", errors="surrogateescape")
        return _Reader(text.split("\n"), foreign=True).calendars()


def _unfolded(raw: bytes) -> bytes:
    if raw[:100].lstrip().startswith(_WHOLE_BASE64):
        try:
            raw = base64.b64decode(raw)
        except (binascii.Error, ValueError) as bad:
            raise BadInvitation("the file is base64 that cannot be undone") from bad
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raw = raw.decode("utf-16", errors="replace").encode(errors="replace")
    elif raw.startswith((b"B\0E\0", b"\0B\0E")):
        raw = raw.decode("utf-16-le" if raw.startswith(b"B") else "utf-16-be", errors="replace").encode(
            errors="replace"
        )
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in raw:
        raw = raw.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b"=3D" in raw and _MAILED.search(raw):
        raw = quopri.decodestring(raw)  # the mail's own encoding was left on
        raw = raw.replace(b"\r\n", b"\n")
    # On bytes: old mailers fold in the middle of a character.
    return raw.replace(b"\n ", b"").replace(b"\n\t", b"").strip(b"\0\x1a \t\n")


class _Reader:
    """Walks the lines once; components that nobody asked for are stepped over whole."""

    def __init__(self, lines: list[str], *, foreign: bool) -> None:
        self._lines = lines
        self._foreign = foreign
        self._at = 0
        self._events = 0

    def calendars(self) -> list[Calendar]:
        found: list[Calendar] = []
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            if line[:6].upper() == "BEGIN:":
                if _component(line) == "VCALENDAR":
                    found.append(self._calendar())
                else:
                    self._skip()
        return found

    def _calendar(self) -> Calendar:
        made = Calendar("", "", {}, [])
        method = zone_name = ""
        while (line := self._next()) is not None:
            start = line[:6].upper()
            if start == "BEGIN:":
                name = _component(line)
                if name == "VEVENT":
                    self._events += 1
                    if self._events > MOST_EVENTS:
                        raise BadInvitation(f"the file has more than {MOST_EVENTS} events")
                    made.events.append(self._event())
                elif name == "VTIMEZONE":
                    self._zone(made.zones)
                else:
                    self._skip()
            elif start[:4] == "END:":
                break
            elif start == "METHOD":
                method = line.partition(":")[2].strip().upper()
            elif line[:14].upper() == "X-WR-TIMEZONE:":
                zone_name = line[14:].strip()
        return Calendar(method, zone_name, made.zones, made.events)

    def _event(self) -> dict[str, list[Property]]:
        found: dict[str, list[Property]] = {}
        lines, end = self._lines, len(self._lines)
        while self._at < end:
            line = lines[self._at]
            self._at += 1
            colon, semicolon = line.find(":"), line.find(";", 0, 80)
            name = line[: semicolon if 0 <= semicolon < colon else max(colon, 0)].strip().upper()
            if name in _KEPT:
                values = found.setdefault(name, [])
                if len(values) < _MOST.get(name, MOST_VALUES):
                    values.append(self._property(name, line))
            elif name == "BEGIN":
                self._skip()
            elif name == "END":
                break
        return found

    def _property(self, name: str, line: str) -> Property:
        at = _separator(name, line)
        head, value = line[:at], line[at + 1 :]
        if self._foreign or ("=" in head and name not in PEOPLE):
            return self._decoded(head, value)
        return Property(head, value)

    def _decoded(self, head: str, value: str) -> Property:
        upper = head.upper()
        charset = None
        if "CHARSET=" in upper:
            charset = CHARSETS.get((Property(head, "").parameter("CHARSET") or "").lower())
        if "=QUOTED-PRINTABLE" in upper:
            pieces = [value]
            while pieces[-1].endswith("=") and self._at < len(self._lines):
                pieces[-1] = pieces[-1][:-1]
                pieces.append(self._lines[self._at])
                self._at += 1
            value = "".join(pieces)[:MOST_DECODED]
            return Property(head, _text(quopri.decodestring(_bytes(value)), charset))
        if "=BASE64" in upper or "ENCODING=B;" in upper + ";":
            try:
                decoded = base64.b64decode("".join(value.split())[:MOST_DECODED], validate=True)
            except (binascii.Error, ValueError):
                return Property(head, "")
            # What was base64 has no escapes: it is guarded against a second undoing.
            return Property(head, _text(decoded, charset).replace("\\", "\\\\"))
        if charset or self._foreign:
            return Property(_text(_bytes(head), charset), _text(_bytes(value), charset))
        return Property(head, value)

    def _zone(self, zones: dict[str, list[str]]) -> None:
        lines: list[str] = []
        name = ""
        depth = 1
        while depth and (line := self._next()) is not None:
            start = line[:6].upper()
            depth += (start == "BEGIN:") - (start[:4] == "END:")
            if start[:5] == "TZID:":
                name = line[5:].strip()
            elif depth and len(lines) <= MOST_ZONE_LINES:
                lines.append(line[:1000])
        if name and len(zones) < MOST_ZONES and len(lines) <= MOST_ZONE_LINES:
            zones.setdefault(name, lines)

    def _skip(self) -> None:
        depth = 1
        while depth and (line := self._next()) is not None:
            start = line[:6].upper()
            depth += (start == "BEGIN:") - (start[:4] == "END:")

    def _next(self) -> str | None:
        if self._at >= len(self._lines):
            return None
        self._at += 1
        return self._lines[self._at - 1]


def _component(line: str) -> str:
    return line[6:].strip().upper()


def _separator(name: str, line: str) -> int:
    """Where the value begins: the first colon outside quotes, but what people and dates are written like is known."""
    if name in DATES:
        return line.rfind(":")  # a zone's name may have one that is not quoted; no date has any
    if name in PEOPLE:
        if (plain := line.find(":mailto:")) != -1:
            return plain
        if found := _MAILTO.search(line):
            return found.start()
    colon, at = line.find(":"), 0
    for _ in range(MOST_QUOTES):
        if (quote := line.find('"', at)) == -1 or quote > colon:
            break
        close = line.find('"', quote + 1)
        if close == -1:
            break
        at = close + 1
        if colon < at:
            colon = line.find(":", at)
            if colon == -1:
                return len(line)
    return colon


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="surrogateescape")


def _text(raw: bytes, charset: str | None) -> str:
    """The declared charset, else UTF-8, else Windows-1252 as old mailers write."""
    for name in (charset, "utf-8"):
        if name:
            try:
                return raw.decode(name)
            except UnicodeDecodeError:
                continue
    return raw.decode("cp1252", errors="replace")
