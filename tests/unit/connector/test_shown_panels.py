"""What may be on a device is known before it is there, and after a restart."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.clock import HandClock
from roomgate.connector import shown_panels
from roomgate.connector.shown_panels import ShownPanels
from roomgate.ids import DeviceId, RoomName
from roomgate.storage.database import Database
from roomgate.storage.record import Record
from roomgate.storage.record import metadata as record_tables

OSLO, NAME = DeviceId("device_oslo"), RoomName("oslo")


@pytest.mark.asyncio
async def test_it_outlives_the_program_with_its_ledger_entries(tmp_path):
    for round_ in ("put", "known", "gone"):
        db = Database.open(tmp_path / "connector.db", record_tables)
        await db.write(shown_panels.metadata.create_all)
        record = Record(db, "connector.example.com/1", Ed25519PrivateKey.generate())
        shown = await ShownPanels.open(db, record, HandClock())
        match round_:
            case "put":
                assert OSLO not in shown
                await shown.put(OSLO, NAME, "zoom")
                await shown.put(OSLO, NAME, "webex")
            case "known":
                assert OSLO in shown
                await shown.drop(OSLO, NAME)
                assert OSLO not in shown
            case "gone":
                assert OSLO not in shown
                kinds = [entry.event.kind for entry in await record.entries()]
                assert kinds == ["call-panel.shown", "call-panel.shown", "call-panel.removed"]
        await db.aclose()
