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
from support.cloud_rig import FOREIGN, MAILBOX, SECOND, certificate_pem, key_file, private_pem, rsa_key
from support.google_double import GoogleDouble
from support.graph_double import CLIENT, TENANT, GraphDouble
from support.invites import ics
from support.link import Papers, serving

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


def test_an_occurrence_that_the_service_described_badly_is_counted():
    seen = judge(ROOM, "office", Snapshot((), "x", bad=(("AAMk", "no start"),)), WINDOW, writable=True)
    assert (seen.state, seen.unreadable) == (State.BAD, 1)
    assert "AAMk: no start" in seen.words


@pytest.fixture
def papers(tmp_path):
    made = Papers(tmp_path)
    (tmp_path / "ca.pem").write_bytes(made.ca_pem)
    return made


def room_config(folder, **table):
    table = {"ca": "ca.pem", "rooms": {"oslo": MAILBOX, "bergen": SECOND}, **table}
    return parse_config({"data": "d", "devices": "x", "calendars": [table]}, folder)


async def looked(config, clock):
    calendars = SiteCalendars(config, clock, random.Random(1))
    try:
        return await check_calendars(calendars, [RoomName("oslo"), RoomName("bergen")], clock)
    finally:
        await calendars.aclose()


@pytest.mark.asyncio
async def test_microsoft_from_the_settings_to_the_service_and_back(tmp_path, papers):
    """The whole way: a table, a certificate, TLS, a sign-in, two rooms, and the mailbox that should be closed."""
    key, clock = rsa_key(), HandClock()
    (tmp_path / "app.pem").write_text(private_pem(key) + certificate_pem(key))
    double = GraphDouble(clock=clock, certificate=certificate_pem(key).encode())
    double.room(MAILBOX).put()
    double.others.add(SECOND)
    double.room(FOREIGN)
    async with serving(double, papers) as port:
        double.origin = here = f"https://localhost:{port}"
        config = room_config(
            tmp_path, kind="microsoft", tenant=TENANT, client_id=CLIENT, certificate_file="app.pem",
            login_url=here, graph_url=here, foreign_mailbox=FOREIGN,
        )  # fmt: skip
        oslo, bergen = await looked(config, clock)
    assert (oslo.state, oslo.meetings, oslo.writable) == (State.WARNED, 1, False)
    assert f"can read {FOREIGN}" in oslo.words
    assert "Narrow the application" in oslo.hint
    assert bergen.state is State.REFUSED
    assert "Application Calendars.Read" in bergen.hint


@pytest.mark.asyncio
async def test_google_from_the_settings_to_the_service_and_back(tmp_path, papers):
    clock = HandClock()
    double = GoogleDouble(clock=clock, public_key=rsa_key().public_key())
    double.room(MAILBOX).put()
    double.room(SECOND).role = "freeBusyReader"
    async with serving(double, papers) as port:
        double.origin = f"https://localhost:{port}"
        config = room_config(
            tmp_path, kind="google", key_file=str(key_file(tmp_path)), write=True,
            api_url=double.api, token_url=double.token_url,
        )  # fmt: skip
        oslo, bergen = await looked(config, clock)
    assert (oslo.state, oslo.meetings, oslo.writable) == (State.READ, 1, True)
    assert bergen.state is State.WARNED
    assert "only the times" in bergen.words
