"""Nothing of ours stays on a device; what does stay is said, and a room that is not trusted is not logged in to."""

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate import xapi
from roomgate.clock import HandClock
from roomgate.connector.app import tables
from roomgate.connector.config import parse_config
from roomgate.connector.devices import device_id
from roomgate.connector.enrol import Identity, save_identity
from roomgate.connector.keeper import dial_device
from roomgate.connector.leaving import Left, leave
from roomgate.connector.quarantine import CREDENTIAL, Quarantine, Why
from roomgate.connector.shown_panels import ShownPanels
from roomgate.errors import CannotStart
from roomgate.folder import alone_in
from roomgate.ids import ConnectorId, RoomName, SiteId
from roomgate.link.identity import HUB, build_certificate
from roomgate.meetings.booking import Booking, booking_id
from roomgate.meetings.controls_panel import PANEL_ID, build_panel
from roomgate.sim.app import RoomReady
from roomgate.storage.database import Database
from roomgate.storage.record import Record
from roomgate.storage.record import metadata as record_tables
from support.kept import filled, listed
from support.ledgers import events
from support.simulated import NINE, simulator

OSLO = RoomName("oslo")
CONNECTOR = ConnectorId("connector_1")
DEVICE = device_id(CONNECTOR, OSLO)
LASTING = Booking(
    booking_id("stand-up", ""), "Stand-up", "standup@example.com", "SIP", "Other", "Ada", "ada@example.com",
    NINE + timedelta(hours=1), 30, False,
)  # fmt: skip


@dataclass
class Site:
    """A connector's folders for one simulated room; the connector itself does not run."""

    folder: Path
    room: RoomReady
    clock: HandClock

    @property
    def config(self) -> Any:
        return parse_config({"data": "connector", "devices": "devices.toml", "policy": "policy.toml"}, self.folder)

    async def leave(self, *, accounts: bool = False) -> Left:
        (left,) = await leave(self.config, accounts=accounts, clock=self.clock)
        return left

    @asynccontextmanager
    async def device(self):
        """As the device's owner."""
        url = f"wss://{self.room.host}:{self.room.port}/ws"
        user, password = self.room.admin_user, self.room.admin_password
        async with xapi.connect(url, user=user, password=password, ca=str(self.room.ca)) as client:
            yield client

    @asynccontextmanager
    async def database(self):
        db = Database.open(self.config.database, record_tables)
        try:
            await db.write(tables().create_all)
            yield db, Record(db, "connector.example.com/1", Ed25519PrivateKey.generate())
        finally:
            await db.aclose()


@asynccontextmanager
async def site(folder: Path):
    clock = HandClock(NINE)
    async with simulator(folder / "sim", OSLO, clock=clock) as (room,):
        hub = build_certificate(Ed25519PrivateKey.generate(), HUB)
        key = Ed25519PrivateKey.generate()
        identity = Identity(CONNECTOR, SiteId("site_1"), "https://127.0.0.1:9", key, hub)
        save_identity(identity, folder / "connector" / "identity")
        filled(folder / "connector", [room])
        (folder / "devices.toml").write_text(listed([room]))
        (folder / "policy.toml").write_text('name = "first"\n')
        yield Site(folder, room, clock)


async def users(client: Any) -> set[str]:
    return {row["Username"] for row in (await client.command("UserManagement User List"))["User"]}


@pytest.mark.asyncio
async def test_a_device_that_has_nothing_of_ours_is_left_as_it_is(tmp_path):
    async with site(tmp_path) as here:
        left = await here.leave()
        async with here.device() as client:
            assert {here.room.user, here.room.privileged_user} <= await users(client)
    assert (left.removed, left.remains, left.clean) == ([], [], True)


@pytest.mark.asyncio
async def test_bookings_panel_and_accounts_are_gone_afterwards(tmp_path):
    async with site(tmp_path) as here:
        async with here.device() as client:
            await client.command("Bookings Put", body=json.dumps({"Bookings": [LASTING.to_json()]}))
            await client.command(
                "UserInterface Extensions Panel Save", PanelId=PANEL_ID, body=build_panel("zoom", "en")
            )
        async with here.database() as (db, record):
            await (await ShownPanels.open(db, record, here.clock)).put(DEVICE, OSLO, "zoom")

        left = await here.leave(accounts=True)

        async with here.device() as client:
            assert not (await client.command("Bookings List")).get("Booking")
            listed = await client.command("UserInterface Extensions List")
            assert PANEL_ID not in json.dumps(listed)
            assert not {here.room.user, here.room.privileged_user} & await users(client)
    assert left.removed == [
        "the panel of a call", "1 booking", f"the account {here.room.user}", f"the account {here.room.privileged_user}",
    ]  # fmt: skip
    assert left.clean
    kinds = [event.kind for event in events(tmp_path, "connector")]
    assert kinds.count("privileged.used") == 3  # each before it is used
    assert kinds[-1] == "device.left"


@pytest.mark.asyncio
async def test_each_use_of_the_privileged_account_is_on_record_before_its_login(tmp_path):
    async with site(tmp_path) as here:
        seen = []

        def dial(entry, user, password):
            if user == entry.privileged:
                seen.append([event.kind for event in events(tmp_path, "connector")].count("privileged.used"))
            return dial_device(entry, user, password)

        await leave(here.config, accounts=True, clock=here.clock, connect=dial)
    # The last login is the proof that the account is gone: it is refused, and does nothing.
    assert seen == [1, 2, 2]


@pytest.mark.asyncio
async def test_a_panel_of_somebody_else_stays_and_is_told(tmp_path):
    async with site(tmp_path) as here:
        async with here.device() as client:
            await client.command(
                "UserInterface Extensions Panel Save", PanelId=PANEL_ID, body=build_panel("zoom", "en")
            )
        left = await here.leave()
        async with here.device() as client:
            assert PANEL_ID in json.dumps(await client.command("UserInterface Extensions List"))
    assert not left.clean
    assert "did not put there" in left.remains[0]


@pytest.mark.asyncio
async def test_the_devices_last_administrator_stays_and_is_told(tmp_path):
    async with site(tmp_path) as here:
        own = here.room.privileged_password
        url = f"wss://{here.room.host}:{here.room.port}/ws"
        async with xapi.connect(url, user=here.room.privileged_user, password=own, ca=str(here.room.ca)) as client:
            others = await users(client) - {here.room.user, here.room.privileged_user}
            for name in others:
                await client.command("UserManagement User Delete", Username=name, YourPassphrase=own)
        left = await here.leave(accounts=True)
    assert left.removed == [f"the account {here.room.user}"]
    assert left.remains[0].startswith(f"the account {here.room.privileged_user}: ")


@pytest.mark.asyncio
async def test_a_room_in_quarantine_is_not_logged_in_to(tmp_path):
    async with site(tmp_path) as here:
        async with here.database() as (db, record):
            quarantine = await Quarantine.open(db, record, here.clock)
            await quarantine.put(DEVICE, OSLO, Why(CREDENTIAL, "its password changed"))
        left = await here.leave(accounts=True)
        async with here.device() as client:
            assert {here.room.user, here.room.privileged_user} <= await users(client)
    assert left.remains == ["everything: the room is in quarantine (device.credential-changed)"]


@pytest.mark.asyncio
async def test_a_device_that_is_away_is_told(tmp_path):
    async with site(tmp_path) as here:
        pass
    left = await here.leave(accounts=True)
    assert not left.clean
    assert left.remains[0].startswith("unknown: ")


@pytest.mark.asyncio
async def test_it_waits_for_the_connector_to_be_stopped(tmp_path):
    async with site(tmp_path) as here:
        with alone_in(here.config.data), pytest.raises(CannotStart):
            await here.leave()
