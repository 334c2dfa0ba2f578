"""A connector that speaks to an impostor fails; one that hangs up passes; one that never comes is not known."""

import asyncio
import hashlib
import json
import ssl
from contextlib import suppress

import httpx
import pytest
from hypothesis import given, settings

from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k21_any_device_trusted import CHECK, LISTENING, POSED, RELAYED, judge
from roomgate.checks.snapshot import Fact, Snapshot
from support.checks import ONE, target_of
from support.simulated import simulator
from support.site_looks import Hands, finding_of, odd_snapshots

TEXT = f'{ONE}\n[K21]\nlisten = "127.0.0.1"\nwait_s = 20.0\npoint_at = {{say = "at {{address}}"}}\npoint_back = {{say = "back"}}\n'
HELLO = b"GET /ws HTTP/1.1\r\nHost: device\r\nAuthorization: Basic YWRtaW46c2VjcmV0\r\n\r\n"


def believing(everybody: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if everybody:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Connector:
    """Comes to where it is told, and says its credentials to whom it believes."""

    def __init__(self, *, believes: ssl.SSLContext | None, says: bytes = HELLO, pin: str = "", stays: bool = False):
        self.believes, self.says, self.pin, self.stays = believes, says, pin, stays
        self.open: list[asyncio.StreamWriter] = []
        self.back = 0

    async def told(self, what: str) -> None:
        if what == "back":
            self.back += 1
            return
        await self.visit(*what.removeprefix("at ").split(":"))

    async def visit(self, host: str, port: str) -> None:
        with suppress(OSError):
            _, writer = await asyncio.open_connection(host, int(port), ssl=self.believes)
            if self.pin:
                shown = writer.get_extra_info("ssl_object").getpeercert(True)
                if hashlib.sha256(shown).hexdigest() != self.pin:
                    writer.transport.abort()
                    return
            writer.write(self.says)
            await writer.drain()
            self.open.append(writer)
            if not self.stays:
                writer.close()
                await writer.wait_closed()

    def __call__(self, what: str):
        return self.told(what)

    def leave(self) -> None:
        for writer in self.open:
            writer.transport.abort()


async def found(connector: Connector, text: str = TEXT, **more):
    try:
        return await finding_of(CHECK, text, voice=Hands(connector), **more)
    finally:
        connector.leave()


@pytest.mark.asyncio
async def test_who_gives_an_impostor_its_password_fails():
    connector = Connector(believes=believing(everybody=True))
    one = await found(connector)
    assert one.outcome is Outcome.FAIL
    assert "credentials" in one.says
    assert one.points[0].what == f"sent {len(HELLO)} bytes: GET /ws, with credentials"
    assert connector.back == 1


@pytest.mark.asyncio
async def test_what_it_sent_is_not_kept(tmp_path):
    from support.site_looks import look_at

    connector = Connector(believes=believing(everybody=True))
    snapshot, _ = await look_at(CHECK, TEXT, voice=Hands(connector))
    assert "GET /ws" in str(snapshot)
    assert "YWRtaW46c2VjcmV0" not in str(snapshot)


@pytest.mark.asyncio
async def test_who_speaks_without_credentials_fails_too():
    one = await found(Connector(believes=believing(everybody=True), says=b"GET / HTTP/1.1\r\n\r\n"))
    assert (one.outcome, "credentials" in one.says) == (Outcome.FAIL, False)
    assert "credentials" not in one.points[0].what


@pytest.mark.asyncio
async def test_who_breaks_the_handshake_off_passes():
    connector = Connector(believes=believing(everybody=False))
    one = await found(connector)
    assert one.outcome is Outcome.PASS
    assert connector.back == 1


@pytest.mark.asyncio
async def test_who_looks_at_the_certificate_after_the_handshake_passes():
    one = await found(Connector(believes=believing(everybody=True), pin="ab" * 32))
    assert one.outcome is Outcome.PASS


@pytest.mark.asyncio
@pytest.mark.parametrize(("everybody", "outcome"), [(False, Outcome.PASS), (True, Outcome.FAIL)])
async def test_a_connector_may_say_that_it_does_not_like_the_device(everybody, outcome):
    connector = Connector(believes=believing(everybody=everybody))
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content))
        return httpx.Response(502 if "port" in asked[-1] else 200)

    async def pointed(kit):
        reached = kit.tester.do

        async def do(deed, name, **more):
            try:
                return await reached(deed, name, **more)
            finally:
                if name == "point at":
                    await connector.visit(asked[0]["host"], asked[0]["port"])

        kit.tester.do = do
        await CHECK.look.run(kit)

    at = (
        '{request = {method = "PUT", url = "https://target.example/device", json = {host = "{host}", port = "{port}"}}}'
    )
    text = TEXT.replace('{say = "at {address}"}', at)
    text = text.replace(
        '{say = "back"}', '{request = {method = "PUT", url = "https://target.example/device", json = {}}}'
    )
    one = await finding_of(CHECK, text, answers=answer, run=pointed)
    connector.leave()
    assert one.outcome is outcome
    assert len(asked) == 2


@pytest.mark.asyncio
async def test_our_own_pin_passes():
    from roomgate import xapi

    class Ours(Connector):
        async def visit(self, host: str, port: str) -> None:
            with suppress(xapi.XapiError):
                async with xapi.connect(f"wss://{host}:{port}/ws", user="u", password="secret", pin="ab" * 32):
                    raise AssertionError("it was let in")

    assert (await found(Ours(believes=None))).outcome is Outcome.PASS


@pytest.mark.asyncio
async def test_who_never_comes_is_not_known():
    class Absent(Connector):
        async def visit(self, host: str, port: str) -> None:
            return

    connector = Absent(believes=None)
    assert (await found(connector)).outcome is Outcome.INCONCLUSIVE
    assert connector.back == 1


@pytest.mark.asyncio
async def test_credentials_without_any_tls_fail():
    one = await found(Connector(believes=None))
    assert (one.outcome, "credentials" in one.says) == (Outcome.FAIL, True)


@pytest.mark.asyncio
async def test_a_visitor_who_speaks_no_tls_proves_nothing():
    one = await found(Connector(believes=None, says=b"GET / HTTP/1.0\r\n\r\n"))
    assert one.outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_who_stays_without_a_word_is_not_known():
    one = await found(Connector(believes=believing(everybody=True), says=b"", stays=True))
    assert one.outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_somebody_else_who_comes_by_is_not_the_connector():
    text = TEXT.replace("[K21]", '[site]\nconnector = "127.0.0.9"\n\n[K21]')
    one = await found(Connector(believes=believing(everybody=True)), text)
    assert one.outcome is Outcome.INCONCLUSIVE


class Trusting(Connector):
    """Keeps the first certificate that it sees, and comes again when its connection ends."""

    async def visit(self, host: str, port: str) -> None:
        context = believing(everybody=True)
        reader, writer = await asyncio.open_connection(host, int(port), ssl=context)
        self.open.append(writer)
        first = writer.get_extra_info("ssl_object").getpeercert(True)
        writer.write(b"GET / HTTP/1.1\r\nHost: device\r\n\r\n")
        await reader.read(10)
        self.again = asyncio.get_running_loop().create_task(self.later(reader, host, port, first))

    async def later(self, reader: asyncio.StreamReader, host: str, port: str, first: bytes) -> None:
        with suppress(OSError):
            while await reader.read(4096):
                pass
        self.pin = hashlib.sha256(first).hexdigest() if self.keeps else ""
        await Connector.visit(self, host, port)

    keeps = True


@pytest.mark.asyncio
@pytest.mark.parametrize(("keeps", "outcome"), [(True, Outcome.PASS), (False, Outcome.FAIL)])
async def test_the_true_device_is_swapped_for_an_impostor(tmp_path, keeps, outcome):
    async with simulator(tmp_path) as (room,):
        text = TEXT.replace("[K21]", f'[device]\nurl = "https://localhost:{room.port}"\n\n[K21]\nswap = true')
        connector = Trusting(believes=believing(everybody=True))
        connector.keeps = keeps
        one = await found(connector, text, found={"localhost": "127.0.0.1"})
        await connector.again
        assert one.outcome is outcome


def visit(label: str, **seen) -> Fact:
    return Fact(label=label, t=0, at="", name="visit", value={"from": "10.0.0.5", "greeted": True, "done": True} | seen)


@pytest.mark.parametrize(
    ("relayed", "outcome"),
    [(900, Outcome.PASS), (0, Outcome.INCONCLUSIVE), (None, Outcome.INCONCLUSIVE)],
)
def test_with_a_swap_the_true_device_must_have_been_met_first(relayed, outcome):
    steps = (Fact(label=LISTENING, t=0, at="", name="impostor"), visit(POSED, handshake=False, received=0, broke="no"))
    if relayed is not None:
        steps += (visit(RELAYED, relayed=relayed),)
    found = judge(Snapshot(look="impostor", steps=steps), target_of(TEXT.replace("[K21]", "[K21]\nswap = true")))
    assert found.outcome is outcome
    assert [point.what for point in found.points] == ["sent nothing (no)"]


@settings(max_examples=40)
@given(odd_snapshots([LISTENING, RELAYED, POSED]))
def test_odd_visits_are_no_pass_by_mistake(snapshot):
    found = judge(snapshot, target_of(TEXT))
    if found.outcome is Outcome.PASS:
        assert any(getattr(step, "value", None) for step in snapshot.steps)
