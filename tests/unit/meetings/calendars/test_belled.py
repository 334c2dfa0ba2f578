import asyncio
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from roomgate.clock import HandClock
from roomgate.ids import RoomName
from roomgate.meetings.calendars.base import CalendarRefused, CalendarUnreachable
from roomgate.meetings.calendars.belled import RENEW_S, Belled, News, Reading
from roomgate.meetings.calendars.entry import Entries, Entry, Notice
from roomgate.meetings.calendars.polled import AHEAD, BEFORE, BEYOND, POLL_S
from roomgate.meetings.invite import Invitation, Window
from roomgate.meetings.meeting import Organizer
from support.cloud_rig import Pauses
from support.logged import logged

ROOM, OTHER = RoomName("oslo"), RoomName("bergen")
START = datetime(2026, 3, 10, 9, tzinfo=UTC)
ONE = Invitation("u", "", "Plan", START, START + timedelta(hours=1), False, Organizer(), False, False, ())


@dataclass
class Service:
    """A feed that says what it is told to, and notes what it was asked."""

    held: dict[RoomName, list[Invitation]] = field(default_factory=dict)
    rings: set[RoomName] = field(default_factory=set)
    gone: bool = False
    wrong: dict[RoomName, Exception] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    asked: list[tuple[str, RoomName]] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    slow: asyncio.Event | None = None
    number: int = 0

    async def read(self, room: RoomName, window: Window, token: str | None, before: Entries | None) -> Reading:
        self.asked.append(("read" if token is None else "again", room))
        self.windows.append(window)
        if room in self.wrong:
            raise self.wrong[room]
        if self.slow:
            await self.slow.wait()
        self.number += 1
        inside = [one for one in self.held.get(room, []) if one.start < window.end and one.end > window.start]
        entries = Entries(tuple(Entry(one.uid, one) for one in inside), {"x": "bad"} if room == OTHER else {})
        return Reading(token or f"t{self.number}", entries, self.notices)

    async def news(self, room: RoomName, token: str) -> News | None:
        self.asked.append(("news", room))
        if room in self.wrong:
            raise self.wrong[room]
        if self.gone:
            self.gone = False
            return None
        rang = room in self.rings
        self.rings.discard(room)
        return News(f"{token}'", rang)

    def put(self, one: Invitation, room: RoomName = ROOM) -> None:
        self.held.setdefault(room, []).append(one)
        self.rings.add(room)


class Rig:
    def __init__(self, **more):
        self.clock = HandClock()
        self.service = Service()
        self.pauses = Pauses(self.clock)
        self.belled = Belled(self.service, self.clock, random.Random(3), fresh_s=0, pause=self.pauses, **more)

    async def fetch(self, room=ROOM, length=AHEAD):
        now = self.clock.now()
        return await self.belled.fetch(room, Window(now, now + length))

    def asked(self):
        asked, self.service.asked = self.service.asked, []
        return [what for what, _ in asked]


@pytest.fixture
def rig():
    return Rig()


@pytest.mark.asyncio
async def test_all_is_read_once_and_then_only_news_are_asked(rig):
    rig.service.put(ONE)
    first = await rig.fetch()
    assert (first.sources, first.invitations) == ((), (ONE,))
    rig.service.rings.clear()
    rig.clock.advance(60)
    assert await rig.fetch() == first
    assert rig.asked() == ["read", "news"]


@pytest.mark.asyncio
async def test_a_ring_makes_all_be_read_again_with_the_token_that_came(rig):
    before = await rig.fetch()
    rig.service.put(ONE)
    after = await rig.fetch()
    assert after.invitations == (ONE,)
    assert after.cursor != before.cursor
    assert rig.asked() == ["read", "news", "again"]


@pytest.mark.asyncio
async def test_a_token_that_is_gone_loses_nothing(rig):
    await rig.fetch()
    rig.service.held[ROOM] = [ONE]  # and no ring: the service forgot that too
    rig.service.gone = True
    assert (await rig.fetch()).invitations == (ONE,)
    assert rig.asked() == ["read", "news", "read"]


@pytest.mark.asyncio
async def test_once_an_hour_all_is_read_anew_whatever_the_bell_says(rig):
    await rig.fetch()
    rig.service.held[ROOM] = [ONE]  # a change that no bell tells
    rig.clock.advance(RENEW_S - 1)
    assert (await rig.fetch()).invitations == ()
    rig.clock.advance(1)
    assert (await rig.fetch()).invitations == (ONE,)
    assert rig.asked() == ["read", "news", "read"]


@pytest.mark.asyncio
async def test_the_window_moves_over_every_event_for_a_month(rig):
    """Fetched once a minute like `Sync` does: whatever lies in the window is always there, told by a bell or not."""
    rig.service.held[ROOM] = [
        replace(ONE, uid=f"u{n}", start=START + timedelta(hours=7 * n), end=START + timedelta(hours=7 * n, minutes=20))
        for n in range(200)
    ]
    for _ in range(30 * 24 * 4):
        now = rig.clock.now()
        window = Window(now, now + AHEAD)
        seen = {one.uid for one in (await rig.belled.fetch(ROOM, window)).invitations}
        inside = {one.uid for one in rig.service.held[ROOM] if one.start < window.end and one.end > window.start}
        assert inside <= seen
        rig.clock.advance(900)
    assert rig.asked().count("read") == 30 * 24


@pytest.mark.asyncio
async def test_a_wider_window_or_an_earlier_one_is_read_at_once(rig):
    await rig.fetch()
    await rig.fetch(length=AHEAD + BEYOND)
    await rig.fetch(length=AHEAD + 2 * BEYOND)
    rig.clock.wall -= BEFORE + timedelta(seconds=1)  # somebody set the clock
    await rig.fetch()
    assert rig.asked() == ["read", "news", "read", "read"]
    assert rig.service.windows[0] == Window(START - BEFORE, START + AHEAD + BEYOND)


@pytest.mark.asyncio
async def test_what_cannot_be_read_is_handed_on(rig):
    assert (await rig.fetch(OTHER)).bad == (("x", "bad"),)


@pytest.mark.asyncio
async def test_a_failure_keeps_what_was_held_and_asks_with_the_old_token(rig):
    before = await rig.fetch()
    rig.service.put(ONE)
    rig.service.wrong[ROOM] = CalendarUnreachable("down")
    with pytest.raises(CalendarUnreachable):
        await rig.fetch()
    del rig.service.wrong[ROOM]
    assert (await rig.fetch()).cursor != before.cursor


@pytest.mark.asyncio
async def test_a_look_that_is_given_up_changes_nothing(rig):
    before = await rig.fetch()
    rig.service.put(ONE)
    rig.service.slow = asyncio.Event()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await rig.fetch()
    rig.service.slow = None
    rig.service.rings.add(ROOM)  # the old token still has it
    after = await rig.fetch()
    assert (before.invitations, after.invitations) == ((), (ONE,))


# -- waiting for news


@pytest.mark.asyncio
async def test_a_room_never_seen_differs_at_once(rig):
    news = await rig.belled.changed({ROOM: None, OTHER: None})
    assert news == {ROOM: (await rig.fetch()).cursor, OTHER: (await rig.fetch(OTHER)).cursor}


@pytest.mark.asyncio
async def test_a_change_is_told_within_a_period(rig):
    known = dict(await rig.belled.changed({ROOM: None, OTHER: None}))
    began = rig.clock.monotonic()
    rig.pauses.then = lambda: rig.service.put(ONE)
    news = await rig.belled.changed(known)
    assert list(news) == [ROOM]
    assert rig.clock.monotonic() - began <= POLL_S <= 60


@pytest.mark.asyncio
@pytest.mark.parametrize("wrong", [CalendarUnreachable("down"), CalendarRefused("no right")])
async def test_a_room_that_fails_is_told_once_and_comes_back(rig, wrong):
    known = dict(await rig.belled.changed({ROOM: None, OTHER: None}))
    rig.clock.advance(POLL_S)
    rig.service.wrong[ROOM] = wrong
    news = await rig.belled.changed(known)
    assert news == {ROOM: f"away: {wrong.code}"}
    rig.pauses.then = rig.service.wrong.clear
    assert await rig.belled.changed(known | news) == {ROOM: known[ROOM]}


@pytest.mark.asyncio
async def test_what_was_written_is_read_though_no_bell_rings(rig):
    await rig.fetch()
    rig.service.held[ROOM] = [ONE]
    rig.belled.touched(ROOM)
    rig.service.wrong[ROOM] = CalendarUnreachable("down")
    with pytest.raises(CalendarUnreachable):
        await rig.fetch()
    del rig.service.wrong[ROOM]
    assert (await rig.belled.find(ROOM, "u", "")).invitation == ONE
    assert await rig.belled.find(ROOM, "u", "other") is None
    assert rig.asked() == ["read", "read", "read", "news"]


@pytest.mark.asyncio
async def test_a_room_that_is_let_go_is_forgotten(rig):
    await rig.belled.changed({ROOM: None, OTHER: None})
    await rig.belled.changed({OTHER: None})
    rig.asked()
    await rig.fetch()
    assert rig.asked() == ["read"]


@pytest.mark.asyncio
async def test_a_notice_is_logged_once_and_again_when_it_came_back(rig):
    notice = Notice("meeting.calendar.stripped", "no bodies", "do this")
    with logged() as lines:
        for notices in ((notice,), (notice,), (), (notice,)):
            rig.service.notices = notices
            rig.service.rings.add(ROOM)
            await rig.fetch()
            assert rig.belled.notices(ROOM) == notices
    assert [(one["event"], one["room"], one["code"], one["remedy"]) for one in lines] == [
        ("calendar.notice", ROOM, notice.code, notice.remedy)
    ] * 2
    assert rig.belled.notices(OTHER) == ()
