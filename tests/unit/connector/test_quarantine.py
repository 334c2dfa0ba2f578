"""It outlives the program, and its ledger entry is written in the same breath."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.clock import HandClock
from roomgate.connector import quarantine as quarantines
from roomgate.connector.quarantine import CREDENTIAL, Quarantine, Why
from roomgate.errors import RoomgateError
from roomgate.ids import DeviceId, RoomName
from roomgate.storage.database import Database
from roomgate.storage.record import Record
from roomgate.storage.record import metadata as record_tables

OSLO, NAME, WHY = DeviceId("device_oslo"), RoomName("oslo"), Why(CREDENTIAL, "It no longer accepts the account.")


@pytest.mark.asyncio
async def test_it_is_known_after_a_restart_until_the_site_lifts_it(tmp_path):
    for round_ in ("put", "known", "lifted"):
        db = Database.open(tmp_path / "connector.db", record_tables)
        await db.write(quarantines.metadata.create_all)
        record = Record(db, "connector.example.com/1", Ed25519PrivateKey.generate())
        held = await Quarantine.open(db, record, HandClock())
        match round_:
            case "put":
                await held.put(OSLO, NAME, WHY)
                await held.put(OSLO, NAME, WHY)
            case "known":
                assert held.of(OSLO) == WHY
                await held.lift(OSLO, NAME, "local:0")
                assert held.of(OSLO) is None
            case "lifted":
                assert held.of(OSLO) is None
                kinds = [entry.event.kind for entry in await record.entries()]
                assert kinds == ["device.quarantined", "device.quarantined", "device.confirmed"]
        await db.aclose()


@pytest.mark.asyncio
async def test_what_cannot_be_written_down_is_in_force_and_not_lifted(tmp_path):
    db = Database.open(tmp_path / "connector.db", record_tables)
    await db.write(quarantines.metadata.create_all)
    record = Record(db, "connector.example.com/1", Ed25519PrivateKey.generate())
    held = await Quarantine.open(db, record, HandClock())
    await db.aclose()

    with pytest.raises(RoomgateError):
        await held.put(OSLO, NAME, WHY)
    assert held.of(OSLO) == WHY
    with pytest.raises(RoomgateError):
        await held.lift(OSLO, NAME, "local:0")
    assert held.of(OSLO) == WHY
