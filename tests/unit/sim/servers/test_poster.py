"""What HttpFeedback sends, to a server of the test's own, and what becomes of a slot whose server is not there."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from roomgate.clock import HandClock
from roomgate.sim.certificate import ensure_certificate
from roomgate.sim.profile import get_profile
from roomgate.sim.room import Room
from roomgate.sim.servers.poster import TRUSTED, Poster
from roomgate.sim.store import ensure_passphrases
from support.waiting import until


@asynccontextmanager
async def manager(
    *, tls: ssl.SSLContext | None = None, answer: bytes = b"HTTP/1.1 200 OK\r\n\r\n"
) -> AsyncIterator[tuple[int, asyncio.Queue[bytes]]]:
    """A server that notes what is posted to it."""
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        await heard.put(head + await reader.readexactly(size))
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1], heard


@asynccontextmanager
async def posting(folder: Path, url: str) -> AsyncIterator[Room]:
    """A room whose first slot posts its volume there."""
    room = Room.load("Birch", folder, get_profile("26"), HandClock(), ensure_passphrases(folder))
    poster = Poster(send_s=5)
    room.post = poster.of(room)
    words = {"FeedbackSlot": 1, "ServerUrl": url, "Expression": ["/Status/Audio/Volume"]}
    admin = room.device.accounts.by_name["admin"]
    room.device.command(admin, ["HttpFeedback", "Register"], words, "", room.clock.now())
    room.settle()
    try:
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            running = group.create_task(poster.run())
            yield room
            running.cancel()
    finally:
        room.close()


def change(room: Room, volume: int) -> None:
    room.device.state.put("Audio", "Volume", value=volume)
    room.settle()


def status(room: Room) -> str:
    return str(room.device.state.read("Status", "HttpFeedback", 1, "Status"))


@pytest.mark.asyncio
async def test_documents_come_in_their_order_as_a_device_sends_them(tmp_path: Path) -> None:
    async with manager() as (port, heard), posting(tmp_path, f"http://127.0.0.1:{port}/a?b=c") as room:
        for volume in (1, 2, 3):
            change(room, volume)
        first, *more = [await heard.get() for _ in range(3)]
        head, _, body = first.partition(b"\r\n\r\n")
        assert head.split(b"\r\n")[:-2] == [
            b"POST /a?b=c HTTP/1.1",
            b"Host: 127.0.0.1:%d" % port,
            b"User-Agent: Cisco/CE",
            b"Accept: text/*, application/octet-stream, image/*, audio/*",
            b"Content-Type: text/xml; charset=utf-8",
        ]
        assert b"<Volume>1</Volume>" in body
        assert [b"<Volume>%d</Volume>" % n in one for n, one in enumerate(more, 2)] == [True, True]
        assert status(room) == "OK"


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-x\r\n"])
@pytest.mark.asyncio
async def test_a_server_that_is_none_fails_the_slot_until_it_is_enabled(tmp_path: Path, answer: bytes) -> None:
    async with manager(answer=answer) as (port, heard), posting(tmp_path, f"http://127.0.0.1:{port}/") as room:
        change(room, 1)
        await until(lambda: status(room) == "Failed")
        change(room, 2)
        assert b"<Volume>1</Volume>" in await heard.get()
        admin = room.device.accounts.by_name["admin"]
        room.device.command(admin, ["HttpFeedback", "Enable"], {"FeedbackSlot": 1}, "", room.clock.now())
        room.settle()
        change(room, 3)
        assert b"<Volume>3</Volume>" in await heard.get()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "https://127.0.0.1:1/", "http://127.0.0.1:x/", "http://"])
@pytest.mark.asyncio
async def test_a_server_that_is_not_there_fails_the_slot(tmp_path: Path, url: str) -> None:
    async with posting(tmp_path, url) as room:
        change(room, 1)
        await until(lambda: status(room) == "Failed")


@pytest.mark.asyncio
async def test_too_many_documents_that_wait_fail_the_slot(tmp_path: Path) -> None:
    async with posting(tmp_path, "http://127.0.0.1:1/") as room:
        for volume in range(200):
            change(room, volume % 100)
        assert status(room) == "Failed"


@pytest.mark.asyncio
async def test_a_certificate_must_be_good_unless_it_need_not_be(tmp_path: Path) -> None:
    own = ensure_certificate(tmp_path, "manager", HandClock().now())
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(own.certificate, own.key)
    async with manager(tls=tls) as (port, heard):
        folder = tmp_path / "room"
        folder.mkdir()
        async with posting(folder, f"https://127.0.0.1:{port}/") as room:
            change(room, 1)
            await until(lambda: status(room) == "Failed")
        (folder / TRUSTED).write_bytes(own.certificate.read_bytes())
        async with posting(folder, f"https://127.0.0.1:{port}/") as room:
            change(room, 2)
            assert b"<Volume>2</Volume>" in await heard.get()
        (folder / TRUSTED).unlink()
        async with posting(folder, f"https://127.0.0.1:{port}/") as room:
            room.device.state.configure("HttpFeedback", "TlsVerify", value="Off", quiet=True)
            change(room, 3)
            assert b"<Volume>3</Volume>" in await heard.get()
