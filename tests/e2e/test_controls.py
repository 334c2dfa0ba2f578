"""The daily controls of a room's page, in a real Chromium: what was clicked is what the device did."""

import asyncio
import os

import pytest
from playwright.async_api import Browser, Page, expect

from e2e.test_console import on_device, signed_in
from roomgate.cli.demo.inside import Inside
from roomgate.xapi import Client, tree
from support.browser import Scheme
from support.world import EVERYTHING, RunningWorld, in_world

pytestmark = in_world("world-3")  # that of the console's other pages

WRITTEN = "<b>Five minutes</b> left"
FAR = {"Pan": 4000, "Tilt": -700, "Zoom": 5200}


async def click(page: Page, place: str, button: str, said: str) -> None:
    await page.locator(f"#{place}").get_by_role("button", name=button, exact=True).click()
    await expect(page.locator(f"#{place}")).to_contain_text(said)


async def click_and_yes(room: Inside, page: Page, place: str, button: str, said: str) -> None:
    """What the people in the room have to allow."""
    await page.locator(f"#{place}").get_by_role("button", name=button, exact=True).click()
    await expect(page.locator(f"#{place}")).to_contain_text("Asking the room.")
    await room.say_yes()
    await expect(page.locator(f"#{place}")).to_contain_text(said)


async def look_away(device: Client) -> None:
    """A preset called Door, and the camera elsewhere."""
    await device.command("Camera.PositionSet", CameraId=1, **FAR)
    await device.command("Camera.Preset.Store", CameraId=1, Name="Door", PresetId=7)
    await device.command("Camera.PositionSet", CameraId=1, Pan=0, Tilt=0, Zoom=0)


async def test_what_is_clicked_is_what_the_device_does(browser: Browser, world: RunningWorld) -> None:
    async with world.room() as room, on_device(room) as device:
        await look_away(device)
        who = await world.guest(room.name, [*EVERYTHING, "ui"])
        async with signed_in(browser, world, who, f"/rooms/{room.name}") as one:
            page = one.page
            await page.get_by_label("Message on the screen").fill(WRITTEN)
            await page.get_by_role("button", name="Show", exact=True).click()
            await expect(page.locator("#say-say")).to_contain_text("The message is on the screen.")
            assert (await room.state())["alert"]["text"] == WRITTEN
            await expect(page.get_by_label("Message on the screen")).to_have_value("")

            await click(page, "call", "Louder", "The volume is set.")
            assert await device.get("Status/Audio/Volume") > 50
            await click(page, "say-volume", "Undo", "The volume is set.")
            await expect(page.locator("#volume")).to_have_value("50")
            await click(page, "call", "Silence", "The loudspeaker is switched.")
            assert await device.get("Status/Audio/VolumeMute") == "On"
            await click(page, "call", "Switch on", "The loudspeaker is switched.")
            assert await device.get("Status/Audio/VolumeMute") == "Off"

            await page.get_by_label("Layout", exact=True).select_option("Stack")
            await click(page, "picture", "Set Layout", "The layout is set.")
            assert await device.get("Status/Video/Layout/CurrentLayouts/ActiveLayout") == "Stack"
            await click(page, "say-layout", "Undo", "The layout is set.")
            assert await device.get("Status/Video/Layout/CurrentLayouts/ActiveLayout") == "Grid"
            await click(page, "picture", "Full screen", "The self-view is switched.")
            assert await device.get("Status/Video/Selfview/FullscreenMode") == "On"
            await click(page, "picture", "Switch off", "The self-view is switched.")
            assert await device.get("Status/Video/Selfview/Mode") == "Off"
            await click(page, "quiet", "Turn calls away for an hour", "Do not disturb is switched.")
            assert await device.get("Status/Conference/DoNotDisturb") == "Active"
            await click(page, "quiet", "Take calls again", "Do not disturb is switched.")


async def test_what_is_felt_in_the_room_is_asked_there_first(browser: Browser, world: RunningWorld) -> None:
    async with world.room() as room, on_device(room) as device:
        await look_away(device)
        who = await world.guest(room.name, [*EVERYTHING, "ui"])
        async with signed_in(browser, world, who, f"/rooms/{room.name}") as one:
            page = one.page
            assert (await room.state())["prompt"] is None  # to look at the presets asks nobody
            await click_and_yes(
                room, page, "camera", "Ask to move the camera to Door", "The camera moves to the preset."
            )
            position = await device.get("Status/Cameras/Camera[1]/Position")
            assert {axis: position[axis] for axis in FAR} == FAR
            await click(page, "picture", "Hide", "The room’s picture is switched.")
            assert await device.get("Status/Video/Input/MainVideoMute") == "On"
            await click_and_yes(room, page, "picture", "Ask to show", "The room’s picture is switched.")
            assert await device.get("Status/Video/Input/MainVideoMute") == "Off"
            await page.reload()
            await click_and_yes(room, page, "picture", "Ask to share HDMI 2", "Sharing is switched.")
            await page.reload()
            await click(page, "picture", "Stop sharing", "Sharing is switched.")
            await expect(page.locator("#picture").get_by_role("button", name="Ask to share HDMI 2")).to_be_visible()
        await world.admin.call("DELETE", f"/api/v1/grants/{who.grant}")
        pan = await device.subscribe("Status/Cameras/Camera[1]/Position/Pan", current=True)
        async with asyncio.timeout(10), pan:
            async for told in pan:
                if tree.lookup(told.document, ("Status", "Cameras", "Camera", 1, "Position", "Pan")) == 0:
                    break  # the camera looks where it did before


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
async def test_everybody_can_use_the_controls(
    browser: Browser, world: RunningWorld, scheme: Scheme, width: int
) -> None:
    async with world.room() as room, on_device(room) as device:
        await look_away(device)
        who = await world.guest(room.name, [*EVERYTHING, "ui"])
        async with signed_in(browser, world, who, f"/rooms/{room.name}", scheme=scheme, width=width) as one:
            await one.live()
            assert await one.axe() == []
            assert await one.fits()
            if folder := os.environ.get("ROOMGATE_SHOTS"):
                await one.page.screenshot(path=f"{folder}/{scheme}-{width}.png", full_page=True)


async def test_the_controls_work_without_script(browser: Browser, world: RunningWorld) -> None:
    async with world.room() as room, on_device(room) as device:
        who = await world.guest(room.name, [*EVERYTHING, "ui"])
        async with signed_in(browser, world, who, f"/rooms/{room.name}", script=False) as one:
            await one.page.get_by_label("Layout", exact=True).select_option("Focus")
            await click(one.page, "picture", "Set Layout", "The layout is set.")
            assert await device.get("Status/Video/Layout/CurrentLayouts/ActiveLayout") == "Focus"
            await click(one.page, "say-layout", "Undo", "The layout is set.")
            assert await device.get("Status/Video/Layout/CurrentLayouts/ActiveLayout") == "Grid"
