"""Whoever writes an address decides where it leads: seen by header, refresh, script and after a sign-in; or not at all."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given, settings

from roomgate.checks.declared import Tier
from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k13_open_redirect import (
    AFTER,
    CHECK,
    ELSEWHERE,
    LEFT_OUT,
    NAMES,
    PAGE,
    PAYLOADS,
    TRIES,
    TRIES_QUICK,
    TRY,
    address,
    judge,
    places_of,
)  # fmt: skip
from roomgate.checks.snapshot import Exchange
from support.checks import ONE, judged, looked, target_of
from support.odd_snapshots import odd_snapshots

SIGN_IN = ONE.replace("\n\n", '\nsign_in = "https://target.example/login"\n\n', 1)
ACCOUNT = """
[[accounts]]
name = "bob"
password = "bobs-password"
[accounts.sign_in.request]
url = "https://target.example/login"
method = "POST"
form = {user = "bob", password = "{password}"}
"""
HTML = {"Content-Type": "text/html"}


def asked(request: httpx.Request) -> dict[str, str]:
    return {
        key: values[0] for key, values in parse_qs(urlsplit(str(request.url)).query, keep_blank_values=True).items()
    }


class Connector:
    """Redirects by the parameter of one path, if what stands in it is let through."""

    def __init__(self, name="next", path="/login", lets=lambda text: True, answer=None, link=""):
        self.name, self.path, self.lets, self.link = name, path, lets, link
        self.answer = answer or (lambda text: httpx.Response(302, headers={"Location": text}))
        self.seen = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(str(request.url))
        text = asked(request).get(self.name, "")
        if request.url.path == self.path and text and self.lets(text):
            return self.answer(text)
        return httpx.Response(200, headers=HTML, text=f"<html>Rooms {self.link}")


async def found(folder, connector, text=SIGN_IN, **more):
    return (await judged(folder, connector, text, only=["K13"], **more))["K13"]


def page(text):
    return lambda wish: httpx.Response(200, headers=HTML, text=text.replace("{}", wish))


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["next", "rd", "returnTo", "RelayState", NAMES[-1]])
async def test_an_open_redirect_is_found_whatever_its_name(tmp_path, name):
    one = await found(tmp_path, Connector(name), quick=True)
    assert one.outcome is Outcome.FAIL
    assert f"{name.lower()}.{ELSEWHERE}" in one.points[0].what


@pytest.mark.asyncio
@pytest.mark.parametrize("lets", [
    lambda text: text.startswith("/"),
    lambda text: text.startswith("/") and not text.startswith("//"),
    lambda text: "target.example" in text,
    lambda text: text.startswith("https://target.example"),
    lambda text: not text.startswith(("http", "/")),
])  # fmt: skip
async def test_a_filter_that_reads_otherwise_than_browsers_is_seen_through(tmp_path, lets):
    assert (await found(tmp_path, Connector(lets=lets))).outcome is Outcome.FAIL


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", [
    page('<html><meta http-equiv="refresh" content="0;url={}">'),
    page("<html><script>location.href = '{}'</script>"),
    lambda wish: httpx.Response(200, headers={**HTML, "Refresh": f"0; url={wish}"}, text="<html>"),
    lambda wish: httpx.Response(307, headers={"Location": wish}),
])  # fmt: skip
async def test_pages_that_move_on_by_themselves_fail(tmp_path, answer):
    assert (await found(tmp_path, Connector(answer=answer), quick=True)).outcome is Outcome.FAIL


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", [
    page('<html>You are leaving for <a href="{}">{}</a>'),
    page('<html><form action="/login"><input name="next" value="{}"></form>'),
    lambda wish: httpx.Response(302, headers={"Location": "/"}),
    lambda wish: httpx.Response(302, headers={"Location": "/login?next=" + wish}),
    lambda wish: httpx.Response(302, headers={"Location": "https://target.example/" + wish.lstrip("/\\")}),
    lambda wish: httpx.Response(302, headers={"Location": "https://identity.example/auth?redirect_uri=https%3A%2F%2Ftarget.example"}),
    lambda wish: httpx.Response(200, json={"next": wish}),
    lambda wish: httpx.Response(404, headers=HTML, text=f"<html>no {wish}"),
])  # fmt: skip
async def test_what_is_no_redirect_passes(tmp_path, answer):
    one = await found(tmp_path, Connector(answer=answer), quick=True)
    assert one.outcome is Outcome.PASS


@pytest.mark.asyncio
@pytest.mark.parametrize("text", [
    '<html><meta http-equiv="refresh" content="8;url={}">You are leaving',
    "<html><button id=go>Go on</button><script>go.onclick = () => { location = '{}' }</script>",
])  # fmt: skip
async def test_a_page_in_between_is_not_sure(tmp_path, text):
    assert (await found(tmp_path, Connector(answer=page(text)), quick=True)).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_a_parameter_that_a_page_shows_is_tried_alone_where_it_stands(tmp_path):
    link = '<a href="/away?id=7&target=%2Frooms">away</a><a href="/logout?next=/">out</a>'
    connector = Connector("target", "/away", link=link)
    connector.lets = lambda text: len(asked(httpx.Request("GET", connector.seen[-1]))) == 2
    one = await found(tmp_path, connector, ONE, quick=True)
    assert one.outcome is Outcome.FAIL
    assert "id=7" in one.points[0].where
    assert not any("logout" in urlsplit(url).path for url in connector.seen)


@pytest.mark.asyncio
async def test_who_stumbles_over_many_parameters_is_asked_with_one(tmp_path):
    def answer(request):
        given = asked(request)
        if len(given) > 3:
            return httpx.Response(400, text="too many")
        return (
            httpx.Response(302, headers={"Location": given["url"]})
            if "url" in given
            else httpx.Response(200, text="Rooms")
        )

    assert (await found(tmp_path / "1", answer, ONE)).outcome is Outcome.FAIL

    def sound(request):
        return httpx.Response(400 if len(asked(request)) > 3 else 200, text="Rooms")

    assert (await found(tmp_path / "2", sound, ONE)).outcome is Outcome.PASS


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [403, 429, 503])
async def test_a_firewall_in_between_is_no_pass(tmp_path, status):
    def answer(request):
        return httpx.Response(status if ELSEWHERE in str(request.url) else 200, text="Rooms")

    assert (await found(tmp_path, answer)).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_nobody_there_is_inconclusive(tmp_path):
    def answer(request):
        raise httpx.ConnectError("refused")

    assert (await found(tmp_path, answer)).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_it_asks_no_more_than_it_says_and_stops_at_a_place_that_is_open(tmp_path):
    async def tries(folder, connector, **more):
        snapshot = (await looked(folder, connector, SIGN_IN, only=["K13"], **more))["redirects"]
        return [step.subject for step in snapshot.of(Exchange, TRY)]

    assert len(await tries(tmp_path / "1", Connector(lets=lambda text: False), quick=True)) == TRIES_QUICK
    assert len(await tries(tmp_path / "2", Connector(lets=lambda text: False))) == TRIES
    assert (await tries(tmp_path / "3", Connector())).count("https://target.example/login") == 1


class SignIn:
    """Sends on after the sign-in, to where the field or the address says."""

    def __init__(self, *, field: bool, sends: bool) -> None:
        self.field, self.sends, self.posts = field, sends, 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.posts += 1
            wish = parse_qs(request.content.decode()).get("next", ["/"])[0]
            return httpx.Response(303, headers={"Location": wish if self.sends else "/"})
        hidden = '<input type="hidden" name="next" value="/">' if self.field else ""
        return httpx.Response(200, headers=HTML, text=f"<html><form>{hidden}<input type=password></form>")


@pytest.mark.asyncio
async def test_after_the_sign_in_by_the_field_of_its_form(tmp_path):
    text = SIGN_IN + ACCOUNT
    one = await found(tmp_path / "1", SignIn(field=True, sends=True), text)
    assert one.outcome is Outcome.FAIL
    assert "after the sign-in" in one.points[0].what
    assert (await found(tmp_path / "2", SignIn(field=True, sends=False), text)).outcome is Outcome.PASS
    without = SignIn(field=False, sends=True)
    one = await found(tmp_path / "3", without, text)
    assert (one.outcome, without.posts) == (Outcome.PASS, 0)
    assert "no field" in one.points[0].what
    outside = SignIn(field=True, sends=True)
    one = await found(tmp_path / "4", outside, text, tier=Tier.OUTSIDE)
    assert one.outcome is Outcome.PASS
    assert "before a sign-in" in one.says  # and says what it is that passed
    assert "takes a test account" in one.points[0].what
    assert outside.posts == 0


def test_payloads_are_forty_and_each_is_its_own():
    assert len(PAYLOADS) == len(set(PAYLOADS)) == 40
    assert all("{}" in payload for payload in PAYLOADS)


def test_an_address_with_all_names_gives_each_a_host_of_its_own():
    query = parse_qs(urlsplit(address("https://target.example/login", "https://{}/")).query)
    assert query["next"] == [f"https://next.{ELSEWHERE}/"]
    assert len(query) == len(NAMES)
    one = address("https://target.example/away?id=7", "//{own}@{}/", "url")
    assert parse_qs(urlsplit(one).query) == {"id": ["7"], "url": [f"//target.example@url.{ELSEWHERE}/"]}


def test_places_are_few_and_own():
    many = (
        "".join(f'<a href="/p{n}?next=/">x</a>' for n in range(99))
        + '<a href="https://evil.example/?next=/">x</a><a href="http://[?next=/">'
    )
    step = Exchange(
        label=PAGE,
        t=0,
        at="",
        method="GET",
        url="https://target.example/",
        status=200,
        headers=(("Content-Type", "text/html"),),
        body=many,
    )
    found_places = places_of([step], target_of())
    assert len(found_places) == 4
    assert all(place.startswith("https://target.example/") for place, _ in found_places)


@settings(max_examples=40)
@given(odd_snapshots([PAGE, TRY, AFTER, LEFT_OUT], [AFTER]))
def test_any_snapshot_is_judged(snapshot):
    assert judge(snapshot, target_of()).says
    places_of(snapshot.of(Exchange), target_of())


def test_it_is_declared_whole():
    assert all((CHECK.id == "K13", CHECK.procedure, CHECK.remedy, CHECK.mistaken, CHECK.cwe, CHECK.asvs))
