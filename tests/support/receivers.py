"""Somebody to send to, on the loopback: a webhook that answers as told, and a mail server that takes everything."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Receiver:
    """``status``: what a webhook answers from now on. ``heard``: what came, JSON or the text of a mail.

    While ``answers`` is cleared, it hears and says nothing.
    """

    port: int = 0
    status: int = 200
    location: str = ""
    head: str = ""  # of the newest request
    heard: list[Any] = field(default_factory=list)
    answers: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def webhook() -> AsyncIterator[Receiver]:
    it = Receiver()
    it.answers.set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        it.head = head
        length = next(int(one.split(":")[1]) for one in head.splitlines() if one.lower().startswith("content-length"))
        it.heard.append(json.loads(await reader.readexactly(length)))
        await it.answers.wait()
        more = f"Location: {it.location}\r\n" if it.location else ""
        writer.write(f"HTTP/1.1 {it.status} X\r\n{more}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
        with suppress(ConnectionError):  # whoever sent it may be gone
            await writer.drain()
            writer.close()
            await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        it.port = server.sockets[0].getsockname()[1]
        yield it


@asynccontextmanager
async def mail_server() -> AsyncIterator[Receiver]:
    it = Receiver()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                it.heard.append((await reader.readuntil(b"\r\n.\r\n")).decode())
            writer.write(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")
            await writer.drain()
            if word == b"QUIT":
                break
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        it.port = server.sockets[0].getsockname()[1]
        yield it
