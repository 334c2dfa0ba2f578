"""Device links: open to a stranger, shut to a stranger and open to their account, or nobody can say."""

import shutil

import httpx
import pytest

from roomgate.checks.looks import links
from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k01_link_needs_no_sign_in import CHECK, judge
from roomgate.checks.snapshot import Act, Exchange, Fact, Snapshot
from support.browser import BINARIES
from support.checks import AUTHORISED, judged, looked, target_of

LINK = "https://target.example/d/8f14e45fceea167a5a36dedd4bea2543"
HEAD = f'[target]\nname = "A target"\nurls = ["https://target.example/"]\n\n{AUTHORISED}\n'
ACCOUNT = """
[[accounts]]
name = "ana"
user = "ana"
password = "correct horse 99"
[accounts.sign_in.request]
url = "https://target.example/sign-in"
method = "POST"
form = {user = "{user}", password = "{password}"}
"""
DEVICE = "<html><title>Room 4711</title><body><h1>Room 4711</h1><p>Volume 50</p><button>Dial</button></body></html>"
SIGN_IN = "<html><form method=post action=/sign-in><input name=user><input type=password name=password></form></html>"


def text(*, marker: str = "Room 4711", account: bool = False, reads: str = "") -> str:
    lines = ["[[links]]", f'url = "{LINK}"']
    lines += [f'marker = "{marker}"'] if marker else []
    lines += ['account = "ana"'] if account else []
    lines += [f"reads = [{{{reads}}}]"] if reads else []
    return HEAD + "\n".join(lines) + "\n" + (ACCOUNT if account else "")


def html(page: str, status: int = 200) -> httpx.Response:
    return httpx.Response(status, headers={"content-type": "text/html"}, text=page)


def signed_in(request: httpx.Request) -> bool:
    return "sid=s3cret-session" in request.headers.get("cookie", "")


class Site:
    """Answers by path: to a stranger, and to somebody who is signed in."""

    def __init__(self, stranger, member=None, *, unknown=lambda request: httpx.Response(404), other=None):
        self.stranger, self.member, self.unknown, self.other = stranger, member or stranger, unknown, other or {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/sign-in" and request.method == "POST":
            return httpx.Response(204, headers={"set-cookie": "sid=s3cret-session; Path=/; Secure"})
        if (answer := self.other.get(request.url.path)) is not None:
            return answer(request)
        if not str(request.url).startswith(LINK):
            return self.unknown(request)
        return (self.member if signed_in(request) else self.stranger)(request)


async def outcome(folder, site, toml):
    found = (await judged(folder, site, toml, only=["K01"]))["K01"]
    assert found.says
    return found


@pytest.mark.asyncio
async def test_the_device_for_anybody_is_the_flaw(tmp_path):
    found = await outcome(tmp_path, Site(lambda r: html(DEVICE)), text())
    assert found.outcome is Outcome.FAIL
    assert all(point.steps for point in found.points)


@pytest.mark.asyncio
async def test_a_preview_that_is_let_in_is_enough(tmp_path):
    site = Site(lambda r: html(DEVICE if "Preview" in r.headers["user-agent"] else SIGN_IN))
    found = await outcome(tmp_path, site, text())
    assert (found.outcome, len(found.points)) == (Outcome.FAIL, 1)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "stranger",
    [
        lambda r: html(SIGN_IN),
        lambda r: html("<h1>Room 4711</h1>" + SIGN_IN),
        lambda r: httpx.Response(401),
        lambda r: httpx.Response(403),
        lambda r: httpx.Response(302, headers={"location": "/login?next=/d/8f14e45fceea167a5a36dedd4bea2543"}),
        lambda r: httpx.Response(
            302, headers={"location": "https://identity.example/x?response_type=code&client_id=1"}
        ),
        lambda r: html('<meta http-equiv="refresh" content="0; url=/saml/start"><p>One moment'),
        lambda r: html('<script>location.replace("/oauth2/start")</script>'),
        lambda r: html('<a href="/auth/start">Weiter</a>'),
    ],
)
async def test_a_sign_in_or_a_refusal_is_sound_where_the_account_is_let_in(tmp_path, stranger):
    site = Site(stranger, lambda r: html(DEVICE), other={"/login": lambda r: html(SIGN_IN)})
    assert (await outcome(tmp_path, site, text(account=True))).outcome is Outcome.PASS


@pytest.mark.asyncio
async def test_the_same_sign_in_for_every_address_is_sound_too(tmp_path):
    site = Site(lambda r: html(SIGN_IN), lambda r: html(DEVICE), unknown=lambda r: html(SIGN_IN))
    assert (await outcome(tmp_path, site, text(account=True))).outcome is Outcome.PASS


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "dead", [lambda r: httpx.Response(404), lambda r: html(SIGN_IN), lambda r: httpx.Response(410)]
)
async def test_a_link_that_opens_for_nobody_proves_nothing(tmp_path, dead):
    site = Site(dead, unknown=dead)
    assert (await outcome(tmp_path / "a", site, text(account=True))).outcome is Outcome.INCONCLUSIVE
    assert (await outcome(tmp_path / "b", site, text())).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_a_sign_in_for_a_known_link_alone_is_sound_without_an_account(tmp_path):
    assert (await outcome(tmp_path, Site(lambda r: html(SIGN_IN)), text())).outcome is Outcome.PASS


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "stranger",
    [
        lambda r: httpx.Response(503),
        lambda r: httpx.Response(429),
        lambda r: html("<h1>Welcome to our product</h1>"),
        lambda r: html('<div id="app"></div><script src="/app.js"></script>'),
        lambda r: httpx.Response(302, headers={"location": "https://elsewhere.example/page"}),
        lambda r: httpx.Response(200),
        lambda r: html('<h1>Room 4711</h1><a href="/sso/start">Go</a>'),
        lambda r: html(DEVICE + "<form><input type=password></form>"),
        lambda r: httpx.Response(200, json={"error": "no such thing"}),
    ],
)
async def test_what_proves_nothing_is_inconclusive(tmp_path, stranger):
    assert (await outcome(tmp_path, Site(stranger), text())).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_nobody_there_is_inconclusive(tmp_path):
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    assert (await outcome(tmp_path, answer, text())).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "page",
    [
        lambda r: html("<h1>There is no Room 4711</h1>"),
        lambda r: html(f"<p>Not found: {r.url.path}</p><footer>Room 4711 Ltd</footer>"),
    ],
)
async def test_a_page_for_every_address_is_not_the_device(tmp_path, page):
    found = await outcome(tmp_path, Site(page, unknown=page), text())
    assert found.outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_an_address_that_is_repeated_is_not_the_marker(tmp_path):
    marker = LINK.rsplit("/", 1)[1]
    page = lambda r: html(f'<p>{r.url.path} is gone</p><a href="https://help.example/?from={r.url}">Help</a>')  # noqa: E731
    assert (await outcome(tmp_path, Site(page), text(marker=marker))).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_without_a_marker_a_page_of_its_own_is_the_device(tmp_path):
    assert (await outcome(tmp_path, Site(lambda r: html(DEVICE)), text(marker=""))).outcome is Outcome.FAIL


@pytest.mark.asyncio
async def test_without_a_marker_a_page_among_pages_is_undecided(tmp_path):
    site = Site(lambda r: html(DEVICE), unknown=lambda r: html("<h1>Something else altogether, in other words</h1>"))
    assert (await outcome(tmp_path, site, text(marker=""))).outcome is Outcome.INCONCLUSIVE


READ = f'url = "{LINK}/status"'


def with_data(page, data, member_data):
    def answer(who):
        return lambda r: who(r) if r.url.path.endswith("/status") else html(page)

    return Site(answer(data), answer(member_data))


@pytest.mark.asyncio
async def test_a_page_of_script_is_judged_by_its_data(tmp_path):
    shell = '<div id="app"></div><script src="/app.js"></script>'
    data = lambda r: httpx.Response(200, json={"name": "Room 4711"})  # noqa: E731
    refused = lambda r: httpx.Response(401)  # noqa: E731
    found = await outcome(tmp_path / "a", with_data(shell, data, data), text(account=True, reads=READ))
    assert found.outcome is Outcome.FAIL
    found = await outcome(tmp_path / "b", with_data(shell, refused, data), text(account=True, reads=READ))
    assert found.outcome is Outcome.PASS
    found = await outcome(tmp_path / "c", with_data(shell, refused, refused), text(account=True, reads=READ))
    assert found.outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_data_behind_a_sign_in_page_is_found(tmp_path):
    page = SIGN_IN + f'<script>fetch("{LINK}/state").then(show); fetch("{LINK}/reboot")</script>'
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        state = request.url.path.endswith("/state")
        return httpx.Response(200, json={"room": "Room 4711"}) if state else html(page)

    found = await outcome(tmp_path, Site(answer), text())
    assert found.outcome is Outcome.FAIL
    assert not any(path.endswith("/reboot") for path in asked)


APP = """
fetch("/api/status").then((answer) => answer.ok ? answer.json() : null).then((found) => {
  document.getElementById("app").innerHTML = found ? "<h1>" + found.name + "</h1>" : "<input type=password>";
});"""


@pytest.mark.asyncio
@pytest.mark.parametrize(("guarded", "wanted"), [(True, Outcome.PASS), (False, Outcome.FAIL)])
async def test_a_page_of_script_is_drawn_where_no_read_is_named(tmp_path, guarded, wanted):
    """With a browser it is decided; without one, nobody can say."""

    def status(request: httpx.Request) -> httpx.Response:
        if guarded and not signed_in(request):
            return httpx.Response(401)
        return httpx.Response(200, json={"name": "Room 4711"})

    shell = lambda r: html('<div id="app"></div><script src="/app.js"></script>')  # noqa: E731
    script = lambda r: httpx.Response(200, headers={"content-type": "text/javascript"}, text=APP)  # noqa: E731
    site = Site(shell, unknown=shell, other={"/app.js": script, "/api/status": status})
    found = await outcome(tmp_path, site, text(account=True))
    assert found.outcome is (wanted if any(map(shutil.which, BINARIES)) else Outcome.INCONCLUSIVE)


@pytest.mark.asyncio
async def test_the_account_is_needed_to_tell_a_broken_sign_in(tmp_path):
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403) if request.method == "POST" else html(SIGN_IN)

    found = await outcome(tmp_path, answer, text(account=True))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "not let in" in found.says


@pytest.mark.asyncio
async def test_no_link_no_look(tmp_path):
    found = await outcome(tmp_path, Site(lambda r: html(DEVICE)), HEAD)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "links" in found.says


def test_any_snapshot_is_judged():
    step = {"t": 0.0, "at": "x", "subject": LINK}
    odd = [
        Act(label=links.STRANGER, name="x", how="y", **step),
        Fact(label=links.NOT_LET_IN, name="x", **step),
        Exchange(label=links.STRANGER, method="GET", url="", status=302, headers=(("location", "http://[x"),), **step),
        Exchange(label=links.STRANGER_READ, method="GET", url="http://[", status=200, **step),
        Exchange(label=links.CONTROL, method="GET", url="::", status=200, body="\x00<", **step),
        Exchange(label=links.LET_IN, method="GET", url="", fault="x", **step),
    ]
    target = target_of(text())
    for n in range(len(odd) + 1):
        found = judge(Snapshot(look="links", steps=tuple(odd[:n])), target)
        assert found.outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_few_requests_are_made(tmp_path):
    shots = await looked(tmp_path, Site(lambda r: html(SIGN_IN)), text(account=True, reads=READ), only=["K01"])
    assert len(shots["links"].of(Exchange)) <= 12


def test_it_is_declared_whole():
    assert CHECK.id == "K01"
    assert CHECK.procedure
    assert CHECK.remedy
    assert CHECK.mistaken
