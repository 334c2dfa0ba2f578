"""The shell to calendars on the web: bounds, patience, and that no secret leaves it by an error."""

import asyncio
import gzip
import math
import random
import ssl

import httpx
import pytest

from roomgate.clock import HandClock
from roomgate.errors import BadInput
from roomgate.meetings.calendars.base import CalendarRefused, CalendarUnreachable
from roomgate.meetings.calendars.http import LONGEST_TURN_S, AnswerTooLarge, Web, host_of

URL = "https://ada:pw@cal.example.com/private-secret/basic.ics?token=hush"
PLAIN = "https://cal.example.com/x"


class Server(httpx.AsyncBaseTransport):
    """Answers with what it is told to, one after the other; the last for ever."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


class Pauses:
    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.told: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.told.append(seconds)
        self.clock.advance(seconds)


def web(server: Server, **more: object) -> tuple[Web, HandClock, Pauses]:
    clock = HandClock()
    pauses = Pauses(clock)
    return Web(clock, random.Random(3), transport=server, pause=pauses, **more), clock, pauses  # type: ignore[arg-type]


@pytest.mark.asyncio
async def test_an_answer_comes_whole():
    server = Server(httpx.Response(207, headers={"ETag": '"1"'}, content=b"hello"))
    client, _, _ = web(server)
    async with client:
        answer = await client.ask("PROPFIND", PLAIN, headers={"Depth": "0"}, body=b"<x/>")
    assert (answer.status, answer.headers["etag"], answer.body) == (207, '"1"', b"hello")
    (asked,) = server.asked
    assert (asked.method, asked.headers["depth"], asked.headers["accept-encoding"]) == ("PROPFIND", "0", "identity")


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [401, 403, 429, 500, 503, 302])
async def test_no_error_tells_a_secret(status):
    client, _, _ = web(Server(httpx.Response(status, headers={"Location": URL.replace("cal.", "other.")})))
    async with client:
        with pytest.raises((CalendarUnreachable, CalendarRefused)) as told:
            await client.ask("GET", URL, headers={"Authorization": "Basic aHVzaA=="})
    words = f"{told.value} {told.value.hint} {told.value!r}"
    assert not [secret for secret in ("hush", "private-secret", "pw", "aHVzaA") if secret in words]
    assert "cal.example.com" in words


@pytest.mark.asyncio
async def test_who_is_not_let_in_is_told_apart_from_who_has_no_right():
    client, _, _ = web(Server(httpx.Response(401), httpx.Response(403)))
    async with client:
        with pytest.raises(CalendarRefused, match="does not accept the credentials") as out:
            await client.ask("GET", PLAIN)
        with pytest.raises(CalendarRefused, match="but not here") as closed:
            await client.ask("GET", PLAIN)
    assert "password" in out.value.hint
    assert "share" in closed.value.hint


@pytest.mark.asyncio
async def test_a_wrong_password_is_not_offered_for_every_room():
    server = Server(httpx.Response(401))
    client, clock, _ = web(server)
    async with client:
        for _ in range(2000):
            with pytest.raises(CalendarRefused):
                await client.ask("GET", PLAIN, headers={"Authorization": "Basic b2xk"})
        assert len(server.asked) == 3
        server.answers = [httpx.Response(200)]
        assert (await client.ask("GET", PLAIN, headers={"Authorization": "Basic bmV3"})).status == 200
        clock.advance(61)
        assert (await client.ask("GET", PLAIN, headers={"Authorization": "Basic b2xk"})).status == 200


@pytest.mark.asyncio
async def test_what_the_caller_takes_is_not_raised():
    for status in (401, 403, 410, 429, 500, 301):
        client, _, _ = web(Server(httpx.Response(status)))
        async with client:
            assert (await client.ask("GET", PLAIN, take={status})).status == status


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [429, 503])
async def test_a_server_that_asks_for_patience_gets_it(status):
    server = Server(httpx.Response(status, headers={"Retry-After": "120"}), httpx.Response(200))
    client, clock, _ = web(server)
    async with client:
        with pytest.raises(CalendarUnreachable) as told:
            await client.ask("GET", PLAIN)
        assert told.value.retry_after_s == pytest.approx(120)
        clock.advance(119)
        with pytest.raises(CalendarUnreachable, match="left alone"):
            await client.ask("GET", PLAIN)
        assert len(server.asked) == 1
        clock.advance(1)
        assert (await client.ask("GET", PLAIN)).status == 200


@pytest.mark.asyncio
async def test_too_many_requests_for_one_mailbox_leave_the_others_alone():
    server = Server(httpx.Response(429, headers={"Retry-After": "60"}), httpx.Response(200))
    client, _, _ = web(server)
    async with client:
        with pytest.raises(CalendarUnreachable):
            await client.ask("GET", PLAIN, lane="oslo")
        assert (await client.ask("GET", PLAIN, lane="bergen")).status == 200
        with pytest.raises(CalendarUnreachable):
            await client.ask("GET", PLAIN, lane="oslo")
    assert len(server.asked) == 2


@pytest.mark.asyncio
async def test_a_server_that_is_down_is_asked_again_with_growing_pauses():
    server = Server(httpx.ConnectError("refused"))
    client, clock, _ = web(server)
    began = clock.monotonic()
    async with client:
        for _ in range(600):
            with pytest.raises(CalendarUnreachable) as told:
                await client.ask("GET", PLAIN)
            assert told.value.retry_after_s is not None
            clock.advance(0.5)
    assert clock.monotonic() - began == 300
    assert 8 < len(server.asked) < 60


@pytest.mark.asyncio
async def test_one_address_that_fails_does_not_close_its_host():
    server = Server(httpx.Response(500), httpx.Response(200))
    client, _, _ = web(server)
    async with client:
        with pytest.raises(CalendarUnreachable, match="status 500"):
            await client.ask("GET", PLAIN)
        assert (await client.ask("GET", PLAIN)).status == 200


@pytest.mark.asyncio
@pytest.mark.parametrize(("method", "sent"), [("GET", 2), ("REPORT", 2), ("PUT", 1), ("DELETE", 1)])
async def test_a_kept_connection_that_was_closed_costs_a_reader_nothing(method, sent):
    server = Server(httpx.RemoteProtocolError("Server disconnected"), httpx.Response(200))
    client, _, _ = web(server)
    async with client:
        if sent == 2:
            assert (await client.ask(method, PLAIN)).status == 200
        else:
            with pytest.raises(CalendarUnreachable, match="broke off"):
                await client.ask(method, PLAIN)
    assert len(server.asked) == sent


@pytest.mark.asyncio
async def test_a_huge_answer_is_read_no_further_and_its_host_goes_on():
    server = Server(httpx.Response(200, content=b"x" * 5000), httpx.Response(200, content=b"x" * 1024))
    client, _, _ = web(server)
    async with client:
        with pytest.raises(AnswerTooLarge, match="more than 1 KiB"):
            await client.ask("GET", PLAIN, most=1024)
        assert len((await client.ask("GET", PLAIN, most=1024)).body) == 1024


@pytest.mark.asyncio
async def test_a_packed_answer_is_not_unpacked():
    bomb = httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=gzip.compress(b""))
    client, _, _ = web(Server(bomb))
    async with client:
        with pytest.raises(CalendarUnreachable, match="packs"):
            await client.ask("GET", PLAIN)


@pytest.mark.asyncio
async def test_nobody_is_followed_but_to_a_named_host_with_a_reading_request():
    there = httpx.Response(301, headers={"Location": "https://other.example.com/dav/"})
    server = Server(there, httpx.Response(200))
    client, _, _ = web(server)
    async with client:
        answer = await client.ask("PROPFIND", PLAIN, follow={"other.example.com"}, headers={"Authorization": "x"})
    assert (answer.status, answer.url) == (200, "https://other.example.com/dav/")
    for method, follow in (("PROPFIND", set[str]()), ("PUT", {"other.example.com"}), ("GET", {"example.com"})):
        client, _, _ = web(Server(there))
        async with client:
            with pytest.raises(CalendarUnreachable, match="leads elsewhere, to other"):
                await client.ask(method, PLAIN, follow=follow)


@pytest.mark.asyncio
async def test_nobody_is_led_from_tls_to_none_nor_in_circles():
    client, _, _ = web(Server(httpx.Response(301, headers={"Location": "http://cal.example.com/"})))
    async with client:
        with pytest.raises(CalendarUnreachable, match="elsewhere"):
            await client.ask("GET", PLAIN, follow={"cal.example.com"})
    client, _, _ = web(Server(httpx.Response(301, headers={"Location": "/x"})))
    async with client:
        with pytest.raises(CalendarUnreachable, match="without end"):
            await client.ask("GET", PLAIN, follow={"cal.example.com"})


@pytest.mark.asyncio
async def test_the_quota_makes_requests_wait_their_turn():
    client, _, pauses = web(Server(httpx.Response(200)), rate_per_s=10.0, burst=2)
    async with client:
        for _ in range(4):
            await client.ask("GET", PLAIN)
    assert sum(pauses.told) == pytest.approx(0.2)


@pytest.mark.asyncio
async def test_who_would_give_up_in_the_queue_does_not_stand_in_it():
    """A hundred rooms, each with half a minute, at a service that takes one a second: all are read in the end."""
    server, rate = Server(httpx.Response(200)), 1.0
    clock, waiting = HandClock(), asyncio.Event()

    async def pause(seconds: float) -> None:
        until = clock.monotonic() + seconds
        while clock.monotonic() < until:
            await waiting.wait()

    client = Web(clock, random.Random(3), transport=server, pause=pause, rate_per_s=rate, burst=3)
    left = set(range(100))

    async def read(room: int) -> None:
        try:
            await client.ask("GET", PLAIN)
            left.discard(room)
        except CalendarUnreachable as queue:
            assert queue.retry_after_s

    async with asyncio.timeout(20), client:
        for _ in range(math.ceil(100 / (rate * LONGEST_TURN_S)) + 1):
            async with asyncio.TaskGroup() as group:
                for room in left.copy():
                    group.create_task(read(room))
                for _ in range(5):
                    await asyncio.sleep(0)
                clock.advance(LONGEST_TURN_S)
                waiting.set()
            waiting.clear()
    assert not left


@pytest.mark.asyncio
async def test_only_so_many_are_on_their_way_at_once():
    now = most = 0

    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            nonlocal now, most
            now += 1
            most = max(most, now)
            for _ in range(5):
                await asyncio.sleep(0)
            now -= 1
            return httpx.Response(200)

    client = Web(HandClock(), random.Random(1), transport=Slow(), at_once=3)
    async with client, asyncio.TaskGroup() as group:
        for _ in range(12):
            group.create_task(client.ask("GET", PLAIN))
    assert most == 3


@pytest.mark.asyncio
async def test_a_server_that_says_nothing_is_not_waited_for():
    class Silent(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await asyncio.Event().wait()
            raise AssertionError

    async with Web(HandClock(), random.Random(1), transport=Silent(), within_s=0.01) as client:
        with pytest.raises(CalendarUnreachable, match="within"):
            await client.ask("GET", PLAIN)


@pytest.mark.asyncio
async def test_a_certificate_that_is_not_trusted_is_told_with_the_remedy():
    fault = httpx.ConnectError("certificate verify failed")
    fault.__cause__ = ssl.SSLCertVerificationError("self-signed")
    client, _, _ = web(Server(fault))
    async with client:
        with pytest.raises(CalendarUnreachable, match="certificate that is not trusted") as told:
            await client.ask("GET", PLAIN)
    assert "ca" in told.value.hint


def test_an_authority_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "ca.pem").write_text("rubbish")
    for name in ("ca.pem", "none.pem"):
        with pytest.raises(BadInput, match="ca:"):
            Web(HandClock(), random.Random(1), ca=tmp_path / name)


@pytest.mark.parametrize("url", ["", "ftp://x/", "https://", "https://[::1", "https://x:99999/", "file:///etc/passwd"])
def test_what_is_no_address_of_the_web_is_none(url):
    with pytest.raises(BadInput):
        host_of(url)


def test_a_host_is_named_with_its_port_where_that_is_not_the_plain_one():
    assert host_of(URL) == "cal.example.com"
    assert host_of("https://[::1]:8443/x") == "[::1]:8443"
