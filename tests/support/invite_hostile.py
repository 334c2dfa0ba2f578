"""Invitations that were written to be expensive: each of about the size that is asked for, in bytes."""

import base64
from collections.abc import Callable

from support.invites import ics

D = "DTSTART:20260310T090000Z"
OLD = "DTSTART:19800101T090000Z"
DAYS = "BYDAY=MO,TU,WE,TH,FR,SA,SU"


def _text(piece: str) -> Callable[[int], bytes]:
    return lambda size: ics(D, "DESCRIPTION:" + piece * (size // len(piece)))


def _numbered(piece: str) -> Callable[[int], bytes]:
    return lambda size: ics(D, "DESCRIPTION:" + "".join(piece % n for n in range(size // len(piece))))


def _markup(piece: str) -> Callable[[int], bytes]:
    return lambda size: ics(D, "X-ALT-DESC:<p>" + piece * (size // len(piece)))


def _dates(name: str, count: int) -> bytes:
    dates = ",".join(f"20{n % 24 + 10}{n % 12 + 1:02d}{n % 28 + 1:02d}T{n % 24:02d}0000Z" for n in range(count))
    return ics(D, "RRULE:FREQ=DAILY", f"{name}:{dates}")


def _zone(blocks: int) -> bytes:
    block = [
        "BEGIN:STANDARD", "DTSTART:16010101T030000", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100",
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10", "END:STANDARD",
    ]  # fmt: skip
    zone = "\r\n".join(["BEGIN:VTIMEZONE", "TZID:Ours", *block * blocks, "END:VTIMEZONE", "BEGIN:VEVENT"])
    return ics("DTSTART;TZID=Ours:20260310T090000").replace(b"BEGIN:VEVENT", zone.encode())


GROWING: dict[str, Callable[[int], bytes]] = {
    "links": _numbered("https://zoom.us/j/%011d "),
    "wrapped links": _numbered("https://www.google.com/url?q=https%%3A%%2F%%2Fzoom.us%%2Fj%%2F%011d "),
    "links that are refused": _numbered("https://127.0.0.1/%011d "),
    "beginnings of links": _text("http://"),
    "links in angles": _text("a<http:b>"),
    "words that show addresses": _text("x.yy<https://a.bc/>"),
    "links of many lines": _text("<https://a\\n"),
    "links among Chinese words": _text("会议号：８５５ https://zoom.us/j/85512345678，密码 "),
    "addresses": _numbered("SIP: a%d@b.example.com "),
    "addresses that are refused": _numbered("SIP: a%d@10.0.0.1 "),
    "ats": _text("a@"),
    "slashes": _text("a/"),
    "hosts without scheme": _text("a.bc/"),
    "colons": _text(":"),
    "angles": _text("<"),
    "labels": _text("SIP:\\nvideo\\n"),
    "quotations": _text("> a\\n"),
    "headers of mails": _text("From: a\\nx\\nx\\n"),
    "beginnings of citations": _text("On "),
    "parts of mails": _text("--b\\nContent-Type: text/html\\n"),
    "signatures": _text("--\\n"),
    "zero-width signs": _text("a\u200b"),
    "encoded twice": _text("=3D=\\n"),
    "escapes": _text("\\\\\\n"),
    "tags": _markup("<div>"),
    "nested tables": _markup("<table><tr><td>"),
    "anchors": _markup("<a href='https://a.example/'>x.yy</a>"),
    "anchors without end": _markup("<a href=x>"),
    "hrefs": _markup("<a href=\"href='href=>"),
    "comments without end": _markup("<!--"),
    "scripts without end": _markup("<script "),
    "scripts": _markup("<script></script>"),
    "hidden elements": _markup("<b style='display:none'>x</b>"),
    "hidden elements without end": _markup("<b style='display:none'>"),
    "hidden elements in each other": lambda size: ics(
        D, "X-ALT-DESC:" + "<b style='display:none'>" * (size // 29) + "</b>" * (size // 29)
    ),
    "entities": _markup("&#x41;"),
    "titles": lambda size: ics(D, "SUMMARY:" + "\\n" * (size // 2)),
    "base64": lambda size: ics(
        D, "DESCRIPTION;ENCODING=BASE64;VALUE=BINARY:" + base64.b64encode(b"zoom.us/j/8551 " * (size // 20)).decode()
    ),
    "quoted-printable": lambda size: ics(D, "DESCRIPTION;ENCODING=QUOTED-PRINTABLE:" + "=41=0D=0A" * (size // 9)),
    "quoted parameters": lambda size: ics(D, "DESCRIPTION;A=" + '"a:b"' * (size // 5) + ":x"),
    "parameters": lambda size: ics(D, "ATTENDEE;" + "A=b;" * (size // 4) + ":x"),
    "folds": lambda size: ics(D, "DESCRIPTION:" + "\r\n " * (size // 3)),
    "alarms in alarms": lambda size: ics(D, *["BEGIN:VALARM"] * (size // 14)),
    "people": lambda size: ics(
        D, *[f"ATTENDEE;CN=P{n};PARTSTAT=DECLINED:mailto:p{n}@example.com" for n in range(size // 60)]
    ),
}

FIXED: dict[str, bytes] = {
    "a body of base64 of 1 MiB": GROWING["base64"](1024 * 1024),
    "10,000 people": GROWING["people"](600_000),
    "10,000 excluded dates": _dates("EXDATE", 10_000),
    "2,000 excluded dates": _dates("EXDATE", 2_000),
    "2,000 extra dates": _dates("RDATE", 2_000),
    "daily since 1980": ics(OLD, "RRULE:FREQ=DAILY"),
    "daily since 1980, in a zone": ics("DTSTART;TZID=Europe/Berlin:19800101T090000", "RRULE:FREQ=DAILY"),
    "daily since 1980, counted": ics(OLD, "RRULE:FREQ=DAILY;COUNT=99999"),
    "daily since 1980, counted and walked": ics(OLD, "RRULE:FREQ=DAILY;BYDAY=MO;BYMONTH=3;COUNT=99999"),
    "every day of the week": ics(OLD, f"RRULE:FREQ=WEEKLY;{DAYS};COUNT=99999"),
    "every day of the month": ics(OLD, f"RRULE:FREQ=MONTHLY;{DAYS}"),
    "every day of the year": ics(OLD, f"RRULE:FREQ=YEARLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;{DAYS}"),
    "every second": ics(OLD, "RRULE:FREQ=SECONDLY"),
    "occurrences of a year": ics(OLD, "DURATION:P360D", "RRULE:FREQ=DAILY"),
    "occurrences of two months": ics(OLD, "DURATION:P61D", "RRULE:FREQ=DAILY"),
    "a zone of many rules": _zone(24),
    "a zone of too many rules": _zone(60),
    "50,000 lines": ics(D, *["X-A:b"] * 49_000),
    "a title of 4 MiB": GROWING["titles"](4_000_000),
}
