"""The report as people see it: in the machine's own Chromium, light and dark, narrow and wide, on paper."""

import pytest
from playwright.async_api import Page

from roomgate.checks.report.html import render_html
from support.browser import chromium, tab
from support.hostile_words import LINES, hostile_report
from support.reports import mixed, png, report_of

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("browser")]

PICTURES = {"evidence/signin.png": png()}
WINDOWS = [("light", 375), ("light", 1280), ("dark", 375), ("dark", 1920)]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(render_html(report_of(mixed()), PICTURES), "utf-8")
    return file.as_uri()


async def _asked_for(page: Page, url: str) -> list[str]:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(url)
    return [one for one in asked if not one.startswith("data:")]


@pytest.mark.asyncio
async def test_it_can_be_read_by_everybody_and_asks_for_nothing(page):
    async with chromium() as browser:
        for scheme, width in WINDOWS:
            async with tab(browser, page, scheme=scheme, width=width) as one:
                assert await _asked_for(one.page, page) == [page]
                assert await one.fits(), (scheme, width)
                assert await one.axe() == [], (scheme, width)
                assert await one.violations() == []
                assert one.faults == []
                assert await one.page.locator("figure img").evaluate("image => image.naturalWidth") == 320
                letter = one.page.locator(".letter")
                assert await letter.evaluate("box => parseFloat(getComputedStyle(box).fontSize)") >= 48


@pytest.mark.asyncio
async def test_page_one_is_one_page_on_paper(page):
    async with chromium() as browser, tab(browser, page, width=700) as one:
        await one.page.goto(page)
        await one.page.emulate_media(media="print", color_scheme="dark")
        assert await one.axe() == []
        ground = await one.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert ground == "rgb(255, 255, 255)"
        before_all = await one.page.locator("section.fresh").evaluate("part => part.offsetTop")
        assert before_all < 1000  # A4 without its margins, at 96 to the inch


@pytest.mark.asyncio
async def test_it_reads_without_script_and_links_lead_to_its_own_parts(page):
    async with chromium() as browser, tab(browser, page, script=False) as one:
        await one.page.goto(page)
        await one.page.click("text=The sign-in page imitates the device's own >> nth=0")
        assert one.page.url.endswith("#K06")
        assert await one.page.locator("#K06 h3").is_visible()


@pytest.mark.asyncio
async def test_hostile_words_do_nothing_in_a_browser(tmp_path):
    async with chromium() as browser:
        for number, line in enumerate(line for line in LINES if line != "\ud800"):
            file = tmp_path / f"{number}.html"
            file.write_text(render_html(hostile_report(line)), "utf-8")
            async with tab(browser, file.as_uri()) as one:
                said: list[str] = []
                one.page.on("dialog", lambda dialog, said=said: said.append(dialog.message))
                assert await _asked_for(one.page, file.as_uri()) == [file.as_uri()], line
                assert (await one.violations(), one.faults, said) == ([], [], []), line
                assert await one.page.locator("script, iframe, object, form, a[href^=http]").count() == 0, line
