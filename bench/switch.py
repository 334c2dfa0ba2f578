"""In front of a device: connections that begin with our word are a source, a sink or an echo; all others are the device's.

A program of its own. It reads JSON lines: `{"do": "open", "port"}` listens in front of that port and says where. The
word is `BENCH`, then `d` (it sends), `u` (it reads, and says so) or `e` (it says again), then how many bytes.
"""

import asyncio
import struct
from typing import Any

import uvloop

from bench.program import serve_lines

WORD = b"BENCH"
HEAD = struct.Struct(">1sQ")
PIECE = 64 * 1024
_BYTES = bytes(range(256)) * (PIECE // 256)


class Switch:
    async def open(self, port: int) -> dict[str, Any]:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                first = await reader.readexactly(len(WORD))
                if first == WORD:
                    await _play(reader, writer)
                else:
                    await _pass_on(first, reader, writer, port)
            except* (OSError, asyncio.IncompleteReadError):
                pass  # whoever was there has left
            finally:
                writer.transport.abort()

        server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=4 * PIECE)
        return {"port": server.sockets[0].getsockname()[1]}


async def _play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    what, count = HEAD.unpack(await reader.readexactly(HEAD.size))
    left: int = count
    while left > 0:
        if what == b"d":
            piece = _BYTES[: min(left, PIECE)]
        else:
            piece = await reader.read(min(left, PIECE))
            if not piece:
                return
        left -= len(piece)
        if what != b"u":
            writer.write(piece)
            await writer.drain()
    if what == b"u":
        writer.write(b".")
        await writer.drain()
    await reader.read(1)  # until the other end has had enough


async def _pass_on(first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    behind, out = await asyncio.open_connection("127.0.0.1", port)
    out.write(first)

    async def one_way(come: asyncio.StreamReader, go: asyncio.StreamWriter) -> None:
        while piece := await come.read(PIECE):
            go.write(piece)
            await go.drain()
        go.write_eof()

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(one_way(reader, out))
            group.create_task(one_way(behind, writer))
    finally:
        out.transport.abort()


async def main() -> None:
    await serve_lines({"open": Switch().open})


if __name__ == "__main__":
    uvloop.run(main())
