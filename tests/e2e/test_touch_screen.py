"""A simulated room's touch screen in a real Chromium: what fingers do arrives, and every view fits and reads well."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from roomgate import xapi
from roomgate.sim.journal import read_journal
from support.browser import Scheme, Tab, tab
from support.simulated import simulator, touch

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("touch-screen")]

WIDGETS = {
    "dim": "<Type>Slider</Type>",
    "on": "<Type>ToggleButton</Type>",
    "go": "<Type>Button</Type><Name>Blinds</Name>",
    "turn": "<Type>Spinner</Type>",
    "said": "<Type>Text</Type><Name>21 degrees</Name>",
    "scene": "<Type>GroupButton</Type><ValueSpace><Value><Key>a</Key><Name>Bright</Name></Value>"
    "<Value><Key>b</Key><Name>Dark</Name></Value></ValueSpace>",
    "pad": "<Type>DirectionalPad</Type>",
}
ROW = "".join(f"<Widget><WidgetId>{name}</WidgetId>{rest}</Widget>" for name, rest in WIDGETS.items())
EXTENSIONS = (
    "<Extensions><Panel><Name>Lights</Name><Page><PageId>one</PageId><Name>Main</Name>"
    f"<Row><Name>Light</Name>{ROW}</Row></Page><Page><PageId>two</PageId><Name>More</Name></Page></Panel></Extensions>"
)
MESSAGE = "UserInterface/Message"


@dataclass
class Screen:
    """A room's screen in a tab; somebody with every right acts beside the finger, over the API."""

    tab: Tab
    client: xapi.Client
    room: Any

    def happened(self, what: str) -> list[dict[str, Any]]:
        return [line for line in read_journal(self.room.journal) if line["what"] == what]


@asynccontextmanager
async def screen(browser: Browser, folder: Path, scheme: Scheme) -> AsyncIterator[Screen]:
    async with simulator(folder) as (room,):
        who = {"user": room.privileged_user, "password": room.privileged_password, "pin": room.pin}
        async with (
            xapi.connect(f"wss://{room.host}:{room.port}/ws", **who) as client,
            tab(browser, room.panel.rstrip("/"), scheme=scheme) as one,
        ):
            await one.page.goto("/")
            yield Screen(one, client, room)
            assert one.faults == []


async def well(one: Tab) -> None:
    """Wide and narrow nothing has to be scrolled sideways, and axe has nothing to say."""
    for width in (360, 1000):
        await one.page.set_viewport_size({"width": width, "height": 800})
        assert await one.fits()
    assert await one.axe() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_call_from_the_keypad_to_the_end(browser: Browser, tmp_path: Path, scheme: Scheme) -> None:
    async with screen(browser, tmp_path, scheme) as shown:
        page = shown.tab.page
        await page.get_by_role("button", name="Keypad").click()
        await page.get_by_role("button", name="4", exact=True).click()
        await page.keyboard.type("7@example.com")
        await well(shown.tab)
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Connected since")).to_be_visible()
        assert [one["number"] for one in shown.happened("call.dialled")] == ["47@example.com"]
        await well(shown.tab)
        await page.get_by_role("button", name="Keypad").click()
        await page.get_by_role("button", name="5", exact=True).click()
        await page.get_by_role("button", name="Back").click()
        await page.get_by_role("button", name="Transfer").click()
        await page.get_by_role("button", name="Call whom").click()
        await page.get_by_label("Number or address").fill("b@example.com")
        await page.get_by_role("button", name="Call", exact=True).click()
        await page.get_by_role("button", name="Connect both").click()
        await expect(page.get_by_role("button", name="Rest")).to_be_visible()
        assert [one["to"] for one in shown.happened("call.transferred")] == ["sip:b@example.com"]
        assert [one["digits"] for one in shown.happened("call.dtmf")] == [1]
        await touch(shown.room, "/ring", {"number": "ada@example.com", "name": "Ada"})
        await page.get_by_role("button", name="Decline").click()
        await page.get_by_role("button", name="Rest").click()
        await well(shown.tab)
        assert await shown.client.get("Status/Standby/State") == "Standby"
        await page.get_by_text("Touch to wake").click()
        await expect(page.get_by_role("button", name="Rest")).to_be_visible()
        assert await shown.client.get("Status/Standby/State") == "Off"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_questions_and_panels(browser: Browser, tmp_path: Path, scheme: Scheme) -> None:
    async with screen(browser, tmp_path, scheme) as shown:
        page, command = shown.tab.page, shown.client.command
        await command("UserInterface/Extensions/Panel/Save", EXTENSIONS, PanelId="lights")
        await page.get_by_role("button", name="Lights").click()
        await expect(page.get_by_role("heading", name="Light")).to_be_visible()
        await well(shown.tab)
        await page.get_by_role("slider").fill("77")
        await page.get_by_role("button", name="on: Off").click()
        await page.get_by_role("button", name="Dark").click()
        await page.get_by_role("button", name="left", exact=True).click()
        await expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
        values = await shown.client.get("Status/UserInterface/Extensions/Widget")
        assert {one["WidgetId"]: one["Value"] for one in values} == {"dim": "77", "on": "on", "scene": "b"}
        await page.get_by_role("button", name="More").click()
        await expect(page.get_by_role("button", name="More")).to_have_attribute("aria-current", "page")
        await page.get_by_role("button", name="Close").click()

        await command(f"{MESSAGE}/Rating/Display", Text="How was it?", FeedbackId="r")
        await expect(page.get_by_text("How was it?")).to_be_visible()
        await well(shown.tab)
        await page.get_by_role("button", name="4 of 5").click()
        asks = {"Text": "Your PIN", "Title": "Unlock", "FeedbackId": "t", "InputType": "PIN"}
        await command(f"{MESSAGE}/TextInput/Display", arguments=asks)
        await page.get_by_label("Your PIN").fill("47")
        await command("Audio/Volume/Set", Level=3)
        await expect(page.get_by_text("volume 3")).to_be_visible()
        await expect(page.get_by_label("Your PIN")).to_have_value("47")  # what is typed outlives other news
        await well(shown.tab)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Rest")).to_be_visible()
        assert [one["stars"] for one in shown.happened("rating.answered")] == [4]
        assert [one["characters"] for one in shown.happened("text-input.answered")] == [2]
