from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from roomgate.ids import RoomName
from roomgate.meetings.calendars.base import CalendarRefused, CalendarUnreachable, Slot, Writable
from roomgate.meetings.calendars.google import MOST_PAGES, PAGE
from roomgate.meetings.calendars.polled import POLL_S
from roomgate.meetings.stripped import ENOUGH
from support.cloud_double import Given, once, once_for
from support.cloud_rig import MAILBOX, OTHER, ROOM, google_rig
from support.logged import logged

START = datetime(2026, 3, 10, 10, tzinfo=UTC)
DAYS = [START + timedelta(days=day) for day in range(5)]
SLOT = Slot(START, START + timedelta(hours=1), "Ad hoc", "Ada")
OWN = {"organizer": {"email": MAILBOX, "self": True}, "attendees": []}


@pytest.fixture
def rig(tmp_path):
    return google_rig(tmp_path)


@pytest.fixture
def oslo(rig):
    return rig.double.calendars[MAILBOX]


def test_it_does_not_pretend_to_be_written(tmp_path):
    assert not isinstance(google_rig(tmp_path, writes=False).calendar, Writable)


@pytest.mark.asyncio
async def test_an_event_comes_changes_and_goes(rig, oslo):
    assert await rig.titles() == []
    key = oslo.put(summary="One")
    assert await rig.titles() == ["One"]
    oslo.change(key, summary="Two")
    assert await rig.titles() == ["Two"]
    oslo.remove(key)
    assert await rig.titles() == []
    assert await rig.titles(OTHER) == []


@pytest.mark.asyncio
async def test_what_is_unchanged_costs_one_request_with_the_token_and_no_times(rig, oslo):
    oslo.put()
    await rig.titles()
    rig.double.asked.clear()
    await rig.titles()
    (asked,) = rig.double.asked
    assert asked.query.keys() == {"syncToken", "singleEvents", "maxResults"}


@pytest.mark.asyncio
async def test_a_series_comes_as_occurrences(rig, oslo):
    series = oslo.put_series(DAYS, summary="Daily")
    ones = (await rig.calendar.fetch(ROOM, rig.window)).invitations
    assert {one.recurrence_id for one in ones} == {day.isoformat() for day in DAYS}
    assert {one.uid for one in ones} == {f"{series}@google.com"}
    oslo.remove(next(iter(oslo.events)))
    assert len(await rig.titles()) == 4


@pytest.mark.asyncio
async def test_many_pages(rig, oslo):
    for number in range(2 * PAGE + 5):
        oslo.put(summary=f"{number}")
    assert len(await rig.titles()) == 2 * PAGE + 5
    for key in list(oslo.events)[: PAGE + 5]:
        oslo.change(key, summary="x")
    assert (await rig.titles()).count("x") == PAGE + 5


@pytest.mark.asyncio
async def test_a_sync_token_that_is_gone_loses_nothing(rig, oslo):
    await rig.titles()
    oslo.put(summary="Missed")
    rig.double.forget_tokens()
    assert await rig.titles() == ["Missed"]


@pytest.mark.asyncio
async def test_a_change_is_told_and_only_once(rig, oslo):
    known = dict(await rig.calendar.changed({ROOM: None, OTHER: None}))
    began = rig.clock.monotonic()
    rig.pauses.then = oslo.put
    news = await rig.calendar.changed(known)
    assert list(news) == [ROOM]
    assert news[ROOM] == (await rig.calendar.fetch(ROOM, rig.window)).cursor
    assert rig.clock.monotonic() - began <= POLL_S + 5


@pytest.mark.asyncio
async def test_whole_days_are_the_calendar_s_own(rig, oslo):
    oslo.zone = "Europe/Oslo"
    oslo.put(start={"date": "2026-03-12"}, end={"date": "2026-03-13"})
    (one,) = (await rig.calendar.fetch(ROOM, rig.window)).invitations
    assert one.start == datetime(2026, 3, 12, tzinfo=ZoneInfo("Europe/Oslo"))
    oslo.zone = "Asia/Tokyo"  # somebody moved the calendar, and touched another event
    oslo.put()
    ones = (await rig.calendar.fetch(ROOM, rig.window)).invitations
    assert datetime(2026, 3, 12, tzinfo=ZoneInfo("Asia/Tokyo")) in {one.start for one in ones}


@pytest.mark.asyncio
async def test_a_bad_event_takes_no_other_along_and_is_told(rig, oslo):
    oslo.put(summary="Good")
    key = oslo.put(summary=3)
    snapshot = await rig.calendar.fetch(ROOM, rig.window)
    assert [one.title for one in snapshot.invitations] == ["Good"]
    assert [name for name, _ in snapshot.bad] == [key]


# -- what goes wrong


@pytest.mark.asyncio
@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'{"items": 3}', b"\xff", b"[" * 10**5, b"{}"])
async def test_an_answer_that_is_none(rig, raw):
    rig.double.faults.append(once(200, raw))
    with pytest.raises(CalendarUnreachable):
        await rig.titles()
    assert await rig.titles() == []
    rig.double.faults.append(once(200, raw))
    with pytest.raises(CalendarUnreachable):
        await rig.titles()


@pytest.mark.asyncio
async def test_news_without_an_end_are_news(rig, oslo):
    await rig.titles()
    oslo.put(summary="Missed")
    rig.double.faults += [once_for("syncToken", Given(200, {"items": [], "nextPageToken": "x"}))] * MOST_PAGES
    assert await rig.titles() == ["Missed"]


@pytest.mark.asyncio
async def test_pages_without_an_end_are_given_up(rig):
    rig.double.faults += [once(200, {"items": [], "nextPageToken": "x"})] * 200
    with pytest.raises(CalendarUnreachable):
        await rig.titles()
    assert len(rig.double.asked) < 50


@pytest.mark.asyncio
@pytest.mark.parametrize("reason", ["rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"])
async def test_a_used_up_quota_is_no_missing_right_and_the_pauses_grow(rig, reason):
    waits = []
    for _ in range(4):
        rig.double.faults = [once(403, rig.double.fault(403, reason).body)]
        with pytest.raises(CalendarUnreachable, match="too many requests") as told:
            await rig.titles()
        sent = len(rig.double.asked)
        with pytest.raises(CalendarUnreachable, match="left alone"):
            await rig.titles(OTHER)  # the quota is the account's
        assert len(rig.double.asked) == sent
        waits.append(told.value.retry_after_s)
        rig.clock.advance(told.value.retry_after_s)
    assert max(waits) <= 64
    assert len(set(waits)) == 4
    rig.double.faults = []
    assert await rig.titles() == []


@pytest.mark.asyncio
async def test_429_with_a_time(rig):
    rig.double.faults.append(once(429, b"", Retry_After="90"))
    with pytest.raises(CalendarUnreachable) as told:
        await rig.titles()
    assert told.value.retry_after_s >= 90
    rig.clock.advance(told.value.retry_after_s)
    assert await rig.titles() == []


@pytest.mark.asyncio
async def test_a_calendar_that_was_not_shared_is_told_with_what_to_do(rig, oslo):
    oslo.role = "none"
    with pytest.raises(CalendarRefused, match="shows the account no calendar") as told:
        await rig.titles()
    assert MAILBOX in told.value.message
    assert "Share the room's calendar" in told.value.hint
    assert await rig.titles(OTHER) == []


@pytest.mark.asyncio
async def test_a_room_without_a_calendar(rig):
    with pytest.raises(CalendarRefused, match="no calendar is named"):
        await rig.titles(RoomName("tromso"))


@pytest.mark.asyncio
async def test_a_token_that_ended_early_is_renewed_once(rig, oslo):
    await rig.titles()
    rig.double.end_tokens()
    oslo.put()
    assert await rig.titles() == ["Plan"]
    assert rig.double.signed_in == 2


# -- what an administrator should know


@pytest.mark.asyncio
async def test_a_calendar_whose_times_alone_are_shared_is_told(rig, oslo):
    oslo.role = "freeBusyReader"
    oslo.put(summary="Hush")
    with logged() as lines:
        assert await rig.titles() == [""]
    (notice,) = rig.calendar.notices(ROOM)
    assert (notice.code, "See all event details" in notice.remedy) == ("meeting.calendar.stripped", True)
    assert [one["code"] for one in lines] == [notice.code]


@pytest.mark.asyncio
async def test_a_reader_sees_private_meetings_without_their_details(rig, oslo):
    oslo.role = "reader"
    oslo.put(summary="Hush", visibility="private")
    (one,) = (await rig.calendar.fetch(ROOM, rig.window)).invitations
    assert (one.title, one.private) == ("", True)
    assert rig.calendar.notices(ROOM) == ()


@pytest.mark.asyncio
async def test_meetings_that_arrive_empty_are_told(rig, oslo):
    for number in range(ENOUGH):
        oslo.put(description=None, organizer={"email": f"p{number}@example.com"})
    await rig.titles()
    assert [one.code for one in rig.calendar.notices(ROOM)] == ["meeting.calendar.stripped"]
