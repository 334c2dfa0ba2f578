import asyncio
from dataclasses import dataclass, field

import pytest
from picows import WSMsgType

from roomgate.connector.wire import Wire, connect
from roomgate.errors import Unreachable
from roomgate.link.frames import CHUNK, TOGETHER, Priority, Receiver
from roomgate.link.identity import build_private_pem
from roomgate.link.inner_tls import InnerTls
from roomgate.link.messages import LinkBroken
from support.link import Bench, Papers, unheard


@pytest.mark.asyncio
async def test_nobody_there_is_unreachable(papers: Papers) -> None:
    with pytest.raises(Unreachable):
        await connect(Bench(papers, port=1).identity(), unheard, ca_pem=papers.ca_pem, proxy=None, within_s=5)


@pytest.mark.asyncio
async def test_a_hub_that_never_answers_is_unreachable_in_time(papers: Papers) -> None:
    left = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        left.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        bench = Bench(papers, port=server.sockets[0].getsockname()[1])
        with pytest.raises(Unreachable):
            await connect(bench.identity(), unheard, ca_pem=papers.ca_pem, proxy=None, within_s=0.1)
        async with asyncio.timeout(5):
            await left.wait()


@pytest.mark.asyncio
async def test_the_first_reason_of_an_end_stands(papers: Papers) -> None:
    wire = Wire(Bench(papers, port=1).identity(), unheard)
    wire.fail(LinkBroken("first"))
    wire.fail(LinkBroken("second"))
    with pytest.raises(LinkBroken, match="first"):
        await wire.ended


@pytest.mark.asyncio
async def test_nothing_is_written_before_the_keys_are_proved(papers: Papers) -> None:
    wire = Wire(Bench(papers, port=1).identity(), unheard)
    wire.sender.put(b"early", Priority.URGENT)
    with pytest.raises(LinkBroken):
        await wire.write(lambda: None)


@dataclass
class Hub:
    """The far end in memory: a transport for the wire, and what it decrypts."""

    tls: InnerTls
    frames: int = 0
    heard: list[bytes] = field(default_factory=list)
    back: list[bytes] = field(default_factory=list)
    _receiver: Receiver = field(default_factory=Receiver)

    def send(self, kind: WSMsgType, ciphertext: bytes) -> None:
        self.frames += 1
        for piece in self.tls.receive(bytes(ciphertext)):
            self.heard += self._receiver.feed(piece)
        if answer := self.tls.outgoing():
            self.back.append(answer)


@dataclass
class Frame:
    payload: bytes
    msg_type: WSMsgType = WSMsgType.BINARY

    def get_payload_as_bytes(self) -> bytes:
        return self.payload


@pytest.mark.asyncio
async def test_a_tunnels_frames_wait_for_room_and_for_nothing_once_the_link_has_ended(papers: Papers) -> None:
    wire = Wire(Bench(papers, port=1).identity(), unheard)
    while wire.sender.room_for(CHUNK, Priority.BULK):
        await wire.carry(bytes(CHUNK))
    late = asyncio.ensure_future(wire.carry(bytes(CHUNK)))
    await asyncio.sleep(0)
    assert not late.done()
    wire.fail(LinkBroken("over"))
    with pytest.raises(LinkBroken):
        await late


@pytest.mark.asyncio
async def test_small_messages_go_together_and_an_urgent_one_passes_the_big_ones(papers: Papers) -> None:
    bench = Bench(papers, port=1)
    wire = Wire(identity := bench.identity(), unheard)
    hub = Hub(InnerTls(True, identity.hub_certificate, build_private_pem(bench.hub_key), identity.certificate))
    wire.on_ws_connected(hub)
    while hub.back:
        wire.on_ws_frame(hub, Frame(hub.back.pop(0)))
    assert wire.established.done()

    async with asyncio.TaskGroup() as group:
        writing = group.create_task(wire.write(lambda: None))
        before = hub.frames
        for number in range(20):
            wire.sender.put(b"%d" % number, Priority.SIGNED)
        wire.wake()
        while len(hub.heard) < 20:
            await asyncio.sleep(0)
        assert hub.heard == [b"%d" % number for number in range(20)]
        assert hub.frames == before + 1

        for _ in range(3):
            wire.sender.put(bytes(40 * TOGETHER), Priority.REST)
        wire.wake()
        await asyncio.sleep(0)
        wire.sender.put(b"cut", Priority.URGENT)
        while len(hub.heard) < 24:
            await asyncio.sleep(0)
        assert hub.heard[20] == b"cut"
        writing.cancel()
