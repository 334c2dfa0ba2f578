"""The status of a room as people read it: in Chromium, over the real hub, connector and device."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Route, expect

from roomgate import xapi
from roomgate.cli.demo.inside import Inside
from roomgate.hub.http.door import COOKIE
from support.browser import Tab, tab
from support.world import RunningWorld, Somebody, in_world

pytestmark = in_world("world-3")

HEAVIEST = 100_000


@asynccontextmanager
async def at_status(
    browser: Browser, world: RunningWorld, who: Somebody, room: Inside, **more: object
) -> AsyncIterator[Tab]:
    async with world.visitor(who) as visitor:
        cookie = visitor.http.cookies[COOKIE]
    async with tab(browser, world.hub, **more) as one:  # type: ignore[arg-type]  # the options of tab()
        await one.carry(cookie)
        await one.page.goto(f"/rooms/{room.name}/status")
        yield one
        if more.get("script", True):
            assert await one.violations() == []
        assert one.faults == []


@asynccontextmanager
async def in_a_bad_call(room: Inside) -> AsyncIterator[xapi.Client]:
    """The device, in a call whose far end loses packets."""
    async with xapi.connect(
        f"wss://{room.host}:{room.port}/ws", user=room.user, password=room.password, pin=room.pin
    ) as device:
        await device.command("Dial", Number="lossy@example.com")
        await room.journal_says("call.connected", number="lossy@example.com")
        yield device


async def test_a_call_is_told_with_its_quality_and_followed_live(browser: Browser, world: RunningWorld) -> None:
    async with world.room() as room, in_a_bad_call(room) as device:
        who = await world.guest(room.name)
        async with at_status(browser, world, who, room) as one:
            calls, here = one.page.locator("#calls"), one.page.locator("#here")
            await expect(calls).to_contain_text("lossy@example.com")
            await expect(calls).to_contain_text("Poor")
            await expect(calls).to_contain_text("1280×720, 30/s")
            await expect(here).to_contain_text("192.0.2.")
            await one.live()
            assert await one.axe() == []

            audio = one.page.locator("#tree-Audio")
            await audio.locator("summary").first.click()
            await one.page.evaluate("window.same = true")
            await device.command("Audio.Volume.Set", Level=23)
            await expect(here).to_contain_text("23")
            await expect(audio.locator("li", has_text="Volume").first).to_contain_text("23")
            await expect(audio.get_by_role("button", name="Volume", exact=True)).to_be_visible()  # it stayed open
            await device.command("Call.Disconnect")
            await expect(calls).to_contain_text("No call")
            assert await one.page.evaluate("window.same")  # without a reload


async def test_a_page_that_came_without_the_devices_answer_shows_the_tree_once_it_is_live(
    browser: Browser, world: RunningWorld
) -> None:
    async with world.room() as room:
        who = await world.guest(room.name)
        async with at_status(browser, world, who, room) as one:
            await expect(one.page.locator("#tree-Audio")).to_be_visible()

            async def unanswered(route: Route) -> None:
                """The page as the hub writes it where a device was too slow."""
                answer = await route.fetch()
                text = re.sub(r'<section[^>]* id="tree">.*</section>', "", await answer.text(), flags=re.DOTALL)
                await route.fulfill(response=answer, body=re.sub(r' data-parts="[^"]*"', "", text))

            await one.page.route("**/status", unanswered, times=1)
            await one.page.reload()
            await expect(one.page.locator("#tree-Audio")).to_be_visible()
            await expect(one.page.locator("#tree")).to_have_count(1)


@pytest.mark.parametrize(("scheme", "width"), [("light", 320), ("dark", 1440)])
async def test_the_tree_is_found_in_as_one_types(
    browser: Browser, world: RunningWorld, scheme: str, width: int
) -> None:
    async with world.room() as room:
        who = await world.guest(room.name)
        async with at_status(browser, world, who, room, scheme=scheme, width=width) as one:
            await one.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
            await one.page.fill("#tree-find", "network macaddress")
            shown = one.page.locator(".tree button:visible")
            await expect(shown).to_have_count(1)
            await shown.click()
            assert await one.page.evaluate("navigator.clipboard.readText()") == "Status/Network/1/Ethernet/MacAddress"
            await one.page.fill("#tree-find", "nowhere at all")
            await expect(one.page.get_by_text("Nothing has these words.")).to_be_visible()
            assert await one.axe() == []
            assert await one.fits()


async def test_it_is_light_and_works_without_script(browser: Browser, world: RunningWorld) -> None:
    async with world.room() as room:
        who = await world.guest(room.name)
        async with at_status(browser, world, who, room, script=False) as one:
            assert len((await one.page.content()).encode()) < HEAVIEST / 2
            await one.page.fill("#tree-find", "volume")
            await one.page.get_by_role("button", name="Find").click()
            await expect(one.page.locator(".tree button", has_text="VolumeMute")).to_be_visible()
            told = await one.page.request.get(f"/rooms/{room.name}/status/samples.json")
            assert isinstance(json.loads(await told.text()), list)
