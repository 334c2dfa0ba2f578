"""Every Wire keeps the same promises, against a small device of the test's own."""

import asyncio
import contextlib

import pytest
import pytest_asyncio
import trustme

from roomgate.xapi.call import Call, Verb
from roomgate.xapi.client import Client
from roomgate.xapi.errors import (
    AuthenticationFailed,
    BadArgument,
    CertificateChanged,
    DeviceGone,
    DeviceUnreachable,
    RateLimited,
)
from roomgate.xapi.path import Path
from roomgate.xapi.transports import plain_websocket, websocket
from roomgate.xapi.transports.base import Address, Login
from roomgate.xapi.transports.trust import Trust
from support.echo_device import LOGIN, EchoDevice

DIALS = {"picows": websocket.dial, "websockets": plain_websocket.dial}


class Enough(Exception):
    pass


async def read(wire, count=1):
    """The next frames."""
    heard = []

    def hear(frame):
        heard.append(frame)
        if len(heard) == count:
            raise Enough

    async with asyncio.timeout(5):
        with contextlib.suppress(Enough):
            await wire.read(hear)
    return heard


@pytest_asyncio.fixture
async def device():
    async with EchoDevice().open() as device:
        yield device


@pytest.fixture(params=sorted(DIALS))
def dial(request: pytest.FixtureRequest) -> object:
    return DIALS[request.param]


@pytest.mark.asyncio
async def test_text_goes_and_comes_whole(dial, device):
    wire = await dial(device.address, LOGIN, Trust(pin=device.pin))
    try:
        await wire.send("grüß dich")
        assert await read(wire) == ["grüß dich".encode()]
        await wire.send(b"bytes are sent as text")
        assert await read(wire) == [b"bytes are sent as text"]
        await wire.send("x" * 300_000)
        assert await read(wire) == [b"x" * 300_000]
    finally:
        await wire.close()


@pytest.mark.asyncio
async def test_fragments_are_put_together(dial, device):
    wire = await dial(device.address, LOGIN, Trust(ca=device.ca))
    await wire.send("parts")
    assert await read(wire) == [b"one two three"]
    await wire.close()


@pytest.mark.asyncio
async def test_who_reads_late_misses_nothing(dial, device):
    wire = await dial(device.address, LOGIN, Trust(ca=device.ca))
    await wire.send("many")
    await wire.send("end")
    heard = await read(wire) + await read(wire, 100) + await read(wire, 400)
    assert heard == [str(number).encode() for number in range(500)] + [b"end"]
    await wire.close()


@pytest.mark.asyncio
@pytest.mark.parametrize("word", ["bye", "cut", "huge", "huge in parts"])
async def test_the_end_is_said_and_goes_on_being_said(dial, device, word):
    wire = await dial(device.address, LOGIN, Trust(ca=device.ca))
    await wire.send(word)
    for _ in range(2):
        with pytest.raises(DeviceGone):
            await read(wire)
    with pytest.raises(DeviceGone):
        await wire.send("more")
    await wire.close()
    await wire.close()


@pytest.mark.asyncio
async def test_nothing_goes_out_after_close(dial, device):
    wire = await dial(device.address, LOGIN, Trust(ca=device.ca))
    await wire.close()
    with pytest.raises(DeviceGone):
        await wire.send("x")
    with pytest.raises(DeviceGone):
        await read(wire)


@pytest.mark.asyncio
async def test_a_cancelled_read_loses_no_frame(dial, device):
    wire = await dial(device.address, LOGIN, Trust(ca=device.ca))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await read(wire)
    await wire.send("kept")
    assert await read(wire) == [b"kept"]
    await wire.close()


@pytest.mark.asyncio
async def test_the_account_can_go_as_a_sub_protocol(dial, device):
    login = Login(LOGIN.user, LOGIN.password, subprotocol=True)
    wire = await dial(device.address, login, Trust(ca=device.ca))
    assert device.headers == [login.protocol_name()]
    await wire.close()


@pytest.mark.asyncio
async def test_a_wrong_password_is_one_attempt(dial, device):
    with pytest.raises(AuthenticationFailed):
        await dial(device.address, Login("roomgate-daily", "wrong"), Trust(ca=device.ca))
    assert device.handshakes == 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, AuthenticationFailed),
        (403, AuthenticationFailed),
        (503, RateLimited),
        (502, DeviceUnreachable),
        (404, DeviceUnreachable),
        (302, DeviceUnreachable),
    ],
)
async def test_a_refused_upgrade_is_asked_once_and_followed_nowhere(dial, device, status, error):
    device.status = status
    with pytest.raises(error):
        await dial(device.address, LOGIN, Trust(ca=device.ca))
    assert device.handshakes == 1


@pytest.mark.asyncio
async def test_nothing_is_sent_to_a_peer_without_the_pinned_certificate(dial, device):
    with pytest.raises(CertificateChanged):
        await dial(device.address, LOGIN, Trust(pin="00" * 32))
    assert device.headers == []


@pytest.mark.asyncio
@pytest.mark.parametrize("trust", [Trust(), None], ids=["system", "another CA"])
async def test_nothing_is_sent_to_a_peer_that_no_ca_vouches_for(dial, device, trust):
    with pytest.raises(CertificateChanged):
        await dial(device.address, LOGIN, trust or Trust(ca=trustme.CA().cert_pem.bytes().decode()))
    assert device.headers == []


@pytest.mark.asyncio
async def test_plain_text_and_no_verification_must_be_asked_for(dial, device, caplog):
    plain = Address.parse(str(device.address).replace("wss://", "ws://"))
    with pytest.raises(BadArgument):
        await dial(plain, LOGIN, Trust(ca=device.ca))
    wire = await dial(device.address, LOGIN, Trust(unsafe_accept_any_certificate=True))
    await wire.close()
    assert [record.levelname for record in caplog.records if record.name == "roomgate.xapi"] == ["WARNING"]


@pytest.mark.asyncio
async def test_nobody_there(dial, device):
    address = device.address
    assert device.server is not None
    device.server.close()
    await device.server.wait_closed()
    for trust in (Trust(pin=device.pin), Trust(ca=device.ca)):
        with pytest.raises(DeviceUnreachable):
            await dial(address, LOGIN, trust)


@pytest.mark.asyncio
async def test_a_peer_that_says_nothing_is_given_up(dial):
    hung_up = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        hung_up.set()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(DeviceUnreachable):
            await dial(Address.parse(f"wss://127.0.0.1:{port}"), LOGIN, Trust(pin="00" * 32), timeout_s=0.1)
        async with asyncio.timeout(5):
            await hung_up.wait()  # nothing is left open


@pytest.mark.asyncio
async def test_a_client_speaks_over_it_and_learns_of_the_end(dial, device):
    wire = await dial(device.address, LOGIN, Trust(pin=device.pin))
    client = Client(wire)
    async with asyncio.TaskGroup() as group:
        group.create_task(client.run())
        assert await client.call(Call(Verb.GET, Path.parse("Status/Audio/Volume"))) == 40
        await wire.send("cut")
        assert isinstance(await client.wait_closed(), DeviceGone)
