"""The outside client against servers that lie and attack: bounded in time, in memory, in whom it asks, and polite."""

import asyncio
import gzip
import tracemalloc
import zlib
from functools import cache
from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks import web as web_module
from roomgate.checks.addresses import NotPermitted
from roomgate.checks.body import BODY_MOST
from roomgate.checks.snapshot import TEXT_MOST, Exchange, Snapshot, decode_snapshot, encode_snapshot
from roomgate.checks.target import Ask
from roomgate.checks.web import CannotSignIn, Session, _led_to
from support.checks import ONE, kit_of, target_of
from support.hostile import real_web, saying

OK = b"HTTP/1.1 200 OK\r\n"
MIB = 1024 * 1024


async def asked(speech, path="/", **more) -> Exchange:
    """One request to a server that says this; what is recorded can be kept and read again."""
    async with saying(speech) as port, real_web() as (web, recorder, _):
        step = await web.get(f"http://target.example:{port}{path}", "x", **more)
        whole = Snapshot(look="x", steps=tuple(recorder.steps))
        assert decode_snapshot(encode_snapshot(whole)) == whole
        return step


def once(raw: bytes):
    async def speech(path, write):
        await write(raw)

    return speech


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(web_module, "REQUEST_S", 0.7)


@pytest.mark.asyncio
async def test_a_body_without_end_is_read_to_its_limit():
    async def speech(path, write):
        await write(OK + b"\r\n")
        while True:
            await write(b"x" * 65536)

    step = await asked(speech)
    assert (step.status, step.body_bytes, step.truncated, len(step.body)) == (200, BODY_MOST, True, TEXT_MOST)


@pytest.mark.asyncio
async def test_a_slow_drip_ends_in_time_and_what_came_is_kept(hasty):
    async def speech(path, write):
        await write(OK + b"Content-Type: text/event-stream\r\n\r\n")
        while True:
            await write(b"data: room-4711\n\n")
            await asyncio.sleep(0.1)

    step = await asked(speech)
    assert (step.status, step.fault, step.truncated) == (200, "timeout", True)
    assert "room-4711" in step.body


@pytest.mark.asyncio
async def test_silence_ends_in_time(hasty):
    async def speech(path, write):
        await asyncio.sleep(5)

    step = await asked(speech)
    assert (step.status, step.fault) == (0, "timeout")


@pytest.mark.asyncio
async def test_headers_that_drip_end_in_time(hasty):
    async def speech(path, write):
        await write(OK)
        while True:
            await write(b"X: y\r\n")
            await asyncio.sleep(0.05)

    assert (await asked(speech)).fault == "timeout"


@cache
def bomb(size: int) -> bytes:
    """A gzip file of so many zeros, made without holding them."""
    pack = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return b"".join(pack.compress(bytes(MIB)) for _ in range(size // MIB)) + pack.flush()


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", [b"gzip", b"x-gzip", b"GZIP", b"deflate"])
async def test_a_bomb_is_opened_no_further_than_the_limit(kind):
    packed = bomb(256 * MIB)
    raw = OK + b"Content-Encoding: " + kind + b"\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed
    tracemalloc.start()
    step = await asked(once(raw))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (step.body_bytes, step.truncated) == (BODY_MOST, True)
    assert peak < 24 * MIB


@pytest.mark.asyncio
async def test_encodings_in_encodings_are_not_followed():
    packed = gzip.compress(gzip.compress(b"inner"))
    step = await asked(once(OK + b"Content-Encoding: gzip, gzip\r\n\r\n" + packed))
    assert step.body_bytes == len(packed)
    one = await asked(once(OK + b"Content-Encoding: gzip\r\n\r\n" + packed))
    assert one.body_bytes == len(gzip.compress(b"inner"))


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (b"", "RemoteProtocolError"),
        (b"220 mail.example ESMTP\r\n", "RemoteProtocolError"),
        (b"\x16\x03\x01\x00\xa5\x01\x00\x00", "RemoteProtocolError"),
        (b"HTTP/1.1 20000 OK\r\n\r\n", "RemoteProtocolError"),
        (OK + b"Content-Length: -5\r\n\r\n", "RemoteProtocolError"),
        (OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "RemoteProtocolError"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffffffffff\r\n", "RemoteProtocolError"),
        (OK + b"Bad Header\r\n\r\n", "RemoteProtocolError"),
        (OK + b"Content-Length: 500\r\n\r\nshort", "RemoteProtocolError"),
        (OK + b"Content-Encoding: gzip\r\n\r\nnot gzip at all", "ValueError"),
        (OK + b"X: " + b"y" * (200 * 1024) + b"\r\n\r\n", "RemoteProtocolError"),
        (OK + b"".join(b"X-%d: y\r\n" % n for n in range(60_000)) + b"\r\n", "RemoteProtocolError"),
    ],
)
async def test_what_is_no_http_is_a_fault(said, fault):
    step = await asked(once(said))
    assert step.fault.startswith(fault), step


@pytest.mark.asyncio
async def test_a_hundred_megabytes_of_header_are_not_held():
    async def speech(path, write):
        await write(OK + b"X: ")
        for _ in range(1600):
            await write(b"y" * 65536)

    tracemalloc.start()
    step = await asked(speech)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "RemoteProtocolError" in step.fault
    assert peak < 8 * MIB


@pytest.mark.asyncio
async def test_what_was_read_before_it_broke_off_is_evidence():
    step = await asked(once(OK + b"Content-Length: 500\r\n\r\nroom-4711"))
    assert (step.status, step.body, step.truncated) == (200, "room-4711", True)


@pytest.mark.asyncio
async def test_a_flood_of_provisional_answers_ends_in_time(hasty):
    async def speech(path, write):
        while True:
            await write(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100)

    assert (await asked(speech)).fault == "timeout"


@pytest.mark.asyncio
async def test_odd_answers_are_kept_as_they_are():
    assert (await asked(once(b"HTTP/1.1 999 Odd\r\n\r\nwhy"))).status == 999
    latin = await asked(once(OK + b"Content-Type: text/html; charset=iso-8859-1\r\nX-Who: M\xfcller\r\n\r\nM\xfcller"))
    assert (latin.body, latin.header("x-who")) == ("Müller", "Müller")
    assert (await asked(once(OK + b"\r\n\xff\xfe\x00invalid"))).body.endswith("\x00invalid")
    for charset in (b"utf-7", b"unicode-escape", b"punycode", b"idna", b"rot13", b"zlib", b"no-such", b'"', b"\xff"):
        step = await asked(
            once(OK + b"Content-Type: text/html; charset=" + charset + b"\r\n\r\n+2AA- \\ud800 room-4711")
        )
        assert "room-4711" in step.body, charset


@pytest.mark.asyncio
async def test_cookies_by_the_thousand_are_not_kept():
    many = b"".join(b"Set-Cookie: c%d=1\r\n" % n for n in range(1500))
    async with saying(once(OK + many + b"\r\n")) as port, real_web() as (web, _, _time):
        session = web.fresh()
        step = await web.get(f"http://target.example:{port}/", "x", session)
        assert len(step.every("set-cookie")) == 1500
        assert len(session.cookies) == 0


LEADS_NOWHERE = (
    "http://169.254.169.254/latest", "http://localhost/", "http://127.0.0.1/", "http://2130706433/", "http://0x7f000001/",
    "http://[::1]/", "http://[::ffff:169.254.169.254]/", "http://0177.0.0.1/", "//elsewhere.example/", "ftp://target.example/",
    "file:///etc/passwd", "javascript:alert(1)", "http://[", "http://target.example:notaport/", "http://target.example@elsewhere.example/",
    "http://elsewhere.example\\@target.example/", "http://target.example.elsewhere.example/", "\x00", "http:///", "http://%zz/",
    "http://target.example\uff0eelsewhere.example/",
)  # fmt: skip


@pytest.mark.asyncio
async def test_a_redirect_leads_only_to_permitted_hosts(tmp_path):
    went = []

    def answer(request: httpx.Request) -> httpx.Response:
        went.append(request.url.host)
        return httpx.Response(302, headers=[(b"Location", where.encode())])

    for where in LEADS_NOWHERE:  # noqa: B007 (what it answers with)
        kit = kit_of(tmp_path, answer)
        step = await kit.web.get("https://target.example/", "x", follow=5)
        assert step.status == 302
    assert set(went) == {"target.example"}


@pytest.mark.asyncio
async def test_redirects_in_a_circle_end():
    async def speech(path, write):
        await write(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    async with saying(speech) as port, real_web() as (web, recorder, _):
        step = await web.get(f"http://target.example:{port}/", "x", follow=4)
    assert (step.status, len(recorder.steps)) == (302, 5)


@pytest.mark.asyncio
async def test_what_lets_an_account_in_stays_with_its_host(tmp_path):
    text = ONE + '[permitted]\nhosts = ["other.example"]\n'
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.url.host, request.headers.get("authorization"), request.headers.get("x-key")))
        where = {"/": "/next", "/next": "https://other.example/x"}.get(request.url.path)
        return httpx.Response(302, headers={"Location": where}) if where else httpx.Response(200)

    kit = kit_of(tmp_path, answer, text)
    session = Session("ada", {"Authorization": "Bearer t0ken-of-ada"})
    await kit.web.send(Ask(url="https://target.example/", headers={"X-Key": "k"}), "x", session, follow=5)
    assert seen == [
        ("target.example", "Bearer t0ken-of-ada", "k"),
        ("target.example", "Bearer t0ken-of-ada", "k"),
        ("other.example", None, None),
    ]


@pytest.mark.asyncio
async def test_a_name_that_moves_is_asked_where_it_was_found():
    """The pinned address is connected to, whatever a name server would say now: there is no such name at all."""
    async with saying(once(OK + b"Content-Length: 5\r\n\r\nfound")) as port, real_web() as (web, _, _time):
        assert (await web.get(f"http://target.example:{port}/", "x")).body == "found"
        with pytest.raises(NotPermitted):
            await web.get(f"http://localhost:{port}/", "x")
        with pytest.raises(NotPermitted):
            await web.get(f"http://127.0.0.1:{port}/", "x")


@pytest.mark.asyncio
async def test_nothing_that_changes_is_sent_unless_the_file_names_it(tmp_path):
    kit = kit_of(tmp_path, lambda request: httpx.Response(200))
    for method in ("POST", "put", "DELETE", "PATCH", "TRACE", "CONNECT"):
        with pytest.raises(NotPermitted):
            await kit.web.send(Ask(url="https://target.example/", method=method), "x")
    assert kit.recorder.steps == []
    assert (await kit.web.send(Ask(url="https://target.example/", method="POST"), "x", declared=True)).status == 200


@pytest.mark.asyncio
async def test_never_more_than_two_a_second_however_many_ask_at_once(tmp_path):
    kit = kit_of(tmp_path, lambda request: httpx.Response(302, headers={"Location": "/again"}))
    async with asyncio.TaskGroup() as group:
        for n in range(10):
            group.create_task(kit.web.get(f"https://target.example/{n}", "x", follow=1))
    times = sorted(step.t for step in kit.recorder.steps)
    assert len(times) == 20
    assert times[-1] >= 19 * 0.5 - 0.001
    assert all(later - earlier >= 0.5 - 0.001 for earlier, later in pairwise(times))


@pytest.mark.asyncio
@pytest.mark.parametrize("value", ["a\r\nX-Injected: 1", "\u2603", "\x00"])
async def test_a_header_that_cannot_be_sent_is_a_fault_and_not_an_end(value):
    async with saying(once(OK + b"\r\n")) as port, real_web() as (web, _, _time):
        step = await web.get(f"http://target.example:{port}/", "x", headers={"X-Odd": value})
    assert step.status in (0, 200)
    assert step.status == 200 or step.fault


@given(st.text(max_size=60))
def test_any_location_leads_somewhere_or_nowhere(location):
    where = _led_to("https://target.example/a/b", location)
    assert where == "" or where.startswith(("http://", "https://"))


PROVIDER = """
[[accounts]]
name = "ana"
user = "ana"
password = "k7-Vintage-harp"
[accounts.sign_in.request]
url = "https://id.example/form"
page = "https://target.example/"
method = "POST"
form = { login = "{user}", word = "{password}" }
"""


class Redirected:
    """A portal that leads to a provider's form, whose state belongs to the portal's cookie."""

    def __init__(self, *, keeps_state: bool = True):
        self.keeps_state = keeps_state

    def __call__(self, request: httpx.Request) -> httpx.Response:
        match request.url.host, request.url.path:
            case "target.example", "/":
                headers = {"Location": "https://id.example/form?state=s-1", "Set-Cookie": "flow=f-1; Path=/"}
                return httpx.Response(302, headers=headers)
            case "id.example", "/form" if request.method == "GET":
                state = request.url.params["state"] if self.keeps_state else ""
                text = f"<form><input type=hidden name=state value={state}><input name=word type=password></form>"
                return httpx.Response(200, text=text)
            case "id.example", "/form":
                sent = dict(httpx.QueryParams(request.content.decode()))
                assert (sent["login"], sent["word"]) == ("ana", "k7-Vintage-harp")
                return httpx.Response(302, headers={"Location": f"https://target.example/back?state={sent['state']}"})
            case "target.example", "/back":
                if (request.url.params["state"], request.headers.get("cookie")) != ("s-1", "flow=f-1"):
                    return httpx.Response(400)
                return httpx.Response(200, headers={"Set-Cookie": "sid=let-in; Path=/"}, text="Hello")
        return httpx.Response(404)


@pytest.mark.asyncio
async def test_a_sign_in_at_a_provider_begins_at_the_page_that_leads_there(tmp_path):
    kit = kit_of(tmp_path, Redirected(), ONE + PROVIDER)
    session = await kit.web.sign_in("ana")
    assert session.cookies.get("sid") == "let-in"
    with pytest.raises(CannotSignIn):
        await kit_of(tmp_path, Redirected(keeps_state=False), ONE + PROVIDER).web.sign_in("ana")


@pytest.mark.asyncio
async def test_a_button_with_a_token_stands_on_another_page(tmp_path):
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/home":
            return httpx.Response(200, text="<form action=/out><input type=hidden name=token value=t-9></form>")
        return httpx.Response(200 if request.content == b"token=t-9" else 403)

    kit = kit_of(tmp_path, answer)
    ask = Ask(url="https://target.example/out", page="https://target.example/home", method="POST")
    assert (await kit.web.send(ask, "out", declared=True)).status == 200


def test_the_host_of_a_page_is_permitted():
    text = PROVIDER.replace("target.example", "portal.example")
    assert {"portal.example", "id.example"} <= target_of(ONE + text).hosts
