"""Macros and panels as people have them: the editor in a real Chromium, the site's policy, a real device's macros."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from roomgate import xapi
from roomgate.cli.demo.inside import Inside
from roomgate.cli.demo.world import POLICY
from roomgate.hub.console import assets
from roomgate.hub.http.door import COOKIE
from support.browser import Tab, tab
from support.programmed import PANEL
from support.world import RunningWorld, Somebody, in_world

pytestmark = in_world("world-3")
OPEN = """\
name = "looked after"
cedar = "managed"
open = ["Macros Macro Save", "Macros Macro Activate"]
"""
SAVE = {"command": "Macros Macro Save", "arguments": {"Name": "probe"}, "body": "1"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def opened(world: RunningWorld) -> AsyncIterator[None]:
    """The site allows macros for as long as these tests last."""
    file = world.folder / "policy.toml"
    assert file.read_text() == POLICY
    async with world.room() as room:
        who = await world.guest(room.name, ["macros"])
        async with world.caller(who.token) as caller:
            assert (await caller.ask(room.name, SAVE))[0] == 403  # and does not by itself
            file.write_text(OPEN)
            try:
                async with asyncio.timeout(30):
                    while (await caller.ask(room.name, SAVE))[0] != 200:
                        await asyncio.sleep(0.05)
                await caller.ask(room.name, {"command": "Macros Macro Remove", "arguments": {"Name": "probe"}})
                yield
            finally:
                file.write_text(POLICY)


@asynccontextmanager
async def at(
    browser: Browser, world: RunningWorld, who: Somebody, path: str, *, script: bool = True, **more: object
) -> AsyncIterator[Tab]:
    async with world.visitor(who) as visitor:
        cookie = visitor.http.cookies[COOKIE]
    async with tab(browser, world.hub, script=script, **more) as one:  # type: ignore[arg-type]  # the options of tab()
        await one.carry(cookie)
        await one.page.goto(path)
        yield one
        if script:
            assert await one.violations() == []
        # A text that our checks refuse is a page with 400, which the browser writes down too.
        assert [fault for fault in one.faults if "status of 400" not in fault] == []


@asynccontextmanager
async def device(room: Inside) -> AsyncIterator[xapi.Client]:
    """Straight to the device, as its administrator inside the site."""
    url = f"wss://{room.host}:{room.port}/ws"
    async with xapi.connect(url, user=room.privileged_user, password=room.privileged_password, pin=room.pin) as one:
        yield one


async def editor(one: Tab) -> Locator:
    """The editor, once it has taken the plain field's place: a key pressed in between would go to neither."""
    await expect(one.page.locator("textarea[data-code]")).to_be_hidden()
    return one.page.get_by_role("textbox", name="JavaScript")


async def test_a_site_that_keeps_macros_shut_says_how_they_are_opened(browser: Browser, world: RunningWorld) -> None:
    async with world.room() as room:
        who = await world.guest(room.name, ["observe", "macros"])
        async with at(browser, world, who, f"/rooms/{room.name}/macros") as one:
            await expect(one.page.locator("#main")).to_contain_text(
                'open = ["Macros Macro Save", "Macros Macro Activate"]'
            )
            assert await one.axe() == []


async def test_a_macro_is_written_checked_saved_run_and_rolled_back(
    browser: Browser, world: RunningWorld, opened: None
) -> None:
    assert assets.editor(), "the code editor was not brought: tools/setup_editor.sh"
    async with world.room() as room, device(room) as inside:
        await inside.set("Configuration/Macros/Mode", "On")
        who = await world.guest(room.name, ["observe", "macros"])
        async with at(browser, world, who, f"/rooms/{room.name}/macros") as one:
            await one.page.get_by_role("link", name="New macro").click()
            await one.page.get_by_label("Name of the macro").fill("lights")
            await (await editor(one)).press("ControlOrMeta+a")
            await one.page.keyboard.type("require('x');\n// one")
            lint = one.page.locator(".editor .cm-lint-marker-error")
            await expect(lint).to_have_count(1)
            await expect(one.page.locator("#findings")).to_be_hidden()  # it spoke of the text before
            await lint.hover()
            await expect(one.page.locator(".cm-tooltip-lint")).to_contain_text("There is no require on a device")
            await one.page.get_by_role("button", name="Save", exact=True).click()
            await expect(one.page.locator("#findings")).to_contain_text("There is no require on a device")
            await (await editor(one)).press("ControlOrMeta+a")
            await one.page.keyboard.type("console.log(1);")
            assert await one.axe() == []
            await one.page.get_by_role("button", name="Save", exact=True).click()
            await expect(one.page.locator("#said")).to_contain_text("It is saved on the device.")
            await (await editor(one)).press("ControlOrMeta+End")
            await one.page.keyboard.type("\nconsole.log(2);")
            await one.page.get_by_role("button", name="Save and run").click()
            await expect(one.page.locator("#said")).to_contain_text(
                "It is saved, active, and the engine was restarted."
            )
            [kept] = (await inside.command("Macros.Macro.Get", Name="lights", Content="True"))["Macro"]
            assert kept["Content"] == "console.log(1);\nconsole.log(2);"

            await one.page.get_by_role("link", name="All versions").click()
            await expect(one.page.locator(".diff-new")).to_contain_text("console.log(2);")
            await one.page.get_by_role("button", name="Roll back to this").click()
            await expect(one.page.locator("#said")).to_contain_text("lights is as it was in version 1.")
            [kept] = (await inside.command("Macros.Macro.Get", Name="lights", Content="True"))["Macro"]
            assert kept["Content"] == "console.log(1);"
            await one.page.goto(f"/rooms/{room.name}/macros")
            await expect(one.page.locator("#log")).to_contain_text("kept, not run")
            assert await one.axe() == []
            await one.page.get_by_role("button", name="Remove").click()
            await expect(one.page.locator("#removed")).to_contain_text("lights")
        await inside.set("Configuration/Macros/Mode", "Off")


async def test_a_panel_is_drawn_and_all_of_it_works_without_script(
    browser: Browser, world: RunningWorld, opened: None
) -> None:
    async with world.room() as room:
        who = await world.guest(room.name, ["observe", "ui"])
        here = f"/rooms/{room.name}/panels"
        async with at(browser, world, who, f"{here}/edit", script=False) as one:
            await one.page.get_by_label("Id of the panel").fill("lights")
            await one.page.get_by_label("XML").fill(PANEL.replace("Slider", "Lever"))
            await one.page.get_by_role("button", name="Check").click()
            await expect(one.page.locator("#findings")).to_contain_text("There is no widget Lever")
            await one.page.get_by_label("XML").fill(PANEL)
            await one.page.get_by_role("button", name="Save").click()
            await expect(one.page.locator("#said")).to_contain_text("It is saved on the device.")
            async with device(room) as inside:
                shown = await inside.command("UserInterface.Extensions.List")
            assert [one["PanelId"] for one in shown["Extensions"]["Panel"]] == ["lights"]
        async with at(browser, world, who, here, scheme="dark", width=390) as one:
            for path in (here, f"{here}/edit?name=lights", f"{here}/versions?name=lights"):
                await one.page.goto(path)
                assert (path, await one.axe(), await one.fits()) == (path, [], True)
                assert await one.violations() == []
            await one.page.goto(f"{here}/edit?name=lights")
            await expect(one.page.locator(".touch")).to_have_count(2)
            await one.page.goto(here)
            await one.page.get_by_role("button", name="Remove").click()
            await expect(one.page.locator("#removed")).to_contain_text("lights")
