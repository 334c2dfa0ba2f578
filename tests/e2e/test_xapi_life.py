"""The client on a room with which everything goes wrong that has a name, by every way and on every generation."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from roomgate import xapi
from roomgate.sim.app import RoomReady
from roomgate.sim.faults import Kind
from roomgate.sim.journal import read_journal
from support.simulated import simulator, touch
from support.waiting import until

VOLUME = "Status/Audio/Volume"


async def break_down(room: RoomReady, kind: Kind, **how: object) -> None:
    await touch(room, "/fault", {"kind": kind.value, **how})


def account(room: RoomReady) -> dict[str, str]:
    return {"user": room.user, "password": room.password}


@asynccontextmanager
async def client(room: RoomReady, way: str = "wss", **options):
    match way:
        case "wss":
            opened = xapi.connect(f"wss://{room.host}:{room.port}/ws", **account(room), pin=room.pin, **options)
        case "https":
            opened = xapi.connect(f"https://{room.host}:{room.port}", **account(room), pin=room.pin, **options)
        case _:
            opened = xapi.connect(
                f"ssh://{room.host}:{room.ssh_port}", **account(room), pin=room.ssh_host_key, **options
            )
    async with opened as made:
        yield made


@asynccontextmanager
async def lasting(room: RoomReady, **options):
    url = f"wss://{room.host}:{room.port}/ws"
    pauses = {"first_pause_s": 0.05, "longest_pause_s": 0.2}  # it is back at once, and looked for at once
    async with xapi.reconnecting(url, **account(room), pin=room.pin, **pauses, **options) as made:
        yield made


async def asked_until_refused(device) -> None:
    """Ask again and again; only an error ends it."""
    while True:
        await device.get(VOLUME)


def commands(room: RoomReady, name: str) -> int:
    return sum(line["what"] == "command" and line["name"] == name for line in read_journal(room.journal))


@pytest.mark.e2e
@pytest.mark.parametrize("way", ["wss", "https", "ssh"])
@pytest.mark.parametrize("release", ["9.15", "11", "26"])
@pytest.mark.asyncio
async def test_the_same_answers_by_every_way_and_from_every_generation(tmp_path: Path, release: str, way: str) -> None:
    async with simulator(tmp_path, profile=release) as (room,), client(room, way) as device:
        assert await device.get(VOLUME) == 50
        assert (await device.get("Status/Audio"))["Volume"] == 50
        assert await device.get("Status/Network/1/ActiveInterface") == "LAN"
        assert await device.get("Status/Call") is None
        await device.command("Audio.Volume.Set", Level=31)
        assert await device.get(VOLUME, type=int) == 31
        await device.set_many({"Configuration/Audio/DefaultVolume": 44})
        assert await device.config.Audio.DefaultVolume(int) == 44
        call = await device.command("Dial", Number="meet@example.com")
        assert int(call["CallId"]) > 0
        (member,) = await device.get("Status/Call")
        assert (member["id"], member["RemoteNumber"]) == (int(call["CallId"]), "meet@example.com")
        with pytest.raises(xapi.CommandFailed):
            await device.command("Call.Accept", CallId=99)
        with pytest.raises(xapi.PermissionDenied):
            await device.command("UserManagement.User.List")
        with pytest.raises((xapi.UnknownPath, xapi.CommandFailed)):
            await device.command("Dail", unvalidated=True)


@pytest.mark.e2e
@pytest.mark.parametrize("way", ["wss", "ssh"])
@pytest.mark.asyncio
async def test_the_same_feedback_by_both_ways(tmp_path: Path, way: str) -> None:
    async with (
        simulator(tmp_path) as (room,),
        client(room, way) as device,
        await device.subscribe(VOLUME) as volume,
        await device.subscribe("Status/Call") as calls,
    ):
        await device.command("Audio.Volume.Set", Level=32)
        assert (await anext(volume)).document == {"Status": {"Audio": {"Volume": 32}}}
        call = int((await device.command("Dial", Number="meet@example.com"))["CallId"])
        await device.command("Call.Disconnect", CallId=call)
        async for seen in calls:
            (member,) = seen.document["Status"]["Call"]
            assert member["id"] == call
            if member.get("ghost") == "True":
                break


@pytest.mark.e2e
@pytest.mark.parametrize("fault", [Kind.DROP, Kind.REBOOT])
@pytest.mark.asyncio
async def test_it_comes_back_tells_of_the_gap_and_nothing_is_done_twice(tmp_path: Path, fault: Kind) -> None:
    async with simulator(tmp_path) as (room,), lasting(room) as device, await device.subscribe(VOLUME) as volume:
        await device.command("Audio.Volume.Set", Level=33)
        assert (await anext(volume)).document == {"Status": {"Audio": {"Volume": 33}}}
        await break_down(room, fault, seconds=0.3)
        gap = await anext(volume)
        assert (gap.gap, gap.document) == (True, {"Status": {"Audio": {"Volume": 33}}})
        await device.command("Audio.Volume.Set", Level=34)
        assert (await anext(volume)).document == {"Status": {"Audio": {"Volume": 34}}}
        assert commands(room, "Audio/Volume/Set") == 2


@pytest.mark.e2e
@pytest.mark.asyncio
async def test_a_reboot_in_mid_command_is_unknown_and_the_command_was_done_once(tmp_path: Path) -> None:
    async with simulator(tmp_path) as (room,), lasting(room) as device:
        await device.wait_connected()
        await break_down(room, Kind.SILENT)
        async with asyncio.TaskGroup() as group:
            group.create_task(expect_unknown(device.command("Audio.Volume.Set", Level=35)))
            await until(lambda: commands(room, "Audio/Volume/Set") == 1)
            await break_down(room, Kind.REBOOT, seconds=0.2)
        await break_down(room, Kind.CLEAR)
        assert await device.get(VOLUME) == 35
        assert commands(room, "Audio/Volume/Set") == 1


async def expect_unknown(asking) -> None:
    with pytest.raises(xapi.OutcomeUnknown):
        await asking


@pytest.mark.e2e
@pytest.mark.asyncio
async def test_a_reply_that_never_comes_is_no_answer_and_the_line_goes_on(tmp_path: Path) -> None:
    async with simulator(tmp_path) as (room,), client(room, timeout_s=0.2) as device:
        await break_down(room, Kind.SILENT)
        with pytest.raises(xapi.NoAnswer):
            await device.get(VOLUME)
        await break_down(room, Kind.CLEAR)
        assert await device.get(VOLUME) == 50


@pytest.mark.e2e
@pytest.mark.parametrize(
    "fault", [Kind.HALF_FRAME, Kind.ANSWER_TWICE, Kind.GARBAGE, Kind.HUGE_DOCUMENT, Kind.DEEP_DOCUMENT]
)
@pytest.mark.asyncio
async def test_a_device_that_talks_nonsense_is_hung_up_on_and_sought_anew(tmp_path: Path, fault: Kind) -> None:
    async with simulator(tmp_path) as (room,), lasting(room, timeout_s=20.0) as device:
        assert await device.get(VOLUME) == 50
        async with client(room) as other:
            await break_down(room, fault)
            with pytest.raises(xapi.XapiError):
                await asked_until_refused(other)
            assert isinstance(await other.wait_closed(), xapi.XapiError)
        await break_down(room, Kind.CLEAR)
        assert await device.get(VOLUME) == 50


@pytest.mark.e2e
@pytest.mark.parametrize("fault", [Kind.WRONG_CERTIFICATE, Kind.CHANGED_CERTIFICATE])
@pytest.mark.asyncio
async def test_another_certificate_ends_it_for_good_and_the_account_is_not_shown(tmp_path: Path, fault: Kind) -> None:
    async with simulator(tmp_path) as (room,), lasting(room) as device:
        await device.wait_connected()
        logins = sum(line["what"].startswith("login") for line in read_journal(room.journal))
        await break_down(room, fault)
        with pytest.raises(xapi.CertificateChanged):
            await asked_until_refused(device)
        assert sum(line["what"].startswith("login") for line in read_journal(room.journal)) == logins


@pytest.mark.e2e
@pytest.mark.asyncio
async def test_a_changed_password_is_one_attempt(tmp_path: Path) -> None:
    async with simulator(tmp_path) as (room,), lasting(room) as device:
        await device.wait_connected()
        url = f"wss://{room.host}:{room.port}/ws"
        async with xapi.connect(url, user=room.admin_user, password=room.admin_password, pin=room.pin) as owner:
            new = {"Username": room.user, "NewPassphrase": "another horse", "YourPassphrase": room.admin_password}
            await owner.command("UserManagement.User.Passphrase.Set", arguments=new)
        await break_down(room, Kind.DROP)
        with pytest.raises(xapi.AuthenticationFailed):
            await asked_until_refused(device)
        failed = [line for line in read_journal(room.journal) if line["what"] == "login.failed"]
        assert len(failed) == 1
