import base64
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings import lines
from roomgate.meetings.lines import BadInvitation, parse_calendars
from support.invites import ics


def event(*given: str, raw: bytes | None = None):
    return parse_calendars(raw or ics(*given))[0].events[0]


def value(name: str, *given: str, raw: bytes | None = None) -> str:
    return event(*given, raw=raw)[name][0].text(99)


def test_what_nobody_reads_is_left_out():
    seen = event("SUMMARY:a", "X-OTHER:b", "BEGIN:VALARM", "DESCRIPTION:c", "BEGIN:X", "END:X", "END:VALARM", "URL:d")
    assert set(seen) == {"UID", "DTSTAMP", "SUMMARY", "URL"}


def test_names_may_be_small_and_parameters_quoted():
    one = event('organizer;CN="Ada: one; two":mailto:ada@example.com')["ORGANIZER"][0]
    assert (one.parameter("CN"), one.value) == ("Ada: one; two", "mailto:ada@example.com")


@pytest.mark.parametrize(
    ("line", "name", "written"),
    [
        ("ATTENDEE;CN=Ada: not quoted:mailto:ada@example.com", "ATTENDEE", "mailto:ada@example.com"),
        ("DTSTART;TZID=tzone://Microsoft/Utc:20260310T090000", "DTSTART", "20260310T090000"),
        ('LOCATION;ALTREP="cid:a:b":Oslo: 2', "LOCATION", "Oslo: 2"),
        ('LOCATION;ALTREP="open:Oslo', "LOCATION", "Oslo"),
        ("LOCATION", "LOCATION", ""),
    ],
)
def test_where_the_value_begins(line, name, written):
    seen = event(line).get(name)
    assert (seen[0].value if seen else "") == written


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b"\r\n", b"\n"),
        lambda raw: raw.replace(b"\r\n", b"\r"),
        lambda raw: raw.replace(b"\r\n", b"\r\r\n"),
        lambda raw: b"\xef\xbb\xbf" + raw,
        lambda raw: raw.decode().encode("utf-16"),
        lambda raw: raw.decode().encode("utf-16-le"),
        lambda raw: raw.decode().encode("utf-16-be"),
        lambda raw: raw + b"\x1a\0\0",
        base64.encodebytes,
        quopri.encodestring,
    ],
)
def test_however_the_bytes_came(change):
    raw = ics("DTSTART;VALUE=DATE:20260310", "SUMMARY:Besprechung für alle = 会議", "LOCATION:a\\, b")
    assert parse_calendars(change(raw)) == parse_calendars(raw)


def test_a_character_may_be_folded_in_its_middle():
    raw = ics("SUMMARY:für").replace("ü".encode(), b"\xc3\r\n \xbc")
    assert value("SUMMARY", raw=raw) == "für"


def test_each_line_has_a_charset_of_its_own():
    raw = ics("SUMMARY;CHARSET=GB2312:@", "LOCATION:#", "DESCRIPTION:für")
    raw = raw.replace(b"@", "周会".encode("gb2312")).replace(b"#", "Zürich".encode("cp1252"))
    seen = event(raw=raw)
    assert [seen[name][0].text(99) for name in ("SUMMARY", "LOCATION", "DESCRIPTION")] == ["周会", "Zürich", "für"]


@pytest.mark.parametrize("charset", ["zip", "punycode", "utf-7", "idna", "unicode_escape", "../../x"])
def test_a_codec_that_is_no_charset_is_not_used(charset):
    assert value("SUMMARY", f"SUMMARY;CHARSET={charset}:+AGE- \\x41") == "+AGE- \\x41"


def test_quoted_printable_of_an_old_phone_with_its_soft_breaks():
    raw = ics("DESCRIPTION;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:f=C3=BCr=0D=0A=", "alle", "SUMMARY:after")
    seen = event(raw=raw)
    assert (seen["DESCRIPTION"][0].text(99).split(), seen["SUMMARY"][0].text(99)) == (["für", "alle"], "after")


def test_base64_has_no_escapes_and_bad_base64_says_nothing():
    coded = base64.b64encode(b"a\\nb").decode()
    assert value("DESCRIPTION", f"DESCRIPTION;ENCODING=BASE64;VALUE=BINARY:{coded}") == "a\\nb"
    assert value("DESCRIPTION", "DESCRIPTION;ENCODING=BASE64:%%%") == ""


def test_escapes():
    assert value("DESCRIPTION", "DESCRIPTION:a\\nb\\Nc\\, d\\; e\\\\n\\x") == "a\nb\nc, d; e\\n\\x"


def test_the_files_own_zones():
    raw = ics("DTSTART:20260310T090000Z").replace(
        b"BEGIN:VEVENT",
        b"BEGIN:VTIMEZONE\r\nTZID:Ours\r\nBEGIN:STANDARD\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT",
    )
    assert parse_calendars(raw)[0].zones == {"Ours": ["BEGIN:STANDARD", "END:STANDARD"]}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"x" * (lines.MOST_BYTES + 1),
        b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCAL",
        b"BEGIN:VCALENDAR\n" + b"X:\n" * lines.MOST_LINES + b"END:VCALENDAR",
        b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\nEND:VEVENT\n" * (lines.MOST_EVENTS + 1) + b"END:VCALENDAR",
        b"QkVHSU46VkNBTEVOREFS" + b"!" * 7,
    ],
)
def test_what_is_refused(raw):
    with pytest.raises(BadInvitation):
        parse_calendars(raw)


def test_of_one_property_only_so_many_are_kept():
    assert len(event(*["LOCATION:x"] * 1000)["LOCATION"]) == lines.MOST_VALUES


PIECES = st.sampled_from(
    [b"BEGIN:VCALENDAR", b"END:VCALENDAR", b"BEGIN:VEVENT", b"END:VEVENT", b"BEGIN:VTIMEZONE", b"TZID:x", b"SUMMARY",
     b"DESCRIPTION;ENCODING=QUOTED-PRINTABLE:a=", b"DTSTART;TZID=\"a:b", b"\xff\xfe", b"\n ", b"\r", b";CHARSET=gbk:", b""]
)  # fmt: skip


@given(st.lists(st.one_of(PIECES, st.binary(max_size=12)), max_size=12))
def test_rubbish_raises_only_our_error(pieces):
    try:
        seen = parse_calendars(b"BEGIN:VCALENDAR\n" + b"\n".join(pieces) + b"\nEND:VCALENDAR")
    except BadInvitation:
        return
    for one in [one for calendar in seen for event in calendar.events for values in event.values() for one in values]:
        one.text(99).encode()
