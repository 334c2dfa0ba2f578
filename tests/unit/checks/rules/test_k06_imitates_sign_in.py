"""The connector's sign-in pages against the device's own: drawn by the browser, and judged by what it saw."""

import httpx
import pytest

from roomgate.checks import browser
from roomgate.checks.browser import NoBrowser
from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k06_imitates_sign_in import CHECK, addresses_of, needs
from roomgate.checks.snapshot import Render, Snapshot
from support.checks import ONE, judged, looked, target_of
from support.signin_pages import COPIES, DEVICE, ORDINARY

TEXT = ONE + '[device]\ngolden = "golden"\n[[links]]\nurl = "https://target.example/d/7f3a91"\n'
SHELL = "<!doctype html><title>Console</title><div id=root></div><script src=/app.js></script>"


def serving(pages: dict[str, str], scripts: dict[str, str] | None = None):
    def answer(request: httpx.Request) -> httpx.Response:
        if (script := (scripts or {}).get(request.url.path)) is not None:
            return httpx.Response(200, headers={"Content-Type": "text/javascript"}, text=script)
        page = pages.get(request.url.path)
        if page is None:
            return httpx.Response(404, headers={"Content-Type": "text/html"}, text="<h1>Nothing here</h1>")
        return httpx.Response(200, headers={"Content-Type": "text/html"}, text=page)

    return answer


@pytest.fixture
def site(tmp_path):
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden" / "signin.html").write_text(DEVICE)
    (tmp_path / "golden" / "home.html").write_text("<h1>Board</h1>")
    return tmp_path


async def found(site, answer, text=TEXT, name="run"):
    made = await judged(site / name, answer, text, only=["K06"], target=target_of(text, site))
    return made["K06"]


@pytest.mark.asyncio
async def test_an_ordinary_page_passes_and_a_copy_below_a_link_fails(site):
    front = {"/": ORDINARY["two columns"]}
    good = await found(site, serving(front), name="good")
    assert good.outcome is Outcome.PASS, (good.says, good.points)
    bad = await found(site, serving(front | {"/d/7f3a91/signin": COPIES["with other words"]}), name="bad")
    assert bad.outcome is Outcome.FAIL, (bad.says, bad.points)
    assert [point.where for point in bad.points] == ["https://target.example/d/7f3a91/signin"]
    assert "device's order" in bad.points[0].what
    assert len([name for name in bad.evidence if name.endswith(".png")]) == 3


@pytest.mark.asyncio
async def test_a_copy_that_a_script_draws_is_seen(site):
    script = f"document.documentElement.innerHTML = {DEVICE!r}.replace(/Board/g, 'Device');"
    made = await found(site, serving({"/": SHELL}, {"/app.js": script}))
    assert made.outcome is Outcome.FAIL, (made.says, made.points)


@pytest.mark.asyncio
async def test_a_page_without_a_password_is_no_sign_in(site):
    made = await found(site, serving({"/": "<h1>Rooms from anywhere</h1><a href=/go>Enter</a>"}))
    assert made.outcome is Outcome.NOT_APPLICABLE

    def away(request: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"Location": "https://identity.example/authorize"})

    assert (await found(site, away, name="away")).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.asyncio
async def test_without_a_browser_plain_pages_are_judged_and_others_are_not(site, monkeypatch):
    monkeypatch.setattr(browser, "_BINARIES", ("no-such-browser",))
    plain = await found(site, serving({"/": ORDINARY["two columns"], "/d/7f3a91": DEVICE}), name="plain")
    assert plain.outcome is Outcome.FAIL
    ordinary = await found(site, serving({"/": ORDINARY["two columns"]}), name="ordinary")
    assert ordinary.outcome is Outcome.PASS
    shell = await found(site, serving({"/": SHELL}), name="shell")
    assert shell.outcome is Outcome.INCONCLUSIVE
    assert NoBrowser.code == "check.no-browser"


@pytest.mark.asyncio
async def test_nobody_there_or_nothing_to_compare_with_is_inconclusive(site, monkeypatch):
    monkeypatch.setattr(browser, "_BINARIES", ())

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    assert (await found(site, refuse, name="gone")).outcome is Outcome.INCONCLUSIVE
    shut = lambda request: httpx.Response(403, text="blocked")  # noqa: E731
    assert (await found(site, shut, name="shut")).outcome is Outcome.INCONCLUSIVE
    (site / "golden" / "signin.html").write_text("<h1>Not a sign-in page</h1>")
    assert (await found(site, serving({"/": DEVICE}), name="no")).outcome is Outcome.INCONCLUSIVE
    (site / "golden" / "signin.html").write_text(ORDINARY["three elements"])
    same = await found(site, serving({"/": ORDINARY["three elements"]}), name="plain")
    assert same.outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_the_owner_s_own_proxy_before_the_device_is_no_imitation(site, monkeypatch):
    monkeypatch.setattr(browser, "_BINARIES", ())
    own = TEXT + '[K06]\nown = ["https://target.example"]\n'
    assert (await found(site, serving({"/": DEVICE}), own, "own")).outcome is Outcome.NOT_APPLICABLE
    assert (await found(site, serving({"/": DEVICE}), TEXT, "not")).outcome is Outcome.FAIL


@pytest.mark.asyncio
async def test_the_device_s_page_is_fetched_where_none_was_captured(tmp_path, monkeypatch):
    monkeypatch.setattr(browser, "_BINARIES", ())
    text = ONE + '[device]\nurl = "https://device.example"\n'

    def answer(request: httpx.Request) -> httpx.Response:
        own = request.url.host == "device.example" and request.url.path == "/web/signin"
        page = DEVICE if own or request.url.host == "target.example" else "Nothing here"
        return httpx.Response(200, headers={"Content-Type": "text/html"}, text=page)

    made = (await judged(tmp_path, answer, text, only=["K06"]))["K06"]
    assert made.outcome is Outcome.FAIL


@pytest.mark.asyncio
async def test_it_stays_polite(site):
    seen = await looked(
        site / "run", serving({"/": ORDINARY["two columns"]}), only=["K06"], target=target_of(TEXT, site)
    )
    steps = seen["sign-in-pages"].steps
    assert len(steps) - len(seen["sign-in-pages"].of(Render)) <= 12


def test_what_it_needs_and_that_nothing_seen_is_no_pass():
    assert "golden" in needs(target_of(ONE))
    assert needs(target_of(TEXT)) == ""
    assert "permitted" in needs(target_of(TEXT + '[K06]\npages = ["https://elsewhere.example/in"]\n'))
    assert addresses_of(target_of(TEXT)) == [
        "https://target.example/",
        "https://target.example/d/7f3a91",
        "https://target.example/d/7f3a91/signin",
        "https://target.example/d/7f3a91/login",
    ]
    assert CHECK.judge(Snapshot(look="sign-in-pages"), target_of(TEXT)).outcome is Outcome.INCONCLUSIVE
