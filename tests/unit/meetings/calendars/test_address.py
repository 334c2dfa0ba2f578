"""A published calendar: asked for only if it changed, and its address told nowhere."""

import random
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomgate.clock import HandClock
from roomgate.errors import BadInput
from roomgate.ids import RoomName
from roomgate.meetings.calendars.address import MOST_EVENTS, Address, plain_address
from roomgate.meetings.calendars.base import CalendarRefused, CalendarUnreachable, Writable
from roomgate.meetings.calendars.http import Web
from roomgate.meetings.invite import Window
from roomgate.redact import Secret
from support.invites import ics

ROOM = RoomName("oslo")
START = datetime(2026, 3, 10, 9, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=7))
SECRET = "webcal://cal.example.com/private-hush/basic.ics"


class Publisher(httpx.AsyncBaseTransport):
    def __init__(self) -> None:
        self.raw = ics("DTSTART:20260310T090000Z")
        self.status = 200
        self.tags = True
        self.whole = self.asked = 0
        self.urls: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        self.urls.append(str(request.url))
        tag = f'"{hash(self.raw)}"'
        if self.status != 200:
            return httpx.Response(self.status, headers={"Location": "https://evil.example.net/?token=hush"})
        if self.tags and request.headers.get("if-none-match") == tag:
            return httpx.Response(304)
        self.whole += 1
        return httpx.Response(200, headers={"ETag": tag} if self.tags else {}, content=self.raw)


def rig(publisher: Publisher, address: str = SECRET) -> tuple[Address, HandClock]:
    clock = HandClock()
    web = Web(clock, random.Random(1), transport=publisher)
    return Address(web, {ROOM: Secret(address)}.get, clock, random.Random(2), fresh_s=0), clock


@pytest.mark.asyncio
async def test_it_is_fetched_by_tls_and_whole_only_where_it_changed():
    publisher = Publisher()
    calendar, _ = rig(publisher)
    assert not isinstance(calendar, Writable)
    first = await calendar.fetch(ROOM, WINDOW)
    assert (await calendar.fetch(ROOM, WINDOW)) is first
    publisher.raw = ics("DTSTART:20260310T100000Z")
    assert (await calendar.fetch(ROOM, WINDOW)).cursor != first.cursor
    assert (publisher.asked, publisher.whole) == (3, 2)
    assert set(publisher.urls) == {"https://cal.example.com/private-hush/basic.ics"}


@pytest.mark.asyncio
async def test_without_a_tag_the_same_content_is_still_the_same():
    publisher = Publisher()
    publisher.tags = False
    calendar, _ = rig(publisher)
    first = await calendar.fetch(ROOM, WINDOW)
    publisher.raw = publisher.raw.replace(b"DTSTAMP:20260301", b"DTSTAMP:20260302")
    assert (await calendar.fetch(ROOM, WINDOW)).cursor == first.cursor


@pytest.mark.asyncio
async def test_as_days_go_by_what_was_far_away_comes_near():
    publisher = Publisher()
    publisher.raw = ics("DTSTART:20260330T090000Z")
    calendar, clock = rig(publisher)
    assert (await calendar.fetch(ROOM, WINDOW)).sources == ()
    clock.advance(15 * 24 * 3600)
    now = clock.now()
    assert len((await calendar.fetch(ROOM, Window(now, now + timedelta(days=7)))).sources) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [401, 403, 404, 410, 429, 500, 503, 302, 204, 206])
async def test_no_error_tells_the_address(status):
    publisher = Publisher()
    publisher.status = status
    calendar, _ = rig(publisher)
    with pytest.raises((CalendarUnreachable, CalendarRefused)) as told:
        await calendar.fetch(ROOM, WINDOW)
    words = f"{told.value} {told.value.hint} {told.value!r}"
    assert "hush" not in words
    assert "cal.example.com" in words


@pytest.mark.asyncio
async def test_a_page_that_asks_to_sign_in_is_no_empty_calendar():
    publisher = Publisher()
    publisher.raw = b"<html>Sign in</html>"
    calendar, _ = rig(publisher)
    with pytest.raises(CalendarUnreachable, match="no calendar") as told:
        await calendar.fetch(ROOM, WINDOW)
    assert "browser" in told.value.hint


@pytest.mark.asyncio
async def test_a_calendar_of_too_many_events_is_refused():
    publisher = Publisher()
    event = b"BEGIN:VEVENT\r\nUID:%d\r\nDTSTART:20260310T090000Z\r\nEND:VEVENT\r\n"
    events = b"".join(event % n for n in range(MOST_EVENTS + 1))
    publisher.raw = b"BEGIN:VCALENDAR\r\n" + events + b"END:VCALENDAR\r\n"
    calendar, _ = rig(publisher)
    with pytest.raises(CalendarUnreachable, match="more than"):
        await calendar.fetch(ROOM, WINDOW)


@pytest.mark.asyncio
async def test_a_room_without_an_address_has_no_calendar():
    calendar, _ = rig(Publisher())
    with pytest.raises(CalendarUnreachable, match="bergen"):
        await calendar.fetch(RoomName("bergen"), WINDOW)


@pytest.mark.asyncio
@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300))
async def test_rubbish_raises_only_our_errors(body):
    publisher = Publisher()
    publisher.raw = body
    calendar, _ = rig(publisher)
    with pytest.raises(CalendarUnreachable):
        await calendar.fetch(ROOM, WINDOW)


@pytest.mark.parametrize(
    "text",
    ["", "cal.example.com/x", "http://cal.example.com/x", "https://ada:pw@cal.example.com/x", "file:///etc/passwd"],
)
def test_an_address_that_nobody_could_keep_secret_is_refused(text):
    with pytest.raises(BadInput) as told:
        plain_address(text)
    assert "pw" not in str(told.value)
