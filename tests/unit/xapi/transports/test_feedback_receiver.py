import asyncio
import ssl

import pytest

from roomgate.xapi.errors import BadArgument
from roomgate.xapi.transports.feedback_receiver import MAX_POST_BYTES, FeedbackReceiver
from support.echo_device import EchoDevice, certificate


async def say(address, *pieces, tls=None):
    """Send to the receiver as a device would, and give the status line of what comes back."""
    host, _, port = address.partition("://")[2].partition("/")[0].rpartition(":")
    reader, writer = await asyncio.open_connection(
        host, int(port), ssl=tls, server_hostname="localhost" if tls else None
    )
    try:
        for piece in pieces:
            writer.write(piece)
        await writer.drain()
        return (await reader.read()).split(b"\r\n")[0]
    except ConnectionResetError:
        return b""
    finally:
        writer.transport.abort()


def post(address, body=b"<Status/>", slot="/1", method=b"POST", more=b""):
    path = "/" + address.rpartition("/")[2] + slot
    head = b"%s %s HTTP/1.1\r\nHost: x\r\nUser-Agent: Cisco/CE\r\nContent-Type: text/xml; charset=utf-8\r\n%s" % (
        method,
        path.encode(),
        more,
    )
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def listening(**how):
    return FeedbackReceiver.listening("127.0.0.1", 0, **how)


class Hearer:
    def __init__(self, takes=True):
        self.heard = []
        self.takes = takes

    def __call__(self, slot, body):
        self.heard.append((slot, body))
        return self.takes


@pytest.mark.asyncio
async def test_each_device_has_an_address_of_its_own():
    one, other = Hearer(), Hearer()
    async with listening() as receiver:
        addresses = [receiver.open(one), receiver.open(other)]
        assert len({address.rpartition("/")[2] for address in addresses}) == 2
        assert all(len(address.rpartition("/")[2]) >= 43 for address in addresses)
        assert await say(addresses[0], post(addresses[0], b"<a/>", "/4")) == b"HTTP/1.1 200 "
        assert await say(addresses[1], post(addresses[1], b"<b/>", "/1")) == b"HTTP/1.1 200 "
        assert (one.heard, other.heard) == ([(4, b"<a/>")], [(1, b"<b/>")])
        receiver.shut(addresses[0])
        assert await say(addresses[0], post(addresses[0])) == b"HTTP/1.1 404 "
    assert len(one.heard) == 1


@pytest.mark.asyncio
async def test_over_tls(caplog):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate().configure_cert(context)
    hearer = Hearer()
    async with listening(tls=context) as receiver:
        address = receiver.open(hearer)
        assert address.startswith("https://127.0.0.1:")
        client = ssl.create_default_context(cadata=EchoDevice().ca)
        assert await say(address, post(address), tls=client) == b"HTTP/1.1 200 "
    assert hearer.heard == [(1, b"<Status/>")]
    assert [record for record in caplog.records if record.name == "roomgate.xapi"] == []


@pytest.mark.asyncio
async def test_without_tls_is_logged_and_the_address_for_devices_may_be_another(caplog):
    async with listening(url="https://192.0.2.1:8443/") as receiver:
        assert receiver.open(Hearer()).startswith("https://192.0.2.1:8443/")
    assert [record.levelname for record in caplog.records if record.name == "roomgate.xapi"] == ["WARNING"]


@pytest.mark.parametrize("url", ["", "ws://x", "https://", "https://x/path", "https://x?a=b"])
def test_what_is_no_address(url):
    with pytest.raises(BadArgument):
        FeedbackReceiver(url)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"method": b"GET"}, b"405"),
        ({"method": b"PUT"}, b"405"),
        ({"slot": ""}, b"404"),
        ({"slot": "/5"}, b"404"),
        ({"slot": "/1/2"}, b"404"),
        ({"slot": "x/1"}, b"404"),
        ({"body": b"x" * (MAX_POST_BYTES + 1)}, b"413"),
        ({"more": b"X: " + b"y" * 70_000 + b"\r\n"}, b"400"),
        ({"more": b"no header\r\n"}, b"400"),
    ],
)
async def test_only_documents_are_taken_and_only_at_the_address(changes, status):
    hearer = Hearer()
    async with listening() as receiver:
        address = receiver.open(hearer)
        assert (await say(address, post(address, **changes))).split(b" ")[1:2] == [status]
    assert hearer.heard == []


@pytest.mark.asyncio
async def test_one_who_cannot_take_more_says_so():
    async with listening() as receiver:
        address = receiver.open(Hearer(takes=False))
        assert await say(address, post(address)) == b"HTTP/1.1 503 "


@pytest.mark.asyncio
async def test_a_sender_that_asks_before_it_sends_is_told_to():
    hearer = Hearer()
    async with listening() as receiver:
        address = receiver.open(hearer)
        head, _, body = post(address, b"<a/>", more=b"Expect: 100-continue\r\n").partition(b"\r\n\r\n")
        host, _, port = address.partition("://")[2].partition("/")[0].rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(head + b"\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 \r\n\r\n"
        writer.write(body)
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        writer.close()
    assert hearer.heard == [(1, b"<a/>")]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "said", [b"", b"\x16\x03\x01\x02\x00" * 100, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"]
)
async def test_one_who_says_half_of_it_is_hung_up_on(said):
    async with listening(within_s=0.2) as receiver:
        address = receiver.open(Hearer())
        async with asyncio.timeout(5):
            answer = await say(address, said)
        assert answer in (b"", b"HTTP/1.1 400 ", b"HTTP/1.1 404 ")


@pytest.mark.asyncio
async def test_there_are_only_so_many_at_a_time():
    async with listening(within_s=30) as receiver:
        address = receiver.open(hearer := Hearer())
        host, _, port = address.partition("://")[2].partition("/")[0].rpartition(":")
        waiting = [await asyncio.open_connection(host, int(port)) for _ in range(64)]
        async with asyncio.timeout(5):
            while len(receiver._writers) < 64:
                await asyncio.sleep(0)
        assert await say(address, post(address)) == b""
        for _, writer in waiting:
            writer.transport.abort()
        async with asyncio.timeout(5):
            while receiver._writers:
                await asyncio.sleep(0)
        assert await say(address, post(address)) == b"HTTP/1.1 200 "
    assert len(hearer.heard) == 1
