"""A page as people see it: drawn by the machine's own Chromium, which has no way to any network.

Whatever the page asks for is fetched by the kit's own client, with its list of permitted hosts, its pace, its limits
and its record, and handed to the browser; all else comes to nothing. A hostile page can thus waste its deadline, and
nothing more. As root, Chromium runs only without its sandbox; otherwise it keeps it.
"""

import asyncio
import hashlib
import io
import json
import os
import shutil
from collections.abc import Awaitable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from roomgate.checks.kit import Kit
from roomgate.checks.snapshot import TEXT_MOST, Headers, Render
from roomgate.checks.target import Ask
from roomgate.checks.web import Session
from roomgate.errors import RoomgateError

if TYPE_CHECKING:
    from playwright.async_api import Browser, Dialog, Page, Playwright, Request, Route

RENDER_S = 25.0  # a page, from first to last
LOAD_S, REST_S, PICTURE_S, CLOSE_S = 15.0, 2.0, 5.0, 5.0
PARTS_MOST = 24  # of one page; what else it asks for is told, and not fetched
ELEMENTS_MOST, ASKED_MOST, KEPT_MOST = 5000, 200, 32
PAGE_TEXT_MOST = 64 * 1024
# The first is the same engine without windows around its pages: a page costs a third of the processor time.
_BINARIES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = (
    "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync", "--mute-audio",
    "--disable-features=DnsOverHttps,OptimizationHints,MediaRouter", "--host-resolver-rules=MAP * ~NOTFOUND",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    # A second wall: even what resolves has nowhere to go. Port 9 throws away; on this machine, nobody listens.
    "--proxy-server=http://127.0.0.1:9", "--proxy-bypass-list=<-loopback>",
)  # fmt: skip
_KEPT = ("stylesheet", "script", "image")  # fetched once in a look: they are the same for everybody
_FETCHED = ("document", "stylesheet", "script", "image", "xhr", "fetch")
# Of an answer's headers: what describes the bytes on the wire, and what would be remembered.
_NOT_HANDED_ON = {
    "content-encoding", "content-length", "transfer-encoding", "connection", "set-cookie", "strict-transport-security",
    "alt-svc",
}  # fmt: skip
_READ = """([most, letters]) => {
  const bones = [], forms = [], scripts = [];
  const walk = (root) => {
    for (const one of root.querySelectorAll("*")) {
      if (bones.length >= most) return;
      const tag = one.tagName.toLowerCase();
      bones.push([tag, (one.getAttribute("type") || "").slice(0, 40), (one.getAttribute("name") || "").slice(0, 80)].join(":"));
      if (one instanceof HTMLFormElement && forms.length < 50)
        forms.push({
          action: new URL(one.getAttribute("action") || "", document.baseURI).href.slice(0, 2000),
          method: (one.getAttribute("method") || "get").toLowerCase(),
          fields: [...one.elements].slice(0, 100).map((field) => String(field.type || field.tagName).slice(0, 40)),
        });
      if (tag === "script" && scripts.length < 200) scripts.push((one.src || "inline").slice(0, 2000));
      if (one.shadowRoot) walk(one.shadowRoot);
    }
  };
  walk(document);
  return {
    title: String(document.title).slice(0, 500), bones, forms, scripts, url: String(location.href).slice(0, 2000),
    text: document.body ? document.body.innerText.slice(0, letters) : "",
    html: document.documentElement ? document.documentElement.outerHTML.slice(0, letters * 4) : "",
  };
}"""


class NoBrowser(RoomgateError):
    """There is no browser to look at pages with, or it does not start."""

    code = "check.no-browser"
    hint = "Install Chromium (apt install chromium), and roomgate[check] for the library that drives it."


@dataclass(slots=True)
class _Draw:
    """One page that is being drawn: what it asks for, and what it is given."""

    kit: Kit
    label: str
    subject: str
    session: Session
    host: str  # the one that the session is for
    first: tuple[str, int, Headers, bytes]
    beside: Path | None
    asked: list[str] = field(default_factory=list)
    referrers: list[tuple[str, str]] = field(default_factory=list)
    parts: int = 0

    async def serve(self, route: "Route") -> None:
        from playwright.async_api import Error

        try:
            await self._serve(route, route.request)
        except (RoomgateError, ValueError):  # not permitted, or no address at all
            await _quietly(route.abort("blockedbyclient"))
        except Error:
            pass  # the page has gone meanwhile

    async def _serve(self, route: "Route", request: "Request") -> None:
        url = request.url.split("#")[0]
        if url.startswith(("data:", "blob:", "about:")):
            await route.continue_()
            return
        if url == self.first[0] and request.method == "GET" and request.resource_type == "document":
            await route.fulfill(status=self.first[1], headers=_handed_on(self.first[2]), body=self.first[3])
            return
        if len(self.asked) < ASKED_MOST:
            self.asked.append(url[:2000])
            if referer := request.headers.get("referer", ""):
                parts = urlsplit(url)
                self.referrers.append((f"{parts.scheme}://{parts.netloc}", referer[:2000]))
        if request.method != "GET" or request.resource_type not in _FETCHED or self.parts >= PARTS_MOST:
            await route.abort("blockedbyclient")
            return
        if (file := self._beside(url)) is not None:
            await route.fulfill(body=file.read_bytes(), content_type=_kind(file.suffix))
            return
        kept: dict[str, tuple[int, dict[str, str], bytes]] = self.kit.held.setdefault("parts", {})
        if request.resource_type in _KEPT and url in kept:
            status, headers, whole = kept[url]
            await route.fulfill(status=status, headers=headers, body=whole)
            return
        self.parts += 1
        host = urlsplit(url).hostname or ""
        self.kit.addresses.get(host)
        session = self.session if host == self.host else self.kit.web.fresh()
        given = {name: value for name, value in request.headers.items() if name in ("referer", "accept", "origin")}
        body = bytearray()
        is_page = request.resource_type == "document"
        step = await self.kit.web.send(
            Ask(url=url), f"{self.label} (part)", session, headers=given, follow=0 if is_page else 3,
            subject=self.subject, into=body,
        )  # fmt: skip
        if is_page and 300 <= step.status < 400 and step.header("location"):
            # Of a redirect that is handed to it, the browser would follow the second step by itself.
            where = json.dumps(step.header("location")).replace("<", "\\u003c")
            await route.fulfill(content_type="text/html", body=f"<script>location.replace({where})</script>")
        elif step.answered:
            if request.resource_type in _KEPT and len(kept) < KEPT_MOST:
                kept[url] = (_plain(step.status), _handed_on(step.headers), bytes(body))
            await route.fulfill(status=_plain(step.status), headers=_handed_on(step.headers), body=bytes(body))
        else:
            await route.abort("failed")

    def _beside(self, url: str) -> Path | None:
        if self.beside is None:
            return None
        file = self.beside / Path(urlsplit(url).path).name
        return file if file.is_file() and not file.is_symlink() and file.stat().st_size <= 2 * 1024 * 1024 else None


async def render(
    kit: Kit,
    url: str,
    label: str,
    *,
    session: Session | None = None,
    html: str | None = None,
    subject: str = "",
    beside: Path | None = None,
) -> Render:
    """Draw a page and record what came of it; an exchange each for what it needed has this label and `` (part)``.

    ``html``: draw this, as if it stood at that address. ``beside``: a folder that has the page's own files, by name.
    A page that does not come to rest is read as it is, and ``fault`` says so. Raises NoBrowser, NotPermitted.
    """
    browser = await _browser(kit)
    session = session or kit.web.fresh()
    if html is None:
        body = bytearray()
        step = await kit.web.send(Ask(url=url), f"{label} (page)", session, follow=5, subject=subject, into=body)
        if not step.answered:
            fault = step.fault or "no answer"
            return _recorded(kit, label, subject, url, _Seen(fault=fault))
        first = (step.url.split("#")[0], _plain(step.status), step.headers, bytes(body))
    else:
        kind = (("content-type", "text/html; charset=utf-8"),)
        first = (url.split("#")[0], 200, kind, html.encode("utf-8", "replace"))
    draw = _Draw(kit, label, subject, session, urlsplit(first[0]).hostname or "", first, beside)
    seen = await _draw(kit, browser, draw)
    return _recorded(kit, label, subject, first[0], seen, draw)


@dataclass(slots=True)
class _Seen:
    facts: dict[str, Any] = field(default_factory=dict)
    picture: bytes = b""
    fault: str = ""


async def _draw(kit: Kit, browser: "Browser", draw: _Draw) -> _Seen:
    from playwright.async_api import Error

    seen = _Seen()
    try:
        async with asyncio.timeout(RENDER_S):
            context = await browser.new_context(
                viewport={"width": 1280, "height": 800}, accept_downloads=False, service_workers="block",
                color_scheme="light", reduced_motion="reduce", locale="en-GB", timezone_id="UTC",
            )  # fmt: skip
            try:
                await context.route("**/*", lambda route: draw.serve(route))
                page = await context.new_page()
                page.on("popup", _gone)
                page.on("dialog", _dismissed)
                await _look(page, draw.first[0], seen)
            finally:
                await _close(kit, context.close())
    except TimeoutError:
        seen.fault = seen.fault or "it did not come to rest in time"
    except Error as fault:
        seen.fault = seen.fault or _words(fault)
    return seen


async def _look(page: "Page", url: str, seen: _Seen) -> None:
    from playwright.async_api import Error

    try:
        await page.goto(url, wait_until="load", timeout=LOAD_S * 1000)
        await page.wait_for_load_state("networkidle", timeout=REST_S * 1000)
    except Error as fault:
        seen.fault = _words(fault)
    seen.facts = await page.evaluate(_READ, [ELEMENTS_MOST, PAGE_TEXT_MOST])
    seen.picture = await page.screenshot(timeout=PICTURE_S * 1000, animations="disabled", caret="hide")


def _recorded(kit: Kit, label: str, subject: str, url: str, seen: _Seen, draw: _Draw | None = None) -> Render:
    name, phash = "", ""
    if seen.picture:
        name = f"{hashlib.sha256(seen.picture).hexdigest()[:24]}.png"
        (kit.evidence / name).write_bytes(seen.picture)
        phash = _phash(seen.picture)
    facts = seen.facts
    made: Render = kit.recorder.add(
        Render, label=label, subject=subject, url=str(facts.get("url", url)), title=str(facts.get("title", "")),
        text=str(facts.get("text", ""))[:PAGE_TEXT_MOST], html=str(facts.get("html", ""))[:TEXT_MOST],
        skeleton=tuple(str(one) for one in facts.get("bones", ())[:ELEMENTS_MOST]),
        forms=tuple(one for one in facts.get("forms", ()) if isinstance(one, dict)),
        scripts=tuple(str(one) for one in facts.get("scripts", ())),
        asked=tuple(draw.asked) if draw else (), referrers=tuple(draw.referrers) if draw else (),
        picture=name, phash=phash, fault=seen.fault,
    )  # fmt: skip
    return made


def _phash(picture: bytes) -> str:
    import imagehash
    from PIL import Image

    with Image.open(io.BytesIO(picture)) as image:
        return str(imagehash.phash(image.convert("L")))


async def _browser(kit: Kit) -> "Browser":
    """The look's browser: started once, closed with the look."""
    found: Browser | None = kit.held.get("browser")
    if found is not None and found.is_connected():
        return found
    binary = next(filter(None, map(shutil.which, _BINARIES)), None)
    if binary is None:
        raise NoBrowser("There is no Chromium on this machine.")
    try:
        from playwright.async_api import Error, async_playwright
    except ImportError as missing:
        raise NoBrowser("The library that drives a browser is not installed.") from missing
    alone = os.geteuid() == 0
    try:
        if "driver" not in kit.held:
            kit.held["driver"] = await kit.later.enter_async_context(async_playwright())
        driver: Playwright = kit.held["driver"]
        made: Browser = await driver.chromium.launch(
            executable_path=binary, args=list(_ARGUMENTS), chromium_sandbox=not alone, timeout=30_000
        )
    except (Error, OSError) as fault:
        raise NoBrowser(f"Chromium does not start: {_words(fault)}") from fault
    kit.held["browser"] = made
    kit.later.push_async_callback(_shut, kit)
    return made


async def _close(kit: Kit, closing: Awaitable[None]) -> None:
    """A page that hangs may not let itself be closed; then the whole browser goes, and the next page gets another."""
    try:
        async with asyncio.timeout(CLOSE_S):
            await _quietly(closing)
    except TimeoutError:
        browser = kit.held.pop("browser", None)
        if browser is not None:
            await _quietly(browser.close())


async def _quietly(doing: Awaitable[None]) -> None:
    from playwright.async_api import Error

    try:
        await doing
    except Error:
        pass  # it has gone already


async def _gone(popup: "Page") -> None:
    await _quietly(popup.close())


async def _dismissed(dialog: "Dialog") -> None:
    await _quietly(dialog.dismiss())


async def _shut(kit: Kit) -> None:
    browser = kit.held.pop("browser", None)
    if browser is not None:
        await _close(kit, browser.close())


def _handed_on(headers: Headers) -> dict[str, str]:
    return {name: value for name, value in headers if name.lower() not in _NOT_HANDED_ON}


def _plain(status: int) -> int:
    return status if 200 <= status <= 599 and not 300 <= status < 400 else 200


def _kind(suffix: str) -> str:
    kinds = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png"}
    kinds |= {".jpg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp", ".html": "text/html"}
    return kinds.get(suffix.lower(), "application/octet-stream")


def _words(fault: Exception) -> str:
    return str(fault).splitlines()[0][:200] if str(fault) else type(fault).__name__
