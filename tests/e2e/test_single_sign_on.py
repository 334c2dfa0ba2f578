"""Single sign-on with npm's oidc-provider: sign-in, groups, and its own back-channel logout, over real TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
import trustme
from playwright.async_api import Page, expect

from roomgate.hub.making import init
from roomgate.hub.program import serve
from roomgate.listening import lasting_port
from support.browser import chromium, tab
from support.hub import PASSWORD, config
from support.oidc import RealProvider, go, real_provider

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("single-sign-on")]

GROUPS = {"carol": ["desk", "elsewhere"], "dave": ["desk"]}


@dataclass
class Site:
    url: str
    corp: RealProvider
    school: RealProvider
    trust: ssl.SSLContext
    stack: AsyncExitStack

    async def browser(self) -> httpx.AsyncClient:
        made = httpx.AsyncClient(base_url=self.url, verify=self.trust, timeout=20, trust_env=False)
        return await self.stack.enter_async_context(made)

    async def sign_in(self, name: str, who: str) -> httpx.AsyncClient:
        browser = await self.browser()
        answer = await go(browser, f"{self.url}/auth/{name}/start", who)
        assert (answer.status_code, answer.headers.get("refresh")) == (200, "0; url=/rooms"), answer.text
        return browser


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="here")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A hub and two providers; at both, strangers may come in."""
    folder = tmp_path_factory.mktemp("single-sign-on")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    pem = folder / "server.pem"
    authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(pem)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    port = lasting_port()
    url = f"https://localhost:{port}"
    async with AsyncExitStack() as stack:
        corp = await stack.enter_async_context(real_provider(folder, "corp", url, GROUPS))
        school = await stack.enter_async_context(real_provider(folder, "school", url, {}))
        tables: list[dict[str, Any]] = [
            corp.table(folder, create=True, algorithms=["ES256"], roles={"desk": ["service-desk"]}),
            school.table(folder, create=True, end_session=True),
        ]
        settings = config(
            folder / "data", certificate=str(pem), certificate_key=str(pem), listen_port=port, public_url=url,
            providers=tables,
        )  # fmt: skip
        await init(settings, "ada", PASSWORD)
        ready = asyncio.Event()
        async with asyncio.TaskGroup() as group, AsyncExitStack() as clients:
            task = group.create_task(serve(settings, lambda _: ready.set()))
            try:
                async with asyncio.timeout(20):
                    await ready.wait()
                yield Site(url, corp, school, trust, clients)
            finally:
                await clients.aclose()
                task.cancel()


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
