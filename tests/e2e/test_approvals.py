"""Approvals as people have them: a guest asks in a real Chromium, an administrator approves, and the guest is in."""

import os
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from support.browser import Scheme, tab
from support.world import RunningWorld, in_world

pytestmark = in_world("world-3")  # the console's: nobody else's pages carry its banners


async def test_a_guest_asks_an_administrator_approves_and_the_guest_is_in(
    browser: Browser, world: RunningWorld
) -> None:
    async with world.room() as room, tab(browser, world.hub) as guests, tab(browser, world.hub) as bosses:
        guest, boss = await world.person(), await world.person(roles=["administrator"])
        await guests.page.goto("/approvals")
        await guests.sign_in(guest.name, guest.password)
        await bosses.carry(boss.cookie)
        for one in (guests, bosses):
            await one.page.goto("/approvals")
            await one.live()
        assert (await guests.page.request.get(f"/rooms/{room.name}")).status == 404

        ask = guests.page.locator("#ask")
        await ask.get_by_label("Rooms, with commas between").fill(room.name)
        await ask.get_by_label("For how long").select_option("120")
        await ask.get_by_label("Volume, screens, standby").check()
        await ask.get_by_label("Reason, kept in the ledger").fill("The camera is stuck")
        await ask.get_by_role("button", name="Ask").click()
        await expect(guests.page.locator("#said")).to_contain_text("waits for somebody else's answer")
        await expect(guests.page.get_by_role("button", name="Withdraw")).to_be_visible()

        # It appears at the administrator's by itself, as a sentence.
        said = f"{guest.name} asks for {room.name}, to see what goes on there and change volume and screens, for 2 h"
        waiting = bosses.page.get_by_role("group", name=f"{said}, because: The camera is stuck")
        await expect(waiting).to_be_visible()
        await waiting.get_by_text("Give less").click()
        await waiting.get_by_label("Ends after").select_option("30")
        await waiting.get_by_label("Your answer").fill("For half an hour.")
        await waiting.get_by_role("button", name="Approve").click()
        await expect(bosses.page.locator("#answered")).to_contain_text("For half an hour.")

        await expect(guests.page.locator("#answered")).to_contain_text("For half an hour.")
        await guests.page.goto(f"/rooms/{room.name}")
        await expect(guests.page.get_by_role("heading", level=1)).to_have_text(room.name)
        for one in (guests, bosses):
            assert await one.violations() == []
            assert [fault for fault in one.faults if "401" not in fault] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_is_for_everybody(browser: Browser, world: RunningWorld, scheme: Scheme) -> None:
    """With something that waits, something answered, and break-glass that lives, is over, and is acknowledged."""
    boss, other = await world.person(roles=["administrator"]), await world.person(roles=["administrator"])
    guest = await world.person()
    async with world.room() as room, world.caller(guest.token) as asks, world.caller(other.token) as loud:
        wish = {
            "rooms": [room.name],
            "capabilities": ["observe", "call"],
            "minutes": 60,
            "reason": "The camera is stuck",
        }
        waits, over = [(await asks.call("POST", "/api/v1/approvals", wish))["id"] for _ in range(2)]
        await loud.call("POST", f"/api/v1/approvals/{over}/refuse", {"words": "Ask again on Monday, please."})
        glass = {"room": room.name, "minutes": 5, "reason": "The fire alarm rings in there"}
        taken = await loud.call("POST", "/api/v1/grants/break-glass", glass)
        for width in (360, 1280):
            async with tab(browser, world.hub, scheme=scheme, width=width) as one:
                await one.carry(boss.cookie)
                await one.page.goto("/approvals")
                await one.live()
                await expect(one.page.locator(".banner-bad")).to_contain_text("without a second person")
                await one.page.get_by_text("Give less").click()
                assert await one.fits()
                assert await one.axe() == []
                if folder := os.environ.get("SHOTS"):
                    await one.page.screenshot(path=Path(folder) / f"approvals-{scheme}-{width}.png", full_page=True)
                if width == 1280:
                    await one.page.locator(f"#{taken['id']}").get_by_role("button", name="Cut").click()
                    await one.page.get_by_label("What you found").fill("It was a drill.")
                    await one.page.get_by_role("button", name="Acknowledge").click()
                    await expect(one.page.locator("#answered")).to_contain_text("It was a drill.")
                    await expect(one.page.locator(".banner-bad")).to_have_count(0)
                    assert await one.axe() == []
                assert [fault for fault in one.faults if "401" not in fault] == []
        await asks.call("POST", f"/api/v1/approvals/{waits}/withdraw", {})
