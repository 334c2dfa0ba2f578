import httpx
import pytest

from roomgate.cli.demo.people import Caller, Unexpected, Visitor

pytestmark = pytest.mark.asyncio
PAGE = """
<form action="/signout" method="post"><input name="csrf" value="token-1"></form>
<form method="post"><input type="hidden" name="csrf" value="token-2"><button name="on" value="yes">Mute</button></form>
<form class="x" action="/rooms/oslo/join"><input name="csrf" value="token-3"><input name="reason" value=""></form>
"""


def client(answer) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="https://hub.example")


async def test_a_call_that_must_succeed():
    async with client(lambda asked: httpx.Response(200, json={"path": asked.url.path})) as http:
        assert await Caller(http).call("GET", "/x") == {"path": "/x"}
    async with client(lambda asked: httpx.Response(204)) as http:
        assert await Caller(http).call("DELETE", "/x") is None
    async with client(lambda asked: httpx.Response(409, text="taken")) as http:
        with pytest.raises(Unexpected, match="POST /x: 409 taken"):
            await Caller(http).call("POST", "/x", {})


async def test_a_no_reads_like_an_outcome():
    problem = {"code": "denied", "detail": "The site says no.", "rule": "policy"}
    async with client(lambda asked: httpx.Response(403, json=problem)) as http:
        status, body = await Caller(http).ask("oslo", {"get": "x"})
    assert (status, body["outcome"], body["words"], body["rule"]) == (403, "refused", "The site says no.", "policy")


async def test_how_long_an_ask_waits_is_said_only_where_it_is_wanted():
    seen = []

    def answer(asked: httpx.Request) -> httpx.Response:
        seen.append(asked.headers.get("prefer"))
        return httpx.Response(200, json={"outcome": "done"})

    async with client(answer) as http:
        await Caller(http).ask("oslo", {})
        await Caller(http).ask("oslo", {}, wait_s=20)
    assert seen == [None, "wait=20"]


async def test_a_form_is_sent_with_its_own_hidden_fields():
    sent = []

    def answer(asked: httpx.Request) -> httpx.Response:
        if asked.method == "POST":
            sent.append((asked.url.path, asked.content.decode()))
            return httpx.Response(303, headers={"location": "/"})
        return httpx.Response(200, text=PAGE)

    async with client(answer) as http:
        visitor = Visitor(http)
        await visitor.send("/rooms/oslo", "/rooms/oslo/join", {"reason": "weekly"})
        await visitor.send("/rooms/oslo", "/rooms/oslo", {})
        with pytest.raises(Unexpected, match="no form for /nothing"):
            await visitor.send("/rooms/oslo", "/nothing", {})
    assert sent == [("/rooms/oslo/join", "csrf=token-3&reason=weekly"), ("/rooms/oslo", "csrf=token-2&on=yes")]


async def test_a_page_or_form_that_is_refused_is_told():
    async with client(lambda asked: httpx.Response(500)) as http:
        with pytest.raises(Unexpected, match="GET /x: 500"):
            await Visitor(http).page("/x")
    refusing = lambda asked: httpx.Response(200, text=PAGE) if asked.method == "GET" else httpx.Response(403)  # noqa: E731
    async with client(refusing) as http:
        with pytest.raises(Unexpected, match="POST /signout: 403"):
            await Visitor(http).send("/", "/signout", {})
