"""The console's page of rooms in Chromium, with 5,000 rooms: how heavy, how soon, and how soon it shows a change.

The page is opened with an empty cache each time. A change counts from the moment at which the room's connector sends
it to the hub to the moment at which the browser has it in the page.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page

from bench.crowd import Told, crowd
from bench.program import WentWrong
from bench.result import Result, Table, judged
from bench.run import Run
from bench.samples import Spread, median, quantile
from bench.scene import Scene, scene
from bench.words import number, spread
from roomgate.cli.demo.people import app_code
from support.browser import chromium

NAME = "rooms-page"
SECONDS = 70.0
ROOMS = 5000
MOST_KB, FIRST_MS, UPDATE_MS = 100.0, 200.0, 100.0
GAP_S = 0.7  # between two changes
SETTLE_S = 2.0
SEEN_S = 10.0
# Resolves with the wall clock's milliseconds when the text of a room's cell becomes another.
_WATCH = """
([id, before]) => { window.seen = new Promise((tell) => {
  const look = () => {
    const cell = document.getElementById(id);
    if (cell && cell.textContent !== before) { watch.disconnect(); tell(performance.timeOrigin + performance.now()); }
  };
  const watch = new MutationObserver(look);
  watch.observe(document.documentElement, {childList: true, subtree: true, characterData: true});
}); }
"""
_LIVE = "#live-sign.mark-ok"
FIRST = """
new Promise((tell) => new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (one.name === "first-contentful-paint") tell(one.startTime);
}).observe({type: "paint", buffered: true}))
"""


@dataclass(slots=True)
class Loads:
    """One figure a load: bytes over the network with an empty cache, and milliseconds from the start of navigation."""

    bytes: list[float] = field(default_factory=list)  # until the page is live
    at_load: list[float] = field(default_factory=list)  # until the load event
    document: list[float] = field(default_factory=list)  # bytes of the page itself, as sent
    first_ms: list[float] = field(default_factory=list)
    done_ms: list[float] = field(default_factory=list)


async def measure(run: Run) -> Result:
    rooms, loads, changes = run.size(ROOMS, 200), run.size(9, 2), run.size(20, 3)
    found: dict[int, tuple[Loads, list[float]]] = {}
    run.say("starting hub, connector, witness, simulator and Chromium")
    async with scene(run.place("world")) as world, chromium("chromium") as browser:  # with windows, as people have it
        cookies = await sign_in(world, browser)
        for count in (10, rooms):
            run.say(f"{count:,} rooms")
            async with crowd(world, run.place(f"crowd-{count}"), count, f"crowd of {count}") as told:
                found[count] = (await _load(world, browser, cookies, loads), [])
                found[count][1].extend(await _change(world, browser, cookies, told, changes))
            await _forget(world, f"crowd of {count}")
    return build(found)


async def new_context(browser: Browser, world: Scene, cookies: list[Any]) -> BrowserContext:
    context = await browser.new_context(
        base_url=world.world.hub, ignore_https_errors=True, viewport={"width": 1440, "height": 900}
    )
    await context.add_cookies(cookies)
    return context


async def sign_in(world: Scene, browser: Browser) -> list[Any]:
    context = await new_context(browser, world, [])
    page = await context.new_page()
    await page.goto("/signin")
    await page.fill("#user", world.world.admin["user"])
    await page.fill("#pw", world.world.admin["password"])
    await page.click("form button")
    await page.fill("#code", app_code(world.world.admin["totp"]))
    await page.click("form button")
    await page.wait_for_selector("#main")
    cookies = list(await context.cookies())
    await context.close()
    return cookies


async def _load(world: Scene, browser: Browser, cookies: list[Any], times: int) -> Loads:
    """Each time in a browser context of its own: no cache, no open connection."""
    loads = Loads()
    for turn in range(times + 1):
        context = await new_context(browser, world, cookies)
        page = await context.new_page()
        network = await context.new_cdp_session(page)
        sizes: dict[str, float] = {}
        kinds: dict[str, str] = {}
        network.on(
            "Network.responseReceived", lambda said, kinds=kinds: kinds.update({said["requestId"]: said["type"]})
        )
        network.on(
            "Network.loadingFinished",
            lambda said, sizes=sizes: sizes.update({said["requestId"]: said["encodedDataLength"]}),
        )
        await network.send("Network.enable")
        await page.goto("/rooms", wait_until="load")
        first = float(await page.evaluate(FIRST))
        loaded = sum(sizes.values())
        await page.wait_for_selector(_LIVE, state="attached")  # then its script has fetched what it wants at once
        await page.wait_for_timeout(200)
        done = float(await page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
        await context.close()
        if turn:  # the first finds caches of the hub's own empty
            loads.at_load.append(loaded)
            loads.bytes.append(sum(sizes.values()))
            loads.document.append(max((size for id, size in sizes.items() if kinds.get(id) == "Document"), default=0))
            loads.first_ms.append(first)
            loads.done_ms.append(done)
    return loads


async def _change(world: Scene, browser: Browser, cookies: list[Any], told: Told, times: int) -> list[float]:
    """Milliseconds for each change of one of the rooms that the page shows."""
    context = await new_context(browser, world, cookies)
    page = await context.new_page()
    await page.goto("/rooms")
    await page.wait_for_selector(_LIVE, state="attached")
    took = []
    for turn in range(times):
        await asyncio.sleep(GAP_S + turn % 7 * 0.05)
        cell, name = await _shown(page, turn)
        before = await page.evaluate("(id) => document.getElementById(id).textContent", cell)
        await page.evaluate(_WATCH, [cell, before])
        began = time.clock_gettime(time.CLOCK_REALTIME) * 1000
        await told.tell(name, {"Status": {"Standby": {"State": "Standby" if turn % 2 == 0 else "Off"}}})
        try:
            async with asyncio.timeout(SEEN_S):
                seen = float(await page.evaluate("window.seen"))
        except TimeoutError as never:
            raise WentWrong(f"the page did not show the change of {name}") from never
        took.append(seen - began)
    await context.close()
    return took


async def _shown(page: Page, turn: int) -> tuple[str, str]:
    """One of the crowd's cells on the page: the same for two turns, so that it falls asleep and wakes."""
    cells: list[list[str]] = await page.evaluate(
        "[...document.querySelectorAll('[id^=\"cell-\"]')].map((c) => [c.id, c.querySelector('h3 a').textContent])"
    )
    mine = sorted((name, id) for id, name in cells if name.startswith("crowd-"))
    name, id = mine[turn // 2 % min(10, len(mine))]
    return id, name


async def _forget(world: Scene, site: str) -> None:
    """The connector is disabled, so that its rooms are not counted in what follows."""
    for one in (await world.admin.call("GET", "/api/v1/connectors?limit=200"))["items"]:
        if one.get("name") == site:
            await world.admin.call("POST", f"/api/v1/connectors/{one['id']}/disable", {})


def build(found: dict[int, tuple[Loads, list[float]]]) -> Result:
    """Pure: by the number of rooms; the targets are about the most."""
    most = max(found)
    loads, updates = found[most]
    in_kb = Spread.of([one / 1000 for one in loads.bytes])
    update = Spread(median(updates), min(updates), max(updates))
    rows = []
    for count, (each, took) in found.items():
        rows.append(
            [
                f"{count:,}",
                number(Spread.of([one / 1000 for one in each.document]).median),
                spread(Spread.of([one / 1000 for one in each.at_load])),
                spread(Spread.of([one / 1000 for one in each.bytes])),
                spread(Spread.of(each.first_ms)),
                spread(Spread.of(each.done_ms)),
                f"{number(median(took))} · {number(quantile(took, 0.99))}",
            ]
        )
    columns = [
        "rooms",
        "the page, kB",
        "until it is loaded, kB",
        "until it is live, kB",
        "first content, ms",
        "loaded, ms",
        "a change, ms: p50 · p99",
    ]
    return Result(
        name=NAME,
        judged=[
            judged("rooms-page.bytes", f"the page of {most:,} rooms", "at most", MOST_KB, "kB", in_kb, "all that is sent with an empty cache, until the page is live"),
            judged("rooms-page.first", f"the page of {most:,} rooms, first content", "at most", FIRST_MS, "ms", Spread.of(loads.first_ms), "from the start of navigation, TLS included"),
            judged("rooms-page.update", f"the page of {most:,} rooms, a change of one of them", "at most", UPDATE_MS, "ms", update, "from its connector's sending it to its being in the page"),
        ],
        tables=[Table("The page of rooms", columns, rows)],
        units="bytes, and milliseconds, one a load; changes: milliseconds each",
        samples={
            str(count): {
                "bytes": each.bytes, "at_load": each.at_load, "document": each.document,
                "first_ms": [round(one, 1) for one in each.first_ms],
                "done_ms": [round(one, 1) for one in each.done_ms],
                "changes_ms": [round(one, 1) for one in took],
            }
            for count, (each, took) in found.items()
        },
    )  # fmt: skip
