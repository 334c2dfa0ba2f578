"""The impostor tells how far somebody went, and leaves nothing behind."""

import asyncio
import ssl
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from roomgate.checks.impostor import RECEIVED_MOST, make_identity, posing

NINE = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def anybody() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@pytest.mark.asyncio
async def test_its_certificate_has_the_names_and_is_nobody_elses():
    async with posing("127.0.0.1", 0, ["room.example", "10.0.0.9"], NINE) as impostor:
        _, writer = await asyncio.open_connection("127.0.0.1", impostor.port, ssl=anybody())
        shown = writer.get_extra_info("ssl_object").getpeercert(True)
        assert b"room.example" in shown
        assert bytes([10, 0, 0, 9]) in shown
        writer.transport.abort()
    assert make_identity(["x"], NINE)[1] != make_identity(["x"], NINE)[1]


@pytest.mark.asyncio
async def test_whoever_sends_without_end_is_cut_off():
    async with posing("127.0.0.1", 0, ["device"], NINE) as impostor:
        reader, writer = await asyncio.open_connection("127.0.0.1", impostor.port, ssl=anybody())
        writer.write(b"x" * (RECEIVED_MOST * 4))
        with suppress(OSError):
            while await reader.read(1024):
                pass
        writer.transport.abort()
    (visit,) = impostor.visits
    assert visit.done
    assert RECEIVED_MOST <= visit.received <= RECEIVED_MOST * 2
    assert visit.first == f"{visit.received} bytes"


@pytest.mark.asyncio
async def test_who_is_still_there_at_the_end_is_let_go():
    async with posing("127.0.0.1", 0, ["device"], NINE) as impostor:
        _, writer = await asyncio.open_connection("127.0.0.1", impostor.port, ssl=anybody())
    assert [visit.done for visit in impostor.visits] == [True]
    writer.transport.abort()
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", impostor.port)


@pytest.mark.asyncio
async def test_a_relay_passes_everything_on_until_it_is_swapped():
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while part := await reader.read(100):
            writer.write(part.upper())
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, posing("127.0.0.1", 0, ["device"], NINE) as impostor:
        impostor.onward = ("127.0.0.1", server.sockets[0].getsockname()[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", impostor.port)
        writer.write(b"hello")
        assert await reader.read(100) == b"HELLO"
        impostor.swap()
        with suppress(ConnectionResetError):
            assert not await reader.read(100)
        assert impostor.visits[0].relayed == 10
        writer.transport.abort()
