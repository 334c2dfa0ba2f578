"""A simulated room's touch screen in a real Chromium: what fingers do arrives, and every view fits and reads well."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect
from roomgate.sim.listener import Listener

from roomgate.clock import SystemClock
from roomgate.sim.panel import Panel
from roomgate.sim.profile import get_profile
from roomgate.sim.room import Room
from roomgate.sim.store import ensure_passphrases
from support.browser import Scheme, Tab, tab

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("touch-screen")]

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
    """A room and its screen; an account acts beside the finger."""

    room: Room
    url: str

    def command(self, words: str, **arguments: Any) -> None:
        room = self.room
        account = room.device.accounts.by_name["everything"]
        room.device.command(account, list(words.split("/")), arguments, "test", room.clock.now())
        room.settle()


@pytest_asyncio.fixture(loop_scope="session")
async def screen(tmp_path: Path) -> AsyncIterator[Screen]:
    room = Room.load("Birch", tmp_path, get_profile("26"), SystemClock(), ensure_passphrases(tmp_path))
    room.device.accounts.add("everything", "correct horse", ["Admin", "User", "Integrator"])
    listener = Listener(Panel(room), "127.0.0.1", 0)
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(listener.run()), group.create_task(room.run())]
        await listener.ready()
        yield Screen(room, f"http://127.0.0.1:{listener.port}")
        for task in running:
            task.cancel()
    room.close()


async def well(one: Tab) -> None:
    """Wide and narrow nothing has to be scrolled sideways, and axe has nothing to say."""
    for width in (360, 1000):
        await one.page.set_viewport_size({"width": width, "height": 800})
        assert await one.fits()
    assert await one.axe() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_call_from_the_keypad_to_the_end(browser: Browser, screen: Screen, scheme: Scheme) -> None:
    calls = screen.room.device.calls
    async with tab(browser, screen.url, scheme=scheme) as one:
        page = one.page
        await page.goto("/")
        await page.get_by_role("button", name="Keypad").click()
        await page.get_by_role("button", name="4", exact=True).click()
        await page.keyboard.type("7@example.com")
        await well(one)
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Connected since")).to_be_visible()
        assert [call.number for call in calls.ongoing.values()] == ["47@example.com"]
        await well(one)
        await page.get_by_role("button", name="Keypad").click()
        await page.get_by_role("button", name="5", exact=True).click()
        await page.get_by_role("button", name="Back").click()
        await page.get_by_role("button", name="Transfer").click()
        await page.get_by_role("button", name="Call whom").click()
        await page.get_by_label("Number or address").fill("b@example.com")
        await page.get_by_role("button", name="Call", exact=True).click()
        await page.get_by_role("button", name="Connect both").click()
        await expect(page.get_by_role("button", name="Rest")).to_be_visible()
        assert calls.ongoing == {}
        calls.ring("ada@example.com", "Ada", screen.room.clock.now())
        screen.room.settle()
        await page.get_by_role("button", name="Decline").click()
        await expect(page.get_by_role("button", name="Rest")).to_be_visible()
        assert screen.room.device.history.entries[-1].occurrence == "Rejected"
        await page.get_by_role("button", name="Rest").click()
        await well(one)
        await page.get_by_text("Touch to wake").click()
        await expect(page.get_by_role("button", name="Rest")).to_be_visible()
        assert one.faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_questions_and_panels(browser: Browser, screen: Screen, scheme: Scheme) -> None:
    device = screen.room.device
    screen.command("UserInterface/Extensions/Panel/Save", PanelId="lights", body=EXTENSIONS)
    async with tab(browser, screen.url, scheme=scheme) as one:
        page = one.page
        await page.goto("/")
        await page.get_by_role("button", name="Lights").click()
        await expect(page.get_by_role("heading", name="Light")).to_be_visible()
        await well(one)
        await page.get_by_role("slider").fill("77")
        await page.get_by_role("button", name="on: Off").click()
        await page.get_by_role("button", name="Dark").click()
        await page.get_by_role("button", name="left", exact=True).click()
        await expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
        assert device.extensions.values == {"dim": "77", "on": "on", "scene": "b"}
        await page.get_by_role("button", name="More").click()
        await expect(page.get_by_role("button", name="More")).to_have_attribute("aria-current", "page")
        await page.get_by_role("button", name="Close").click()

        screen.command(f"{MESSAGE}/Rating/Display", Text="How was it?", FeedbackId="r")
        await expect(page.get_by_text("How was it?")).to_be_visible()
        await well(one)
        await page.get_by_role("button", name="4 of 5").click()
        screen.command(f"{MESSAGE}/TextInput/Display", Text="Your PIN", Title="Unlock", FeedbackId="t", InputType="PIN")
        await page.get_by_label("Your PIN").fill("47")
        screen.command("Audio/Volume/Set", Level=3)
        await expect(page.get_by_text("volume 3")).to_be_visible()
        await expect(page.get_by_label("Your PIN")).to_have_value("47")  # what is typed outlives other news
        await well(one)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Rest")).to_be_visible()
        assert (device.questions.rating, device.questions.text_input) == (None, None)
        assert one.faults == []
