import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from roomgate.ids import RoomName
from roomgate.meetings.calendars.base import CalendarRefused, CalendarUnreachable, Slot, Writable
from roomgate.meetings.calendars.clouds import CLOUDS
from roomgate.meetings.calendars.entry import MOST_ENTRIES
from roomgate.meetings.calendars.graph import MOST_PAGES, PAGE, PROBE_AGAIN_S, PROBE_S
from roomgate.meetings.calendars.patience import FORGIVEN
from roomgate.meetings.stripped import ENOUGH
from support.cloud_double import Given, once, once_for
from support.cloud_rig import FOREIGN, MAILBOX, OTHER, ROOM, graph_rig
from support.graph_double import stamp
from support.logged import logged

START = datetime(2026, 3, 10, 10, tzinfo=UTC)
DAYS = [START + timedelta(days=day) for day in range(5)]
SLOT = Slot(START, START + timedelta(hours=1), "Ad hoc", "Ada")
TEAMS = {"joinUrl": "https://teams.microsoft.com/l/meetup-join/19%3ameeting_abc%40thread.v2/0"}


@pytest.fixture
def rig(tmp_path):
    return graph_rig(tmp_path)


@pytest.fixture
def oslo(rig):
    return rig.double.rooms[MAILBOX]


def test_it_does_not_pretend_to_be_written(tmp_path):
    assert not isinstance(graph_rig(tmp_path, writes=False).calendar, Writable)


@pytest.mark.asyncio
async def test_an_event_comes_changes_and_goes(rig, oslo):
    assert await rig.titles() == []
    key = oslo.put(subject="One")
    assert await rig.titles() == ["One"]
    oslo.change(key, subject="Two")
    assert await rig.titles() == ["Two"]
    oslo.remove(key)
    assert await rig.titles() == []
    assert await rig.titles(OTHER) == []


@pytest.mark.asyncio
async def test_what_is_unchanged_costs_one_small_request(rig, oslo):
    oslo.put()
    await rig.titles()
    rig.double.asked.clear()
    await rig.titles()
    (asked,) = rig.double.asked
    assert asked.query.keys() == {"$deltatoken"}


@pytest.mark.asyncio
async def test_a_series_is_whole_though_a_delta_tells_stubs(rig, oslo):
    key = oslo.put_series(list(DAYS), subject="Daily", onlineMeeting=TEAMS)
    snapshot = await rig.calendar.fetch(ROOM, rig.window)
    assert [one.title for one in snapshot.invitations] == ["Daily"] * 5
    assert {one.texts[0].text for one in snapshot.invitations} == {TEAMS["joinUrl"]}
    assert len({one.uid for one in snapshot.invitations}) == 1
    assert {one.recurrence_id for one in snapshot.invitations} == {day.isoformat() for day in DAYS}
    oslo.move(key, DAYS[1], DAYS[1] + timedelta(hours=3))
    oslo.drop(key, DAYS[2])  # which no delta names
    after = await rig.calendar.fetch(ROOM, rig.window)
    assert {one.recurrence_id: one.start for one in after.invitations} == {
        day.isoformat(): day + timedelta(hours=3 if day == DAYS[1] else 0) for day in DAYS if day != DAYS[2]
    }
    oslo.remove(key)
    assert await rig.titles() == []


@pytest.mark.asyncio
async def test_an_event_that_moves_into_and_out_of_the_window(rig, oslo):
    key = oslo.put(start=stamp(START + timedelta(days=40)), end=stamp(START + timedelta(days=40, hours=1)))
    assert await rig.titles() == []
    oslo.change(key, start=stamp(START), end=stamp(START + timedelta(hours=1)))
    assert await rig.titles() == ["Plan"]
    oslo.change(key, start=stamp(START + timedelta(days=40)), end=stamp(START + timedelta(days=41)))
    assert await rig.titles() == []


@pytest.mark.asyncio
async def test_many_pages(rig, oslo):
    for number in range(2 * PAGE + 5):
        oslo.put(subject=f"{number}")
    assert len(await rig.titles()) == 2 * PAGE + 5
    for key in list(oslo.singles)[: PAGE + 5]:
        oslo.change(key, subject="x")
    titles = await rig.titles()
    assert titles.count("x") == PAGE + 5


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "code"), [(410, "SyncStateNotFound"), (410, ""), (400, "syncStateInvalid"), (404, "resyncRequired")]
)
async def test_a_delta_token_that_is_gone_loses_nothing(rig, oslo, status, code):
    rig.double.gone_status, rig.double.gone_code = status, code
    await rig.titles()
    oslo.put(subject="Missed")
    rig.double.forget_tokens()
    assert await rig.titles() == ["Missed"]


@pytest.mark.asyncio
async def test_a_token_gone_in_the_middle_of_a_round(rig, oslo):
    await rig.titles()
    for number in range(PAGE + 1):
        oslo.put(subject=f"{number}")
    gone = rig.double.fault(410, "resyncRequired")
    rig.double.faults.append(once_for("$skiptoken", gone))
    assert len(await rig.titles()) == PAGE + 1


@pytest.mark.asyncio
async def test_a_change_is_told_and_only_once(rig, oslo):
    known = dict(await rig.calendar.changed({ROOM: None, OTHER: None}))
    rig.pauses.then = oslo.put
    news = await rig.calendar.changed(known)
    assert list(news) == [ROOM]
    assert news[ROOM] == (await rig.calendar.fetch(ROOM, rig.window)).cursor


@pytest.mark.asyncio
async def test_what_the_service_touches_without_a_change_is_no_news(rig, oslo):
    key = oslo.put()
    before = await rig.calendar.fetch(ROOM, rig.window)
    oslo.change(key)
    assert (await rig.calendar.fetch(ROOM, rig.window)).cursor == before.cursor


@pytest.mark.asyncio
async def test_a_bad_event_takes_no_other_along_and_is_told(rig, oslo):
    oslo.put(subject="Good")
    key = oslo.put(subject=["not", "a", "text"])
    snapshot = await rig.calendar.fetch(ROOM, rig.window)
    assert [one.title for one in snapshot.invitations] == ["Good"]
    assert [name for name, _ in snapshot.bad] == [key]


@pytest.mark.asyncio
async def test_all_requests_are_as_published(rig, oslo):
    oslo.put()
    await rig.titles()
    token, delta, view = rig.double.asked
    assert (token.method, token.headers["content-type"]) == ("POST", "application/x-www-form-urlencoded")
    assert delta.query == {"startDateTime": "2026-03-09T09:00:00Z", "endDateTime": "2026-03-19T09:00:00Z"}
    assert 'IdType="ImmutableId"' in view.headers["prefer"]
    assert "body-content-type" not in view.headers["prefer"]
    assert view.path == f"/v1.0/users/{MAILBOX}/calendarView"


# -- what goes wrong


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/users/x",
        "http://cloud.example/v1.0/users/x",
        "https://cloud.example:444/v1.0",
        "https://cloud.example.evil.example/v1.0",
        "https://user@cloud.example/v1.0",
        "https://cloud.example@evil.example/v1.0",
        "//evil.example/x",
        "https://cloud.example/ x",
        "https://[bad/x",
        "https://cloud.example:99999/x",
        "",
    ],
)
@pytest.mark.parametrize("which", ["@odata.nextLink", "@odata.deltaLink"])
async def test_a_link_to_elsewhere_is_not_followed(rig, which, link):
    rig.double.faults.append(once(200, {"value": [], which: link}))
    with pytest.raises(CalendarUnreachable, match="elsewhere") as told:
        await rig.titles()
    assert "evil" not in str(told.value)
    assert len(rig.double.asked) == 2


@pytest.mark.asyncio
async def test_pages_without_an_end_are_given_up(rig):
    rig.double.faults += [once(200, {"value": [], "@odata.nextLink": f"{rig.double.origin}/v1.0/users/x"})] * 200
    with pytest.raises(CalendarUnreachable):
        await rig.titles()
    assert len(rig.double.asked) < 50


@pytest.mark.asyncio
async def test_news_without_an_end_are_news(rig, oslo):
    await rig.titles()
    oslo.put(subject="Missed")
    link = f"{rig.double.origin}/v1.0/users/{MAILBOX}/calendarView/delta?$deltatoken=x"
    page = Given(200, {"value": [], "@odata.nextLink": link})
    rig.double.faults += [once_for("$deltatoken", page)] * MOST_PAGES
    assert await rig.titles() == ["Missed"]


@pytest.mark.asyncio
async def test_a_view_without_an_end_is_no_short_view(rig, oslo):
    oslo.put()
    page = Given(
        200, {"value": [], "@odata.nextLink": f"{rig.double.origin}/v1.0/users/{MAILBOX}/calendarView?$skip=1"}
    )
    rig.double.faults += [once_for("$select", page), *[once_for("$skip", page)] * 99]
    with pytest.raises(CalendarUnreachable, match="end of the events"):
        await rig.titles()


@pytest.mark.asyncio
async def test_of_far_too_many_events_enough_is_read_that_it_is_told(rig):
    link = f"{rig.double.origin}/v1.0/users/{MAILBOX}/calendarView?$skip=1"
    many = [{"id": f"{number}"} for number in range(MOST_ENTRIES + 1)]
    rig.double.faults.append(once_for("$select", Given(200, {"value": many, "@odata.nextLink": link})))
    snapshot = await rig.calendar.fetch(ROOM, rig.window)
    assert "all together" in dict(snapshot.bad)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{", b'{"value": 3}', b'{"value": null}', b"\xff", b"[" * 10**5, b'{"value": [' + b"[" * 10**5]
)
async def test_an_answer_that_is_none(rig, raw):
    rig.double.faults.append(once(200, raw))
    with pytest.raises(CalendarUnreachable):
        await rig.titles()


@pytest.mark.asyncio
async def test_throttled_with_a_time_and_for_this_mailbox_alone(rig):
    await rig.titles(OTHER)
    await rig.titles()
    rig.double.faults.append(once(429, b"", Retry_After="120"))
    with pytest.raises(CalendarUnreachable) as told:
        await rig.titles()
    assert told.value.retry_after_s >= 120
    rig.double.asked.clear()
    rig.clock.advance(100)
    with pytest.raises(CalendarUnreachable):
        await rig.titles()
    assert rig.double.asked == []  # nothing was sent
    assert await rig.titles(OTHER) == []
    rig.clock.advance(21)
    assert await rig.titles() == []


@pytest.mark.asyncio
async def test_an_outage_is_borne(rig, oslo):
    oslo.put()
    before = await rig.titles()
    rig.double.faults.append(once(503, b"", Retry_After="10"))
    with pytest.raises(CalendarUnreachable):
        await rig.titles()
    rig.clock.advance(11)
    assert await rig.titles() == before


@pytest.mark.asyncio
async def test_a_token_that_ended_early_is_renewed_once(rig, oslo):
    await rig.titles()
    rig.double.end_tokens()
    oslo.put()
    assert await rig.titles() == ["Plan"]
    assert rig.double.signed_in == 2


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "words"), [(FOREIGN, "does not let the application into"), ("nobody@example.com", "finds no mailbox")]
)
async def test_a_mailbox_that_cannot_be_read_is_told_with_what_to_do(tmp_path, name, words):
    rig = graph_rig(tmp_path, find={ROOM: name}.get)
    rig.double.others.add(FOREIGN)
    with pytest.raises(CalendarRefused, match=words) as told:
        await rig.titles()
    assert name in told.value.message
    assert told.value.hint


@pytest.mark.asyncio
async def test_a_room_without_a_mailbox(rig):
    with pytest.raises(CalendarRefused, match="no mailbox is named"):
        await rig.titles(RoomName("tromso"))


@pytest.mark.asyncio
async def test_a_wrong_secret_is_not_tried_for_each_room(rig):
    rig.double.secret = "another"
    for _ in range(20):
        for room in (ROOM, OTHER):
            with pytest.raises(CalendarRefused, match="invalid_client"):
                await rig.titles(room)
    assert len(rig.double.asked) == FORGIVEN


# -- what an administrator should know


@pytest.mark.asyncio
async def test_a_mailbox_that_strips_is_told_with_the_line_that_mends_it(rig, oslo):
    for number in range(ENOUGH):
        who = {"emailAddress": {"name": f"P{number}", "address": f"p{number}@example.com"}}
        oslo.put(
            subject=f"P{number}", body={"contentType": "html", "content": "<html><body></body></html>"}, organizer=who
        )
    with logged() as lines:
        await rig.titles()
    (notice,) = rig.calendar.notices(ROOM)
    assert (notice.code, notice.message) == (
        "meeting.calendar.stripped",
        f"the meetings of {MAILBOX} arrive without their own bodies and titles",
    )
    assert f"Set-CalendarProcessing -Identity {MAILBOX} -DeleteComments $false -DeleteSubject $false" in notice.remedy
    assert [one["code"] for one in lines] == [notice.code]
    assert rig.calendar.notices(OTHER) == ()


@pytest.mark.asyncio
@pytest.mark.parametrize("wide", [True, False])
async def test_an_application_that_may_read_everybody_is_told(tmp_path, wide):
    rig = graph_rig(tmp_path, foreign=FOREIGN)
    if wide:
        rig.double.room(FOREIGN)
    else:
        rig.double.others.add(FOREIGN)
    with logged() as lines:
        known = dict(await rig.calendar.changed({ROOM: None}))
    assert [one["code"] for one in lines] == ["meeting.calendar.too-wide"] * wide
    assert [one.code for one in rig.calendar.notices(ROOM)] == ["meeting.calendar.too-wide"] * wide
    probes = rig.double.count(FOREIGN)
    rig.pauses.then = rig.double.rooms[MAILBOX].put
    known |= await rig.calendar.changed(known)
    assert rig.double.count(FOREIGN) == probes == 1
    assert "body" not in next(one for one in rig.double.asked if FOREIGN in one.path).query["$select"]
    rig.double.rooms.pop(FOREIGN, None)  # mended
    rig.double.others.add(FOREIGN)
    rig.clock.advance(PROBE_S)
    rig.pauses.then = rig.double.rooms[MAILBOX].put
    await rig.calendar.changed(known)
    assert rig.calendar.notices(ROOM) == ()


@pytest.mark.asyncio
async def test_a_mailbox_that_is_not_there_proves_nothing(tmp_path):
    rig = graph_rig(tmp_path, foreign="mistyped@example.com")
    await rig.titles()
    assert [one.code for one in rig.calendar.notices(ROOM)] == ["meeting.calendar.unproven"]


@pytest.mark.asyncio
async def test_a_probe_that_was_given_up_is_made_again_soon(tmp_path):
    rig = graph_rig(tmp_path, foreign=FOREIGN)
    rig.double.room(FOREIGN)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await rig.titles()
    assert rig.calendar.notices(ROOM) == ()
    rig.clock.advance(PROBE_AGAIN_S)
    await rig.titles()
    assert [one.code for one in rig.calendar.notices(ROOM)] == ["meeting.calendar.too-wide"]


@pytest.mark.asyncio
async def test_a_probe_that_fails_stops_nothing(tmp_path):
    rig = graph_rig(tmp_path, foreign=FOREIGN)
    rig.double.faults.append(once_for(FOREIGN, Given(500)))
    assert ROOM in await rig.calendar.changed({ROOM: None})
    assert await rig.titles() == []
    assert rig.double.count(FOREIGN) == 1
    assert rig.calendar.notices(ROOM) == ()
    rig.double.room(FOREIGN)
    rig.clock.advance(PROBE_AGAIN_S)
    await rig.titles()
    assert [one.code for one in rig.calendar.notices(ROOM)] == ["meeting.calendar.too-wide"]


def test_every_cloud_has_its_own_addresses():
    assert len({graph for _, graph in CLOUDS.values()}) == len(CLOUDS)
    assert all(one.startswith("https://") and not one.endswith("/") for pair in CLOUDS.values() for one in pair)
