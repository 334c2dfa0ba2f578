"""The device is read as it is; what it refuses is a fault, and a certificate that is not the pinned one gets nothing."""

import pytest
from hypothesis import given, settings

from roomgate.checks.declared import Check, Look, Tier, Weight
from roomgate.checks.inside import (
    CALLS,
    HISTORY,
    MACROS,
    PANELS,
    SESSIONS,
    SLOTS,
    USERS,
    NoDevice,
    lacks_device,
    numbers_of,
    reach_device,
    read_lists,
    read_value,
    rows_of,
    value_of,
)
from roomgate.checks.kit import Kit
from roomgate.checks.outcome import passed
from support.checks import ONE, target_of
from support.simulated import simulator
from support.site_looks import DEVICE, DeviceInMemory, look_at, odd_snapshots

EVERYTHING = (SESSIONS, USERS, MACROS, PANELS, SLOTS, CALLS, HISTORY)


def reading(run) -> Check:
    look = Look("reading", Tier.SITE, run)
    return Check("K99", "", Weight.INFO, "", (), (), (), "", "", "", look, lambda snapshot, target: passed(""))


async def read_all(kit: Kit, reach=reach_device) -> None:
    async with reach(kit) as room:
        await read_lists(kit, room, "now", EVERYTHING)
        await read_value(kit, room, "now", "Status/Audio/Microphones/Mute")


def room_text(room, pin: str) -> str:
    return (
        f'{ONE}\n[device]\nurl = "https://localhost:{room.port}"\nuser = "admin"\n'
        f'password = "{room.admin_password}"\ncertificate_sha256 = "{pin}"\n'
    )


@pytest.mark.asyncio
async def test_a_device_is_read(tmp_path):
    from roomgate import xapi

    async with simulator(tmp_path) as (room,):
        url = f"wss://127.0.0.1:{room.port}/ws"
        async with xapi.connect(url, user="admin", password=room.admin_password, pin=room.pin) as client:
            await client.set("Configuration/Macros/Mode", "On")
            await client.command("Macros.Macro.Save", arguments={"Name": "vendor"}, body="import xapi from 'xapi'")
            slot = {
                "ServerUrl": "https://u:p@vendor.example/x?key=1",
                "Expression": ["/Status/Call"],
                "FeedbackSlot": 2,
            }
            await client.command("HttpFeedback.Register", arguments=slot)
            await client.command("Dial", arguments={"Number": "echo@example.com"})
        snapshot, _ = await look_at(reading(read_all), room_text(room, room.pin), found={"localhost": "127.0.0.1"})
        assert not snapshot.why
        names = {name: [row["name"] for row in rows_of(snapshot, "now", name)] for name in (USERS, MACROS, SLOTS)}
        assert "admin" in names[USERS]
        assert names[MACROS] == ["vendor"]
        assert names[SLOTS] == ["https://vendor.example/x"]
        assert {row["user"] for row in rows_of(snapshot, "now", SESSIONS)} == {"admin"}
        assert [row["number"] for row in rows_of(snapshot, "now", CALLS)] == ["echo@example.com"]
        assert rows_of(snapshot, "now", PANELS) == []
        assert rows_of(snapshot, "now", HISTORY) == []
        roles = {row["name"]: row["roles"] for row in rows_of(snapshot, "now", USERS)}
        assert roles["roomgate-daily"] == ["User", "Integrator"]
        assert value_of(snapshot, "now", "Status/Audio/Microphones/Mute") == "Off"
        assert numbers_of(snapshot, "now", SESSIONS) == (0,)


@pytest.mark.asyncio
async def test_a_certificate_that_is_not_the_pinned_one_gets_no_password(tmp_path):
    async with simulator(tmp_path) as (room,):
        text = room_text(room, "ab" * 32)
        snapshot, _ = await look_at(reading(read_all), text, found={"localhost": "127.0.0.1"})
        assert "certificate" in snapshot.why.lower()
        assert not snapshot.steps
        assert '"admin"' not in room.journal.read_text()
        await look_at(reading(read_all), room_text(room, room.pin), found={"localhost": "127.0.0.1"})
        assert '"admin"' in room.journal.read_text()


@pytest.mark.asyncio
async def test_what_the_device_refuses_is_no_empty_list():
    device = DeviceInMemory(refuses={"Macros.Macro.Get", "Status/Call"})
    snapshot, _ = await look_at(reading(read_all), ONE + DEVICE, reach=device.reach)
    assert rows_of(snapshot, "now", MACROS) is None
    assert rows_of(snapshot, "now", CALLS) is None
    assert rows_of(snapshot, "now", PANELS) == []
    assert value_of(snapshot, "now", "Status/Audio/Microphones/Mute") is None


@pytest.mark.asyncio
async def test_a_device_without_a_session_or_a_user_is_not_believed():
    device = DeviceInMemory(sessions=[], users=[])
    snapshot, _ = await look_at(reading(read_all), ONE + DEVICE, reach=device.reach)
    assert rows_of(snapshot, "now", SESSIONS) is None
    assert rows_of(snapshot, "now", USERS) is None


@pytest.mark.parametrize(
    ("gone", "word"),
    [("url = ", "url"), ("user = ", "user"), ("password = ", "password"), ("certificate_sha256 = ", "certificate")],
)
def test_the_file_may_lack_something(gone, word):
    text = "\n".join(line for line in DEVICE.splitlines() if not line.startswith(gone))
    assert word in lacks_device(target_of(ONE + text))
    assert not lacks_device(target_of(ONE + DEVICE))


@pytest.mark.asyncio
async def test_nothing_is_reached_that_the_file_does_not_name():
    snapshot, _ = await look_at(reading(read_all), ONE)
    assert snapshot.why
    assert NoDevice.code == "check.no-device"


@settings(max_examples=40)
@given(odd_snapshots(["now"]))
def test_rows_are_tables_or_not_known(snapshot):
    for name in EVERYTHING:
        rows = rows_of(snapshot, "now", name)
        assert rows is None or all(isinstance(row, dict) for row in rows)
        value_of(snapshot, "now", "")
