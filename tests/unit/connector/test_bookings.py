"""A dial is a meeting's only if this connector put that meeting there, to the letter, and it may be joined now."""

from datetime import timedelta

import pytest

from roomgate.clock import HandClock
from roomgate.connector.bookings import AGAIN_S, RoomBookings
from roomgate.ids import RoomName
from roomgate.meetings.booking import Booking, BookingId
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import DeviceUnreachable
from roomgate.xapi.schema import Catalogue

OSLO = RoomName("oslo")


class Diary:
    """`connector.diary.DeviceDiary` as far as it is used here."""

    def __init__(self):
        self.fresh = []

    def anew(self, room):
        self.fresh.append(room)


def dial(**arguments):
    return Catalogue.shipped().canonical(Verb.COMMAND, "Command/Dial", arguments)


class Sync:
    """`meetings.sync.Sync` as far as it is used here."""

    def __init__(self, booking, clock):
        self.booking, self.clock = booking, clock
        self.did = []

    def match(self, room, number, booking_id=None):
        fits = room == OSLO and number == self.booking.number and booking_id in (None, self.booking.id)
        return self.booking if fits and self.booking.joinable(self.clock.now()) else None

    def add_room(self, room, device):
        self.did.append(("add", room, device.registered, device.allowed_domains))

    def wake(self, room):
        self.did.append(("wake", room))

    def resync(self, room):
        self.did.append(("resync", room))

    def remove_room(self, room):
        self.did.append(("remove", room))


@pytest.fixture
def sync():
    clock = HandClock()
    return Sync(
        Booking(BookingId("rg-1"), "t", "standup@example.com", "SIP", "Other", "Ada", "", clock.now(), 30, False), clock
    )


def test_only_the_dial_of_that_booking_at_its_time_is_booked(sync):
    rooms = RoomBookings(sync, Diary(), frozenset(), HandClock())

    assert rooms.booked("oslo", dial(Number="standup@example.com"))
    assert rooms.booked("oslo", dial(Number="standup@example.com", BookingId="rg-1"))
    assert not rooms.booked("oslo", dial(Number="standup@example.com", BookingId="rg-2"))
    assert not rooms.booked("oslo", dial(Number="other@example.com", BookingId="rg-1"))
    assert not rooms.booked("bergen", dial(Number="standup@example.com"))
    join = Catalogue.shipped().canonical(Verb.COMMAND, "Command/Webex/Join", {"Number": "standup@example.com"})
    assert not rooms.booked("oslo", join)
    sync.clock.wall += timedelta(hours=2)
    assert not rooms.booked("oslo", dial(Number="standup@example.com"))


def test_without_a_calendar_nothing_is_booked():
    rooms = RoomBookings(None, Diary(), frozenset(), HandClock())
    assert not rooms.booked("oslo", dial(Number="standup@example.com"))


class Keeper:
    name = OSLO

    def __init__(self, deaf=False):
        self.deaf, self.listeners, self.forgot = deaf, [], 0

    def fact(self, text):
        return "Registered"

    async def subscribe(self, path, listener):
        if self.deaf:
            raise DeviceUnreachable("away")
        self.listeners.append(listener)
        return self.forget

    def forget(self):
        self.forgot += 1


@pytest.mark.asyncio
async def test_the_list_of_a_device_that_comes_back_or_asks_is_looked_at_again(sync):
    clock, events = HandClock(), []
    heard = [lambda room, document: events.append((room, document))]
    rooms, keeper = RoomBookings(sync, Diary(), frozenset({"example.com"}), clock, heard), Keeper()
    await rooms.arrived(keeper)
    await rooms.arrived(keeper)
    added = ("add", OSLO, True, frozenset({"example.com"}))
    assert sync.did == [added] * 2
    (hear,) = keeper.listeners

    sync.did.clear()
    start = {"Event": {"Bookings": {"Start": {"Id": "rg-1"}}}}
    hear("event", start)
    hear("gap", {})
    assert (sync.did, events) == ([], [(OSLO, start)])
    hear("event", {"Event": {"Bookings": {"Updated": {}}}})
    assert sync.did == [("wake", OSLO)]
    for pause, did in ((0, "resync"), (1, "wake"), (AGAIN_S, "resync")):
        clock.advance(pause)
        sync.did.clear()
        hear("event", {"Event": {"Bookings": {"SyncRequired": {"id": 1}}}})
        assert sync.did == [(did, OSLO)]

    rooms.left(OSLO)
    assert (keeper.forgot, sync.did[-1]) == (1, ("remove", OSLO))


@pytest.mark.asyncio
async def test_a_device_that_takes_no_subscription_is_kept_all_the_same(sync):
    await RoomBookings(sync, Diary(), frozenset(), HandClock()).arrived(Keeper(deaf=True))
    assert sync.did == [("add", OSLO, True, frozenset())]
