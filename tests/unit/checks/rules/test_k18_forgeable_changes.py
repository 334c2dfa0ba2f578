"""A change is sent as another site's page could send it; done is a fail, and only what browsers would send counts."""

from urllib.parse import parse_qs

import httpx
import pytest

from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k18_forgeable_changes import CHECK, ELSEWHERE, forgeries, needs
from roomgate.checks.snapshot import Snapshot
from roomgate.checks.target import Ask
from support.checks import ONE, judged, target_of

ADA = (
    ONE
    + """
[[accounts]]
name = "ada"
user = "ada"
password = "a-long-password"
sign_in = { request = { url = "https://target.example/signin", method = "POST", form = { user = "{user}", pass = "{password}" } } }
"""
)
CHANGES = """
[K18]
page = "https://target.example/home"
effect = { url = "https://target.example/api/me", account = "ada" }
changes = [
  { url = "https://target.example/language", method = "POST", form = { language = "fr" }, account = "ada", expects = '"language":"fr"' },
  { url = "https://target.example/language", method = "POST", form = { language = "de" }, account = "ada", expects = '"language":"de"' },
]
"""
BLIND = (
    "\n".join(line for line in CHANGES.splitlines() if not line.startswith("effect"))
    .replace("""'"language":"fr"'""", '""')
    .replace("""'"language":"de"'""", '""')
)


class Connector:
    """Keeps a language; each way of guarding the change is a switch."""

    def __init__(self, *, guard="token", same_site="Lax", by_get=False, check_kind=False):
        self.language, self.guard, self.same_site = "en", guard, same_site
        self.by_get, self.check_kind = by_get, check_kind
        self.seen = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        signed = "session=0123456789abcdef" in request.headers.get("cookie", "")
        match request.method, request.url.path:
            case "POST", "/signin":
                site = f"; SameSite={self.same_site}" if self.same_site else ""
                cookie = f"session=0123456789abcdef; Path=/; Secure; HttpOnly{site}"
                return httpx.Response(303, headers={"Set-Cookie": cookie, "Location": "/home"})
            case "GET", "/home":
                return httpx.Response(200, text='<form><input type="hidden" name="csrf" value="t0ken"></form>')
            case "GET", "/api/me" if signed:
                return httpx.Response(200, text=f'{{"language":"{self.language}"}}')
            case method, "/language":
                self.seen.append(request)
                return self._change(request, method, signed)
        return httpx.Response(401, text="Sign in")

    def _change(self, request: httpx.Request, method: str, signed: bool) -> httpx.Response:
        if not signed:
            return httpx.Response(303, headers={"Location": "/signin"})
        if method == "GET" and not self.by_get:
            return httpx.Response(405)
        kind = request.headers.get("content-type", "")
        given = request.url.query.decode() if method == "GET" else request.content.decode()
        form = {key: value[0] for key, value in parse_qs(given).items()}
        if "multipart" in kind:
            form = {"language": given.split("\r\n\r\n")[1].split("\r\n")[0]}
        if self.guard == "token" and form.get("csrf") != "t0ken" and not self.by_get:
            return httpx.Response(403)
        if self.guard == "origin" and request.headers.get("origin") != "https://target.example":
            return httpx.Response(403)
        if self.guard == "soft" and form.get("csrf") != "t0ken":
            return httpx.Response(200, text="<p>Your session was too old.</p>")
        self.language = form.get("language", self.language)
        return httpx.Response(303, headers={"Location": "/home"})


async def found(tmp_path, connector, text=ADA + CHANGES):
    return (await judged(tmp_path, connector, text, only=["K18"]))["K18"]


@pytest.mark.asyncio
@pytest.mark.parametrize("blind", [False, True])
@pytest.mark.parametrize(
    ("switches", "expected"),
    [
        ({"guard": "token"}, Outcome.PASS),
        ({"guard": "token", "same_site": ""}, Outcome.PASS),
        ({"guard": "origin", "same_site": "None"}, Outcome.PASS),
        ({"guard": "none", "same_site": "None"}, Outcome.FAIL),
        ({"guard": "none", "same_site": ""}, Outcome.FAIL),
        ({"guard": "none", "same_site": "Strict"}, Outcome.PASS),  # and says on what alone it rests
    ],
)
async def test_who_is_kept_out(tmp_path, switches, expected, blind):
    made = await found(tmp_path, Connector(**switches), ADA + (BLIND if blind else CHANGES))
    assert made.outcome is expected, (made.says, made.points)


@pytest.mark.asyncio
async def test_a_change_by_get_is_open_even_with_lax(tmp_path):
    assert (await found(tmp_path, Connector(guard="token", by_get=True))).outcome is Outcome.FAIL
    strict = await found(tmp_path / "b", Connector(guard="token", by_get=True, same_site="Strict"))
    assert strict.outcome is Outcome.PASS
    assert "SameSite" in strict.says


@pytest.mark.asyncio
async def test_a_refusal_with_200_is_one_where_the_effect_is_seen(tmp_path):
    assert (await found(tmp_path, Connector(guard="soft", same_site=""))).outcome is Outcome.PASS
    blind = await found(tmp_path / "b", Connector(guard="soft", same_site=""), ADA + BLIND)
    assert blind.outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_a_get_that_changes_something(tmp_path):
    text = (
        ADA
        + """
[K18]
effect = { url = "https://target.example/api/me", account = "ada" }
gets = [{ url = "https://target.example/language?language=fr", account = "ada" }]
"""
    )
    assert (await found(tmp_path, Connector(guard="none", by_get=True), text)).outcome is Outcome.FAIL
    assert (await found(tmp_path / "b", Connector(), text)).outcome is Outcome.PASS


@pytest.mark.asyncio
async def test_a_change_that_does_not_work_at_all_tells_nothing(tmp_path):
    made = await found(tmp_path, Connector(), ADA + CHANGES.replace("/home", "/elsewhere"))
    assert made.outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_a_token_that_a_script_adds_cannot_be_forged(tmp_path):
    text = ONE + '[[accounts]]\nname = "ada"\ntoken = "a-long-token"\n' + CHANGES
    assert (await found(tmp_path, Connector(), text)).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.asyncio
async def test_what_is_sent_is_what_another_page_could_send(tmp_path):
    connector = Connector(guard="none", same_site="None")
    await found(tmp_path, connector)
    foreign = [one for one in connector.seen if one.headers.get("sec-fetch-site") == "cross-site"]
    assert foreign
    assert all("authorization" not in one.headers for one in foreign)
    assert {one.headers.get("origin") for one in foreign} == {ELSEWHERE, None}
    assert all(b"csrf" not in one.content for one in foreign)


def test_the_ways_of_another_page():
    form = forgeries(Ask(url="https://t.example/a?b=1", method="POST", form={"x": "{user}"}), {"user": "ada"}, True)
    assert list(form) == ["form", "form with files", "link"]
    assert form["link"].ask.url == "https://t.example/a?b=1&x=ada"
    assert b'name="x"\r\n\r\nada\r\n' in (form["form with files"].content or b"")
    data = forgeries(Ask(url="https://t.example/a", method="PUT", json={"x": [1]}), {}, False)
    assert list(data) == ["plain text", "form"]
    assert data["plain text"].content == b'{"x": [1]}'
    assert list(forgeries(Ask(url="https://t.example/a"), {}, True)) == ["link"]


def test_what_it_needs_and_that_nothing_seen_is_no_pass():
    assert "harmless" in needs(target_of(ONE))
    assert needs(target_of(ADA + CHANGES)) == ""
    no_effect = '[K18]\ngets = [{ url = "https://target.example/x", account = "ada" }]\n'
    assert "effect" in needs(target_of(ADA + no_effect))
    assert CHECK.judge(Snapshot(look="forging"), target_of(ADA + CHANGES)).outcome is Outcome.INCONCLUSIVE
