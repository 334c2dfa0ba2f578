"""Where a room's collection is; and that the password goes nowhere that was not named."""

import random

import httpx
import pytest

from roomgate.clock import HandClock
from roomgate.ids import RoomName
from roomgate.meetings.calendars.base import CalendarUnreachable
from roomgate.meetings.calendars.davfinder import AGAIN_S, Finder, private
from roomgate.meetings.calendars.http import Web
from support.dav_double import HOME, HOST, DavDouble

ROOM = RoomName("oslo")
HOSTS: list[str] = []


def finder(double: DavDouble, place: str | None, *hosts: str) -> tuple[Finder, HandClock]:
    clock = HandClock()
    web = Web(clock, random.Random(1), transport=double)
    places = {} if place is None else {ROOM: place}
    return Finder(f"https://{HOST}/", places.get, hosts, web.ask, clock), clock


@pytest.fixture
def double():
    found = DavDouble()
    found.make("a1b2", "Oslo room")
    return found


@pytest.mark.asyncio
@pytest.mark.parametrize("place", [f"{HOME}a1b2/", f"{HOME}a1b2", f"https://{HOST}{HOME}a1b2", "Oslo room", "a1b2"])
async def test_a_room_is_found_by_address_path_or_name(double, place):
    found, _ = finder(double, place)
    assert await found.collection(ROOM) == f"https://{HOST}{HOME}a1b2/"


@pytest.mark.asyncio
async def test_a_server_that_says_nothing_at_its_root_is_asked_at_the_well_known_place(double):
    double.found_at = "/.well-known/caldav"
    found, _ = finder(double, "Oslo room")
    assert (await found.collection(ROOM)).endswith("/a1b2/")
    double.found_at = "/nowhere"
    with pytest.raises(CalendarUnreachable, match="no CalDAV server"):
        await finder(double, "Oslo room")[0].collection(ROOM)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("hosts", "let"), [((), False), ((".example.net",), True), (("p07.example.net",), True), (("example.net",), False)]
)
async def test_discovery_leads_only_to_hosts_that_are_named(double, hosts, let):
    double.home_host = "https://p07.example.net"
    asked: list[str] = []
    double.before = lambda request: asked.append(request.url.host)
    found, _ = finder(double, "Oslo room", *hosts)
    if let:
        assert await found.collection(ROOM) == f"https://p07.example.net{HOME}a1b2/"
    else:
        with pytest.raises(CalendarUnreachable, match=r"p07\.example\.net, which is not named"):
            await found.collection(ROOM)
        assert set(asked) == {HOST}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "place", ["https://evil.example.net/x/", "//evil.example.net/x/", "http://dav.example.com/x/", "file:///x/"]
)
async def test_an_address_elsewhere_or_in_the_clear_is_refused(double, place):
    found, _ = finder(double, place)
    with pytest.raises(CalendarUnreachable):
        await found.collection(ROOM)
    assert double.asked == []


@pytest.mark.asyncio
async def test_a_name_that_is_not_there_is_told_and_not_looked_for_without_end(double):
    found, clock = finder(double, "Bergen")
    for _ in range(50):
        with pytest.raises(CalendarUnreachable, match="no calendar named 'Bergen'") as told:
            await found.collection(ROOM)
    assert "Oslo room" in told.value.hint
    assert double.count("PROPFIND", "propfind") == 3
    double.make("new", "Bergen")
    clock.advance(AGAIN_S)
    assert (await found.collection(ROOM)).endswith("/new/")


@pytest.mark.asyncio
async def test_a_name_of_two_calendars_is_none(double):
    double.make("c3", "Oslo room")
    found, _ = finder(double, "Oslo room")
    with pytest.raises(CalendarUnreachable):
        await found.collection(ROOM)


@pytest.mark.asyncio
async def test_a_calendar_that_moved_is_found_again(double):
    found, clock = finder(double, "Oslo room")
    await found.collection(ROOM)
    double.calendars.clear()
    double.make("moved", "Oslo room")
    found.forget(ROOM)
    clock.advance(AGAIN_S)
    assert (await found.collection(ROOM)).endswith("/moved/")


@pytest.mark.asyncio
async def test_a_room_without_a_place_has_none(double):
    found, _ = finder(double, None)
    found.forget(ROOM)
    with pytest.raises(CalendarUnreachable, match="no calendar is named for oslo"):
        await found.collection(ROOM)


@pytest.mark.asyncio
async def test_an_account_without_a_home_is_told(double):
    double.before = lambda request: httpx.Response(207, content=b'<d:multistatus xmlns:d="DAV:"/>')
    found, _ = finder(double, "Oslo room")
    with pytest.raises(CalendarUnreachable, match="does not say"):
        await found.collection(ROOM)


@pytest.mark.parametrize(
    ("url", "yes"),
    [
        ("https://x.example/", True),
        ("http://127.0.0.1:5232/", True),
        ("http://[::1]/", True),
        ("http://localhost/", True),
        ("http://x.example/", False),
        ("http://10.0.0.1/", False),
        ("http://127.0.0.1.evil.example/", False),
        ("ftp://localhost/", False),
    ],
)
def test_a_password_goes_by_tls_or_to_this_machine(url, yes):
    assert private(url) is yes
