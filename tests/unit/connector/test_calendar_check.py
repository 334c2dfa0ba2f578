"""What the check says of each room: in words, and with what to do."""

import asyncio
import random
from datetime import timedelta

import pytest

from roomgate.clock import HandClock
from roomgate.connector.calendar_check import FEW, State, check_calendars, judge
from roomgate.connector.calendars import SiteCalendars
from roomgate.connector.config import parse_config
from roomgate.ids import RoomName
from roomgate.meetings.calendars.base import CalendarRefused, CalendarUnreachable, Snapshot, Source
from roomgate.meetings.invite import Window
from support.invites import ics

CLOCK = HandClock()
WINDOW = Window(CLOCK.now(), CLOCK.now() + timedelta(days=7))
ROOM = RoomName("oslo")


def told(*raws: bytes):
    sources = tuple(Source(f"{n}.ics", raw) for n, raw in enumerate(raws))
    return judge(ROOM, "office", Snapshot(sources, "x"), WINDOW, writable=True)


def meeting(n: int, *lines: str) -> bytes:
    return ics(f"DTSTART:2026031{n % 5 + 1}T090000Z", *lines, uid=f"u{n}")


def test_meetings_are_counted_and_not_shown():
    seen = told(meeting(1, "SUMMARY:Hush", "DESCRIPTION:hush"), meeting(2), meeting(3, "STATUS:CANCELLED"))
    assert (seen.state, seen.meetings, seen.writable) == (State.READ, 2, True)
    assert seen.words == "2 meetings in the next 7 days"
    assert "hush" not in str(seen.to_json()).lower()


def test_an_empty_calendar_is_no_error():
    assert (told().state, told().words) == (State.EMPTY, "0 meetings in the next 7 days")


def test_a_mailbox_that_takes_the_texts_out_is_told_with_the_remedy():
    bare = told(*(meeting(n, "SUMMARY:x", "LOCATION:Oslo") for n in range(FEW)))
    assert bare.state is State.BARE
    assert "DeleteComments" in bare.hint
    assert told(*(meeting(n) for n in range(FEW - 1))).state is State.READ
    assert told(*(meeting(n) for n in range(FEW)), meeting(9, "DESCRIPTION:hello")).state is State.READ


def test_what_cannot_be_understood_is_counted_beside_the_rest():
    seen = told(meeting(1), b"rubbish")
    assert (seen.state, seen.meetings, seen.unreadable) == (State.BAD, 1, 1)
    assert "1.ics" in seen.words


def test_what_a_stranger_wrote_moves_no_terminal():
    bad = Source("\x1b[2J\u202eevil.ics", b"rubbish")
    seen = judge(ROOM, "office", Snapshot((bad,), "x"), WINDOW, writable=False)
    assert seen.words.isprintable()


class Troubled:
    def __init__(self, fault: Exception | None) -> None:
        self.fault = fault

    async def fetch(self, room: RoomName, window: Window) -> Snapshot:
        if self.fault is None:
            await asyncio.Event().wait()
        raise self.fault


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (CalendarRefused("no right", hint="share it"), State.REFUSED),
        (CalendarUnreachable("not found", hint="look"), State.UNREACHABLE),
        (None, State.UNREACHABLE),
    ],
)
async def test_each_room_gets_its_own_answer(tmp_path, fault, state):
    config = parse_config(
        {"data": "d", "devices": "x", "calendars": [{"kind": "folder", "path": "c", "rooms": {"oslo": "o"}}]}, tmp_path
    )
    calendars = SiteCalendars(config, HandClock(), random.Random(1))
    calendars._built["folder 1"] = Troubled(fault)
    seen = await check_calendars(calendars, [ROOM, RoomName("bergen")], HandClock(), within_s=0.05)
    assert [one.state for one in seen] == [state, State.NONE]
    assert seen[0].calendar == "folder 1"
    if fault is not None:
        assert (seen[0].words, seen[0].hint) == (str(fault), fault.hint)
    assert "rooms" in seen[1].hint
