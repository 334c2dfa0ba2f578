"""The site's own file rules: a room that is taken out is cut first, a bad file changes nothing."""

import asyncio
import contextlib

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.clock import SystemClock
from roomgate.connector import quarantine as quarantines
from roomgate.connector.config import BadConfig
from roomgate.connector.fleet import Fleet
from roomgate.connector.mirror import Mirrored
from roomgate.connector.quarantine import CREDENTIAL, Quarantine
from roomgate.connector.room import RoomCondition
from roomgate.connector.vault import Vault
from roomgate.ids import ConnectorId, RoomName
from roomgate.redact import Secret
from roomgate.storage.database import Database
from roomgate.storage.record import Record
from roomgate.storage.record import metadata as record_tables
from roomgate.xapi.call import Verb
from roomgate.xapi.schema import Catalogue
from support.devices import MemoryDevice
from support.waiting import until

HANG_UP = Catalogue.shipped().canonical(Verb.COMMAND, "Call.Disconnect", {"CallId": 1})


def listed(*names, port=443):
    return "".join(f'[[room]]\nname = "{n}"\nhost = "192.0.2.1"\nport = {port}\npin = "{"ab" * 32}"\n' for n in names)


class Site:
    def __init__(self, folder, vault, quarantine, record):
        self.file = folder / "devices.toml"
        self.device = MemoryDevice()
        self.told = []
        self.sent = []
        self.ending = None  # what is tried in a room while it is being cut
        self.fleet = Fleet(
            connector=ConnectorId("connector_1"),
            file=self.file,
            vault=vault,
            quarantine=quarantine,
            record=record,
            clock=SystemClock(),
            mirrored=Mirrored(lambda state: True),
            on_condition=self.on_condition,
            connect=self.device.connect,
            check_s=0.01,
            part_s=0.01,
        )

    async def on_condition(self, room, condition, reason, cut):
        self.told.append((room.name, condition, reason, cut))
        if cut and self.ending:
            await self.ending(room)

    @contextlib.asynccontextmanager
    async def running(self, *names):
        self.file.write_text(listed(*names))
        self.fleet.load()
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.fleet.run())
            await until(lambda: len(self.device.open) == len(names))
            yield self.fleet
            task.cancel()


@pytest_asyncio.fixture
async def site(tmp_path):
    db = Database.open(tmp_path / "connector.db", record_tables)
    await db.write(quarantines.metadata.create_all)
    record = Record(db, "connector.example.com/1", Ed25519PrivateKey.generate())
    vault = Vault.init(tmp_path / "data")
    for room in ("oslo", "bergen"):
        vault.put(room, "roomgate-daily", Secret("d"))
        vault.put(room, "roomgate-privileged", Secret("p"))
    try:
        yield Site(tmp_path, vault, await Quarantine.open(db, record, SystemClock()), record)
    finally:
        await db.aclose()


@pytest.mark.asyncio
async def test_every_line_of_the_file_is_kept_and_found(site):
    async with site.running("oslo", "bergen") as fleet:
        await until(lambda: len(site.told) == 2)
        assert {room.name for room in fleet.rooms()} == {"oslo", "bergen"}
        oslo = fleet.by_name(RoomName("oslo"))
        assert fleet.by_device(oslo.device) is oslo
        assert fleet.by_device("device_nobody") is None
        assert {(info.name, info.state) for info in fleet.infos()} == {("oslo", "fine"), ("bergen", "fine")}
    assert site.device.open == []


@pytest.mark.asyncio
async def test_a_room_taken_out_is_cut_while_its_connection_still_serves_to_end_things(site):
    async def ending(room):
        assert site.fleet.by_device(room.device) is room
        assert room.condition is RoomCondition.QUARANTINED  # nothing is begun in it any more
        await room.call(HANG_UP)

    site.ending = ending
    async with site.running("oslo", "bergen") as fleet:
        bergen = fleet.by_name(RoomName("bergen"))
        site.file.write_text(listed("oslo"))
        await until(lambda: ("bergen", RoomCondition.OFFLINE, "room.removed", True) in site.told)
        await until(lambda: len(site.device.open) == 1)
        await until(lambda: fleet.by_device(bergen.device) is None)

        assert [room.name for room in fleet.rooms()] == ["oslo"]
        assert [call for _, call in site.device.calls] == [HANG_UP]


@pytest.mark.asyncio
async def test_a_room_whose_device_is_exchanged_is_on_the_list_all_the_while(site):
    seen = []

    async def look(room):
        seen.append([(info.name, info.state) for info in site.fleet.infos()])

    async with site.running("oslo", "bergen"):
        site.ending = look
        site.file.write_text(listed("oslo", port=8443))
        await until(lambda: len(seen) == 2)
        assert [("oslo", "offline")] in seen
        await until(lambda: [(info.name, info.state) for info in site.fleet.infos()] == [("oslo", "fine")])


@pytest.mark.asyncio
async def test_another_device_in_a_rooms_place_is_dialled_when_the_old_one_is_let_go(site):
    async with site.running("oslo") as fleet:
        old = fleet.by_name(RoomName("oslo"))
        site.file.write_text(listed("oslo", port=4443))
        await until(lambda: ("oslo", RoomCondition.OFFLINE, "device.changed", True) in site.told)
        await until(lambda: fleet.rooms() and fleet.rooms()[0] is not old and len(site.device.open) == 1)

        assert fleet.by_device(old.device).entry.port == 4443


@pytest.mark.asyncio
@pytest.mark.parametrize("bad", ["[[room", "", None])
async def test_a_file_that_cannot_be_read_changes_nothing_but_an_empty_one_is_meant(site, bad):
    async with site.running("oslo") as fleet:
        if bad is None:
            site.file.unlink()
        else:
            site.file.write_text(bad)
        looks = 0
        while looks < 4:
            fleet.look()
            looks += 1
        assert len(fleet.rooms()) == (0 if bad == "" else 1)


def test_it_does_not_start_with_a_bad_file(tmp_path):
    (tmp_path / "devices.toml").write_text("[[room")
    fleet = Site(tmp_path, None, None, None).fleet
    with pytest.raises(BadConfig):
        fleet.load()


@pytest.mark.asyncio
async def test_a_fault_in_telling_does_not_keep_the_connection_of_a_quarantined_room(site):
    async def ending(room):
        raise ValueError("not ours")

    site.ending = ending
    async with site.running("oslo") as fleet:
        keeper = fleet.by_name(RoomName("oslo"))
        site.device.passwords["roomgate-daily"] = "changed"
        await keeper.prove()
        await until(lambda: not site.device.open)

    assert site.told[-1] == ("oslo", RoomCondition.QUARANTINED, CREDENTIAL, True)
    assert site.device.failed == ["roomgate-daily"]
