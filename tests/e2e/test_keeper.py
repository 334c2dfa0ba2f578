"""The fleet against the real simulator, over real TLS: what the device itself saw is what counts."""

import asyncio
import contextlib
import random

import pytest

from roomgate import xapi
from roomgate.access.offered import offered
from roomgate.clock import SystemClock
from roomgate.connector import unproven
from roomgate.connector.fence import Fence, TakenBack
from roomgate.connector.proof import Prover
from roomgate.connector.room import RoomCondition
from roomgate.connector.unproven import Unproven
from roomgate.redact import Secret
from roomgate.sim.journal import read_journal
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import AuthenticationFailed, DeviceGone, DeviceUnreachable
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue
from support.kept import kept, listed
from support.simulated import simulator
from support.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio]


def command(path, **arguments):
    return Catalogue.shipped().canonical(Verb.COMMAND, path, arguments)


def seen(room, what):
    return [line for line in read_journal(room.journal) if line["what"] == what]


async def change_password(room, user, password):
    """The owner does it, at the device, with the owner's own account."""
    async with xapi.connect(
        f"wss://{room.host}:{room.port}/ws", user=room.admin_user, password=room.admin_password, pin=room.pin
    ) as owner:
        await owner.command(
            "UserManagement.User.Passphrase.Set",
            Username=user,
            NewPassphrase=password,
            YourPassphrase=room.admin_password,
        )


async def test_a_room_is_mirrored_and_its_changes_go_up_without_who_is_called(tmp_path):
    async with simulator(tmp_path / "sim", "oslo") as (room,), kept(tmp_path, [room]) as site:
        keeper = site.keeper("oslo")
        await keeper.call(command("Audio.Volume.Set", Level=33))
        await until(lambda: keeper.state["Status"]["Audio"]["Volume"] == 33)
        await keeper.call(command("Dial", Number="secret@example.com"))
        await until(lambda: keeper.state["Status"].get("Call", [{}])[0].get("Status") == "Connected")
        await until(lambda: "Connected" in str(site.sent))

    assert "secret@example.com" not in str(site.sent)
    assert any(message.document.get("Status", {}).get("Audio", {}).get("Volume") == 33 for message in site.sent)


async def test_the_privileged_account_comes_and_goes(tmp_path):
    async with simulator(tmp_path / "sim", "oslo") as (room,), kept(tmp_path, [room]) as site:
        users = await site.keeper("oslo").call(command("UserManagement.User.List"), privileged=True)
        assert "User" in users
        await until(lambda: len(seen(room, "socket.closed")) == 1)

        opened = [line["account"] for line in seen(room, "socket.open")]
        assert opened == [room.user, room.privileged_user]
        assert (await site.kinds()).count("privileged.used") == 1


@pytest.mark.parametrize("which", ["daily", "privileged"])
async def test_a_password_changed_at_the_device_shuts_the_room_after_one_failed_login(tmp_path, which):
    async with simulator(tmp_path / "sim", "oslo") as (room,), kept(tmp_path, [room]) as site:
        user = room.user if which == "daily" else room.privileged_user
        keeper = site.keeper("oslo")
        clock = SystemClock()
        prover = Prover(
            site.fleet.keepers,
            lambda: {keeper.device for keeper in site.fleet.keepers()},
            clock,
            live_s=1.0,
            idle_s=600.0,
            dice=random.Random(1),
        )
        async with asyncio.TaskGroup() as group:
            proving = group.create_task(prover.run())
            await until(lambda: len(seen(room, "socket.open")) >= 3)
            await change_password(room, user, "changed by the owner")
            began = clock.monotonic()
            await until(lambda: ("oslo", "quarantined", "device.credential-changed", True) in site.told, within_s=6)
            assert clock.monotonic() - began < 4.0
            await until(lambda: not keeper.connected)
            for _ in range(3):
                with pytest.raises(DeviceUnreachable):
                    await keeper.call(command("UserManagement.User.List"), privileged=True)
                assert not await keeper.prove()
            proving.cancel()

        assert len(seen(room, "login.failed")) == 1

        site.vault.put("oslo", user, Secret("changed by the owner"))
        assert await keeper.confirm("local:0")
        await until(lambda: keeper.condition is RoomCondition.FINE)
        assert await keeper.prove()
        assert len(seen(room, "login.failed")) == 1


async def test_a_refusal_outlives_the_program(tmp_path):
    async with simulator(tmp_path / "sim", "oslo") as (room,):
        (tmp_path / "site").mkdir()
        async with kept(tmp_path / "site", [room]) as site:
            await change_password(room, room.user, "changed by the owner")
            assert not await site.keeper("oslo").prove()
            await site.kinds()
            (tmp_path / "site/data").rename(tmp_path / "site/before")
        async with kept(tmp_path / "site", [room]) as site:
            assert site.keeper("oslo").condition is RoomCondition.QUARANTINED
            with pytest.raises(DeviceUnreachable):
                await site.keeper("oslo").call(command("Standby.Activate"))

        assert len(seen(room, "login.failed")) == 1


async def test_a_device_with_another_certificate_is_not_told_the_password(tmp_path):
    async with simulator(tmp_path / "sim", "oslo", "bergen") as (oslo, bergen):
        site_file = listed([oslo]).replace(f"port = {oslo.port}", f"port = {bergen.port}")
        async with kept(tmp_path, [oslo]) as site:
            site.file.write_text(site_file)
            await until(lambda: ("oslo", "quarantined", "device.certificate-changed", True) in site.told)

        assert seen(bergen, "login.failed") == []
        assert seen(bergen, "socket.open") == []


async def test_a_room_that_the_site_takes_out_is_cut_and_one_that_it_adds_is_kept(tmp_path):
    async with simulator(tmp_path / "sim", "oslo", "bergen") as (oslo, bergen), kept(tmp_path, [oslo, bergen]) as site:
        bergen_keeper = site.keeper("bergen")
        site.file.write_text(listed([oslo]))
        await until(lambda: ("bergen", "offline", "room.removed", True) in site.told)
        await until(lambda: not bergen_keeper.connected)
        assert [room.name for room in site.fleet.rooms()] == ["oslo"]
        with pytest.raises(DeviceUnreachable):
            await bergen_keeper.call(command("Standby.Activate"))

        site.file.write_text("not = [toml")
        site.file.write_text(listed([oslo, bergen]))
        await until(lambda: ("bergen", "fine", "", False) in site.told[-1:])


async def test_it_comes_back_after_a_reboot_and_a_listener_hears_the_gap(tmp_path):
    heard = []
    async with simulator(tmp_path / "sim", "oslo") as (room,), kept(tmp_path, [room]) as site:
        keeper = site.keeper("oslo")
        await keeper.subscribe(Path.parse("Status/Standby"), lambda kind, document: heard.append(kind))
        with contextlib.suppress(DeviceGone):  # it may go before it answers
            await keeper.call(command("SystemUnit.Boot"))
        await until(lambda: keeper.condition is RoomCondition.OFFLINE)
        await until(lambda: keeper.condition is RoomCondition.FINE, within_s=20)
        await until(lambda: heard[-1] == "status")

    assert "gap" in heard
    assert seen(room, "login.failed") == []


async def test_the_owners_password_is_not_ours(tmp_path):
    """The double check of the test's own tool: a wrong password is refused once, and never retried."""
    async with simulator(tmp_path / "sim", "oslo") as (room,):
        with pytest.raises(AuthenticationFailed):
            async with xapi.connect(f"wss://{room.host}:{room.port}/ws", user=room.user, password="no", pin=room.pin):
                pass
        assert len(seen(room, "login.failed")) == 1


async def test_the_fence_takes_back_what_shuts_us_out_and_leaves_what_does_not(tmp_path):
    """The device's own owner shuts everybody else's addresses out: whoever is in stays in, nobody comes in afresh."""
    path = "Configuration/Network/1/RemoteAccess/Allow"
    async with simulator(tmp_path / "sim", "oslo") as (room,), kept(tmp_path, [room]) as site:
        keeper = site.keeper("oslo")
        await site.db.write(unproven.metadata.create_all)
        book = await Unproven.open(site.db)
        fence = Fence(site.record, SystemClock(), offered(), book, within_s=0.5, settle_s=0.0, again_s=0.05)

        async def change(value):
            call = offered().canonical(Verb.SET, path, {"Value": value})
            await fence.set("order_1", keeper, call, privileged=True)
            return await keeper.call(offered().canonical(Verb.GET, path))

        assert await change("127.0.0.0/8") == "127.0.0.0/8"
        with pytest.raises(TakenBack, match="set back to “127"):
            await change("192.0.2.9")
        assert await keeper.prove()
        assert await keeper.call(offered().canonical(Verb.GET, path)) == "127.0.0.0/8"
        assert (await site.kinds()).count("setting.reverted") == 1
        sets = [line["value"] for line in seen(room, "config.set")]
        assert sets == ["127.0.0.0/8", "192.0.2.9", "127.0.0.0/8"]


async def test_a_change_that_a_killed_connector_left_unproven_is_taken_back_by_the_next(tmp_path):
    """So few sessions that with the owner at the device none is left for a fresh login: who is in stays in."""
    path = "Configuration/Security/Session/MaxTotalSessions"
    call = offered().canonical(Verb.SET, path, {"Value": 3})

    class Killed(BaseException):
        """Nothing more is done."""

    async with simulator(tmp_path / "sim", "oslo") as (room,), kept(tmp_path, [room]) as site:
        keeper = site.keeper("oslo")
        await site.db.write(unproven.metadata.create_all)

        async def fence():
            book = await Unproven.open(site.db)
            return Fence(site.record, SystemClock(), offered(), book, within_s=0.3, settle_s=0.0, again_s=0.05)

        async with xapi.connect(
            f"wss://{room.host}:{room.port}/ws", user=room.admin_user, password=room.admin_password, pin=room.pin
        ):
            first, proves = await fence(), keeper.prove

            async def killed():
                raise Killed

            keeper.prove = killed
            with pytest.raises(BaseExceptionGroup, match="unhandled"):
                await first.set("order_1", keeper, call, privileged=True)
            keeper.prove = proves
            told = []
            second = await fence()
            running = asyncio.create_task(second.run(site.fleet, lambda room, outcome: told.append(outcome)))
            await until(lambda: told)
            running.cancel()
        assert (told[0].order, told[0].rule) == ("order_1", "fence.reverted")
        assert [line["value"] for line in seen(room, "config.set")] == [3, 30]
        assert await keeper.prove()
        assert ((await site.kinds()).count("setting.reverted"), second.unproven.all()) == (1, [])
