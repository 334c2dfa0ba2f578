"""The device's page through the connector: as it is, changed, or not at all."""

import httpx
import pytest

from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k07_modifies_pages import CHECK, needs, pages_of
from roomgate.checks.snapshot import Snapshot
from support.checks import ONE, judged, target_of

HOME = (
    "<html><head><title>Board</title></head>\n<body><h1>Board</h1>\n"
    + "\n".join(f"<p class='row'>Row {n}</p>" for n in range(12))
    + "\n<form action='/web/restart' method='post'><button>Restart</button></form>\n</body></html>"
)
SIGN_IN = "<html><body>\n<form action='/signin' method='post'>\n<input name='who'>\n<input type='password' name='p'>\n</form></body></html>"
TEXT = (
    ONE
    + """
[device]
url = "https://device.example"
user = "admin"
password = "the-device-password"

[[accounts]]
name = "ada"
token = "token-of-ada"

[K07]
sign_in = { url = "https://device.example/web/signin", method = "POST", form = { user = "{user}", passphrase = "{password}" } }
pages = [{ via = "https://target.example/d/7f/web/", path = "/web/", account = "ada" }]
"""
)


def world(shown: httpx.Response | None, *, device: httpx.Response | None = None):
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "device.example":
            if request.method == "POST":
                good = b"the-device-password" in request.content
                return httpx.Response(303 if good else 403, headers={"Set-Cookie": "d=12345678", "Location": "/web/"})
            if device is not None:
                return device
            signed = "d=12345678" in request.headers.get("cookie", "")
            guard = {"X-Frame-Options": "DENY"}
            return (
                httpx.Response(200, headers=guard, text=HOME)
                if signed
                else httpx.Response(302, headers={"Location": "/web/signin"})
            )
        if shown is None:
            raise httpx.ConnectError("refused")
        return shown

    return answer


async def found(tmp_path, answer, text=TEXT):
    return (await judged(tmp_path, answer, text, only=["K07"]))["K07"]


FRAMED = {"X-Frame-Options": "DENY"}
OWN = "<html><body><h1>Our own page about this room</h1>\n<table><tr><td>Volume</td></tr></table></body></html>"
CASES = {
    "as it is": (httpx.Response(200, headers=FRAMED, text=HOME), Outcome.PASS),
    "a header taken away": (httpx.Response(200, text=HOME), Outcome.FAIL),
    "a script put in": (
        httpx.Response(200, headers=FRAMED, text=HOME.replace("</body>", "<script src='/x.js'></script></body>")),
        Outcome.FAIL,
    ),
    "a line put in": (
        httpx.Response(200, headers=FRAMED, text=HOME.replace("</body>", "<p>Added</p></body>")),
        Outcome.FAIL,
    ),
    "a form led elsewhere": (
        httpx.Response(200, headers=FRAMED, text=HOME.replace("/web/restart", "/d/7f/do")),
        Outcome.FAIL,
    ),
    "another reading": (
        httpx.Response(200, headers=FRAMED, text=HOME.replace("Row 7", "Row seven")),
        Outcome.INCONCLUSIVE,
    ),
    "a page of its own": (httpx.Response(200, text=OWN), Outcome.PASS),
    "not shown": (httpx.Response(404, text="Nothing here"), Outcome.PASS),
    "nobody let in": (httpx.Response(401, text="Sign in"), Outcome.INCONCLUSIVE),
    "a sign-in page": (httpx.Response(200, text=SIGN_IN), Outcome.INCONCLUSIVE),
    "broken": (httpx.Response(502, text="Bad gateway"), Outcome.INCONCLUSIVE),
    "nobody there": (None, Outcome.INCONCLUSIVE),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("name", CASES)
async def test_what_the_connector_shows_decides(tmp_path, name):
    shown, expected = CASES[name]
    made = await found(tmp_path, world(shown))
    assert made.outcome is expected, (made.says, made.points)


@pytest.mark.asyncio
async def test_a_device_that_does_not_answer_tells_nothing(tmp_path):
    made = await found(tmp_path, world(httpx.Response(200, text=HOME), device=httpx.Response(500)))
    assert made.outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_a_captured_page_stands_for_the_device(tmp_path):
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden" / "home.html").write_text(HOME)
    text = ONE + (
        '[device]\ngolden = "golden"\n[K07]\npages = [{ via = "https://target.example/d/7f/", golden = "home.html" }]\n'
    )
    for body, expected in ((HOME, Outcome.PASS), (HOME.replace("<h1>", "<p>Ours</p><h1>"), Outcome.FAIL)):
        target = target_of(text, tmp_path)
        answer = world(httpx.Response(200, text=body))
        made = (await judged(tmp_path / expected, answer, text, only=["K07"], target=target))["K07"]
        assert made.outcome is expected, made.says


def test_what_it_needs_and_that_nothing_seen_is_no_pass():
    assert "device link" in needs(target_of(ONE))
    link = ONE + '[[links]]\nurl = "https://target.example/d/7f"\n'
    assert "[device]" in needs(target_of(link))
    assert needs(target_of(TEXT)) == ""
    assert "permitted" in needs(target_of(TEXT.replace("target.example/d/7f/web", "elsewhere.example")))
    assert [page.path for page in pages_of(target_of(link))] == ["/", "/web/"]
    assert CHECK.judge(Snapshot(look="transit"), target_of(TEXT)).outcome is Outcome.INCONCLUSIVE
