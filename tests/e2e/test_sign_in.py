"""Signing in as a person does it, in a real browser with an authenticator of its own: from an invitation to a passkey."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from roomgate.listening import lasting_port
from support.browser import Tab, tab
from support.hub_program import HubProgram, roomgate

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("restore")]
PASSWORD = "a password chosen by herself"


@asynccontextmanager
async def new_hub(folder: Path) -> AsyncIterator[tuple[str, str]]:
    """A hub that is reached by a name, and the code that its terminal printed for the first administrator."""
    port = lasting_port()
    hub = HubProgram(folder, {"listen_port": port, "public_url": f"https://localhost:{port}"})
    hub.configure()
    said = roomgate("hub", "init", "--config", hub.config, "--admin", "ada").stdout
    code = re.search(r"Code for ada +(\S+)", said)
    assert code is not None
    hub.serve()
    try:
        yield f"https://localhost:{port}", code[1]
    finally:
        hub.stop()


async def sound(one: Tab) -> None:
    """The page can be used by everybody, and its content policy forbade nothing."""
    assert (await one.fits(), await one.axe(), await one.violations()) == (True, [], [])


async def give_authenticator(one: Tab) -> None:
    """What a telephone or a laptop has built in, always ready to say yes."""
    devtools = await one.page.context.new_cdp_session(one.page)
    await devtools.send("WebAuthn.enable")
    kind = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": kind})


async def come_in(one: Tab, code: str) -> None:
    """By an invitation."""
    await one.page.goto("/signin")
    await one.page.get_by_text("I have an invitation").click()
    await one.page.get_by_label("Code of the invitation").fill(code)
    await one.page.get_by_label("New password").fill(PASSWORD)
    await one.page.get_by_role("button", name="Come in").click()


async def add_passkey(one: Tab) -> None:
    form = one.page.locator("form[data-passkey-make]")
    await form.get_by_label("Name").fill("this laptop")
    await form.get_by_role("button", name="Add a passkey").click()
    await expect(one.page.locator("#said")).to_contain_text("The second factor is added")


async def sign_out(one: Tab) -> None:
    await one.page.get_by_role("button", name="Sign out").click()
    await expect(one.page.get_by_role("heading", level=1)).to_have_text("Sign in")


async def give_password(one: Tab) -> None:
    """The right one: the second factor is asked for."""
    await one.page.fill("#user", "ada")
    await one.page.fill("#pw", PASSWORD)
    await one.page.click("form button")
    await expect(one.page.get_by_role("heading", level=1)).to_have_text("Second factor")


async def show_code(one: Tab, code: str) -> None:
    await one.page.fill("#code", code)
    await one.page.click("form button")


async def test_from_the_first_code_to_a_passkey_a_recovery_code_and_somebody_invited(
    browser: Browser, tmp_path: Path
) -> None:
    async with new_hub(tmp_path / "hub") as (hub, code), tab(browser, hub, width=1280) as one:
        await give_authenticator(one)
        await come_in(one, code)
        # An administrator's role waits for a second factor; the page leads there.
        await expect(one.page.get_by_role("heading", name="My second factors")).to_be_visible()
        await expect(one.page.get_by_text("Your role takes a second factor")).to_be_visible()
        await expect(one.page.get_by_role("heading", name="Invitations")).to_have_count(0)
        await sound(one)
        await add_passkey(one)
        await expect(one.page.get_by_role("heading", name="Invitations")).to_be_visible()

        await one.page.get_by_role("button", name="Make ten new codes").click()
        await expect(one.page.locator("#new-codes li")).to_have_count(10)
        codes = await one.page.locator("#new-codes li").all_inner_texts()
        assert len(set(codes)) == 10
        await sound(one)
        await one.page.reload()
        await expect(one.page.locator("#new-codes")).to_have_count(0)

        await sign_out(one)
        await sound(one)
        await one.page.get_by_role("button", name="Sign in with a passkey").click()
        await expect(one.page.get_by_role("heading", level=1)).to_have_text("Rooms")
        await sign_out(one)

        await give_password(one)
        await sound(one)
        await show_code(one, codes[0])
        await expect(one.page.get_by_role("heading", level=1)).to_have_text("Rooms")
        await sign_out(one)
        await give_password(one)
        await show_code(one, codes[0])
        await expect(one.page.get_by_role("alert").first).to_contain_text("The code does not fit.")
        await sound(one)
        await one.page.get_by_role("button", name="Use a passkey").click()
        await expect(one.page.get_by_role("heading", level=1)).to_have_text("Rooms")
        await one.page.goto("/settings")
        section = one.page.locator("#invitations")
        await section.get_by_label("User name").fill("bob")
        await section.get_by_role("button", name="Invite").click()
        invited = await one.page.locator("#said code").first.inner_text()
        await sound(one)
        async with tab(browser, hub, scheme="dark", width=360) as theirs:
            await come_in(theirs, invited)
            await expect(theirs.page.get_by_role("heading", level=1)).to_have_text("Rooms")
            await theirs.page.goto("/settings")
            await sound(theirs)
            assert theirs.faults == []
        assert [fault for fault in one.faults if "401" not in fault] == []
