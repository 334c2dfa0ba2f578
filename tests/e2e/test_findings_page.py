"""Findings as people have them: a report published with the command, read in a real Chromium, dealt with, come back."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, expect

from roomgate.clock import iso
from support.browser import Tab, tab
from support.findings import judged, report
from support.world import RunningWorld, in_world

pytestmark = in_world("world-3")

HOSTILE = "<img src=x onerror=alert(1)>"
NOW = datetime.now(UTC)


def of_run(hours_ago: float, *findings: dict[str, Any]) -> dict[str, Any]:
    return report(*findings, began=iso(NOW - timedelta(hours=hours_ago)), target="Connector of the trial")


async def good(one: Tab, name: str) -> None:
    """The page is for everybody: in both schemes, on a narrow screen and on a wide one."""
    pictures = os.environ.get("ROOMGATE_PICTURES")
    for width in (320, 3840, 1280):
        await one.page.set_viewport_size({"width": width, "height": 900})
        assert (width, await one.fits()) == (width, True)
        if pictures and width < 2000:  # for a look by eye
            await one.page.screenshot(path=f"{pictures}/{name}-{width}.png", full_page=True)
    for scheme in ("dark", "light"):
        await one.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert (scheme, await one.axe()) == (scheme, [])
        if pictures:
            await one.page.screenshot(path=f"{pictures}/{name}-{scheme}.png", full_page=True)
    assert await one.violations() == []
    assert one.faults == []
    assert len(await one.page.content()) < 100_000


async def test_a_published_report_is_read_dealt_with_and_comes_back(
    browser: Browser, world: RunningWorld, tmp_path: Path
) -> None:
    boss = await world.person(roles=["administrator"])
    file = tmp_path / "report.json"
    first = [
        judged("K01", title="A device link opens without signing in", says=f"A stranger read the device. {HOSTILE}"),
        judged("K10", severity="medium", title="Browsers are not told to use HTTPS only"),
        judged("K21", "inconclusive", title="The connector trusts any device"), judged("K02", "pass"),
    ]  # fmt: skip
    file.write_text(json.dumps(of_run(3, *first)), "utf-8")
    code, out, err = await world.cli("check", "publish", str(file), "--json", token=boss.token)
    assert (code, json.loads(out)) == (0, {"fresh": 3, "known": 0, "closed": 0}), err

    async with tab(browser, world.hub) as one:
        await one.carry(boss.cookie)
        page = one.page
        await page.goto("/alerts")
        await page.keyboard.press("g")
        await page.keyboard.press("i")
        await expect(page).to_have_title("Findings · Roomgate")

        await page.get_by_label("All sources").select_option("check")
        await page.wait_for_url("**/findings?*source=check*")
        lines = page.locator("tbody tr[id^=finding_]")
        await expect(lines).to_have_count(3)
        await expect(lines.nth(0)).to_contain_text("A device link opens without signing in")
        await expect(lines.nth(0)).to_contain_text(HOSTILE)
        await expect(lines.nth(2)).to_contain_text("K21 could not be judged")
        await good(one, "findings")
        exported = await (await page.request.get("/findings.json?source=check&q=K10")).json()
        assert [row["severity"] for row in exported] == ["warning"]

        await lines.nth(0).get_by_role("link").click()
        await expect(page.locator("#evidence")).to_contain_text("https://a.example/: open")
        await expect(page.locator("#evidence")).to_contain_text(HOSTILE)
        await good(one, "finding")
        address = page.url
        await page.get_by_label("What was done about it").fill("The links ask for a sign-in since today.")
        await page.get_by_role("button", name="Dealt with").click()
        await expect(page.locator("#said")).to_contain_text("Dealt with: Connector of the trial")
        await expect(page.locator("#closed")).to_contain_text("The links ask for a sign-in since today.")
        await expect(page.locator("#closed")).to_contain_text(boss.name)
        await page.goto(address)
        await expect(page.get_by_label("What was done about it")).to_have_count(0)
        await good(one, "finding-closed")

    # A run that was begun since and sees it again opens it; what it sees mended is closed.
    again = [first[0], judged("K10", "pass"), first[2]]
    file.write_text(json.dumps(of_run(-1, *again)), "utf-8")
    code, out, err = await world.cli("check", "publish", str(file), "--json", token=boss.token)
    assert (code, json.loads(out)) == (0, {"fresh": 1, "known": 1, "closed": 1}), err
    async with world.caller(boss.token) as caller:
        entries = await caller.call("GET", "/api/v1/ledger?kind=finding.closed&limit=10")
        assert {entry["event"]["by"] for entry in entries["items"]} == {boss.id}
        assert {entry["event"]["reason"] for entry in entries["items"]} >= {"The links ask for a sign-in since today."}
    code, out, _ = await world.cli("finding", "list", "--source", "check", "--json", token=boss.token)
    assert [one["evidence"]["check"] for one in json.loads(out)] == ["K01", "K21"]


async def test_who_only_audits_reads_and_whoever_does_not_finds_no_way_there(
    browser: Browser, world: RunningWorld
) -> None:
    auditor, member = await world.person(roles=["auditor"]), await world.person()
    async with tab(browser, world.hub, script=False, width=400) as one:
        await one.page.goto("/findings")
        await one.sign_in(auditor.name, auditor.password)
        await expect(one.page.locator("h1")).to_have_text("Findings")
        await one.page.get_by_role("searchbox").fill("nothing-is-like-this")
        await one.page.keyboard.press("Enter")
        await expect(one.page.locator("#main")).to_contain_text("No finding is like that.")
    async with tab(browser, world.hub) as one:
        await one.page.goto("/findings")
        await one.sign_in(member.name, member.password)
        await expect(one.page.locator("#main")).to_contain_text("This takes the right to audit.")
        await expect(one.page.get_by_role("link", name="Findings")).to_have_count(0)
