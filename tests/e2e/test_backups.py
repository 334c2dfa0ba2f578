"""A backup from the console to the device and back: made, compared, restored to its room and to another, and unread on
the site's disk."""

import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import pytest_asyncio
from playwright.async_api import Browser, expect

from roomgate import xapi
from roomgate.cli.demo.inside import Inside
from roomgate.hub.http.door import COOKIE
from support.browser import Tab, tab
from support.policies import policy
from support.world import RunningWorld, Somebody, in_world

pytestmark = in_world("world-3")  # the console's own

MANAGED = """\
name = "managed"
cedar = "managed"
open = ["Macros Macro Save", "Macros Macro Activate"]
"""
HELD = ("observe", "system", "av-control", "ui", "macros", "configure")
PANEL = "<Extensions><Version>1.11</Version><Panel><Name>Lights</Name><Icon>Lightbulb</Icon></Panel></Extensions>"
CODE = "// canary-of-a-macro\nconsole.log('lights');\n"


def on_device(room: Inside) -> AbstractAsyncContextManager[xapi.Client]:
    """Straight to the device, as its administrator."""
    return xapi.connect(
        f"wss://{room.host}:{room.port}/ws", user=room.admin_user, password=room.admin_password, pin=room.pin
    )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def managed(world: RunningWorld) -> AsyncIterator[RunningWorld]:
    async with policy(world, MANAGED):
        yield world


@asynccontextmanager
async def looked_after(world: RunningWorld) -> AsyncIterator[tuple[Inside, Inside, Somebody]]:
    """Two rooms, and somebody who looks after both."""
    async with AsyncExitStack() as stack:
        oslo, rome = [await stack.enter_async_context(world.room()) for _ in range(2)]
        who = await world.guest(oslo.name, HELD)
        await world.grant(who.id, rome.name, HELD)
        yield oslo, rome, who


async def carry(one: Tab, world: RunningWorld, who: Somebody) -> None:
    async with world.visitor(who) as visitor:
        await one.carry(visitor.http.cookies[COOKIE])


async def test_a_room_goes_back_to_what_it_was_and_another_becomes_like_it(
    browser: Browser, managed: RunningWorld
) -> None:
    world = managed
    async with looked_after(world) as (oslo, rome, who), on_device(oslo) as device, on_device(rome) as other:
        await device.set("Configuration/Audio/DefaultVolume", 37)
        await device.command("UserInterface.Extensions.Panel.Save", PanelId="lights", body=PANEL)
        await device.command("Macros.Macro.Save", Name="lights", body=CODE)
        await device.command("Macros.Macro.Activate", Name="lights")
        async with tab(browser, world.hub) as one:
            await carry(one, world, who)
            await one.page.goto(f"/rooms/{oslo.name}")
            await one.page.get_by_role("link", name="Backups").click()
            await expect(one.page.get_by_text("No backup yet")).to_be_visible()
            await one.page.get_by_label("Name (may be left out)").fill("as it should be")
            await one.page.get_by_role("button", name="Make a backup").click()
            await expect(one.page.get_by_role("status")).to_contain_text("The backup is kept at the site.")
            row = one.page.get_by_role("row", name="as it should be")
            await expect(row).to_contain_text("panels: 1, macros: 1, pictures: 0")
            assert await one.axe() == []

            await device.set("Configuration/Audio/DefaultVolume", 80)
            await device.command("UserInterface.Extensions.Panel.Remove", PanelId="lights")
            await device.command("Macros.Macro.Save", Name="lights", body="broken(")
            await row.get_by_role("link", name="Compare").click()
            difference = one.page.locator("#difference")
            await expect(difference).to_contain_text("3 to change, 0 left out")
            await expect(difference.get_by_role("row", name="Audio/DefaultVolume")).to_contain_text("80")
            assert await one.axe() == []
            await one.page.get_by_label("Reason (kept in the ledger)").fill("somebody tried things")
            kept = one.page.url
            await one.page.get_by_role("button", name="Plan 3 changes").click()
            await expect(one.page.get_by_role("status")).to_contain_text("Look at the plan, then apply it.")
            await one.page.get_by_role("button", name="Apply").click()
            await expect(one.page.locator("#stand")).to_contain_text("1 done")
            await one.page.goto(kept)
            await expect(difference).to_contain_text("Nothing to change")
            assert await device.get("Configuration/Audio/DefaultVolume") == 37
            [macro] = (await device.command("Macros.Macro.Get", Content="True"))["Macro"]
            assert (macro["Content"], macro["Active"]) == (CODE, "True")
            [panel] = (await device.command("UserInterface.Extensions.List"))["Extensions"]["Panel"]
            assert (panel["PanelId"], panel["Icon"]) == ("lights", "Lightbulb")

            await one.page.get_by_label("Room", exact=True).fill(rome.name)
            await one.page.get_by_role("button", name="Compare").click()
            await expect(difference).to_contain_text("Left out: it makes a device itself")  # its name
            # These three, and whatever else somebody has changed in either room.
            await one.page.get_by_role("button", name=re.compile(r"Plan \d+ changes")).click()
            await one.page.get_by_role("button", name="Apply").click()
            await expect(one.page.locator("#stand")).to_contain_text("1 done")
            assert await other.get("Configuration/Audio/DefaultVolume") == 37
            assert await other.get("Configuration/SystemUnit/Name") == rome.name
            assert await one.violations() == []
            assert one.faults == []
        for room, client in ((oslo, device), (rome, other)):
            await client.set("Configuration/Audio/DefaultVolume", 50)
            await client.command("UserInterface.Extensions.Clear")
            await client.command("Macros.Macro.RemoveAll")
            code, out, _ = await world.cli(
                "connector", "backups", "list", room.name, "--config", str(world.folder / "connector.toml"), "--json"
            )
            assert (code, "backup_" in out) == (0, True)
    sealed = [file.read_bytes() for file in (world.data("connector") / "backups").rglob("*.backup")]
    assert sealed
    assert not [raw for raw in sealed if b"canary" in raw or b"DefaultVolume" in raw or oslo.name.encode() in raw]


async def test_its_pages_fit_light_and_dark_and_small(browser: Browser, managed: RunningWorld) -> None:
    world = managed
    async with looked_after(world) as (oslo, _, who), on_device(oslo) as device, world.caller(who.token) as caller:
        await device.command("Macros.Macro.Save", Name="a-macro-with-a-rather-long-name", body=CODE * 20)
        made = await caller.call("POST", f"/api/v1/rooms/{oslo.name}/backups", {"name": "x" * 100})
        await device.command("Macros.Macro.RemoveAll")
        paths = (f"/rooms/{oslo.name}/backups", f"/rooms/{oslo.name}/backups/{made['id']}")
        for scheme, width in (("dark", 320), ("light", 1280)):
            async with tab(browser, world.hub, scheme=scheme, width=width, script=scheme == "dark") as one:  # type: ignore[arg-type]  # one of the two
                await carry(one, world, who)
                for path in paths:
                    answer = await one.page.goto(path)
                    assert answer is not None
                    assert (path, answer.status, await one.fits()) == (path, 200, True)
                    assert len(await answer.body()) < 60_000
                if scheme == "dark":
                    assert await one.axe() == []
