"""The machine's own Chromium, and tabs that remember whatever went wrong in them."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from roomgate.hub.http.door import COOKIE
from support.node import node_modules

Scheme = Literal["light", "dark"]
DEADLINE_MS = 15_000
# The shell is the same engine without windows around its pages: a tab costs a third of the processor time.
BINARIES = ("chromium-headless-shell", "chromium")
# The browser itself says why it did not load, run or turn something into markup.
_NOTE_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});
"""
_LAID_OUT = "() => document.documentElement.scrollWidth <= window.innerWidth"


@dataclass(slots=True)
class Tab:
    """One tab of one person's browser. ``faults``: what the page wrote to the console, and threw."""

    page: Page
    hub: str
    faults: list[str] = field(default_factory=list)

    async def sign_in(self, user: str, password: str, second: str = "") -> None:
        """At the sign-in page that stands at the address where the tab is; ``second``: a code, where one is asked."""
        await self.page.fill("#user", user)
        await self.page.fill("#pw", password)
        await self.page.click("form button")
        if second:
            await self.page.fill("#code", second)
            await self.page.click("form button")
        await self.page.wait_for_selector("#main")

    async def carry(self, cookie: str) -> None:
        """From now on with this sign-in."""
        await self.page.context.add_cookies(
            [{"name": COOKIE, "value": cookie, "url": self.hub, "secure": True, "httpOnly": True, "sameSite": "Strict"}]
        )

    async def violations(self) -> list[str]:
        """What the content policy forbade on this page."""
        found: list[str] = await self.page.evaluate("window.violations")
        return found

    async def fits(self) -> bool:
        """Whether nothing has to be scrolled sideways."""
        return bool(await self.page.evaluate(_LAID_OUT))

    async def live(self) -> None:
        """Wait until the page's stream is open."""
        await self.page.wait_for_selector("#live-sign.mark-ok", state="attached")

    async def axe(self) -> list[str]:
        """What axe-core finds on the page as it is: rule, and the places."""
        script = (node_modules("axe-core") / "axe-core" / "axe.min.js").read_text("utf-8")
        # Through the debugger, as an extension would: the page's own policy allows no such script.
        await self.page.evaluate(f"(() => {{ {script}; window.axe = axe; }})()")
        told: dict[str, Any] = await self.page.evaluate("axe.run({resultTypes: ['violations']})")
        return [
            f"{one['id']}: {[node['target'] for node in one['nodes']][:5]} {one['nodes'][0]['failureSummary']}"
            for one in told["violations"]
        ]


# A busy machine shows a thing later, not never.
expect.set_options(timeout=20_000)


@asynccontextmanager
async def chromium(*binaries: str) -> AsyncIterator[Browser]:
    """``binaries``: the first that is there; left out, the lightest."""
    binary = next(filter(None, map(shutil.which, binaries or BINARIES)), None)
    if binary is None:
        pytest.fail("there is no chromium; run: make setup-tests")
    arguments = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=binary, args=arguments)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def tab(
    browser: Browser,
    hub: str,
    *,
    scheme: Scheme = "light",
    width: int = 1440,
    script: bool = True,
    locale: str = "en-GB",
) -> AsyncIterator[Tab]:
    """A new tab with cookies of its own; a path is one of this hub. The hub's certificate is a test's own."""
    context = await browser.new_context(
        base_url=hub,
        ignore_https_errors=True,
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
        java_script_enabled=script,
        locale=locale,
        reduced_motion="reduce",
    )
    context.set_default_timeout(DEADLINE_MS)
    if script:
        await context.add_init_script(_NOTE_VIOLATIONS)
    page = await context.new_page()
    made = Tab(page, hub)
    page.on("console", lambda said: made.faults.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda fault: made.faults.append(str(fault)))
    try:
        yield made
    finally:
        await context.close()
