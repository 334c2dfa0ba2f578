"""Single sign-on with npm's oidc-provider: sign-in, groups, and its own back-channel logout, over real TLS."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from support.browser import chromium, tab
from support.oidc import go
from support.single_sign_on import Site, single_sign_on

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("single-sign-on")]


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="here")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with single_sign_on(tmp_path_factory.mktemp("single-sign-on")) as made:
        yield made


async def who(browser: httpx.AsyncClient) -> dict[str, Any]:
    return dict((await browser.get("/api/v1/whoami")).json())


async def test_a_real_provider_signs_people_in_gives_roles_and_cuts_what_it_opened(here: Site) -> None:
    carol = await here.sign_in("corp", "carol")
    namesake = await here.sign_in("school", "carol")  # at the same time, at the other, by the same name
    assert (await who(carol))["roles"] == ["service-desk"]
    assert (await who(namesake))["roles"] == []
    assert (await who(namesake))["id"] != (await who(carol))["id"]
    again = await here.sign_in("corp", "carol")
    assert (await who(again))["id"] == (await who(carol))["id"]

    async with carol.stream("GET", "/rooms/stream") as stream:
        lines = stream.aiter_lines()
        async for line in lines:
            if line == "event: open":
                break
        ending = await go(carol, f"{here.corp.issuer}/session/end", "carol")
        assert ending.status_code == 200
        assert (await here.corp.says("logout.told"))["sub"] == "carol"  # it was answered by 200
        async with asyncio.timeout(5):
            rest = [line async for line in lines]
    assert "event: cut" in rest
    assert any("provider.signed-out" in line for line in rest)
    assert (await carol.get("/api/v1/whoami")).status_code == 401
    for other in (again, namesake):
        assert (await other.get("/api/v1/whoami")).status_code == 200


async def test_signing_out_here_leads_to_signing_out_there_and_back(here: Site) -> None:
    erin = await here.sign_in("school", "erin")
    answer = await erin.post("/signout", data={"csrf": (await who(erin))["csrf"]})
    assert answer.status_code == 200
    there = answer.headers["refresh"].removeprefix("0; url=")
    assert there.startswith(here.school.issuer)
    assert (await erin.get("/api/v1/whoami")).status_code == 401
    back = await go(erin, there, "erin")
    assert str(back.url) == f"{here.url}/signin"


async def test_a_browser_goes_there_and_back(here: Site) -> None:
    """The cookie of a sign-in is strict, and the request that sets it was begun by another site."""
    async with chromium() as browser, tab(browser, here.url) as one:
        page = one.page
        await page.goto("/settings")
        assert await one.axe() == []
        await page.get_by_role("link", name="Sign in with corp").click()
        await at_the_provider(page, "dave")
        await page.wait_for_url(f"{here.url}/settings")
        assert await page.locator("#providers li").count() == 1
        assert await one.axe() == []
        await page.get_by_role("button", name="Link: school").click()
        await at_the_provider(page, "d")
        await page.wait_for_url(f"{here.url}/settings")
        assert await page.locator("#providers li").count() == 2
        assert await one.violations() == []
        await page.set_viewport_size({"width": 360, "height": 900})
        assert await one.fits()
        await page.locator("#providers li", has_text="school").get_by_role("button").click()
        await expect(page.locator("#providers li")).to_have_count(1)


async def at_the_provider(page: Page, name: str) -> None:
    await page.locator("input[name=login]").fill(name)
    await page.locator("input[name=password]").fill("any")
    await page.locator("button[type=submit]").click()
    await page.locator("button[type=submit]").filter(has_text="Continue").click()
