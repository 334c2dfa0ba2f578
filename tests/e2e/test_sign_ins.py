"""Settings and the page that signs a device in, as people have them: a real Chromium over the real hub."""

import re

import pytest
from playwright.async_api import Browser, expect

from roomgate.cli.demo.people import Visitor
from roomgate.hub.http.door import COOKIE
from support.browser import Scheme, tab
from support.world import RunningWorld, in_world

pytestmark = in_world("world-3")


@pytest.mark.parametrize(
    ("scheme", "width", "script"), [("light", 1280, True), ("dark", 360, True), ("light", 360, False)]
)
async def test_a_device_is_signed_in_listed_and_cut(
    browser: Browser, world: RunningWorld, scheme: Scheme, width: int, script: bool
) -> None:
    async with world.room() as room:
        guest = await world.guest(room.name)
        visitor = await Visitor.sign_in(world.hub, world.ca, guest.name, guest.password)
        cookie = visitor.http.cookies[COOKIE]
        async with (
            world.caller("") as nobody,
            tab(browser, world.hub, scheme=scheme, width=width, script=script) as one,
        ):
            del nobody.http.headers["Authorization"]
            begun = await nobody.call("POST", "/auth/device", {"machine": "<b>my laptop</b>", "scope": ["read"]})
            await one.carry(cookie)
            await one.page.goto("/device")
            await one.page.fill("#code", begun["code"].lower())
            await one.page.click("main .btn-main")
            await expect(one.page.locator("main")).to_contain_text("<b>my laptop</b>")
            await expect(one.page.locator("main")).to_contain_text("refuse")
            if script:
                assert await one.axe() == []
            assert await one.fits()
            await one.page.click("button[value=yes]")
            await expect(one.page.locator("#said")).to_contain_text("is signed in as you")
            fetched = await nobody.call("POST", "/auth/device/token", {"secret": begun["secret"]})

            async with world.caller(fetched["token"]) as laptop:
                me = await laptop.call("GET", "/api/v1/whoami")
                assert (me["name"], me["scope"]) == (guest.name, ["read"])
                answered, _ = await laptop.ask(room.name, {"get": "Status/Audio/Volume"})
                dialled, no = await laptop.ask(room.name, {"command": "Dial", "arguments": {"Number": "a@example.com"}})
                assert (answered, dialled, no["rule"]) == (200, 403, "capability")

                await one.page.goto("/settings")
                if script:
                    assert await one.axe() == []
                    assert await one.violations() == []
                assert await one.fits()
                row = one.page.locator("#tokens tr", has_text="<b>my laptop</b>")
                await expect(row).to_contain_text("look")
                await row.get_by_role("button", name=re.compile("^Cut")).click()
                await expect(one.page.locator("#said")).to_contain_text("The token is ended")
                assert (await laptop.http.get("/api/v1/whoami")).status_code == 401

            await expect(one.page.locator("#sessions")).to_contain_text("This one")
            await one.page.goto("/settings")
            assert one.faults == []
        await visitor.close()
