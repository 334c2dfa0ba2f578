"""The XML of CalDAV: read whatever the prefixes, and no rubbish gets through."""

from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings.calendars.davxml import (
    CAL,
    DAV,
    MOST_DEPTH,
    BadMultistatus,
    build_multiget,
    build_propfind,
    build_query,
    build_sync,
    names_error,
    parse,
    parse_multistatus,
)
from roomgate.meetings.invite import Window

ANSWER = b"""<?xml version="1.0"?>
<multistatus xmlns="DAV:" xmlns:x="urn:ietf:params:xml:ns:caldav">
  <response>
    <href>/rooms/oslo/a%20b.ics</href>
    <propstat><prop><getetag>"1"</getetag><x:calendar-data><![CDATA[BEGIN:VCALENDAR
END:VCALENDAR]]></x:calendar-data></prop><status>HTTP/1.1 200 OK</status></propstat>
    <propstat><prop><displayname>never</displayname></prop><status>HTTP/1.1 404 Not Found</status></propstat>
  </response>
  <response><href>/rooms/oslo/gone.ics</href><status>HTTP/1.1 404 Not Found</status></response>
  <sync-token> urn:token:7 </sync-token>
</multistatus>"""
PIECES = [
    b"<", b">", b"</", b"<multistatus xmlns='DAV:'>", b"</multistatus>", b"<response>", b"</response>", b"<href>", b"&amp;",
    b"&x;", b"<!DOCTYPE a [<!ENTITY x 'y'>]>", b"<![CDATA[", b"]]>", b"\x00", b"\xff", b"<status>HTTP/1.1 \xd9\xa3 x</status>",
]  # fmt: skip


def test_an_answer_is_read_whatever_its_prefixes():
    told = parse_multistatus(ANSWER)
    first, gone = told.responses
    assert told.token == "urn:token:7"
    assert (first.href, first.status, first.text(DAV, "getetag")) == ("/rooms/oslo/a%20b.ics", 0, '"1"')
    assert first.text(CAL, "calendar-data") == "BEGIN:VCALENDAR\nEND:VCALENDAR"
    assert first.text(DAV, "displayname") == ""  # it has a status of its own, and that is no
    assert (gone.href, gone.status) == ("/rooms/oslo/gone.ics", 404)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html><body>Sign in</body></html>",
        b'<!DOCTYPE a [<!ENTITY x "y">]><multistatus xmlns="DAV:">&x;</multistatus>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><multistatus xmlns="DAV:"/>',
        '<multistatus xmlns="DAV:"/>'.encode("utf-16"),
        b"<a>" * (MOST_DEPTH + 1) + b"</a>" * (MOST_DEPTH + 1),
        b"<multistatus xmlns='DAV:'>" + b"<a/>" * 200_001 + b"</multistatus>",
    ],
    ids=["empty", "page", "entity", "outside", "utf-16", "deep", "many"],
)
def test_what_is_no_plain_multistatus_is_refused(raw):
    with pytest.raises(BadMultistatus):
        parse_multistatus(raw)


@given(st.one_of(st.binary(max_size=400), st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join)))
def test_rubbish_raises_only_our_error(raw):
    try:
        parse_multistatus(raw)
    except BadMultistatus:
        pass
    names_error(raw, DAV, "valid-sync-token")


@given(st.integers(0, len(ANSWER)), st.integers(0, 255))
def test_a_damaged_answer_raises_only_our_error(place, byte):
    try:
        parse_multistatus(ANSWER[:place] + bytes([byte]) + ANSWER[place + 1 :])
    except BadMultistatus:
        pass


def test_a_refusal_names_its_reason():
    body = b'<d:error xmlns:d="DAV:"><d:valid-sync-token/></d:error>'
    assert names_error(body, DAV, "valid-sync-token")
    assert not names_error(body, DAV, "supported-report")


def test_what_is_asked_is_xml_and_holds_what_it_is_given():
    odd = "urn:<&>\"'"
    window = Window(datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 3, 17, tzinfo=UTC))
    assert ElementTree.fromstring(build_sync(odd)).find("{DAV:}sync-token").text == odd  # noqa: S314 (our own)
    hrefs = [one.text for one in parse(build_multiget(["/a&b", "/c"])).all(DAV, "href")]
    assert hrefs == ["/a&b", "/c"]
    assert parse(build_propfind("d:sync-token", "c:calendar-home-set")).has(CAL, "calendar-home-set")
    assert b'start="20260310T000000Z" end="20260317T000000Z"' in build_query(window, bodies=False)
    assert parse(build_query(window, bodies=True)).has(CAL, "calendar-data")
    assert not parse(build_query(window, bodies=False)).has(CAL, "calendar-data")
