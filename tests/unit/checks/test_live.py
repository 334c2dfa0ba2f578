"""Live channels: what serves, what only keeps the line open, how each ends; and nothing of it fills a snapshot."""

import asyncio
import itertools

import httpx
import pytest

from roomgate.checks.live import Frames, Held, converse, events_of, handshake, origin_of, upgrade
from roomgate.checks.pace import HandTime
from roomgate.checks.recorder import Masks, Recorder
from roomgate.checks.served import Known, Manner
from roomgate.checks.snapshot import Frame
from roomgate.checks.sockets import SocketClosed, SocketRefused
from roomgate.checks.target import Ask, Channel
from support.checks import ONE, kit_of
from support.cut_target import _Stream

URL = "https://target.example/live"


async def parts(*given):
    for part in given:
        yield part


async def hold(folder, kind, answer, known=None, **more):
    kit = kit_of(folder, answer if callable(answer) else lambda request: answer, ONE, **more)
    held = Held(kit, Channel(name="live", kind=kind, request=Ask(url=URL)), kit.web.fresh(), known or Known(), "x")
    await held.hold()
    return kit, held


def ways(kit):
    return [step.way for step in kit.recorder.steps if isinstance(step, Frame)]


# ---- events, long-poll, download -----------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("cut", [1, 3, 1000])
async def test_events_are_read_however_they_are_cut(cut):
    raw = b": beat\n\ndata: one\ndata: more\n\nevent: x\r\ndata:two\r\n\r\ndata\n\nid: 3\n\ndata: unfinished"
    pieces = [raw[n : n + cut] for n in range(0, len(raw), cut)]
    assert [event async for event in events_of(parts(*pieces))] == ["one\nmore", "two"]


@pytest.mark.asyncio
async def test_a_line_without_an_end_does_not_fill_the_memory():
    async def endless():
        for _ in range(1000):
            yield b"x" * 10_000
        yield b"\ndata: after\n\n"

    assert [event async for event in events_of(endless())] == ["after"]


@pytest.mark.asyncio
async def test_heartbeats_are_not_served_and_events_are(tmp_path):
    body = b': beat\n\ndata: {}\n\ndata: ping\n\ndata: {"volume": 3}\n\n'
    kit, held = await hold(tmp_path, "events", httpx.Response(200, stream=_Stream(parts(body))))
    assert (held.counts[Manner.SERVED], len(held.served), held.refused, held.open) == (1, 1, "", False)
    assert ways(kit) == ["opened", "received", "closed"]


@pytest.mark.asyncio
@pytest.mark.parametrize(("status", "refused"), [(401, True), (302, True), (404, True), (503, False), (429, False)])
async def test_what_is_not_opened_is_refused_or_in_trouble(tmp_path, status, refused):
    kit, held = await hold(tmp_path, "events", httpx.Response(status))
    assert (bool(held.refused), bool(held.trouble)) == (refused, not refused)
    assert ways(kit) == ["refused"]


@pytest.mark.asyncio
async def test_nobody_there_is_trouble(tmp_path):
    def dead(request):
        raise httpx.ConnectError("refused")

    _, held = await hold(tmp_path, "long-poll", dead)
    assert "ConnectError" in held.trouble


@pytest.mark.asyncio
async def test_a_long_poll_is_judged_by_its_whole_answer(tmp_path):
    known = Known(expects="room-4711")
    answer = httpx.Response(200, stream=_Stream(parts(b'{"name": "room', b'-4711"}')))
    _, held = await hold(tmp_path, "long-poll", answer, known)
    assert held.counts[Manner.SERVED] == 1


@pytest.mark.asyncio
async def test_a_download_knows_whether_it_came_to_its_end(tmp_path):
    whole = httpx.Response(200, headers={"content-length": "4"}, stream=_Stream(parts(b"ab", b"cd")))
    _, held = await hold(tmp_path / "whole", "download", whole)
    assert (held.whole, held.vague) == (True, False)
    vague = httpx.Response(200, stream=_Stream(parts(b"ab", b"cd")))
    _, held = await hold(tmp_path / "vague", "download", vague)
    assert (held.whole, held.vague, held.counts[Manner.SERVED]) == (False, True, 2)


@pytest.mark.asyncio
async def test_a_sign_in_page_is_no_download(tmp_path):
    page = httpx.Response(200, stream=_Stream(parts(b"<input type=password>")))
    _, held = await hold(tmp_path, "download", page)
    assert held.refused
    assert held.counts[Manner.SERVED] == 0


@pytest.mark.asyncio
async def test_a_stream_that_breaks_off_has_ended(tmp_path):
    async def breaks():
        yield b"data: 1\n\n"
        raise httpx.RemoteProtocolError("gone")

    kit, held = await hold(tmp_path, "events", httpx.Response(200, stream=_Stream(breaks())))
    assert "broke off" in held.ended_how
    assert ways(kit)[-1] == "closed"


# ---- sockets -------------------------------------------------------------------------------------------


class Fake:
    """Gives what it has, then ends with a code, or stays silent."""

    def __init__(self, *messages, code=None):
        self._messages = list(messages)
        self._code = code
        self.sent = []

    async def send(self, text):
        if self._code is not None and not self._messages:
            raise SocketClosed("over", self._code)
        self.sent.append(text)

    async def recv(self):
        while not self._messages:
            if self._code is not None:
                raise SocketClosed("over", self._code)
            await asyncio.sleep(0)
        return self._messages.pop(0)

    async def close(self):
        self._code = self._code or 1000


def opening(socket, seen=None):
    async def open_socket(url, headers, subprotocols):
        if seen is not None:
            seen.append((url, dict(headers), list(subprotocols)))
        if isinstance(socket, Exception):
            raise socket
        return socket

    return open_socket


async def hold_socket(folder, socket, send="", **more):
    kit = kit_of(folder, lambda request: httpx.Response(404), ONE, open_socket=opening(socket, more.pop("seen", None)))
    channel = Channel(name="live", kind="websocket", request=Ask(url=URL), send=send)
    held = Held(kit, channel, kit.web.fresh(), Known(**more), "x")
    return kit, held


@pytest.mark.asyncio
async def test_a_socket_is_opened_as_its_own_page_would_and_sent_its_text(tmp_path):
    seen = []
    socket = Fake("room-4711", b"room-4711", code=1000)
    kit, held = await hold_socket(tmp_path, socket, "hello", expects="room-4711", seen=seen)
    await held.hold()
    ((url, headers, _),) = seen
    assert (url, headers["Origin"]) == ("wss://target.example/live", "https://target.example")
    assert socket.sent == ["hello"]
    assert (held.counts[Manner.SERVED], held.ended_how.startswith("closed with 1000")) == (2, True)
    assert ways(kit) == ["opened", "sent", "received", "received", "closed"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("socket", "refused"),
    [
        (SocketRefused("no", 401), True), (SocketRefused("no", 503), False), (SocketRefused("no", 0), False),
        (Fake(code=1008), True), (Fake(code=4401), True), (Fake(code=1000), False), (Fake("served", code=1008), False),
    ],
)  # fmt: skip
async def test_how_a_socket_says_no(tmp_path, socket, refused):
    _, held = await hold_socket(tmp_path, socket)
    await held.hold()
    assert bool(held.refused) is refused


@pytest.mark.asyncio
async def test_three_questions_without_an_answer_are_silence(tmp_path):
    _, held = await hold_socket(tmp_path, Fake("room"), "hello", expects="room")
    async with asyncio.TaskGroup() as group:
        held.task = group.create_task(held.hold())
        for _ in range(10):
            await asyncio.sleep(0)
        assert not held.silent()
        for _ in range(3):
            await held.ask()
        assert held.silent()
        held.task.cancel()


@pytest.mark.asyncio
async def test_a_rhythm_that_stops_is_silence_and_one_message_is_no_rhythm(tmp_path):
    for messages, silent in ((["a", "a", "a"], True), (["a"], False)):
        kit, held = await hold_socket(tmp_path, Fake(*messages))
        async with asyncio.TaskGroup() as group:
            held.task = group.create_task(held.hold())
            for _ in range(10):
                await asyncio.sleep(0)
            kit.time.advance(30)
            assert held.silent() is silent
            held.task.cancel()


@pytest.mark.asyncio
async def test_upgrade_tells_opened_or_refused(tmp_path):
    for socket, way, code in ((Fake(), "opened", 101), (SocketRefused("no", 403), "refused", 403)):
        kit = kit_of(tmp_path, lambda request: httpx.Response(404), ONE, open_socket=opening(socket))
        frame = await upgrade(kit, URL, "try", origin=None, session=None)
        assert (frame.way, frame.code, frame.label) == (way, code, "try")
        assert kit.recorder.steps == [frame]


@pytest.mark.asyncio
async def test_a_talk_ends_when_enough_was_heard_or_time_is_up(tmp_path):
    kit = kit_of(tmp_path, lambda request: httpx.Response(404), ONE, open_socket=opening(Fake("a", "b")))
    seen = await converse(
        kit, URL, "t", origin="null", session=None, send="x", listen_s=3, enough=lambda frame: frame.text == "b"
    )
    assert [frame.text for frame in seen if frame.way == "received"] == ["a", "b"]
    before = kit.time.monotonic()
    kit.open_socket = opening(Fake())
    await converse(kit, URL, "t", origin=None, session=None, listen_s=3)
    assert 3 <= kit.time.monotonic() - before < 4


def test_the_handshake_has_cookies_and_origin(tmp_path):
    kit = kit_of(tmp_path, lambda request: httpx.Response(404), ONE)
    session = kit.web.fresh("ada")
    session.cookies.set("sid", "abc", domain="target.example")
    session.headers["Authorization"] = "Bearer x"
    headers = dict(handshake("wss://target.example/ws", session, origin="null"))
    assert (headers["Cookie"], headers["Origin"], headers["Authorization"]) == ("sid=abc", "null", "Bearer x")
    assert "Cookie" not in dict(handshake("wss://other.example/ws", session, origin=None))


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://a.example/x", "https://a.example"),
        ("wss://a.example:8443/", "https://a.example:8443"),
        ("http://user:secret@a.example/", "http://a.example"),
    ],
)
def test_an_origin_is_written_as_browsers_do(url, origin):
    assert origin_of(url) == origin


# ---- thinning ------------------------------------------------------------------------------------------


def test_frames_are_thinned_but_the_last_is_kept():
    time = HandTime()
    recorder = Recorder(time, Masks())
    frames = Frames(recorder, "x", "live")
    frames.add("opened")
    for number in itertools.count():
        time.advance(0.01)
        frames.add("received", f"{number}" + "x" * 20_000)
        if number == 9_999:
            break
    frames.add("closed")
    kept = [step for step in recorder.steps if isinstance(step, Frame)]
    assert 100 <= len(kept) <= 120
    assert frames.seen["received"] == 10_000
    assert [frame.way for frame in kept[:1] + kept[-1:]] == ["opened", "closed"]
    assert kept[-2].text.startswith("9999")
    assert (len(kept[-2].text), kept[-2].size) == (8192, 20_004)
