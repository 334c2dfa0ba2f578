"""A device that sends rubbish, over real TLS: the client library raises its own errors, and never hangs."""

import asyncio
import base64
import contextlib
import hashlib
import random
import ssl

import pytest

from roomgate.xapi.client import Client
from roomgate.xapi.errors import XapiError
from roomgate.xapi.transports.base import Address
from roomgate.xapi.transports.trust import Trust
from roomgate.xapi.transports.websocket import dial
from support.echo_device import LOGIN, authority, certificate

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class RubbishDevice:
    """Shakes hands as a WebSocket server should (or not even that), then sends what it is given."""

    def __init__(self, script: bytes, *, handshake: bool = True) -> None:
        self._script = script
        self._handshake = handshake
        self.port = 0

    async def __aenter__(self) -> "RubbishDevice":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate().configure_cert(context)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if self._handshake:
                fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
                key = next(value for name, value in fields.items() if name.lower() == b"sec-websocket-key")
                accept = base64.b64encode(hashlib.sha1(key + GUID, usedforsecurity=False).digest())
                writer.write(
                    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
                )
            writer.write(self._script)
            await writer.drain()
            writer.write_eof() if writer.can_write_eof() else writer.close()
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


def frame(kind: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes([0x80 | kind, size]) + payload
    return bytes([0x80 | kind, 126]) + size.to_bytes(2, "big") + payload


def scripts() -> list[bytes]:
    dice = random.Random(11)
    good = b'{"jsonrpc":"2.0","id":1,"result":{"Status":{"Audio":{"Volume":50}}}}'
    made = [
        dice.randbytes(4000), b"\x00" * 4000, frame(1, b"\xff\xfe not text"), frame(1, b"[" * 60_000),
        frame(1, b'{"jsonrpc":"2.0","id":1,"result":' + b"9" * 5000 + b"}"), frame(2, good), frame(1, b"null"),
        frame(1, b'{"jsonrpc":"2.0","id":99,"result":1}'), b"\x81\xff" + b"\x7f" * 8 + b"x" * 3000,
        b"\x01\x7e\xff\xff" + b"x" * 65535 + frame(1, good), frame(8, b"\x00"), frame(9, b"p" * 125) * 200,
    ]  # fmt: skip
    for _ in range(12):
        raw = bytearray(frame(1, good) * 2)
        for _ in range(dice.randint(1, 4)):
            raw[dice.randrange(len(raw))] = dice.randrange(256)
        made.append(bytes(raw))
    return made


@pytest.mark.asyncio
@pytest.mark.parametrize("number", range(len(scripts())))
async def test_rubbish_after_the_handshake(number: int) -> None:
    ca = authority().cert_pem.bytes().decode()
    async with RubbishDevice(scripts()[number]) as device, asyncio.timeout(20):
        address = Address.parse(f"wss://localhost:{device.port}/ws")
        try:
            wire = await dial(address, LOGIN, Trust(ca=ca))
        except XapiError:
            return
        client = Client(wire, timeout_s=5)
        async with asyncio.TaskGroup() as group:
            group.create_task(client.run())  # ends by itself, whatever came
            with contextlib.suppress(XapiError):
                await client.get("Status/Audio/Volume")
            await client.aclose()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "script", [b"", b"HTTP/1.1 200 OK\r\n\r\n", random.Random(3).randbytes(9000), b"HTTP/1.1 101 \r\n" * 4000]
)
async def test_rubbish_instead_of_a_handshake(script: bytes) -> None:
    ca = authority().cert_pem.bytes().decode()
    async with RubbishDevice(script, handshake=False) as device, asyncio.timeout(20):
        with pytest.raises(XapiError):
            await dial(Address.parse(f"wss://localhost:{device.port}/ws"), LOGIN, Trust(ca=ca))
