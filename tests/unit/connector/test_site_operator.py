"""What the local operator does is done and is in the ledger under their own account."""

from types import SimpleNamespace

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.clock import HandClock
from roomgate.connector.backup_files import BackupFiles
from roomgate.connector.backups import Backups
from roomgate.connector.bookings_state import OK
from roomgate.connector.devices import device_id
from roomgate.connector.site_operator import SiteOperator
from roomgate.connector.site_policy import SitePolicy
from roomgate.connector.vault import NoCredential, Vault
from roomgate.errors import BadInput, NotFound
from roomgate.fleet.backup import Contents
from roomgate.ids import ConnectorId
from roomgate.redact import Secret
from roomgate.storage.database import Database
from roomgate.storage.record import Record, metadata
from roomgate.xapi.errors import CommandFailed, DeviceUnreachable


class Keeper:
    name, device, words = "oslo", "device_1", ""
    condition = SimpleNamespace(value="fine")

    def __init__(self):
        self.state = {"Status": {"Call": [{"id": 3}, {"id": 5}]}}
        self.calls, self.fault, self.confirmed = [], {}, []

    async def call(self, call):
        number = call.argument("CallId")
        if number in self.fault:
            raise self.fault[number]
        self.calls.append((" ".join(call.path.words), number))

    async def confirm(self, by):
        self.confirmed.append(by)
        return True


class Acts:
    def __init__(self):
        self.ended = []

    def occupied(self):
        return {"device_1"}

    async def end_all(self, cause, words):
        self.ended.append((cause, words))
        return ["call 3: undone"]


class Site:
    def __init__(self, folder, record):
        self.keeper, self.acts, self.record = Keeper(), Acts(), record
        self.vault = Vault.init(folder)
        effect = SimpleNamespace(device="device_1", who="Ada", what="call 3", session="ses_1")
        self.operator = SiteOperator(
            connector=ConnectorId("connector_1"),
            fleet=SimpleNamespace(
                keepers=lambda: [self.keeper],
                by_name={"oslo": self.keeper}.get,
                by_device={"device_1": self.keeper}.get,
            ),
            acts=self.acts,
            end_all=self.acts.end_all,
            effects=SimpleNamespace(all=lambda: [effect]),
            policy=lambda: SitePolicy.load(None),
            vault=self.vault,
            record=record,
            spool=SimpleNamespace(held=4),
            bookings=lambda _: OK,
            backups=Backups(BackupFiles(folder / "backups", Secret(b"k" * 32)), record, HandClock()),
            clock=HandClock(),
            link_up=lambda: True,
        )


@pytest_asyncio.fixture
async def site(tmp_path):
    db = Database.open(tmp_path / "connector.db", metadata)
    yield Site(tmp_path / "data", Record(db, "connector.example.com/1", Ed25519PrivateKey.generate()))
    await db.aclose()


@pytest.mark.asyncio
async def test_what_is_going_on_is_shown(site):
    status = await site.operator.status()
    assert (status["hub"], status["ledger"]) == ("connected", {"entries": 0, "at_hub": 4})
    assert status["rooms"][0]["from_outside"] is True
    assert status["rooms"][0]["bookings"] == {"state": "ok", "words": ""}
    sessions = await site.operator.sessions()
    assert sessions["effects"] == [{"room": "oslo", "who": "Ada", "what": "call 3", "session": "ses_1"}]


@pytest.mark.asyncio
async def test_all_is_cut_and_rooms_are_confirmed_by_name(site):
    assert await site.operator.cut_all("fire", "local:0") == {"undone": ["call 3: undone"]}
    assert site.acts.ended == [("site.cut-all", "fire (local:0)")]
    assert await site.operator.confirm("oslo", "local:0") == {"confirmed": True}
    assert site.keeper.confirmed == ["local:0"]
    with pytest.raises(NotFound):
        await site.operator.confirm("bergen", "local:0")


@pytest.mark.asyncio
async def test_hanging_up_ends_every_call_and_a_device_that_is_away_is_said(site):
    site.keeper.fault = {3: CommandFailed("ended before")}
    assert await site.operator.hang_up("oslo") == {"ended": [5]}
    assert site.keeper.calls == [("Call Disconnect", 5)]
    site.keeper.fault = {3: DeviceUnreachable("away")}
    with pytest.raises(DeviceUnreachable):
        await site.operator.hang_up("oslo")


@pytest.mark.asyncio
async def test_a_password_is_put_and_forgotten_and_both_are_in_the_ledger_without_it(site):
    put = await site.operator.vault_put("oslo", "roomgate-daily", Secret("canary-7"), "local:0")
    assert put == {"version": 1}
    assert site.vault.get("oslo", "roomgate-daily").reveal() == "canary-7"
    await site.operator.vault_remove("oslo", "roomgate-daily", "local:0")
    with pytest.raises(NoCredential):
        site.vault.get("oslo", "roomgate-daily")
    with pytest.raises(NotFound):
        await site.operator.vault_put("bergen", "roomgate-daily", Secret("x"), "local:0")
    with pytest.raises(BadInput):
        await site.operator.vault_put("Bergen!", "roomgate-daily", Secret("x"), "local:0", new=True)
    assert await site.operator.vault_put("bergen", "a", Secret("canary-8"), "local:0", new=True) == {"version": 1}

    entries = await site.record.entries()
    assert [entry.event.what for entry in entries] == [
        "roomgate-daily put, version 1",
        "roomgate-daily removed",
        "a put, version 1",
    ]
    assert b"canary" not in b"".join(entry.raw for entry in entries)


@pytest.mark.asyncio
async def test_backups_are_listed_and_opened_at_the_site(site):
    device = device_id(ConnectorId("connector_1"), "gone-room")
    contents = Contents(settings={"Audio/DefaultVolume": 40})
    kept = site.operator._backups.files.write(device, "2026-03-10", "gone-room", "last", "", contents)
    [row] = (await site.operator.list_backups("gone-room"))["backups"]
    assert (row["id"], row["name"]) == (kept.head.id, "last")
    exported = (await site.operator.export_backup("gone-room", kept.head.id))["backup"]
    assert exported["contents"]["settings"] == {"Audio/DefaultVolume": 40}
    assert (await site.operator.list_backups("oslo"))["backups"] == []
    with pytest.raises(NotFound):
        await site.operator.export_backup("oslo", kept.head.id)
