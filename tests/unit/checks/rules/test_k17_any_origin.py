"""WebSocket origin: a stranger's page that is served fails; one that is turned away, or has no token, does not."""

import asyncio
import json

import httpx
import pytest

from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k17_any_origin import CHECK, SHIELDED
from roomgate.checks.snapshot import Fact, Frame, Snapshot
from roomgate.checks.sockets import SocketClosed, SocketRefused
from support.checks import ONE, judged, target_of
from support.cut_target import HEAD, SOCKET, Site

OWN = "https://target.example"


async def judge(folder, site, text=HEAD + SOCKET):
    found = await judged(folder, site.answer, text, only=["K17"], time=site.time, open_socket=site.open_socket)
    return found["K17"]


class Talk:
    """A socket that answers each text by a function of it, and may speak first."""

    def __init__(self, answer=None, first=()):
        self._answer = answer or (lambda text: None)
        self._replies = list(first)
        self._closed = False

    async def send(self, text):
        if (reply := self._answer(text)) is not None:
            self._replies.append(reply)

    async def recv(self):
        while not self._replies:
            if self._closed:
                raise SocketClosed("over", 1000)
            await asyncio.sleep(0)
        return self._replies.pop(0)

    async def close(self):
        self._closed = True


class Doors(Site):
    """A site whose socket is opened by a function of its headers."""

    door = None

    async def open_socket(self, url, headers, subprotocols):
        return self.door(url, {name.lower(): value for name, value in headers})


def doors(door):
    site = Doors()
    site.door = door
    return site


@pytest.mark.asyncio
async def test_exact_origins_pass(tmp_path):
    found = await judge(tmp_path, Site())
    assert found.outcome is Outcome.PASS
    assert {row["origin"]: row["outcome"] for row in found.table}["own"] == "served"
    assert {row["outcome"] for row in found.table if row["origin"] in ("evil", "null", "look-alike")} == {"refused"}


@pytest.mark.asyncio
async def test_any_origin_with_the_visitors_cookies_fails(tmp_path):
    found = await judge(tmp_path, Site(origins=None))
    assert found.outcome is Outcome.FAIL
    assert found.vector == CHECK.vector
    assert found.points[0].steps


@pytest.mark.asyncio
@pytest.mark.parametrize("let_in", ["https://roomgate-check.invalid", "null", f"{OWN}.roomgate-check.invalid"])
async def test_each_strange_origin_alone_is_enough(tmp_path, let_in):
    assert (await judge(tmp_path, Site(origins=(OWN, let_in)))).outcome is Outcome.FAIL


@pytest.mark.asyncio
@pytest.mark.parametrize("near", ["https://roomgate-check.target.example", "https://target.example:8443"])
async def test_a_sub_domain_or_another_port_is_for_people_to_decide(tmp_path, near):
    found = await judge(tmp_path, Site(origins=(OWN, near)))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "exact origins" in found.points[0].what


@pytest.mark.asyncio
async def test_cookies_that_stay_on_their_site_make_it_milder(tmp_path):
    class Strict(Site):
        async def answer(self, request):
            answer = await super().answer(request)
            if "set-cookie" in answer.headers:
                answer.headers["set-cookie"] += "; SameSite=Strict"
            return answer

    found = await judge(tmp_path, Strict(origins=None))
    assert (found.outcome, found.vector) == (Outcome.FAIL, SHIELDED)


@pytest.mark.asyncio
async def test_a_token_in_the_first_message_passes_whatever_the_origin(tmp_path):
    text = (
        HEAD.replace("[accounts.sign_in.request]", 'sign_in.token = "token"\n[accounts.sign_in.request]')
        + '[[channels]]\nname = "socket"\nkind = "websocket"\nexpects = "room-4711"\n'
        + "send = '{\"token\": \"{token}\"}'\n"
        + 'request = { url = "wss://target.example/ws", account = "ada" }\n'
    )

    class Tokens(Doors):
        async def answer(self, request):
            return httpx.Response(200, json={"token": "tok-123456789"}, headers={"set-cookie": "a=b"})

    site = Tokens()
    site.door = lambda url, given: Talk(lambda said: "room-4711" if "tok-123456789" in said else "no")
    found = await judge(tmp_path, site, text)
    assert found.outcome is Outcome.PASS
    assert "token" in found.points[0].what


@pytest.mark.asyncio
async def test_a_socket_that_serves_nobody_says_nothing(tmp_path):
    assert (await judge(tmp_path, doors(lambda url, given: Talk()))).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_an_error_message_is_no_data(tmp_path):
    text = HEAD + SOCKET.replace('expects = "room-4711"\n', "")

    def door(url, given):
        good = given.get("origin") == OWN
        return Talk(lambda said: json.dumps({"name": "room"} if good else {"error": "origin"}))

    assert (await judge(tmp_path, doors(door), text)).outcome is Outcome.PASS


@pytest.mark.asyncio
async def test_trouble_is_no_refusal(tmp_path):
    def door(url, given):
        if given.get("origin") == OWN:
            return Talk(lambda said: "room-4711")
        raise SocketRefused("the answer was 503", 503)

    assert (await judge(tmp_path, doors(door))).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_a_public_ticker_that_a_page_names_is_not_taken_for_the_visitors(tmp_path):
    site = doors(lambda url, given: Talk(first=['{"visitors": 3}']))

    async def page(request):
        return httpx.Response(200, text='<script>new WebSocket("/ticker")</script>')

    site.answer = page
    assert (await judge(tmp_path, site, ONE)).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_a_socket_that_a_script_names_is_found_and_judged(tmp_path):
    class Pages(Site):
        async def answer(self, request):
            if request.url.path == "/":
                return httpx.Response(200, text='<script src="/app.js"></script>')
            if request.url.path == "/app.js":
                return httpx.Response(200, text="const s = new WebSocket('wss://target.example/ws')")
            return await super().answer(request)

        async def open_socket(self, url, headers, subprotocols):
            await super().open_socket(url, headers, subprotocols)
            return Talk(first=['{"name": "room-4711"}'])

    found = await judge(tmp_path, Pages(origins=None), HEAD)
    assert (found.outcome, found.points[0].where) == (Outcome.FAIL, "wss://target.example/ws")


@pytest.mark.asyncio
async def test_no_socket_anywhere_is_not_applicable_and_no_answer_is_not(tmp_path):
    async def page(request):
        return httpx.Response(200, text="<p>Nothing here</p>")

    async def dead(request):
        raise httpx.ConnectError("refused")

    site = Site()
    site.answer = page
    assert (await judge(tmp_path / "a", site, ONE)).outcome is Outcome.NOT_APPLICABLE
    site.answer = dead
    assert (await judge(tmp_path / "b", site, ONE)).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_somebody_who_is_not_let_in_proves_nothing(tmp_path):
    text = (HEAD + SOCKET).replace("correct horse", "wrong horse")
    assert (await judge(tmp_path, Site(), text)).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    "steps",
    [
        (),
        (Fact(label="socket", t=0, at="", name="s", value=None),),
        (Fact(label="socket", t=0, at="", name="s", subject="s", value={"expects": 3, "secret": "x"}),),
        (
            Fact(label="socket", t=0, at="", name="s", subject="s", value={}),
            Frame(label="evil", t=0, at="", subject="s", channel="s", way="odd", code=-1),
        ),
    ],
)
def test_it_survives_any_snapshot(steps):
    found = CHECK.judge(Snapshot(look="origins", steps=steps), target_of(ONE))
    assert found.outcome is Outcome.INCONCLUSIVE
