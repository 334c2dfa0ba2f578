"""The pages of a room's settings in Chromium: how soon the settings of each are shown, and how heavy it is.

All settings of the device are read from it anew for each page. Each is opened in a tab of its own, with an empty
cache and no open connection; the tab has been open for a moment, since the making of it is no part of the page. Beside
them stand the smallest page of the console; the same pages as people come to them, from another page of the console in
the same tab, with an empty cache all the same; and what the reading alone takes, by REST.
"""

import time
from dataclasses import dataclass, field

from playwright.async_api import Browser

from bench.measurements.rooms_page import FIRST, new_context, sign_in
from bench.process import cpu_s
from bench.result import Result, Table, judged
from bench.run import Run
from bench.samples import Spread
from bench.scene import PROGRAMS, Scene, scene
from bench.words import number, spread
from roomgate.access.capability import Capability
from support.browser import chromium

NAME = "settings-page"
SECONDS = 120.0
FIRST_MS, MOST_KB = 300.0, 100.0
POLICY = """\
name = "managed"
cedar = "managed"
open = ["Configuration NetworkServices"]
"""
# The head of the page comes ahead of what the device answers: this is the moment at which that is on the screen, too.
_WATCH = """
new MutationObserver((_, watch) => {
  if (!document.querySelector("#main tbody tr, #h-groups")) return;
  watch.disconnect();
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { window.listed = performance.now(); };
    port2.postMessage(0);
  });
}).observe(document, { childList: true, subtree: true });
"""
LISTED = "window.listed"
TAB_MS = 300.0  # until Chromium has a new tab's process, and the next one's, ready
DONE = "performance.getEntriesByType('navigation')[0].domContentLoadedEventStart"
BYTE = "performance.getEntriesByType('navigation')[0].responseStart"
PAGES = {
    "what differs from its default": "",
    "the largest group": "?group=Audio/Input",
    "a search": "?q=mode",
}
SMALLEST = "/cuts"


@dataclass(slots=True)
class Opened:
    """One figure a load: milliseconds to the first content, to that of the device, and until all is read and the
    scripts may run, from the start of navigation; bytes of the page itself.

    Beside them how soon its first byte came, and what hub, connector and device had to do for it: what of the first
    content is the browser's own is told by these.
    """

    first_ms: list[float] = field(default_factory=list)
    listed_ms: list[float] = field(default_factory=list)
    bytes: list[float] = field(default_factory=list)
    byte_ms: list[float] = field(default_factory=list)
    done_ms: list[float] = field(default_factory=list)
    cpu_ms: dict[str, list[float]] = field(default_factory=dict)  # by program


async def measure(run: Run) -> Result:
    loads = run.size(15, 2)
    run.say("starting hub, connector, witness, simulator and Chromium")
    async with (
        scene(run.place("world"), 1) as world,
        chromium("chromium") as browser,
    ):  # with windows, as people have it
        await world.set_policy(POLICY)
        room = world.rooms[0].name
        wish = {
            "person": world.world.admin["user"], "rooms": [room], "capabilities": [one.value for one in Capability],
            "minutes": 60, "reason": "a measurement",
        }  # fmt: skip
        await world.admin.call("POST", "/api/v1/grants", wish)
        cookies = await sign_in(world, browser)
        pages = {}
        for name, query in PAGES.items():
            run.say(name)
            pages[name] = await _open(world, browser, cookies, f"/rooms/{room}/settings{query}", loads)
        run.say("the smallest page, and the same from there")
        beside = {"the smallest page": await _open(world, browser, cookies, SMALLEST, loads)}
        for name, query in PAGES.items():
            path = f"/rooms/{room}/settings{query}"
            beside[f"{name}, from another page"] = await _open(world, browser, cookies, path, loads, since=SMALLEST)
        reads = []
        for _ in range(run.size(20, 3)):
            began = time.perf_counter()
            await world.admin.call("POST", f"/api/v1/rooms/{room}/asks", {"get": "Configuration"})
            reads.append((time.perf_counter() - began) * 1000)
        count = len((await world.admin.call("GET", f"/api/v1/rooms/{room}/settings?limit=200"))["items"])
        cursor = (await world.admin.call("GET", f"/api/v1/rooms/{room}/settings?limit=200"))["next"]
        while cursor:
            found = await world.admin.call("GET", f"/api/v1/rooms/{room}/settings?limit=200&cursor={cursor}")
            count, cursor = count + len(found["items"]), found["next"]
    return build(pages, beside, reads, count)


async def _open(
    world: Scene, browser: Browser, cookies: list[object], path: str, times: int, since: str = ""
) -> Opened:
    """``since``: the page from which somebody comes; without one it is a new tab."""
    opened = Opened()
    listing = FIRST if path == SMALLEST else LISTED
    for turn in range(times + 1):
        context = await new_context(browser, world, cookies)
        page = await context.new_page()
        if path != SMALLEST:
            await page.add_init_script(_WATCH)
        if since:
            await page.goto(since, wait_until="load")
        await page.wait_for_timeout(TAB_MS)
        await (await context.new_cdp_session(page)).send("Network.clearBrowserCache")
        before = {name: cpu_s(world.pid(name)) for name in PROGRAMS}
        answer = await page.goto(path, wait_until="load")
        assert answer is not None
        size = len(await answer.body())
        first, byte, listed, done = [float(await page.evaluate(one)) for one in (FIRST, BYTE, listing, DONE)]
        await context.close()
        if turn:  # the first finds caches of the hub's own empty
            opened.bytes.append(size)
            opened.first_ms.append(first)
            opened.listed_ms.append(max(first, listed))
            opened.byte_ms.append(byte)
            opened.done_ms.append(done)
            for name, at in before.items():
                opened.cpu_ms.setdefault(name, []).append(1000 * (cpu_s(world.pid(name)) - at))
    return opened


def build(pages: dict[str, Opened], beside: dict[str, Opened], reads: list[float], count: int) -> Result:
    """Pure: the slowest and the heaviest of the pages are judged. What stands ``beside`` them is only told."""
    slowest = max(pages.values(), key=lambda one: Spread.of(one.listed_ms).median)
    heaviest = max(pages.values(), key=lambda one: max(one.bytes))
    in_kb = Spread.of([one / 1000 for one in heaviest.bytes])
    every = pages | beside
    rows = [
        [
            name,
            number(Spread.of([size / 1000 for size in one.bytes]).median),
            spread(Spread.of(one.first_ms)),
            spread(Spread.of(one.listed_ms)),
            spread(Spread.of(one.byte_ms)),
            spread(Spread.of(one.done_ms)),
            *(number(Spread.of(one.cpu_ms[name]).median) for name in PROGRAMS),
        ]
        for name, one in every.items()
    ]
    rows.append(
        [f"the reading alone, {count:,} settings", "", "", spread(Spread.of(reads)), "", "", *[""] * len(PROGRAMS)]
    )
    return Result(
        name=NAME,
        judged=[
            judged("settings-page.first", f"a page of {count:,} settings, shown", "at most", FIRST_MS, "ms", Spread.of(slowest.listed_ms), "what the device answered, not the head ahead of it; from the start of navigation, in a new tab with an empty cache, TLS and the reading of the device included; the slowest of its pages"),
            judged("settings-page.bytes", f"a page of {count:,} settings, itself", "at most", MOST_KB, "kB", in_kb, "as it is sent; the heaviest of its pages"),
        ],
        tables=[Table("The settings of a room", ["page", "the page, kB", "first content, ms", "settings shown, ms", "first byte, ms", "read and scripts there, ms", *(f"{name}, ms of processor" for name in PROGRAMS)], rows)],
        units="milliseconds, one a load; bytes",
        samples={
            "reads_ms": _rounded(reads),
            **{name: {"first_ms": _rounded(one.first_ms), "listed_ms": _rounded(one.listed_ms), "byte_ms": _rounded(one.byte_ms), "done_ms": _rounded(one.done_ms), "bytes": one.bytes, **{f"{program}_cpu_ms": _rounded(some) for program, some in one.cpu_ms.items()}} for name, one in every.items()},
        },
    )  # fmt: skip


def _rounded(some: list[float]) -> list[float]:
    return [round(one, 1) for one in some]
