import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from roomgate.clock import HandClock
from roomgate.errors import Unreachable
from roomgate.ids import RoomName
from roomgate.meetings.booking import BookingId, booking_id
from roomgate.meetings.calendars.base import CalendarRefused, CalendarUnreachable, Snapshot, Source
from roomgate.meetings.calendars.folder import Folder
from roomgate.meetings.house_rules import HouseRules
from roomgate.meetings.invite import invitation, parse_events
from roomgate.meetings.plan import Held
from roomgate.meetings.reader import Here
from roomgate.meetings.sync import CalendarState, Sync, Timing
from roomgate.meetings.understand import DeviceAbilities
from support.diaries import MemoryDiary
from support.invites import ics
from support.readers import PLANTED, apart, file
from support.waiting import until

OSLO, BERGEN = RoomName("oslo"), RoomName("bergen")
NUMBER = "standup@v.example.com"
SITE = DeviceAbilities(allowed_domains=frozenset({"example.com"}))
INVITE = ics("DTSTART:20260310T090000Z", "DTEND:20260310T093000Z", "SUMMARY:Stand-up", f"LOCATION:sip:{NUMBER}")
QUICK = Timing(tick_s=30, first_pause_s=0.01, most_pause_s=0.02)


class Stage:
    def __init__(self, root):
        self.root = root
        self.diary = MemoryDiary()
        self.clock = HandClock()
        rooms = {OSLO: SITE, BERGEN: SITE}
        self.sync = Sync(Folder(root, poll_s=0.01), self.diary, self.clock, rooms, timing=QUICK, synced=self._synced)
        self.plans = []
        self.news = asyncio.Event()

    async def _synced(self, room, plan):
        self.plans.append((room, plan))
        self.news.set()

    def write(self, room, name, raw):
        (self.root / room).mkdir(exist_ok=True)
        (self.root / room / name).write_bytes(raw)

    async def until(self, count):
        async with asyncio.timeout(5):
            while len(self.plans) < count:
                await self.news.wait()
                self.news.clear()


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path)


@pytest.mark.asyncio
async def test_an_invitation_becomes_a_booking_and_is_put_once(stage):
    stage.write(OSLO, "a.ics", INVITE)
    plan = await stage.sync.sync_room(OSLO)
    assert [one.number for one in plan.put] == [NUMBER]
    assert (await stage.sync.sync_room(OSLO)).put is None
    assert len(stage.diary.puts) == 1


class Spoken:
    """A calendar whose occurrences come as such."""

    def __init__(self, *invitations):
        self.invitations, self.fault = invitations, None

    async def fetch(self, room, window):
        if self.fault:
            raise self.fault
        return Snapshot((), "1", self.invitations)

    async def changed(self, known):
        return await asyncio.get_running_loop().create_future()


@pytest.mark.asyncio
async def test_an_occurrence_that_came_as_one_becomes_a_booking_if_it_lies_in_the_window(stage):
    one = invitation(parse_events(INVITE)[0])
    long_ago = replace(one, uid="two", start=one.start - timedelta(days=9), end=one.end - timedelta(days=9))
    sync = Sync(Spoken(long_ago, one), stage.diary, stage.clock, {OSLO: SITE})
    plan = await sync.sync_room(OSLO)
    assert [(one.number, one.start) for one in plan.put] == [(NUMBER, one.start)]


@pytest.mark.asyncio
async def test_an_event_that_a_service_describes_badly_is_told_beside_the_others():
    (one,) = (invitation(event) for event in parse_events(INVITE))

    class Service:
        async def fetch(self, room, window):
            return Snapshot((), "1", (one,), (("AAMk", "the event has no start"),))

    sync = Sync(Service(), MemoryDiary(), HandClock(), {OSLO: DeviceAbilities()})
    await sync.sync_room(OSLO)
    assert (len(sync.known(OSLO)), sync.bad(OSLO)) == (1, {"AAMk": "the event has no start"})


@pytest.mark.asyncio
async def test_what_did_not_change_is_understood_once_an_hour_and_comes_into_the_window_all_the_same():
    one = invitation(parse_events(INVITE)[0])
    clock, diary = HandClock(), MemoryDiary()
    soon = replace(one, uid="soon", start=clock.now() + timedelta(days=7, minutes=20), end=one.end + timedelta(days=8))
    sync = Sync(Spoken(replace(one, end=one.end + timedelta(days=1)), soon), diary, clock, {OSLO: SITE})
    await sync.sync_room(OSLO)
    [first] = sync.meetings(OSLO)
    clock.advance(30 * 60)
    await sync.sync_room(OSLO)
    assert [meeting.uid for meeting in sync.meetings(OSLO)] == [one.uid, "soon"]
    assert sync.meetings(OSLO)[0] is first
    clock.advance(40 * 60)
    await sync.sync_room(OSLO)
    assert sync.meetings(OSLO)[0] == first
    assert sync.meetings(OSLO)[0] is not first


@pytest.mark.asyncio
async def test_a_bad_file_is_told_and_stops_nothing(stage):
    stage.write(OSLO, "a.ics", INVITE)
    stage.write(OSLO, "b.ics", INVITE[:100])
    await stage.sync.sync_room(OSLO)
    assert len(stage.sync.known(OSLO)) == 1
    assert set(stage.sync.bad(OSLO)) == {"b.ics"}
    stage.write(OSLO, "b.ics", INVITE.replace(b"one@", b"two@"))
    await stage.sync.sync_room(OSLO)
    assert (len(stage.sync.known(OSLO)), stage.sync.bad(OSLO)) == (2, {})


@pytest.mark.asyncio
async def test_what_a_reader_falls_over_is_told_by_its_name_and_the_room_s_other_meetings_are_put(stage):
    stage.write(OSLO, "a.ics", INVITE)
    stage.write(OSLO, "b.ics", file(2, "fall"))
    async with apart(words=PLANTED) as reader:
        sync = Sync(Folder(stage.root), stage.diary, stage.clock, {OSLO: SITE}, reader=reader)
        await sync.sync_room(OSLO)
    assert [one.number for one in stage.diary.puts[0][1]] == [NUMBER]
    assert list(sync.bad(OSLO)) == ["b.ics"]


class Pausing(Here):
    """Reads here, remembers in which order, and lets a file that says so take its time."""

    def __init__(self, clock):
        super().__init__()
        self.clock, self.order, self.go = clock, [], asyncio.Event()

    async def read(self, given):
        self.order.append(given.files[0])
        if b"SUMMARY:wait" in given.files[0]:
            await self.go.wait()
        self.clock.advance(5 if b"SUMMARY:slow" in given.files[0] else 0)
        return await super().read(given)


@pytest.mark.asyncio
async def test_a_calendar_that_takes_long_to_read_lets_the_others_go_first(stage):
    def said(word, sequence):
        raw = ics("DTSTART:20260310T100000Z", f"SUMMARY:{word}", f"SEQUENCE:{sequence}")
        stage.write(RoomName(word), "a.ics", raw)
        return raw

    slow, quick, wait = RoomName("slow"), RoomName("quick"), RoomName("wait")
    reader = Pausing(stage.clock)
    sync = Sync(Folder(stage.root), stage.diary, stage.clock, dict.fromkeys([slow, quick, wait], SITE), reader=reader)
    for room in (slow, quick):
        said(room, 1)
        await sync.sync_room(room)
    raws = [said(word, 20) for word in ("wait", "quick", "slow")]
    stage.clock.advance(1)
    async with asyncio.TaskGroup() as group:
        for room in (wait, slow, quick):
            group.create_task(sync.sync_room(room))
            await until(lambda room=room: sync.calendar(room).at == stage.clock.now())
        reader.go.set()
    assert reader.order[2:] == raws


@pytest.mark.asyncio
async def test_who_waits_long_for_its_turn_is_not_given_up(stage):
    """Calendar and device have a deadline each; that others are read before is nobody's fault."""
    raws = {OSLO: ics("DTSTART:20260310T100000Z", "SUMMARY:wait"), BERGEN: INVITE}

    class Files(Spoken):
        async def fetch(self, room, window):
            return Snapshot((Source("a.ics", raws[room]),), "1")

    reader, timing = Pausing(stage.clock), Timing(deadline_s=0.05)
    sync = Sync(Files(), stage.diary, stage.clock, dict.fromkeys(raws, SITE), reader=reader, timing=timing)
    async with asyncio.TaskGroup() as group:
        group.create_task(sync.sync_room(OSLO))
        await until(lambda: reader.order)
        waiting = group.create_task(sync.sync_room(BERGEN))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(4 * timing.deadline_s):
                await asyncio.shield(waiting)
        assert not waiting.done()
        reader.go.set()
    assert [room for room, _ in stage.diary.puts] == [OSLO, BERGEN]


@pytest.mark.asyncio
@pytest.mark.parametrize("slow", ["calendar", "device"])
async def test_a_calendar_or_a_device_that_never_answers_is_given_up(slow):
    class Silent(Spoken, MemoryDiary):
        def __init__(self):
            Spoken.__init__(self)
            MemoryDiary.__init__(self)

        async def fetch(self, room, window):
            return await (self.changed({}) if slow == "calendar" else super().fetch(room, window))

        async def current(self, room):
            return await self.changed({})

    silent = Silent()
    sync = Sync(silent, silent, HandClock(), {OSLO: SITE}, timing=Timing(deadline_s=0.05))
    with pytest.raises(TimeoutError):
        await sync.sync_room(OSLO)


@pytest.mark.asyncio
async def test_files_that_are_too_large_together_are_told_and_the_first_are_read(stage, monkeypatch):
    monkeypatch.setattr("roomgate.meetings.sync.MOST_TOGETHER", len(INVITE) + 10)
    stage.write(OSLO, "a.ics", INVITE)
    stage.write(OSLO, "b.ics", INVITE.replace(b"one@", b"two@"))
    await stage.sync.sync_room(OSLO)
    assert (len(stage.sync.known(OSLO)), list(stage.sync.bad(OSLO))) == (1, ["b.ics"])


@pytest.mark.asyncio
async def test_a_match_is_this_rooms_own_number_while_its_button_is_open(stage):
    stage.write(OSLO, "a.ics", INVITE)
    await stage.sync.sync_room(OSLO)
    found = stage.sync.match(OSLO, f"sip:{NUMBER}")
    assert found is not None
    assert stage.sync.match(OSLO, NUMBER, found.id) == found
    assert stage.sync.match(OSLO, NUMBER, "rg-other") is None
    assert stage.sync.match(OSLO, "other@v.example.com", found.id) is None
    assert stage.sync.match(OSLO, "") is None
    assert stage.sync.match(BERGEN, NUMBER) is None
    assert stage.sync.match(RoomName("nowhere"), NUMBER) is None
    stage.clock.advance(1800)
    assert stage.sync.match(OSLO, NUMBER) is None
    stage.clock.advance(-1800 - 301)
    assert stage.sync.match(OSLO, NUMBER) is None


@pytest.mark.asyncio
async def test_what_could_not_be_put_is_not_known_and_is_put_again(stage):
    stage.write(OSLO, "a.ics", INVITE)
    stage.diary.broken[OSLO] = Unreachable("gone")
    with pytest.raises(Unreachable):
        await stage.sync.sync_room(OSLO)
    assert stage.sync.match(OSLO, NUMBER) is None
    del stage.diary.broken[OSLO]
    assert (await stage.sync.sync_room(OSLO)).put is not None


@pytest.mark.asyncio
async def test_a_device_that_asks_is_sent_everything_again(stage):
    stage.write(OSLO, "a.ics", INVITE)
    await stage.sync.sync_room(OSLO)
    stage.sync.resync(OSLO)
    assert stage.sync.match(OSLO, NUMBER) is None
    assert (await stage.sync.sync_room(OSLO)).put is not None
    assert stage.sync.match(OSLO, NUMBER) is not None


@pytest.mark.asyncio
async def test_a_meeting_that_is_over_leaves_the_list(stage):
    stage.write(OSLO, "a.ics", INVITE)
    await stage.sync.sync_room(OSLO)
    stage.clock.advance(timedelta(hours=1).total_seconds())
    assert (await stage.sync.sync_room(OSLO)).put == ()


@pytest.mark.asyncio
async def test_a_room_that_fails_holds_up_no_other_and_comes_back(stage):
    stage.diary.broken[BERGEN] = ValueError("a fault of any kind")
    stage.write(BERGEN, "a.ics", INVITE)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(stage.sync.run())
        stage.write(OSLO, "a.ics", INVITE)
        await stage.until(1)
        assert stage.plans[0][0] == OSLO
        del stage.diary.broken[BERGEN]
        await stage.until(2)
        assert stage.plans[1][0] == BERGEN
        running.cancel()


@pytest.mark.asyncio
async def test_a_new_file_is_seen_and_rooms_come_and_go(stage):
    new = RoomName("tromso")
    async with asyncio.TaskGroup() as group:
        running = group.create_task(stage.sync.run())
        stage.write(OSLO, "a.ics", INVITE)
        await stage.until(1)
        stage.sync.add_room(new, SITE)
        stage.write(new, "a.ics", INVITE)
        await stage.until(2)
        stage.sync.remove_room(OSLO)
        assert stage.sync.known(OSLO) == {}
        stage.write(new, "b.ics", INVITE.replace(b"one@", b"two@"))
        await stage.until(3)
        running.cancel()
    assert [room for room, _ in stage.plans] == [OSLO, new, new]


@pytest.mark.asyncio
async def test_other_abilities_make_another_list(stage):
    stage.write(OSLO, "a.ics", INVITE)
    await stage.sync.sync_room(OSLO)
    stage.sync.add_room(OSLO, DeviceAbilities(allowed_domains=frozenset()))
    plan = await stage.sync.sync_room(OSLO)
    assert [one.number for one in plan.put] == [""]
    assert stage.sync.meetings(OSLO)[0].start == datetime(2026, 3, 10, 9, tzinfo=UTC)


class Knowing:
    """Somebody who knows a room: its mailbox, what it gave back, and who hears of others' entries."""

    def __init__(self):
        self.gone, self.met = {}, []

    def mailbox(self, room):
        return f"{room}@example.com"

    def withheld(self, room):
        return self.gone

    async def strangers(self, room, entries):
        self.met.append((room, [one.id for one in entries]))


@pytest.mark.asyncio
async def test_what_the_room_declined_or_gave_back_is_understood_and_not_put():
    knowing, diary = Knowing(), MemoryDiary()
    one = invitation(parse_events(INVITE)[0])
    declined = replace(one, uid="declined", declined_by=frozenset({"oslo@example.com"}))
    given = replace(one, uid="given")
    knowing.gone = {booking_id("given", ""): one.start}
    sync = Sync(Spoken(one, declined, given), diary, HandClock(), {OSLO: DeviceAbilities()}, about=knowing)
    plan = await sync.sync_room(OSLO)
    assert [booking.id for booking in plan.put] == [booking_id(one.uid, "")]
    assert {shown.meeting.uid: shown.booking is not None for shown in sync.shown(OSLO)} == {
        one.uid: True, "declined": False, "given": False,
    }  # fmt: skip
    assert sync.match(OSLO, NUMBER, booking_id("given", "")) is None


@pytest.mark.asyncio
async def test_entries_of_others_are_told_before_a_put_sweeps_them_away_also_when_the_list_is_put_whatever_it_shows():
    knowing, diary = Knowing(), MemoryDiary()
    stranger = Held(BookingId("adhoc-1"), "t", "", HandClock().now(), HandClock().now() + timedelta(hours=1))
    diary.lists[OSLO] = (stranger,)
    sync = Sync(Spoken(), diary, HandClock(), {OSLO: DeviceAbilities()}, about=knowing)
    assert (await sync.sync_room(OSLO)).put is None
    sync.resync(OSLO)
    assert (await sync.sync_room(OSLO)).put == ()
    assert knowing.met == [(OSLO, ["adhoc-1"])] * 2


@pytest.mark.asyncio
async def test_how_the_calendar_is_is_known_and_what_was_known_of_its_meetings_stays():
    calendar, clock = Spoken(invitation(parse_events(INVITE)[0])), HandClock()
    sync = Sync(calendar, MemoryDiary(), clock, {OSLO: DeviceAbilities()})
    assert sync.calendar(OSLO).state is CalendarState.NONE
    await sync.sync_room(OSLO)
    assert (sync.calendar(OSLO).state, sync.calendar(OSLO).at) == (CalendarState.OK, clock.now())
    for fault, state in (
        (CalendarUnreachable("away"), CalendarState.DOWN),
        (CalendarRefused("no right"), CalendarState.REFUSED),
        (ValueError("a fault of any kind"), CalendarState.DOWN),
    ):
        calendar.fault = fault
        with pytest.raises(type(fault)):
            await sync.sync_room(OSLO)
        assert (sync.calendar(OSLO).state, sync.calendar(OSLO).words) == (state, str(fault))
        assert len(sync.shown(OSLO)) == 1
    assert sync.calendar(BERGEN).state is CalendarState.NONE


@pytest.mark.asyncio
async def test_a_meeting_that_may_be_kept_after_its_end_stays_on_the_list_so_long():
    clock, diary = HandClock(), MemoryDiary()
    rules = HouseRules(late=timedelta(minutes=10))
    sync = Sync(Spoken(invitation(parse_events(INVITE)[0])), diary, clock, {OSLO: SITE}, house=rules)
    await sync.sync_room(OSLO)
    clock.advance(39 * 60)
    await sync.sync_room(OSLO)
    assert sync.match(OSLO, NUMBER) is not None
    clock.advance(60)
    assert (await sync.sync_room(OSLO)).put == ()
