"""A room's settings as people change them: a real Chromium over the real hub, connector and device."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, expect

from roomgate import xapi
from roomgate.cli.demo.inside import Inside
from roomgate.hub.http.door import COOKIE
from roomgate.sim.faults import Kind
from support.browser import Tab, tab
from support.world import EVERYTHING, RunningWorld, in_world

pytestmark = in_world("world-3")
HEAVIEST = 100_000
VOLUME, RING, LOGS = "Audio/DefaultVolume", "Audio/SoundsAndAlerts/RingVolume", "Logging/Mode"


@asynccontextmanager
async def at_settings(
    browser: Browser, world: RunningWorld, room: Inside, *, script: bool = True
) -> AsyncIterator[Tab]:
    """Somebody new with every everyday right in this room and that on its logs, at the page of its settings, which are
    as they come from the factory, whoever was in the room before."""
    async with on_device(room) as device:
        for name in (VOLUME, RING):
            await device.set(f"Configuration/{name}", 50)
    who = await world.guest(room.name, (*EVERYTHING, "system", "logs"))
    async with world.visitor(who) as visitor:
        cookie = visitor.http.cookies[COOKIE]
    async with tab(browser, world.hub, script=script) as one:
        await one.carry(cookie)
        await one.page.goto(f"/rooms/{room.name}/settings")
        yield one
        assert one.faults == []
        if script:
            assert await one.violations() == []


async def device_has(room: Inside, **wanted: object) -> bool:
    """Straight at the device, as somebody inside the site."""
    async with on_device(room) as device:
        return {name: await device.get(f"Configuration/{name}") for name in wanted} == wanted


def on_device(room: Inside):
    return xapi.connect(f"wss://{room.host}:{room.port}/ws", user=room.user, password=room.password, pin=room.pin)


async def test_two_are_found_changed_reviewed_applied_and_taken_back_and_one_is_refused(
    browser: Browser, world: RunningWorld
) -> None:
    async with world.room() as room, at_settings(browser, world, room) as one:
        page = one.page

        async def sound(path: str) -> None:
            """On a small screen, bright and dark in turn."""
            dark = not await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
            await page.emulate_media(color_scheme="dark" if dark else "light")
            await page.set_viewport_size({"width": 320, "height": 900})
            assert (path, await one.axe(), await one.fits()) == (path, [], True)
            narrow = await page.locator(".conf .input").evaluate_all(
                "all => Math.min(999, ...all.map(e => e.offsetWidth))"
            )
            assert narrow > 100, path  # a field in which nothing can be read is none
            await page.set_viewport_size({"width": 1280, "height": 900})

        await sound("settings")
        await page.fill("#q", "defaultvolume")
        await expect(page.locator(".findable")).to_have_count(1)
        await page.locator(f'[name="v:{VOLUME}"]').fill("41")
        await page.fill("#q", "ringvolume")  # what was changed goes along, unseen
        await expect(page.locator(f'[name="v:{RING}"]')).to_be_visible()
        await page.locator(f'[name="v:{RING}"]').fill("20")
        await page.fill("#q", "logging mode")
        await page.locator(f'select[name="v:{LOGS}"]').select_option("Off")
        await page.get_by_role("button", name="Review changes").click()
        rows = page.locator("tbody tr")
        await expect(rows).to_have_count(3)
        await expect(rows.filter(has_text="DefaultVolume")).to_contain_text("Allowed")
        await expect(rows.filter(has_text="Logging")).to_contain_text("Will be refused")
        await sound("review")
        assert await device_has(room, **{VOLUME: 50, RING: 50})

        await page.get_by_label("Reason").fill("quieter evenings")
        await page.get_by_role("button", name="Apply 3 changes").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("What was changed")
        await expect(page.locator("#main .head").first).to_contain_text("2 of 3 done.")
        await expect(rows.filter(has_text="Logging")).to_contain_text("Refused")
        await sound("done")
        assert await device_has(room, **{VOLUME: 41, RING: 20, LOGS: "On"})

        await page.get_by_role("button", name="Undo 2 changes").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("What was taken back")
        assert await device_has(room, **{VOLUME: 50, RING: 50})
        await page.goto(f"/rooms/{room.name}/settings/history?setting={VOLUME}")
        await expect(page.locator("tbody tr").last).to_contain_text("quieter evenings")
        assert (await one.axe(), await one.fits()) == ([], True)


async def test_it_works_without_script_and_what_changed_meanwhile_is_asked_again(
    browser: Browser, world: RunningWorld
) -> None:
    async with world.room() as room, at_settings(browser, world, room, script=False) as one, on_device(room) as device:
        page = one.page
        heavy = await page.goto(f"/rooms/{room.name}/settings?group=Audio/Input")
        assert heavy is not None
        assert len(await heavy.body()) < HEAVIEST
        await page.fill("#q", "volume")
        await page.keyboard.press("Enter")
        await page.locator(f'[name="v:{VOLUME}"]').fill("41")
        await page.get_by_role("button", name="Keep and go on").click()
        await expect(page.get_by_role("status").first).to_contain_text("1 change waits")
        await page.get_by_role("link", name="Review changes").click()
        await device.set(f"Configuration/{VOLUME}", 60)
        await page.get_by_role("button", name="Apply 1 change").click()
        await expect(page.locator("tbody tr")).to_contain_text("it was 50 when you looked, it is 60 now")
        assert await device.get(f"Configuration/{VOLUME}") == 60
        await page.get_by_role("button", name="Apply 1 change").click()
        await expect(page.locator("#main .head").first).to_contain_text("1 of 1 done.")
        await page.get_by_role("link", name="Change more settings").click()
        await page.get_by_role("button", name=f"Back to default {VOLUME}").click()
        await page.get_by_role("button", name="Apply 1 change").click()
        await expect(page.locator("tbody tr")).to_contain_text("Done")
        assert await device.get(f"Configuration/{VOLUME}") == 50


@asynccontextmanager
async def ailing(world: RunningWorld, room: Inside) -> AsyncIterator[None]:
    """Whatever goes wrong with the device in this block is well again after it."""
    try:
        yield
    finally:
        await room.touch("fault", kind=Kind.CLEAR)
        await world.fine([room.name])


async def test_a_device_that_does_not_answer_is_told_beneath_the_head_and_tried_again(
    browser: Browser, world: RunningWorld
) -> None:
    async with world.room() as room, at_settings(browser, world, room) as one:
        page = one.page
        async with ailing(world, room):
            await room.touch("fault", kind=Kind.SILENT)
            await page.goto(f"/rooms/{room.name}/settings?q=volume", wait_until="commit")
            await expect(page.get_by_role("heading", level=1)).to_have_text("Settings")  # the answer never comes
            await expect(page.get_by_text("Asking the device…")).to_be_visible()
            await expect(page.get_by_role("alert")).to_contain_text("could not be read")
            await expect(page.get_by_text("Asking the device…")).to_be_hidden()
            assert (await one.axe(), await one.fits()) == ([], True)
        await page.get_by_role("link", name="Try again").click()
        await expect(page.get_by_role("alert")).to_have_count(0)
        await expect(page.get_by_role("heading", name="All groups")).to_be_visible()


async def test_a_device_that_restarts_between_two_changes_has_what_the_page_tells(
    browser: Browser, world: RunningWorld
) -> None:
    async with world.room() as room, at_settings(browser, world, room) as one:
        page, wanted = one.page, {VOLUME: 41, RING: 20}
        await page.goto(f"/rooms/{room.name}/settings?q=volume")
        for name, value in wanted.items():
            await page.locator(f'[name="v:{name}"]').fill(str(value))
        await page.get_by_role("button", name="Review changes").click()
        await expect(page.locator("tbody tr")).to_have_count(2)
        async with ailing(world, room):
            await room.touch("fault", kind=Kind.DELAY, seconds=1.0)
            began = time.monotonic()
            applied = asyncio.create_task(page.get_by_role("button", name="Apply 2 changes").click())
            await room.journal_says("config.set", after=began, within_s=60.0)
            await room.touch("fault", kind=Kind.REBOOT, seconds=2.0)
            await applied
            await expect(page.get_by_role("heading", level=1)).to_have_text("What was changed")
            told = [await page.locator("tbody tr", has_text=name.split("/")[-1]).inner_text() for name in wanted]
            assert not all("Done" in line for line in told)
        async with on_device(room) as device:
            for line, (name, value) in zip(told, wanted.items(), strict=True):
                has = await device.get(f"Configuration/{name}")
                if "Not known" not in line:  # then the page says to look
                    assert has == (value if "Done" in line else 50), line
