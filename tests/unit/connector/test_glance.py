"""Looking without a credential: a simulated room, and what is none."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

import pytest

from roomgate.connector.glance import Glance, glance, see_certificate
from roomgate.errors import Unreachable
from support.simulated import pems, simulator


@contextlib.asynccontextmanager
async def answering(folder, answers) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A TLS server that says ``answers[path]``; its port, and what it was asked."""
    certificate, key, _ = pems("other.example.com")
    (folder / "other.pem").write_text(certificate + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "other.pem")
    asked: list[bytes] = []

    async def serve(reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            asked.append(head)
            writer.write(answers[head.split()[1].decode()])
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1], asked


def says(status):
    return f"HTTP/1.1 {status} Words\r\nLocation: https://elsewhere.example.com/\r\nContent-Length: 0\r\n\r\n".encode()


@pytest.mark.asyncio
async def test_a_room_is_recognised_and_its_certificate_is_the_one_that_it_has(tmp_path):
    async with simulator(tmp_path) as (room,):
        assert await glance("127.0.0.1", room.port) == Glance(room.pin, True)
        assert await see_certificate("127.0.0.1", room.port) == room.pin


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("page", "socket", "is_room"),
    [
        (says(302), says(403), True),
        (says(200), says(401), True),
        (says(200), says(404), False),
        (says(401), says(401), False),  # whatever asks everybody for a name
        (b"SSH-2.0-x\r\n", says(403), False),
        (b"H" * 20_000, says(403), False),
        (says(200), b"", False),
    ],
)
async def test_what_is_no_room_is_none_and_nobody_is_followed_or_told_a_name(tmp_path, page, socket, is_room):
    async with answering(tmp_path, {"/": page, "/ws": socket}) as (port, asked):
        assert await glance("127.0.0.1", port) == Glance(pems("other.example.com")[2], is_room)
    assert [head.split()[1] for head in asked] == [b"/", b"/ws"]
    assert not [head for head in asked if b"authorization" in head.lower() or b"auth-" in head.lower()]


@pytest.mark.asyncio
async def test_where_no_tls_answers_nothing_is_seen(tmp_path):
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Unreachable):
            await glance("127.0.0.1", port)
    for host in ("127.0.0.1", "a..b", "::1"):
        with pytest.raises(Unreachable):
            await see_certificate(host, port)
