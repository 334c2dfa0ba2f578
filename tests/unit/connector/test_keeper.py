"""One failed login, ever; nothing said to a device in quarantine; few subscriptions, however many listen."""

import asyncio
import contextlib
import random

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate import supervise
from roomgate.clock import SystemClock
from roomgate.connector import quarantine as quarantines
from roomgate.connector.devices import DeviceEntry
from roomgate.connector.feeds import BUDGET
from roomgate.connector.keeper import Keeper
from roomgate.connector.quarantine import CERTIFICATE, CREDENTIAL, Quarantine
from roomgate.connector.room import RoomCondition
from roomgate.connector.vault import Vault
from roomgate.ids import DeviceId, RoomName
from roomgate.redact import Secret
from roomgate.storage.database import Database
from roomgate.storage.record import Record
from roomgate.storage.record import metadata as record_tables
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import (
    AuthenticationFailed,
    CertificateChanged,
    DeviceUnreachable,
    PermissionDenied,
    RateLimited,
    TooManySubscriptions,
)
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue
from support.devices import MemoryDevice
from support.waiting import until

OSLO = DeviceId("device_oslo")
ENTRY = DeviceEntry(RoomName("oslo"), "192.0.2.10", 443, "ab" * 32, None, "roomgate-daily", "roomgate-privileged")
FINE, OFFLINE, QUARANTINED = RoomCondition.FINE, RoomCondition.OFFLINE, RoomCondition.QUARANTINED


def command(path, **arguments):
    return Catalogue.shipped().canonical(Verb.COMMAND, path, arguments)


VOLUME = command("Audio.Volume.Set", Level=40)
HANG_UP = command("Call.Disconnect", CallId=1)


class Site:
    """One keeper with everything around it."""

    def __init__(self, folder, db, record, quarantine):
        self.device = MemoryDevice()
        self.db, self.record, self.quarantine = db, record, quarantine
        self.vault = Vault.init(folder)
        self.vault.put("oslo", "roomgate-daily", Secret("d"))
        self.vault.put("oslo", "roomgate-privileged", Secret("p"))
        self.told = []
        self.changes = 0
        self.keeper = self.new()

    def new(self):
        def told(keeper, condition, reason, cut):
            self.told.append((condition, reason, cut))

        def changed(device):
            self.changes += 1

        return Keeper(
            OSLO,
            ENTRY,
            vault=self.vault,
            quarantine=self.quarantine,
            record=self.record,
            clock=SystemClock(),
            told=told,
            changed=changed,
            connect=self.device.connect,
        )

    @contextlib.asynccontextmanager
    async def kept(self):
        async with asyncio.TaskGroup() as group:
            pace = random.Random(1)
            task = group.create_task(supervise.keep("keeper", self.keeper.run, first_s=0.05, most_s=0.1, jitter=pace))
            await until(lambda: self.keeper.condition is not OFFLINE)
            yield self.keeper
            task.cancel()

    async def kinds(self):
        await self.db.write(lambda conn: None)  # whatever was to be written soon, is written now
        return [entry.event.kind for entry in await self.record.entries(0, 1000)]


@pytest_asyncio.fixture
async def site(tmp_path):
    db = Database.open(tmp_path / "connector.db", record_tables)
    await db.write(quarantines.metadata.create_all)
    record = Record(db, "connector.example.com/1", Ed25519PrivateKey.generate())
    try:
        yield Site(tmp_path / "data", db, record, await Quarantine.open(db, record, SystemClock()))
    finally:
        await db.aclose()


@pytest.mark.asyncio
async def test_a_room_that_is_kept_mirrors_its_device(site):
    async with site.kept() as keeper:
        assert keeper.condition is FINE
        assert site.told == [(FINE, "", False)]
        await until(lambda: keeper.state.get("Status", {}).get("Audio") == {"Volume": 50})

        site.device.change({"Status": {"Audio": {"Volume": 7}}})
        await until(lambda: keeper.state["Status"]["Audio"]["Volume"] == 7)
    assert site.device.open == []


@pytest.mark.asyncio
async def test_the_daily_account_does_the_daily_work(site):
    async with site.kept() as keeper:
        await keeper.call(VOLUME)

    assert site.device.calls == [("roomgate-daily", VOLUME)]


@pytest.mark.asyncio
async def test_the_privileged_account_comes_for_one_call_and_is_written_down_first(site):
    async with site.kept() as keeper:
        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(keeper.call(VOLUME, privileged=True))

        assert site.device.calls == [("roomgate-privileged", VOLUME)] * 3
        assert site.device.most_open["roomgate-privileged"] == 1
        assert [client.user for client in site.device.open] == ["roomgate-daily"]
    assert (await site.kinds()).count("privileged.used") == 3


@pytest.mark.asyncio
@pytest.mark.parametrize("privileged", [True, False])
async def test_our_own_accounts_are_not_touched_for_anybody(site, privileged):
    async with site.kept() as keeper:
        for name in ("roomgate-daily", "roomgate-privileged"):
            with pytest.raises(PermissionDenied, match="own account"):
                await keeper.call(command("UserManagement.User.Delete", Username=name), privileged=privileged)
        assert site.device.calls == []


@pytest.mark.asyncio
async def test_a_new_account_gets_a_passphrase_that_nobody_outside_knows(site):
    add = command("UserManagement.User.Add", Username="signage", Role="User", Passphrase="")
    async with site.kept() as keeper:
        await keeper.call(add, privileged=True)
    [(_, sent)] = [one for one in site.device.calls if one[1].path == add.path]
    assert sent.argument("Passphrase")


@pytest.mark.asyncio
async def test_the_entry_is_durable_before_the_privileged_account_goes_out(site):
    entries = []

    async def before(user):
        if user == "roomgate-privileged":
            entries.extend(entry.event.kind for entry in await site.record.entries())

    site.device.before = before
    async with site.kept() as keeper:
        await keeper.call(VOLUME, privileged=True)

    assert "privileged.used" in entries


@pytest.mark.asyncio
async def test_a_changed_password_is_seen_by_the_proof_and_tried_once_only(site):
    async with site.kept() as keeper:
        assert await keeper.prove()
        site.device.passwords["roomgate-daily"] = "changed by the owner"
        assert not await keeper.prove()

        assert keeper.condition is QUARANTINED
        assert site.told[-1] == (QUARANTINED, CREDENTIAL, True)
        for _ in range(3):
            assert not await keeper.prove()
            with pytest.raises(DeviceUnreachable):
                await keeper.call(VOLUME, privileged=True)
        keeper.part()
        await until(lambda: not site.device.open)
        await waits(keeper)

    assert site.device.failed == ["roomgate-daily"]
    assert (await site.kinds()).count("device.quarantined") == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("account", ["roomgate-daily", "roomgate-privileged"])
async def test_many_logins_at_one_moment_meet_one_refusal(site, account):
    async with site.kept() as keeper:
        site.device.passwords[account] = "changed"
        async with asyncio.TaskGroup() as group:
            tries = [group.create_task(keeper.prove()) for _ in range(5)]
            tries += [group.create_task(swallow(keeper.call(VOLUME, privileged=True))) for _ in range(5)]
        keeper.part()
        await until(lambda: not site.device.open)

    assert site.device.failed == [account]


async def waits(keeper):
    """A life of the connection is asked for, and does not even dial."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await keeper.run()


async def swallow(work):
    with contextlib.suppress(DeviceUnreachable, AuthenticationFailed):
        await work


@pytest.mark.asyncio
async def test_a_refusal_while_connecting_ends_all_tries(site):
    site.device.passwords["roomgate-daily"] = "changed"
    async with site.kept() as keeper:
        assert keeper.condition is QUARANTINED
        await waits(keeper)

    assert site.device.failed == ["roomgate-daily"]
    assert site.told == [(QUARANTINED, CREDENTIAL, True)]


@pytest.mark.asyncio
async def test_a_quarantine_outlives_the_program(site):
    site.device.passwords["roomgate-daily"] = "changed"
    async with site.kept():
        await site.kinds()

    site.quarantine = await Quarantine.open(site.db, site.record, SystemClock())
    site.keeper = site.new()
    async with site.kept() as keeper:
        assert keeper.condition is QUARANTINED
        assert "roomgate-daily" in keeper.words
        assert not await keeper.prove()

    assert len(site.device.logins) == 1


@pytest.mark.asyncio
async def test_only_the_site_lifts_it_and_then_one_login_is_tried(site):
    site.device.passwords["roomgate-daily"] = "new"
    async with site.kept() as keeper:
        site.vault.put("oslo", "roomgate-daily", Secret("new"))
        assert await keeper.confirm("local:0")
        await until(lambda: keeper.condition is FINE)
        assert not await keeper.confirm("local:0")

    assert [accepted for _, accepted in site.device.logins] == [False, True]
    assert "device.confirmed" in await site.kinds()
    assert (await Quarantine.open(site.db, site.record, SystemClock())).of(OSLO) is None


@pytest.mark.asyncio
async def test_another_certificate_is_not_spoken_to(site):
    async with site.kept() as keeper:
        site.device.certificate_changed()
        with pytest.raises(CertificateChanged):
            await keeper.call(VOLUME, privileged=True)

        assert site.told[-1] == (QUARANTINED, CERTIFICATE, True)
        assert not await keeper.prove()


@pytest.mark.asyncio
async def test_in_quarantine_the_old_connection_serves_only_to_end_things(site):
    async with site.kept() as keeper:
        site.device.passwords["roomgate-privileged"] = "changed"
        await keeper.prove()

        with pytest.raises(DeviceUnreachable):
            await keeper.call(VOLUME)
        with pytest.raises(DeviceUnreachable):
            await keeper.subscribe(Path.parse("Status/Call"), lambda *_: None)
        await keeper.call(HANG_UP)
        keeper.part()
        await until(lambda: not keeper.connected)
        with pytest.raises(DeviceUnreachable):
            await keeper.call(HANG_UP)

    assert site.device.calls == [("roomgate-daily", HANG_UP)]


@pytest.mark.asyncio
async def test_a_device_that_is_away_or_slows_us_down_is_no_refusal(site):
    async with site.kept() as keeper:
        for fault in (DeviceUnreachable("away"), RateLimited("slower"), TimeoutError("late")):
            site.device.fault = fault
            assert not await keeper.prove()
        site.device.fault = None
        assert keeper.condition is FINE
        assert await keeper.prove()


@pytest.mark.asyncio
async def test_it_comes_back_after_an_outage_which_is_one_line_down_and_one_up(site):
    async with site.kept() as keeper:
        site.device.unplug()
        await until(lambda: keeper.condition is OFFLINE)
        await until(lambda: site.device.dials >= 4)
        with pytest.raises(DeviceUnreachable):
            await keeper.call(VOLUME)
        site.device.fault = None
        await until(lambda: keeper.condition is FINE)

    kinds = await site.kinds()
    assert (kinds.count("device.gone"), kinds.count("device.connected")) == (1, 2)
    assert [condition for condition, _, _ in site.told] == [FINE, OFFLINE, FINE]


@pytest.mark.asyncio
async def test_a_missing_password_is_an_outage_with_words(site):
    site.vault.remove("oslo", "roomgate-daily")
    async with asyncio.TaskGroup() as group:
        task = group.create_task(supervise.keep("keeper", site.keeper.run, first_s=0.05, most_s=0.1))
        await until(lambda: "vault" in site.keeper.words)
        assert site.keeper.condition is OFFLINE
        task.cancel()
    assert site.device.logins == []


@pytest.mark.asyncio
async def test_a_site_without_a_privileged_account_proves_the_daily_one(site):
    site.vault.remove("oslo", "roomgate-privileged")
    async with site.kept() as keeper:
        assert await keeper.prove()
        with pytest.raises(DeviceUnreachable, match="no password of roomgate-privileged"):
            await keeper.call(VOLUME, privileged=True)


@pytest.mark.asyncio
async def test_many_listeners_share_one_subscription(site):
    heard = [[], [], []]
    async with site.kept() as keeper:
        (client,) = site.device.open
        before = len(client.subscriptions)
        forgets = [
            await keeper.subscribe(Path.parse("Status/Audio"), lambda kind, doc, to=one: to.append((kind, doc)))
            for one in heard
        ]
        assert len(client.subscriptions) == before + 1
        assert heard == [[("status", {"Status": {"Audio": {"Volume": 50}}})]] * 3

        site.device.change({"Status": {"Audio": {"Volume": 9}}})
        await until(lambda: all(len(one) == 2 for one in heard))
        forgets[0]()
        forgets[0]()
        assert len(client.subscriptions) == before + 1
        for forget in forgets[1:]:
            forget()
        await until(lambda: len(client.subscriptions) == before)


@pytest.mark.asyncio
async def test_a_narrow_listener_shares_the_wide_subscription_and_hears_its_own_part(site):
    heard = []
    async with site.kept() as keeper:
        (client,) = site.device.open
        before = len(client.subscriptions)
        await keeper.subscribe(Path.parse("Status/Call/Status"), lambda kind, doc: heard.append(doc))
        assert len(client.subscriptions) == before

        call = {"id": 3, "Status": "Ringing", "RemoteNumber": "x@example.com"}
        site.device.change({"Status": {"Call": [call]}})
        await until(lambda: {"Status": {"Call": [{"id": 3, "Status": "Ringing"}]}} in heard)
        assert "RemoteNumber" not in str(heard)


@pytest.mark.asyncio
async def test_after_an_outage_a_listener_hears_the_gap_and_the_present_even_where_it_is_nothing(site):
    heard = []
    async with site.kept() as keeper:
        site.device.change({"Status": {"Call": [{"id": 3, "Status": "Connected"}]}})
        await keeper.subscribe(Path.parse("Status/Call"), lambda kind, doc: heard.append((kind, doc)))
        await until(lambda: heard and "Call" in str(heard[-1]))
        site.device.document = {"Status": {"Audio": {"Volume": 50}}}
        site.device.drop()
        await until(lambda: heard[-1] == ("status", {}))

    assert ("gap", {}) in heard
    assert heard.index(("gap", {})) < len(heard) - 1


@pytest.mark.asyncio
async def test_a_refused_subscription_of_the_dashboard_is_noted_and_a_listeners_is_told(site):
    site.device.forbidden = {"Status/Call", "Status/Network"}
    async with site.kept() as keeper:
        assert keeper.condition is FINE
        with pytest.raises(PermissionDenied):
            await keeper.subscribe(Path.parse("Status/Network"), lambda *_: None)
        with pytest.raises(PermissionDenied):
            await keeper.subscribe(Path.parse("Status/Call"), lambda *_: None)


@pytest.mark.asyncio
async def test_the_devices_limit_is_kept(site):
    async with site.kept() as keeper:
        (client,) = site.device.open
        paths = [f"Configuration/Audio/Input/Microphone/{n}" for n in range(1, 60)]
        for path in paths[: BUDGET - len(client.subscriptions)]:
            await keeper.subscribe(Path.parse(path), lambda *_: None)
        with pytest.raises(TooManySubscriptions):
            await keeper.subscribe(Path.parse(paths[-1]), lambda *_: None)
        assert len(client.subscriptions) == BUDGET


@pytest.mark.asyncio
async def test_a_listeners_fault_deafens_nobody(site):
    heard = []

    def broken(kind, document):
        raise ValueError("not ours")

    async with site.kept() as keeper:
        await keeper.subscribe(Path.parse("Status/Standby"), broken)
        await keeper.subscribe(Path.parse("Status/Standby"), lambda kind, doc: heard.append(doc))
        site.device.change({"Status": {"Standby": {"State": "Standby"}}})
        await until(lambda: {"Status": {"Standby": {"State": "Standby"}}} in heard)
        assert keeper.condition is FINE


@pytest.mark.asyncio
async def test_the_last_listener_of_a_subscription_ends_it_at_the_device(site):
    path, heard = Path.parse("Event/Bookings"), []
    async with site.kept() as keeper:
        (client,) = site.device.open
        before = len(client.subscriptions)
        leave = [await keeper.subscribe(path, lambda kind, doc: heard.append(doc)) for _ in range(2)]
        assert len(client.subscriptions) == before + 1
        leave[0]()
        site.device.event({"Event": {"Bookings": {"SyncRequired": {}}}})
        assert heard == [{"Event": {"Bookings": {"SyncRequired": {}}}}]
        leave[1]()
        await until(lambda: len(client.subscriptions) == before)

        site.device.drop()
        await until(lambda: site.device.open and len(site.device.open[0].subscriptions) == before)
