"""What goes to the device is the whole list, by the privileged account, after the ledger's entry."""

import json
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.clock import HandClock
from roomgate.connector.bookings_state import Code
from roomgate.connector.diary import LASTING_S, DeviceDiary, NotTaken
from roomgate.connector.vault import NoCredential
from roomgate.errors import NotFound, Unreachable
from roomgate.ids import RoomName
from roomgate.meetings.booking import Booking, BookingId
from roomgate.storage.database import Database
from roomgate.storage.record import Record, metadata
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import (
    CommandFailed,
    DeviceGone,
    DeviceUnreachable,
    NothingThere,
    PermissionDenied,
    UnknownPath,
)

OSLO = RoomName("oslo")
BOOKING = Booking(
    BookingId("rg-1"), "Stand-up", "standup@example.com", "SIP", "Other", "Ada", "", datetime(2026, 3, 10, 9, tzinfo=UTC),
    30, False,
)  # fmt: skip
ROW = {
    "id": 1,
    "Id": "rg-1",
    "Title": "Stand-up",
    "Time": {"StartTime": "2026-03-10T09:00:00Z", "EndTime": "2026-03-10T09:30:00Z"},
    "DialInfo": {"Calls": {"Call": [{"id": 1, "Number": "standup@example.com"}]}},
}


class Room:
    def __init__(self, record):
        self.record = record
        self.facts = {}
        self.state = {}
        self.answer = {}
        self.fault = None
        self.calls = []

    async def call(self, call, *, privileged=False):
        if call.verb is Verb.GET:
            if (found := self.facts.get(str(call.path))) is None:
                raise NothingThere("no such node")
            return found
        self.calls.append((call, privileged, await self.record.size()))
        if self.fault:
            raise self.fault
        return self.answer


@pytest_asyncio.fixture
async def room(tmp_path):
    db = Database.open(tmp_path / "connector.db", metadata)
    yield Room(Record(db, "connector.example.com/1", Ed25519PrivateKey.generate()))
    await db.aclose()


def diary(room, clock=None):
    return DeviceDiary({OSLO: room}.get, room.record, clock or HandClock())


@pytest.mark.asyncio
async def test_a_put_is_written_down_before_it_is_done(room):
    await diary(room).put(OSLO, [BOOKING])

    ((call, privileged, entries),) = room.calls
    assert (str(call.path), privileged, entries) == ("Command/Bookings/Put", True, 1)
    assert json.loads(call.body)["Bookings"][0]["Number"] == "standup@example.com"


@pytest.mark.asyncio
async def test_what_the_device_shows_is_read_by_the_daily_account(room):
    room.answer = {"Booking": [ROW, {"Id": "x"}, "rubbish", {**ROW, "Time": {"StartTime": "soon"}}]}

    (held,) = await diary(room).current(OSLO)

    assert (held.id, held.number, held.end.hour, held.end.minute) == ("rg-1", "standup@example.com", 9, 30)
    assert room.calls[0][1] is False


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", [{}, {"status": "OK"}, None, "x"])
async def test_nothing_shown_is_an_empty_list(room, answer):
    room.answer = answer
    assert await diary(room).current(OSLO) == ()


@pytest.mark.asyncio
async def test_a_list_that_cannot_be_read_is_none_and_a_device_that_is_away_is_an_error(room):
    for fault in (CommandFailed("no"), PermissionDenied("no")):
        room.fault = fault
        assert await diary(room).current(OSLO) is None
    for fault in (DeviceUnreachable("away"), DeviceGone("gone")):
        room.fault = fault
        with pytest.raises(Unreachable):
            await diary(room).current(OSLO)
        with pytest.raises(Unreachable):
            await diary(room).put(OSLO, [])


@pytest.mark.asyncio
async def test_an_unknown_room_gets_nothing(room):
    with pytest.raises(NotFound):
        await diary(room).put(RoomName("bergen"), [])
    assert room.calls == []


@pytest.mark.asyncio
async def test_how_it_is_with_the_list_is_known_after_the_first_put(room):
    kept = diary(room)
    assert kept.state(OSLO).code is Code.UNTRIED
    await kept.put(OSLO, [BOOKING])
    assert kept.state(OSLO).code is Code.OK


@pytest.mark.asyncio
async def test_a_device_that_cannot_take_a_list_is_left_alone_for_a_while_and_tried_anew_when_it_comes_back(room):
    clock = HandClock()
    kept = diary(room, clock)
    room.fault, room.facts = UnknownPath("no such command"), {"Status/SystemUnit/Software/Version": "ce9.15"}
    for _ in range(3):
        with pytest.raises(NotTaken, match=r"ce9\.15"):
            await kept.put(OSLO, [BOOKING])
    assert (len(room.calls), await room.record.size()) == (1, 1)
    kept.anew(OSLO)
    clock.advance(1)
    with pytest.raises(NotTaken):
        await kept.put(OSLO, [BOOKING])
    clock.advance(LASTING_S)
    room.fault = None
    await kept.put(OSLO, [BOOKING])
    assert (len(room.calls), kept.state(OSLO).code) == (3, Code.OK)


@pytest.mark.asyncio
async def test_a_device_that_is_only_away_is_tried_again_at_once(room):
    kept = diary(room)
    room.fault = DeviceUnreachable("away")
    for _ in range(2):
        with pytest.raises(Unreachable):
            await kept.put(OSLO, [BOOKING])
    assert (len(room.calls), kept.state(OSLO).code) == (2, Code.AWAY)


@pytest.mark.asyncio
async def test_an_account_that_the_vault_lacks_is_told_from_a_device_that_is_away(room):
    room.fault = DeviceUnreachable("no password")
    room.fault.__cause__ = NoCredential("no password")
    kept = diary(room)
    with pytest.raises(NotTaken, match="vault put"):
        await kept.put(OSLO, [BOOKING])
    assert kept.state(OSLO).code is Code.NO_ACCOUNT


@pytest.mark.asyncio
async def test_others_bookings_on_a_registered_device_are_told(room):
    kept = diary(room)
    await kept.put(OSLO, [BOOKING])
    room.answer = {"Booking": [ROW, {**ROW, "Id": "hybrid-1"}]}
    await kept.current(OSLO)
    assert kept.state(OSLO).code is Code.OK
    room.state = {"Status": {"Webex": {"Status": "Registered"}}}
    assert kept.state(OSLO).code is Code.OTHER_CALENDAR


@pytest.mark.asyncio
async def test_a_devices_no_is_told_without_what_it_was_sent(room):
    kept = diary(room)
    room.fault = CommandFailed("Bad entry: 'Stand-up' by Ada at standup@example.com")
    with pytest.raises(Unreachable) as told:
        await kept.put(OSLO, [BOOKING])
    for secret in ("Stand-up", "Ada", "standup@example.com"):
        assert secret not in told.value.message + kept.state(OSLO).words
    assert "Bad entry" in kept.state(OSLO).words
