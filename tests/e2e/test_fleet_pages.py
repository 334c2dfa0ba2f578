"""A plan from the console to two devices and back: files chosen, the difference looked at, applied, and what drifted."""

import json
import struct
import zlib
from pathlib import Path

from playwright.async_api import Browser, expect

from roomgate import xapi
from roomgate.cli.demo.inside import Inside
from roomgate.hub.http.door import COOKIE
from support.browser import tab
from support.policies import policy
from support.world import RunningWorld, in_world

pytestmark = in_world("world-3")  # the console's own

MANAGED = """\
name = "managed"
cedar = "managed"
open = ["UserManagement"]
"""
HELD = ("observe", "configure", "av-control", "ui", "users", "security")
DOCUMENT = """\
name = "Autumn"
[everything.settings]
"Audio/DefaultVolume" = 33
[everything.branding]
Background = {{ file = "pictures/wall.png" }}
[everything.users]
signage = {{ roles = ["User"] }}
admin = {{ active = true }}
others = "remove"
[only]
rooms = {names}
"""


def wall() -> bytes:
    """A picture of one grey dot."""

    def piece(kind: bytes, held: bytes) -> bytes:
        return struct.pack(">I", len(held)) + kind + held + struct.pack(">I", zlib.crc32(kind + held))

    head = piece(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + piece(b"IDAT", zlib.compress(b"\0\x80")) + piece(b"IEND", b"")


def on_device(room: Inside) -> "xapi.Client":
    return xapi.connect(
        f"wss://{room.host}:{room.port}/ws", user=room.admin_user, password=room.admin_password, pin=room.pin
    )


async def accounts(device: xapi.Client) -> dict[str, dict[str, object]]:
    return {one["Username"]: one for one in (await device.command("UserManagement.User.List"))["User"]}


async def test_files_are_chosen_two_rooms_become_so_and_the_page_tells_what_drifted(
    browser: Browser, world: RunningWorld, tmp_path: Path
) -> None:
    (tmp_path / "wall.png").write_bytes(wall())
    async with policy(world, MANAGED), world.room() as first, world.room() as second:
        names = sorted((first.name, second.name))
        who = await world.guest(names[0], HELD)
        await world.grant(who.id, names[1], HELD)
        async with world.visitor(who) as visitor:
            cookie = visitor.http.cookies[COOKIE]
        async with on_device(first) as device, on_device(second) as other:
            before = await accounts(device)
            await device.command(
                "UserManagement.User.Add", Username="leftover", Passphrase="left-over-1", Role=["User"]
            )
            async with tab(browser, world.hub, width=360) as one:
                await one.carry(cookie)
                await one.page.goto("/fleet")
                await one.page.get_by_label("Document").fill(DOCUMENT.format(names=json.dumps(names)))
                await one.page.get_by_label("Files").set_input_files(tmp_path / "wall.png")
                assert (await one.fits(), await one.axe()) == (True, [])
                await one.page.get_by_role("button", name="Read and compare").click()
                stand = one.page.locator("#stand")
                await expect(stand).to_contain_text("2 waiting")  # said by the page's stream
                assert (await one.fits(), await one.axe()) == (True, [])
                here = one.page.url
                await one.page.get_by_role("link", name=first.name).click()
                for what, now, then in (
                    ("Audio/DefaultVolume", "50", "33"), ("Background", "another, or none", "KiB"),
                    ("signage", "not there", "User"), ("leftover", "User", "removed"),
                ):  # fmt: skip
                    row = one.page.get_by_role("row", name=what)
                    for text in (now, then, "allowed"):
                        await expect(row).to_contain_text(text)
                assert (await one.fits(), await one.axe()) == (True, [])
                await one.page.goto(here)
                await one.page.get_by_role("button", name="Apply Autumn").click()
                await expect(stand).to_contain_text("2 of 2 rooms are at their end.")
                await expect(stand).to_contain_text("2 done")
                assert (await one.violations(), one.faults) == ([], [])

            after = await accounts(device)
            assert after.keys() == before.keys() | {"signage"}  # the site's own are there, the leftover is not
            assert (after["signage"]["PassphraseChangeRequired"], after["signage"]["ShellLogin"]) == ("True", "False")
            name = await device.get("Status/UserInterface/Branding/CustomId/Background")
            assert name == await other.get("Status/UserInterface/Branding/CustomId/Background")
            assert str(name).startswith("sha256:")

            await device.set("Configuration/Audio/DefaultVolume", 60)
            await other.command("UserInterface.Branding.Clear")
            for scheme, width, script in (("dark", 1440, True), ("light", 360, False)):
                async with tab(browser, world.hub, scheme=scheme, width=width, script=script) as one:  # type: ignore[arg-type]  # one of the two
                    await one.carry(cookie)
                    await one.page.goto(here)
                    await one.page.get_by_role("button", name="What has drifted").click()
                    drift = one.page.locator("#drift")
                    await expect(drift).to_contain_text("2 things are not as they should be")
                    await expect(drift).to_contain_text("Audio/DefaultVolume")
                    await expect(drift).to_contain_text("at the device, or by another tool")
                    assert await one.fits()
                    if script:
                        assert (await one.axe(), await one.violations(), one.faults) == ([], [], [])
            for client in (device, other):
                await client.set("Configuration/Audio/DefaultVolume", 50)
                await client.command("UserInterface.Branding.Clear")
                await client.command("UserManagement.User.Delete", Username="signage")
