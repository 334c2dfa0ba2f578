"""CalDAV against a double that does what servers do: with and without tokens, in parts, forgetful, garbled."""

import random
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomgate.clock import HandClock
from roomgate.ids import RoomName
from roomgate.meetings.calendars import edit
from roomgate.meetings.calendars.base import CalendarRefused, CalendarUnreachable, Slot, Snapshot, Writable
from roomgate.meetings.calendars.caldav import MOST_CHANGES, CalDav
from roomgate.meetings.calendars.credentials import Basic, SecretFile
from roomgate.meetings.calendars.http import Web
from roomgate.meetings.invite import Window, occurrences, parse_events
from support.dav_double import HOST, DavDouble
from support.invites import ics

ROOM = RoomName("oslo")
START = datetime(2026, 3, 10, 9, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=7))
SLOT = Slot(START, START + timedelta(hours=1), "Ad hoc", "Ada")


def raw(uid: str, *lines: str) -> bytes:
    return ics(*(lines or ("DTSTART:20260310T090000Z",)), uid=uid).replace(b"METHOD:REQUEST\r\n", b"")


@pytest.fixture
def rig(tmp_path):
    (tmp_path / "pw").write_text("correct horse")

    def build(double: DavDouble, place: str = "/home/oslo/", **more: object) -> tuple[CalDav, Web, HandClock]:
        clock = HandClock()
        web = Web(clock, random.Random(1), transport=double)
        credentials = Basic("rooms", SecretFile(tmp_path / "pw"))
        find = {ROOM: place}.get
        url = f"https://{HOST}/"
        return CalDav(web, credentials, url, find, clock, random.Random(2), fresh_s=0, **more), web, clock  # type: ignore[arg-type]

    return build


def held(snapshot: Snapshot) -> dict[str, bytes]:
    return {source.name: source.raw.replace(b"\n", b"\r\n") for source in snapshot.sources}


KINDS = {"tokens": {}, "ctags": {"tokens": False}, "tags": {"tokens": False, "ctags": False}, "parts": {"part": 1}}


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
async def test_whatever_the_server_can_do_the_copy_follows(rig, kind):
    double = DavDouble(**kind)
    path = double.make("oslo")
    calendar, web, _ = rig(double)
    seen = set()
    async with web:
        for step in range(12):
            if step % 4 < 3:
                double.write(path, f"{step % 5}.ics", raw(f"u{step}"))
                double.write(path, f"{step % 3} a.ics", raw(f"v{step}"))
            else:
                double.write(path, next(iter(double.calendars[path])), None)
            snapshot = await calendar.fetch(ROOM, WINDOW)
            assert held(snapshot) == double.calendars[path]
            seen.add(snapshot.cursor)
            assert (await calendar.fetch(ROOM, WINDOW)).cursor == snapshot.cursor
    assert len(seen) == 12


@pytest.mark.asyncio
async def test_with_tokens_only_what_changed_is_asked_for(rig):
    double = DavDouble()
    path = double.make("oslo")
    for n in range(120):
        double.write(path, f"{n}.ics", raw(f"u{n}"))
    calendar, web, _ = rig(double)
    async with web:
        await calendar.fetch(ROOM, WINDOW)
        assert len(double.asked) == 2  # the collection's token, and all events with their bodies
        double.write(path, "7.ics", raw("other"))
        for _ in range(5):
            await calendar.fetch(ROOM, WINDOW)
    assert double.count("REPORT", "calendar-query") == 1
    assert double.count("REPORT", "calendar-multiget") == 1
    assert double.count("REPORT", "sync-collection") == 5


@pytest.mark.asyncio
@pytest.mark.parametrize("many", [False, True])
async def test_a_token_that_is_no_longer_known_loses_and_repeats_nothing(rig, many):
    double = DavDouble()
    path = double.make("oslo")
    for n in range(10):
        double.write(path, f"{n}.ics", raw(f"u{n}"))
    calendar, web, _ = rig(double)
    async with web:
        before = await calendar.fetch(ROOM, WINDOW)
        bodies = double.count("REPORT", "calendar-multiget")
        double.write(path, "3.ics", None)
        for n in range(MOST_CHANGES + 1 if many else 1):
            double.write(path, f"new{n}.ics", raw(f"new{n}"))
        double.oldest = 0 if many else double.version + 1
        after = await calendar.fetch(ROOM, WINDOW)
        assert held(after) == double.calendars[path]
        assert len({source.name for source in after.sources}) == len(after.sources)
        assert after.cursor != before.cursor
        if not many:
            assert double.count("REPORT", "calendar-multiget") == bodies + 1  # known bodies are not fetched twice
            double.oldest = 0
            double.write(path, "3.ics", raw("u3"))
            await calendar.fetch(ROOM, WINDOW)
    assert double.count("REPORT", "calendar-query") == 2


@pytest.mark.asyncio
async def test_the_window_that_moves_on_is_asked_for_anew_once_a_day(rig):
    double = DavDouble()
    double.make("oslo")
    calendar, web, clock = rig(double)
    async with web:
        for _ in range(4 * 24):
            now = clock.now()
            await calendar.fetch(ROOM, Window(now, now + timedelta(days=7)))
            clock.advance(3600)
    assert 2 <= double.count("REPORT", "calendar-query") <= 5


@pytest.mark.asyncio
async def test_an_event_that_is_too_large_takes_no_others_along(rig):
    double = DavDouble()
    path = double.make("oslo")
    for n in range(5):
        double.write(path, f"{n}.ics", raw(f"u{n}"))
    double.write(path, "huge.ics", raw("huge", "DTSTART:20260310T090000Z", "X-A:" + "x" * 17 * 1024 * 1024))
    calendar, web, _ = rig(double)
    async with web:
        snapshot = await calendar.fetch(ROOM, WINDOW)
        asked = len(double.asked)
        await calendar.fetch(ROOM, WINDOW)
        assert len(double.asked) == asked + 1  # and it is not asked for again
    found = {source.name: source.raw for source in snapshot.sources}
    assert found.pop("huge.ics") == b""
    assert len(found) == 5


@pytest.mark.asyncio
async def test_an_event_that_goes_while_it_is_read_is_none(rig):
    double = DavDouble()
    path = double.make("oslo")

    def before(request: httpx.Request) -> None:
        if b"calendar-multiget" in request.content and "a.ics" in double.calendars[path]:
            double.write(path, "a.ics", None)

    double.before = before
    calendar, web, _ = rig(double)
    async with web:
        await calendar.fetch(ROOM, WINDOW)
        double.write(path, "a.ics", raw("a"))
        assert (await calendar.fetch(ROOM, WINDOW)).sources == ()


@pytest.mark.asyncio
async def test_a_server_that_gives_no_bodies_with_a_query_is_asked_for_them(rig):
    double = DavDouble(bodies=False)
    path = double.make("oslo")
    for n in range(120):
        double.write(path, f"{n}.ics", raw(f"u{n}"))
    calendar, web, _ = rig(double)
    async with web:
        assert held(await calendar.fetch(ROOM, WINDOW)) == double.calendars[path]
    assert double.count("REPORT", "calendar-multiget") == 3


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (401, CalendarRefused, "credentials"),
        (403, CalendarRefused, "account"),
        (404, CalendarUnreachable, "no calendar"),
        (429, CalendarUnreachable, "too many"),
        (500, CalendarUnreachable, "500"),
        (503, CalendarUnreachable, "not available"),
        (301, CalendarUnreachable, "elsewhere"),
        (200, CalendarUnreachable, "status 200"),
    ],
)
@pytest.mark.parametrize("root", ["propfind", "calendar-query", "calendar-multiget", "sync-collection"])
async def test_each_no_is_told_in_words_and_ends_when_it_ends(rig, status, error, words, root):
    double = DavDouble()
    path = double.make("oslo")
    calendar, web, clock = rig(double)
    async with web:
        if root in ("sync-collection", "calendar-multiget"):
            await calendar.fetch(ROOM, WINDOW)
        double.write(path, "a.ics", raw("a"))
        double.before = lambda request: (
            httpx.Response(status, headers={"Location": "https://evil.example.net/"})
            if root.encode() in request.content
            else None
        )
        if (status, root) != (200, "sync-collection"):  # that is a server without tokens: all is asked for
            with pytest.raises(error, match=words) as told:
                await calendar.fetch(ROOM, WINDOW)
            assert told.value.hint
        double.before = lambda request: None
        clock.advance(61)
        assert held(await calendar.fetch(ROOM, WINDOW)) == {"a.ics": raw("a")}


@pytest.mark.asyncio
@settings(max_examples=60, deadline=None)
@given(
    st.one_of(st.binary(max_size=200), st.sampled_from([b"<html/>", b"<multistatus xmlns='DAV:'/>"])), st.integers(0, 3)
)
async def test_rubbish_from_a_server_raises_only_our_errors(tmp_path_factory, body, place):
    folder = tmp_path_factory.mktemp("pw")
    (folder / "pw").write_text("x")
    double = DavDouble()
    path = double.make("oslo")
    double.write(path, "a.ics", raw("a"))
    asked = 0

    def before(request: httpx.Request) -> httpx.Response | None:
        nonlocal asked
        asked += 1
        return httpx.Response(207, content=body) if asked > place else None

    double.before = before
    clock = HandClock()
    async with Web(clock, random.Random(1), transport=double) as web:
        credentials = Basic("rooms", SecretFile(folder / "pw"))
        calendar = CalDav(web, credentials, f"https://{HOST}/", {ROOM: "oslo"}.get, clock, random.Random(2))
        try:
            await calendar.fetch(ROOM, WINDOW)
        except (CalendarUnreachable, CalendarRefused):
            pass


@pytest.mark.asyncio
async def test_a_collection_that_is_no_calendar_is_told(rig):
    double = DavDouble()
    calendar, web, _ = rig(double, "/book/")
    double.before = lambda request: httpx.Response(
        207,
        content=b'<d:multistatus xmlns:d="DAV:"><d:response><d:href>/book/</d:href><d:propstat><d:prop><d:resourcetype>'
        b"<d:collection/></d:resourcetype></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
        b"</d:multistatus>",
    )
    async with web:
        with pytest.raises(CalendarUnreachable, match="no calendar"):
            await calendar.fetch(ROOM, WINDOW)


@pytest.mark.asyncio
async def test_tasks_in_the_same_collection_are_no_bad_meetings(rig):
    double = DavDouble()
    path = double.make("oslo")
    double.write(path, "a.ics", raw("a"))
    double.write(path, "task.ics", raw("t").replace(b"VEVENT", b"VTODO"))
    calendar, web, _ = rig(double)
    async with web:
        assert [source.name for source in (await calendar.fetch(ROOM, WINDOW)).sources] == ["a.ics"]


@pytest.mark.asyncio
async def test_a_server_that_gives_a_part_is_not_taken_for_the_whole(rig):
    double = DavDouble()
    path = double.make("oslo")
    part = f'<d:multistatus xmlns:d="DAV:"><d:response><d:href>{path}</d:href><d:status>HTTP/1.1 507 Full</d:status></d:response></d:multistatus>'
    double.before = lambda request: (
        httpx.Response(207, content=part.encode()) if b"calendar-query" in request.content else None
    )
    calendar, web, _ = rig(double)
    async with web:
        with pytest.raises(CalendarUnreachable, match="only a part"):
            await calendar.fetch(ROOM, WINDOW)


# ---- writing ------------------------------------------------------------------------------------------


def ends(snapshot: Snapshot) -> dict[str, datetime]:
    return {
        one.uid: one.end for source in snapshot.sources for one in occurrences(parse_events(source.raw), WINDOW)
    }  # fmt: skip


@pytest.mark.asyncio
async def test_a_booking_that_is_repeated_is_made_once(rig):
    double = DavDouble()
    path = double.make("oslo")
    calendar, web, _ = rig(double)
    assert isinstance(calendar, Writable)
    async with web:
        for _ in range(3):
            await calendar.book(ROOM, SLOT, "ad-hoc-1")
        assert ends(await calendar.fetch(ROOM, WINDOW)) == {"ad-hoc-1": SLOT.end}
    assert len(double.calendars[path]) == 1


@pytest.mark.asyncio
async def test_a_uid_that_is_there_under_another_name_is_booked(rig):
    double = DavDouble()
    double.write(double.make("oslo"), "theirs.ics", raw("ad-hoc-1"))
    double.before = lambda request: httpx.Response(409) if request.method == "PUT" else None
    calendar, web, _ = rig(double)
    async with web:
        await calendar.book(ROOM, SLOT, "ad-hoc-1")
        with pytest.raises(CalendarRefused):
            await calendar.book(ROOM, SLOT, "ad-hoc-2")


@pytest.mark.asyncio
async def test_a_change_by_somebody_else_in_between_is_not_undone(rig):
    double = DavDouble()
    path = double.make("oslo")
    double.write(path, "a.ics", raw("a"))
    rivals = 1

    def before(request: httpx.Request) -> None:
        nonlocal rivals
        if request.method == "PUT" and rivals:
            rivals -= 1
            double.write(path, "a.ics", raw("a", "DTSTART:20260310T090000Z", "X-THEIRS:kept"))

    double.before = before
    calendar, web, _ = rig(double)
    async with web:
        await calendar.set_end(ROOM, "a", "", START + timedelta(hours=2))
        assert b"X-THEIRS:kept" in double.calendars[path]["a.ics"]
        assert ends(await calendar.fetch(ROOM, WINDOW)) == {"a": START + timedelta(hours=2)}
        rivals = 5
        with pytest.raises(CalendarRefused, match="meanwhile"):
            await calendar.set_end(ROOM, "a", "", START + timedelta(hours=3))


@pytest.mark.asyncio
async def test_what_is_given_back_is_gone_and_stays_gone(rig):
    double = DavDouble()
    path = double.make("oslo")
    double.write(path, "a.ics", raw("a"))
    calendar, web, _ = rig(double)
    async with web:
        await calendar.release(ROOM, "a", "")
        await calendar.release(ROOM, "a", "")
        assert double.calendars[path] == {}
        with pytest.raises(CalendarRefused, match="no such event") as told:
            await calendar.set_end(ROOM, "a", "", START + timedelta(hours=2))
        assert told.value.hint == edit.NotThere.hint


@pytest.mark.asyncio
async def test_a_calendar_that_may_only_be_read_says_so(rig):
    double = DavDouble()
    double.write(double.make("oslo"), "a.ics", raw("a"))
    double.before = lambda request: httpx.Response(403) if request.method in ("PUT", "DELETE") else None
    calendar, web, _ = rig(double)
    async with web:
        for change in (
            calendar.book(ROOM, SLOT, "new"),
            calendar.set_end(ROOM, "a", "", START + timedelta(hours=2)),
            calendar.release(ROOM, "a", ""),
        ):
            with pytest.raises(CalendarRefused) as told:
                await change
            assert "right to write" in told.value.hint


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "href",
    ["https://evil.example.net/x.ics", "//evil.example.net/x.ics", "https://dav.example.com//evil.example.net/x.ics"],
)
async def test_a_server_that_names_another_host_gets_no_password_sent_there(rig, href):
    double = DavDouble()
    path = double.make("oslo")
    double.write(path, "a.ics", raw("a"))
    hosts = set[str]()

    def before(request: httpx.Request) -> httpx.Response | None:
        hosts.add(request.url.host)
        if b"calendar-query" in request.content or b"calendar-multiget" in request.content:
            props = f"<d:getetag>1</d:getetag><c:calendar-data>{raw('a').decode()}</c:calendar-data>"
            answer = (
                '<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:response>'
                f"<d:href>{href}</d:href><d:propstat><d:prop>{props}</d:prop><d:status>HTTP/1.1 200 OK</d:status>"
                "</d:propstat></d:response></d:multistatus>"
            )
            return httpx.Response(207, content=answer.encode())
        return httpx.Response(204) if request.method in ("PUT", "DELETE") else None

    double.before = before
    calendar, web, _ = rig(double)
    async with web:
        await calendar.fetch(ROOM, WINDOW)
        await calendar.set_end(ROOM, "a", "", START + timedelta(hours=2))
        await calendar.release(ROOM, "a", "")
    assert double.count("PUT") + double.count("DELETE") == 2
    assert hosts == {HOST}
