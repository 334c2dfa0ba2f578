"""What goes to the device is the whole list, by the privileged account, after the ledger's entry."""

import json
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.clock import HandClock
from roomgate.connector.diary import DeviceDiary
from roomgate.errors import NotFound, Unreachable
from roomgate.ids import RoomName
from roomgate.meetings.booking import Booking, BookingId
from roomgate.storage.database import Database
from roomgate.storage.record import Record, metadata
from roomgate.xapi.errors import CommandFailed, DeviceGone, DeviceUnreachable, PermissionDenied

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
        self.answer = {}
        self.fault = None
        self.calls = []

    async def call(self, call, *, privileged=False):
        self.calls.append((call, privileged, await self.record.size()))
        if self.fault:
            raise self.fault
        return self.answer


@pytest_asyncio.fixture
async def room(tmp_path):
    db = Database.open(tmp_path / "connector.db", metadata)
    yield Room(Record(db, "connector.example.com/1", Ed25519PrivateKey.generate()))
    await db.aclose()


def diary(room):
    return DeviceDiary({OSLO: room}.get, room.record, HandClock())


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
