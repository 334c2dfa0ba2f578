"""The parts as one program, with a hub that is away: rooms are kept, the door is open, the record holds."""

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.clock import HandClock, SystemClock
from roomgate.connector.app import serve
from roomgate.connector.config import BadConfig, parse_config
from roomgate.connector.enrol import Identity, save_identity
from roomgate.connector.local import ask_local
from roomgate.connector.site_policy import BadPolicy
from roomgate.connector.vault import Vault, VaultDamaged
from roomgate.errors import Conflict
from roomgate.ids import ConnectorId, SiteId
from roomgate.link.identity import HUB, BadIdentity, build_certificate
from roomgate.meetings.rules.form import BadPack
from roomgate.redact import Secret
from roomgate.storage.verify import verify
from support.dav_server import PASSWORD, USER, dav_server
from support.devices import MemoryDevice
from support.invites import ics
from support.packs import OWN
from support.waiting import until

AWAY = "https://127.0.0.1:9"  # the discard port: nobody answers


class Site:
    def __init__(self, folder):
        self.folder, self.device = folder, MemoryDevice()
        hub = Ed25519PrivateKey.generate()
        self.identity = Identity(
            ConnectorId("connector_1"),
            SiteId("site_1"),
            AWAY,
            Ed25519PrivateKey.generate(),
            build_certificate(hub, HUB),
        )
        save_identity(self.identity, folder / "data" / "identity")
        self.vault = Vault.init(folder / "data")
        self.vault.put("oslo", "roomgate-daily", Secret("d"))
        self.vault.put("oslo", "roomgate-privileged", Secret("p"))
        (folder / "devices.toml").write_text(f'[[room]]\nname = "oslo"\nhost = "192.0.2.1"\npin = "{"ab" * 32}"\n')
        (folder / "policy.toml").write_text('name = "first"\n')
        self.settings = {"data": "data", "devices": "devices.toml", "policy": "policy.toml", "devices_check_s": 0.05}

    @property
    def config(self):
        return parse_config(self.settings, self.folder)

    @contextlib.asynccontextmanager
    async def running(self, clock=None):
        started = asyncio.get_running_loop().create_future()
        async with asyncio.TaskGroup() as group:
            task = group.create_task(serve(self.config, started.set_result, clock=clock, connect=self.device.connect))
            yield await started
            task.cancel()

    async def ask(self, do, **more):
        return await ask_local(self.config.socket, {"do": do, **more})


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def listening():
    """The inodes of this process's listening TCP sockets."""
    mine = set()
    for handle in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            mine.add(os.readlink(handle))
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/self/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and f"socket:[{words[9]}]" in mine:
                found.add(words[9])
    return found


@pytest.mark.asyncio
async def test_without_a_hub_rooms_are_kept_and_the_operator_can_see_confirm_and_cut(site):
    before = listening()
    async with site.running() as connector:
        await until(lambda: connector.fleet.rooms()[0].condition.value == "fine")
        assert listening() == before

        status = await site.ask("status")
        assert (status["hub"], status["policy"]["name"]) == ("away", "first")
        assert [(room["name"], room["state"]) for room in status["rooms"]] == [("oslo", "fine")]
        assert await site.ask("sessions") == {"ok": True, "rooms": [], "effects": []}
        assert await site.ask("cut-all", reason="fire") == {"ok": True, "undone": []}
        assert (await site.ask("confirm", room="oslo"))["confirmed"] is False
        assert (await site.ask("confirm", room="bergen"))["code"] == "not-found"
        site.device.change({"Status": {"Call": [{"id": 7, "Status": "Connected"}]}})
        await until(lambda: "Call" in connector.fleet.rooms()[0].state["Status"])
        assert (await site.ask("hang-up", room="oslo"))["ended"] == [7]


@pytest.mark.asyncio
async def test_a_changed_password_is_put_and_confirmed_at_the_door(site):
    site.device.passwords["roomgate-daily"] = "new"
    async with site.running() as connector:
        room = connector.fleet.keepers()[0]
        await until(lambda: room.condition.value == "quarantined")
        put = await site.ask("vault-put", room="oslo", account="roomgate-daily", password="new")
        assert put["version"] == 2
        assert (await site.ask("confirm", room="oslo"))["confirmed"] is True
        await until(lambda: room.condition.value == "fine")

    assert len(site.device.failed) == 1
    assert b'"new"' not in b"".join(f.read_bytes() for f in (site.folder / "data").iterdir() if f.is_file())


@pytest.mark.asyncio
async def test_the_record_goes_on_over_restarts_and_verifies(site):
    for _ in range(2):
        async with site.running() as connector:
            await until(lambda: connector.fleet.rooms()[0].condition.value == "fine")
            await connector._record.checkpoint()

    verdict = verify(site.folder / "data")
    assert verdict.ok
    assert verdict.size >= 4
    assert site.identity.origin == "roomgate.connector/connector_1"


@pytest.mark.asyncio
async def test_a_wall_clock_that_was_set_is_on_the_record(site):
    clock = HandClock()
    async with site.running(clock):
        clock.wall -= timedelta(hours=1)
        with contextlib.closing(sqlite3.connect(site.config.database)) as db:
            jumped = "SELECT bytes FROM record_entries WHERE kind = 'clock.jumped'"
            await until(lambda: db.execute(jumped).fetchall())
            assert json.loads(db.execute(jumped).fetchone()[0])["by_s"] == -3600


@pytest.mark.asyncio
async def test_a_changed_policy_ends_what_lives_by_the_old_one(site):
    async with site.running() as connector:
        ended = []

        async def end_all(cause, words):
            ended.append(cause)
            return []

        connector.desk.end_all = end_all
        (site.folder / "policy.toml").write_text('name = "second"\n')
        await until(lambda: ended == ["policy.changed"])
        assert connector.desk.site().policy == "second"


@pytest.mark.asyncio
async def test_one_connector_for_one_data_folder(site):
    async with site.running():
        with pytest.raises(Conflict):
            await serve(site.config, connect=site.device.connect)
        assert (await site.ask("status"))["ok"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("spoil", "refusal"),
    [
        (lambda s: (s.folder / "data/identity/key.pem").unlink(), BadIdentity),
        (lambda s: (s.folder / "data/vault.key").unlink(), VaultDamaged),
        (lambda s: (s.folder / "policy.toml").write_text("name ="), BadPolicy),
        (lambda s: (s.folder / "devices.toml").write_text("[[room"), BadConfig),
        (lambda s: s.settings.update(hub="https://other.example.com"), BadConfig),
        (lambda s: s.settings.update(witness_url="https://w.example.com", witness_vkey="rubbish"), BadConfig),
    ],
)
async def test_it_does_not_start_half(site, spoil, refusal):
    spoil(site)
    with pytest.raises(refusal):
        await serve(site.config, connect=site.device.connect)
    assert site.device.dials == 0


@pytest.mark.asyncio
async def test_rules_of_the_site_s_own_are_used_or_nothing_starts(site, tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "bridge.toml").write_text(OWN)
    (tmp_path / "rules" / "zoom.toml").write_text(OWN.replace('"bridge"', '"zoom"'))  # an older version: passed over
    site.settings |= {"calendar": "calendar", "rules": "rules", "meeting_domains": ["example.com"]}
    (tmp_path / "calendar").mkdir()
    async with site.running() as connector:
        assert connector.sync is not None
    (tmp_path / "rules" / "bridge.toml").write_text(OWN.replace("version = 1", "version = 0"))
    with pytest.raises(BadPack, match="version: takes a whole number"):
        await serve(site.config, connect=site.device.connect)


@pytest.mark.asyncio
async def test_invitations_are_read_by_a_process_apart_and_a_killed_one_loses_nothing(site, tmp_path):
    site.settings |= {"calendar": "calendar", "meeting_domains": ["example.com"]}
    folder = tmp_path / "calendar" / "oslo"
    folder.mkdir(parents=True)
    start = (SystemClock().now() + timedelta(hours=3)).strftime("%Y%m%dT%H%M%SZ")

    def invite(uid):
        (folder / f"{uid}.ics").write_bytes(ics(f"DTSTART:{start}", "LOCATION:sip:standup@example.com", uid=uid))

    async with site.running() as connector:
        invite("one")
        await until(lambda: len(connector.sync.meetings("oslo")) == 1, 20)
        reader = connector.reader.pid
        os.kill(reader, signal.SIGKILL)
        invite("two")
        await until(lambda: len(connector.sync.meetings("oslo")) == 2, 20)
        fresh = connector.reader.pid
        assert fresh not in (None, reader, os.getpid())
    with pytest.raises(ProcessLookupError):
        os.kill(fresh, 0)


# ---- calendars ----------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_meeting_of_a_caldav_server_comes_to_the_room_and_again_after_a_restart(site):
    """Nothing of it is kept over a restart: all is read anew, and nothing is lost or repeated."""
    with dav_server(site.folder) as radicale:
        path = radicale.make("a1", "Oslo room")
        (site.folder / "pw").write_text(PASSWORD)
        table = {
            "kind": "caldav",
            "url": radicale.url,
            "user": USER,
            "password_file": "pw",
            "rooms": {"oslo": "Oslo room"},
        }
        site.settings |= {"calendars": [table], "meeting_domains": ["example.com"]}
        start = (SystemClock().now() + timedelta(hours=3)).strftime("%Y%m%dT%H%M%SZ")
        for uid in ("one", "two"):
            raw = ics(f"DTSTART:{start}", "LOCATION:sip:standup@example.com", uid=uid)
            radicale.put(f"{path}{uid}.ics", raw.replace(b"METHOD:REQUEST\r\n", b""))
            async with site.running() as connector:
                await until(lambda: connector.sync.meetings("oslo"), 20)
                found = {meeting.uid: meeting.join.address for meeting in connector.sync.meetings("oslo")}
            assert found == dict.fromkeys(["one", "two"][: ["one", "two"].index(uid) + 1], "standup@example.com")


@pytest.mark.asyncio
async def test_a_calendar_that_cannot_work_is_told_before_anything_runs(site):
    site.settings["calendars"] = [
        {"kind": "caldav", "url": "https://x.example", "user": "x", "password_file": "none", "rooms": {"oslo": "x"}}
    ]
    with pytest.raises(BadConfig, match="none cannot be read"):
        await serve(site.config, connect=site.device.connect)
