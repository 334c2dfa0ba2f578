import asyncio
import tracemalloc

import pytest
import pytest_asyncio
import trustme

from roomgate.xapi.errors import (
    AuthenticationFailed,
    CertificateChanged,
    DeviceGone,
    DeviceUnreachable,
    NoAnswer,
    ProtocolError,
    RateLimited,
)
from roomgate.xapi.path import Path
from roomgate.xapi.transports.base import Address, Login
from roomgate.xapi.transports.feedback_receiver import FeedbackReceiver
from roomgate.xapi.transports.http import dial
from roomgate.xapi.transports.trust import Trust
from roomgate.xapi.xmldoc import Answer, Answered, Ask, Exchange, Posted, location
from support.echo_device import LOGIN, EchoDevice
from support.http_device import BASIC, UPTIME, VOLUME, HttpDevice

VOLUME_ASK = location(Path.parse("Status/Audio/Volume"))
ACT = Ask("/putxml", b"<Command/>")
OK = '<Command><XResult status="OK"/></Command>'


@pytest_asyncio.fixture
async def device():
    async with HttpDevice().open() as device:
        yield device


class Time:
    """Time that is handed over: sleeping is what moves it."""

    def __init__(self):
        self.now = 1000.0
        self.slept = []

    def __call__(self):
        return self.now

    async def sleep(self, wait_s):
        self.slept.append(round(wait_s, 3))
        self.now += wait_s


def exchange(number, *asks, goes_on=lambda answer: True):
    return Exchange(number, asks, goes_on)


async def open_wire(device, **how):
    time = how.pop("time", None) or Time()
    return await dial(device.address, LOGIN, Trust(pin=device.pin), now=time, sleep=time.sleep, **how)


# ---- the session ----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_session_is_begun_used_and_ended(device):
    wire = await open_wire(device)
    await wire.send(exchange(7, VOLUME_ASK))
    assert await wire.receive() == Answered(7, (Answer(200, VOLUME.encode()),))
    await wire.close()
    await wire.close()
    begin, read, end = device.asked
    assert (begin.method, begin.target, begin.headers["authorization"]) == ("POST", "/xmlapi/session/begin", BASIC)
    assert (read.method, read.headers["cookie"]) == ("GET", "SecureSessionId=word0")
    assert (end.method, end.target) == ("POST", "/xmlapi/session/end")
    assert all("authorization" not in request.headers for request in (read, end))
    assert begin.headers["host"] == str(device.address).removeprefix("https://")
    assert device.live == set()


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [404, 405, 500, 302, 200])
async def test_where_no_session_is_to_be_had_the_account_goes_with_every_request(device, status):
    device.says["/xmlapi/session/begin"] = (status, "", [("Location", "https://192.0.2.9/")] if status == 302 else [])
    wire = await open_wire(device)
    await wire.send(exchange(1, ACT))
    assert (await wire.receive()).answers == (Answer(200, OK.encode()),)
    await wire.close()
    assert [(one.target.partition("?")[0], one.headers.get("authorization")) for one in device.asked] == [
        ("/xmlapi/session/begin", BASIC),
        ("/getxml", BASIC),
        ("/putxml", BASIC),
    ]


@pytest.mark.asyncio
async def test_an_account_that_may_begin_no_session_can_do_without(device):
    device.says["/xmlapi/session/begin"] = (403, "", [])
    with pytest.raises(AuthenticationFailed, match="begin no session"):
        await open_wire(device)
    wire = await open_wire(device, session=False)
    await wire.close()
    assert [target.partition("?")[0] for target in device.targets] == ["/xmlapi/session/begin", "/getxml"]


@pytest.mark.asyncio
@pytest.mark.parametrize("session", [True, False])
async def test_a_wrong_password_is_one_attempt(device, session):
    with pytest.raises(AuthenticationFailed):
        await dial(device.address, Login(LOGIN.user, "wrong"), Trust(pin=device.pin), session=session)
    assert len(device.asked) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("refused", "kind"),
    [
        ((503, "", []), RateLimited),
        ((502, "", []), DeviceUnreachable),
        ((404, "", []), DeviceUnreachable),
        ((302, "", [("Location", "/web/signin")]), AuthenticationFailed),
        ((200, "<!DOCTYPE html>", []), AuthenticationFailed),
    ],
)
async def test_a_web_server_that_is_no_device_s_or_not_yet(device, refused, kind):
    device.session = False
    device.says[UPTIME] = refused
    with pytest.raises(kind):
        await open_wire(device)
    assert len(device.asked) == 2


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [503, 502])
async def test_a_busy_device_is_asked_once(device, status):
    device.says["/xmlapi/session/begin"] = (status, "", [])
    with pytest.raises((RateLimited, DeviceUnreachable)):
        await open_wire(device)
    assert len(device.asked) == 1


@pytest.mark.asyncio
async def test_nothing_is_sent_to_a_peer_without_the_right_certificate(device):
    for trust in (Trust(pin="00" * 32), Trust(), Trust(ca=trustme.CA().cert_pem.bytes().decode())):
        with pytest.raises(CertificateChanged):
            await dial(device.address, LOGIN, trust)
    assert device.asked == []
    wire = await dial(device.address, LOGIN, Trust(ca=EchoDevice().ca))
    await wire.close()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "refused",
    [(401, "401 Unauthorized", []), (403, "", []), (302, "", [("Location", "/web/signin")]), (200, "<html>", [])],
)
async def test_a_session_that_has_ended_ends_the_wire(device, refused):
    wire = await open_wire(device)
    device.says["/putxml"] = refused
    with pytest.raises(AuthenticationFailed):
        await wire.send(exchange(1, ACT))
    with pytest.raises(AuthenticationFailed):
        await wire.receive()
    with pytest.raises(DeviceGone):
        await wire.send(exchange(2, VOLUME_ASK))
    await wire.close()
    assert device.targets == ["/xmlapi/session/begin", "/putxml"]


# ---- the exchange ---------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_an_exchange_goes_on_as_long_as_it_wants_to(device):
    wire = await open_wire(device)
    await wire.send(exchange(1, VOLUME_ASK, ACT, goes_on=lambda answer: answer.status != 200))
    await wire.send(exchange(2, VOLUME_ASK, ACT))
    await wire.send(exchange(3))
    assert [len((await wire.receive()).answers) for _ in range(3)] == [1, 2, 0]
    await wire.close()


@pytest.mark.asyncio
async def test_reads_may_share_a_connection_and_what_acts_has_its_own(device):
    device.keep = True
    wire = await open_wire(device)
    for number, ask in enumerate([VOLUME_ASK, VOLUME_ASK, ACT, ACT]):
        await wire.send(exchange(number, ask))
    assert len({request.connection for request in device.asked if request.method == "GET"}) == 1
    acted = [request.connection for request in device.asked if request.target == "/putxml"]
    assert len(set(acted)) == 2
    await wire.close()


@pytest.mark.asyncio
async def test_a_read_over_a_connection_that_went_stale_is_asked_again(device):
    device.keep = True
    wire = await open_wire(device)
    await wire.send(exchange(1, VOLUME_ASK))
    device.stale.add(device.asked[-1].connection)  # the device hangs up in the moment in which it is asked again
    await wire.send(exchange(2, VOLUME_ASK))
    assert [request.target for request in device.asked].count(VOLUME_ASK.target) == 3
    assert [(await wire.receive()).number for _ in range(2)] == [1, 2]
    await wire.close()


@pytest.mark.asyncio
async def test_a_device_that_goes_away_ends_the_wire_and_nothing_is_asked_twice(device):
    wire = await open_wire(device)

    async def cut(writer):
        writer.transport.abort()

    device.raw = cut
    before = device.connections
    with pytest.raises((DeviceGone, DeviceUnreachable)):
        await wire.send(exchange(1, ACT))
    assert device.connections == before + 1
    with pytest.raises((DeviceGone, DeviceUnreachable)):
        await wire.receive()
    await wire.close()
    assert device.connections == before + 1


@pytest.mark.asyncio
async def test_a_cancelled_exchange_hangs_up_and_the_next_one_works(device):
    wire = await open_wire(device)
    device.hold = asyncio.Event()
    ended = device.ended
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await wire.send(exchange(1, ACT))
    device.hold.set()
    async with asyncio.timeout(5):
        while device.ended == ended:
            await asyncio.sleep(0)
    await wire.send(exchange(2, ACT))
    assert (await wire.receive()).number == 2
    await wire.close()


@pytest.mark.asyncio
async def test_close_ends_what_is_under_way(device):
    wire = await open_wire(device)
    device.hold = held = asyncio.Event()
    caught = []

    async def ask():
        try:
            await wire.send(exchange(1, ACT))
        except DeviceGone as gone:
            caught.append(gone)

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(ask())
        while "/putxml" not in device.targets:
            await asyncio.sleep(0)
        device.hold = None
        await wire.close()
        held.set()
    assert len(caught) == 1


@pytest.mark.asyncio
async def test_two_who_close_do_not_disturb_each_other(device):
    wire = await open_wire(device)
    wire.at_close(lambda: [ACT, ACT])
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(wire.close())
        while "/putxml" not in device.targets:
            await asyncio.sleep(0)
        await wire.close()
        assert device.live == set()
    assert device.targets.count("/putxml") == 2


@pytest.mark.asyncio
async def test_the_farewell_goes_before_the_session_ends(device):
    wire = await open_wire(device)
    wire.at_close(lambda: [Ask("/putxml", b"<Command>bye</Command>")])
    await wire.close()
    assert device.targets == ["/xmlapi/session/begin", "/putxml", "/xmlapi/session/end"]


# ---- the budget -----------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(("session", "per_s"), [(True, 15), (False, 1)])
async def test_requests_go_in_step_with_the_device(device, session, per_s):
    device.session = session
    time = Time()
    wire = await open_wire(device, time=time)
    start = time.now
    for number in range(4):
        await wire.send(exchange(number, ACT))
    assert time.now - start == pytest.approx(3 / per_s)
    await wire.close()


@pytest.mark.asyncio
async def test_what_would_have_to_wait_beyond_its_deadline_is_refused_at_once(device):
    device.session = False
    time = Time()
    wire = await open_wire(device, time=time)
    await wire.send_within(exchange(1, ACT), 0.5)
    with pytest.raises(RateLimited, match="ask again in 1") as refused:
        await wire.send_within(exchange(2, ACT), 0.5)
    assert refused.value.data["retry_after_s"] == 1.0
    assert time.slept == []
    assert device.targets.count("/putxml") == 1
    await wire.send_within(exchange(3, ACT), 1.5)
    await wire.close()


@pytest.mark.asyncio
async def test_a_device_that_says_slow_down_is_left_alone_for_a_while(device):
    time = Time()
    wire = await open_wire(device, time=time)
    device.says["/putxml"] = (503, "", [])
    await wire.send(exchange(1, ACT))
    assert (await wire.receive()).answers[0].status == 503
    await wire.send(exchange(2, VOLUME_ASK))
    assert time.slept == [1.0]
    await wire.close()


# ---- feedback -------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_posted_documents_come_in_between(device):
    async with FeedbackReceiver.listening("127.0.0.1", 0) as receiver:
        wire = await open_wire(device)
        address = wire.receive_from(receiver)
        word = address.rpartition("/")[2]
        hear = receiver._hearers[word]
        assert hear(4, b"<Status/>")
        assert await wire.receive() == Posted(4, b"<Status/>")
        assert not hear(4, b"x" * (8 * 1024 * 1024 + 1))
        assert hear(4, b"x" * 8 * 1024 * 1024)
        assert not hear(4, b"x")
        await wire.receive()
        assert hear(4, b"x")
        await wire.close()
        assert receiver._hearers == {}
        assert not hear(4, b"x")


# ---- hostile peers --------------------------------------------------------------------------------

OK_HEAD = b"HTTP/1.1 200 OK\r\n"


async def forever(writer, piece):
    """What a hostile device may send until somebody hangs up."""
    try:
        while not writer.is_closing():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)  # the end is heard in between
    except OSError:
        pass


def sends(*pieces, again=b""):
    async def raw(writer):
        for piece in pieces:
            writer.write(piece)
        if again:
            await forever(writer, again)
        else:
            await writer.drain()
            writer.write_eof() if writer.can_write_eof() else writer.transport.close()

    return raw


HOSTILE = {
    "nothing": sends(),
    "garbage": sends(b"\xff\x00" * 1000),
    "not HTTP": sends(b"SSH-2.0-x\r\n"),
    "endless line": sends(again=b"x" * 65536),
    "endless headers": sends(OK_HEAD, again=b"X-Y: " + b"z" * 1000 + b"\r\n"),
    "endless informational": sends(again=b"HTTP/1.1 100 Continue\r\n\r\n"),
    "endless body": sends(OK_HEAD + b"\r\n", again=b"x" * 65536),
    "endless chunks": sends(
        OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", again=b"10000\r\n" + b"x" * 65536 + b"\r\n"
    ),
    "endless trailers": sends(
        OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", again=b"A: " + b"x" * 1000 + b"\r\n"
    ),
    "huge length": sends(OK_HEAD + b"Content-Length: 99999999999\r\n\r\n", again=b"x" * 65536),
    "half an answer": sends(OK_HEAD + b"Content-Length: 10\r\n\r\nabc"),
    "half a head": sends(OK_HEAD),
    "two lengths": sends(OK_HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    "bad chunk": sends(OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_peer_meets_our_errors_and_a_bound(device, name):
    wire = await open_wire(device)
    device.raw = HOSTILE[name]
    tracemalloc.start()
    try:
        async with asyncio.timeout(20):
            with pytest.raises((ProtocolError, DeviceGone)):
                await wire.send(exchange(1, ACT))
        assert tracemalloc.get_traced_memory()[1] < 32 * 1024 * 1024
    finally:
        tracemalloc.stop()
    with pytest.raises((ProtocolError, DeviceGone)):
        await wire.receive()
    await wire.close()
    with pytest.raises((DeviceUnreachable, AuthenticationFailed)):
        await open_wire(device)


@pytest.mark.asyncio
async def test_a_slow_drip_is_given_up(device):
    wire = await open_wire(device, answer_within_s=0.2)

    async def drip(writer):
        writer.write(OK_HEAD + b"Content-Length: 1000\r\n\r\n")
        await writer.drain()

    device.raw = drip
    with pytest.raises(NoAnswer):
        await wire.send(exchange(1, ACT))
    device.raw = None
    await wire.close()


@pytest.mark.asyncio
async def test_a_peer_that_says_nothing_is_given_up():
    hung_up = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.transport.abort()
        hung_up.set()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        address = Address.parse(f"https://127.0.0.1:{port}", "https")
        with pytest.raises(DeviceUnreachable):
            await dial(address, LOGIN, Trust(pin="00" * 32), timeout_s=0.1)
        async with asyncio.timeout(5):
            await hung_up.wait()  # nothing is left open


@pytest.mark.asyncio
async def test_nobody_there(device):
    address = device.address
    device.server.close()
    await device.server.wait_closed()
    with pytest.raises(DeviceUnreachable):
        await dial(address, LOGIN, Trust(pin=device.pin))
