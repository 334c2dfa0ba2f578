"""A page is drawn without a network of the browser's own, whatever the page tries; what it asks for is told."""

import base64

import httpx
import pytest
import pytest_asyncio

from roomgate.checks.browser import PARTS_MOST, render
from roomgate.checks.snapshot import Exchange, Render
from support.checks import ONE, kit_of

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("drawing")]  # one browser

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PAGE = """<!doctype html><title>A page</title><link rel="stylesheet" href="/a.css"><body><h1>Hello</h1>
<form method="post" action="/in"><input name="user"><input type="password" name="pass"><button>Go</button></form>
<img src="/dot.png"><img src="https://elsewhere.example/track.gif"><p id="said"></p>
<script>fetch("/data.json").then((a) => a.json()).then((a) => { document.getElementById("said").textContent = a.room; });
</script>"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def started(tmp_path_factory):
    """One browser for all of these: a look's own, that no other look would be given."""
    kit = kit_of(tmp_path_factory.mktemp("browser"), answers)
    async with kit.later, kit.web:
        await render(kit, "https://target.example/", "first", html="<p>It starts.</p>")
        yield kit.held


@pytest.fixture
def held(started):
    return {name: started[name] for name in ("driver", "browser") if name in started}


def answers(request: httpx.Request) -> httpx.Response:
    match request.url.path:
        case "/old":
            return httpx.Response(302, headers={"Location": "/"})
        case "/":
            return httpx.Response(200, headers={"Set-Cookie": "one=1", "Content-Type": "text/html"}, text=PAGE)
        case "/a.css":
            return httpx.Response(200, headers={"Content-Type": "text/css"}, text="h1 { color: rgb(1, 2, 3) }")
        case "/dot.png":
            return httpx.Response(200, headers={"Content-Type": "image/png"}, content=DOT)
        case "/data.json":
            return httpx.Response(200, json={"room": f"room 4711, {request.headers.get('cookie', '')}"})
    return httpx.Response(404, text="Nothing here")


def drawing(page: str):
    return lambda request: (
        httpx.Response(200, headers={"Content-Type": "text/html"}, text=page)
        if request.url.path == "/"
        else answers(request)
    )


async def test_a_page_is_drawn_with_what_the_kit_fetched_for_it(tmp_path, held):
    kit = kit_of(tmp_path, answers, held=held)
    async with kit.later, kit.web:
        seen = await render(kit, "https://target.example/old", "front")
    assert (seen.title, seen.url, seen.fault) == ("A page", "https://target.example/", "")
    assert "room 4711, one=1" in seen.text  # scripts run, and the cookie that came with the page goes along
    assert "input:password:pass" in seen.skeleton
    assert seen.forms == (
        {"action": "https://target.example/in", "method": "post", "fields": ["text", "password", "submit"]},
    )
    assert (tmp_path / seen.picture).read_bytes().startswith(b"\x89PNG")
    assert len(seen.phash) == 16
    assert "https://elsewhere.example/track.gif" in seen.asked
    assert ("https://elsewhere.example", "https://target.example/") in seen.referrers
    fetched = [step.url for step in kit.recorder.steps if isinstance(step, Exchange)]
    assert not [url for url in fetched if "elsewhere" in url]
    assert "https://target.example/dot.png" in fetched


HOSTILE = {
    "dialogs": "<p>drawn</p><script>alert(1); confirm(2); prompt(3)</script>",
    "popups": "<p>drawn</p><script>for (let n = 0; n < 5; n++) window.open('/pop' + n)</script>",
    "sockets": "<p>drawn</p><script>new WebSocket('wss://target.example/ws'); new EventSource('/events')</script>",
    "posts": "<p>drawn</p><script>fetch('/delete', {method: 'POST', body: 'x'}); navigator.sendBeacon('/b', 'x')</script>",
    "workers": "<p>drawn</p><script>navigator.serviceWorker.register('/dot.png').catch(() => 0)</script>",
    "download": "<p>drawn</p><a id=a download href='/dot.png'>x</a><script>document.getElementById('a').click()</script>",
    "inside": "<p>drawn</p><img src='http://127.0.0.1:9/x'><iframe src='http://169.254.169.254/'></iframe>"
    "<img src='file:///etc/passwd'><link rel=preconnect href='https://inside.example'>",
}


async def test_what_a_page_tries_comes_to_nothing(tmp_path, held):
    sent = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append((request.method, request.url.host))
        return drawing(page)(request)

    kit = kit_of(tmp_path, answer, held=held)
    async with kit.later, kit.web:
        for page in HOSTILE.values():  # noqa: B007 (what it answers with)
            seen = await render(kit, "https://target.example/", "hostile")
            assert "drawn" in seen.text, seen
    assert set(sent) == {("GET", "target.example")}


async def test_a_page_without_end_is_bounded(tmp_path, held):
    many = "<p>drawn</p>" + "".join(f"<img src='/{n}.png'>" for n in range(300)) + "<i>" * 5500
    kit = kit_of(tmp_path, drawing(many), held=held)
    async with kit.later, kit.web:
        seen = await render(kit, "https://target.example/", "many")
    assert len(seen.skeleton) == 5000
    assert len(seen.asked) <= 200
    assert len([step for step in kit.recorder.steps if isinstance(step, Exchange)]) <= PARTS_MOST + 1


async def test_a_page_that_hangs_leaves_a_fault_and_the_next_is_drawn(tmp_path, held, monkeypatch):
    monkeypatch.setattr("roomgate.checks.browser.RENDER_S", 4.0)
    monkeypatch.setattr("roomgate.checks.browser.CLOSE_S", 1.0)
    kit = kit_of(tmp_path, drawing("<p>hangs</p><script>for (;;) {}</script>"), held=held)
    async with kit.later, kit.web:
        stuck = await render(kit, "https://target.example/", "stuck")
        monkeypatch.undo()  # the next one has its whole time: on a busy machine, a browser starts slowly
        after = await render(kit, "https://target.example/", "after", html="<title>After</title><p>fine</p>")
    assert stuck.fault
    assert (after.title, after.text, after.fault) == ("After", "fine", "")


async def test_a_captured_page_is_drawn_with_the_files_beside_it(tmp_path, held):
    (tmp_path / "own.css").write_text("p { font-size: 99px }")
    page = "<link rel=stylesheet href='/web/own.css'><p id=p>big</p><script>document.title = getComputedStyle(p).fontSize</script>"
    kit = kit_of(tmp_path / "evidence", answers, held=held)
    async with kit.later, kit.web:
        seen = await render(kit, "https://device.invalid/web/", "golden", html=page, beside=tmp_path)
    assert seen.title == "99px"
    assert not [step for step in kit.recorder.steps if isinstance(step, Exchange)]


async def test_a_page_that_moves_on_by_itself_is_followed(tmp_path, held):
    def answer(request: httpx.Request) -> httpx.Response:
        match request.url.path:
            case "/":
                return httpx.Response(
                    200, headers={"Content-Type": "text/html"}, text="<script>location.href = '/moved'</script>"
                )
            case "/moved":
                return httpx.Response(302, headers={"Location": "/there"})
        return httpx.Response(200, headers={"Content-Type": "text/html"}, text="<title>There</title><p>arrived</p>")

    kit = kit_of(tmp_path, answer, held=held)
    async with kit.later, kit.web:
        seen = await render(kit, "https://target.example/", "moves")
    assert (seen.title, seen.url) == ("There", "https://target.example/there")


async def test_a_page_that_never_stops_moving_is_bounded(tmp_path, held, monkeypatch):
    monkeypatch.setattr("roomgate.checks.browser.RENDER_S", 6.0)
    sent = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.url)
        where = f"/{len(sent)}"
        return httpx.Response(
            200, headers={"Content-Type": "text/html"}, text=f"<p>x</p><script>location.href = '{where}'</script>"
        )

    kit = kit_of(tmp_path, answer, held=held)
    async with kit.later, kit.web:
        seen = await render(kit, "https://target.example/", "moves")
        monkeypatch.undo()
        after = await render(kit, "https://target.example/", "after", html="<title>After</title>")
    assert isinstance(seen, Render)
    assert len(sent) <= PARTS_MOST + 1
    assert after.title == "After"


async def test_nobody_there_is_a_fault(tmp_path, held):
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    kit = kit_of(tmp_path, refuse, ONE, held=held)
    async with kit.later, kit.web:
        seen = await render(kit, "https://target.example/", "front")
    assert isinstance(seen, Render)
    assert "ConnectError" in seen.fault
    assert seen.skeleton == ()
