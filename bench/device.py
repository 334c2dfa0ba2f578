"""A device that answers at once: what clients of a device are measured with, so that they are what is measured.

A program of its own, over the same thin library as the client's. It reads JSON lines: `{"do": "open", "folder"}`
listens with a certificate of its own and says where; `{"do": "push", "frames", "bytes"}` sends so many notifications to
everyone who subscribed, as fast as they are read; `{"do": "count"}` says how many requests there were. It knows five
methods and no values: a device that is any use is `roomgate sim serve`.
"""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from bench.program import serve_lines
from roomgate.clock import SystemClock
from roomgate.sim.certificate import ensure_certificate


class _Request(msgspec.Struct):
    id: int | str
    method: str


_read = msgspec.json.Decoder(_Request).decode
_write = msgspec.json.Encoder().encode
_ANSWERS: dict[str, Any] = {
    "xGet": 50,
    "xSet": True,
    "xCommand/Audio/Volume/Set": {"status": "OK"},
    "xFeedback/Subscribe": {"Id": 1},
    "xFeedback/Unsubscribe": True,
}


class Device(WSListener):
    requests = 0  # of all connections
    open: list["Device"] = []

    def __init__(self) -> None:
        self.transport: WSTransport | None = None
        self.subscribed = False
        self.writable = asyncio.Event()
        self.writable.set()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        Device.open.append(self)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        Device.open.remove(self)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        Device.requests += 1
        asked = _read(frame.get_payload_as_bytes())
        self.subscribed |= asked.method == "xFeedback/Subscribe"
        transport.send(WSMsgType.TEXT, _write({"id": asked.id, "jsonrpc": "2.0", "result": _ANSWERS[asked.method]}))

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    async def push(self, frames: int, size: int) -> None:
        """So many different notifications of about so many bytes each."""
        assert self.transport is not None
        for number in range(frames):
            await self.writable.wait()
            said = {"jsonrpc": "2.0", "method": "xFeedback/Event", "params": {"Id": 1, "Status": _document(number)}}
            self.transport.send(WSMsgType.TEXT, _write(said).ljust(size))
            if number % 64 == 63:
                await asyncio.sleep(0)


def _document(number: int) -> dict[str, Any]:
    """A change with the shape of a call's: a list member with a dozen leaves."""
    leaves = {f"Leaf{n}": f"value {number + n}" for n in range(12)}
    return {"Call": [{"id": 12, "Status": "Connected", "Duration": number, **leaves}]}


class Served:
    async def open(self, folder: str) -> dict[str, Any]:
        made = ensure_certificate(Path(folder), "bench", SystemClock().now())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made.certificate, made.key)

        def accept(request: WSUpgradeRequest) -> Device:
            return Device()

        server = await ws_create_server(
            accept, "127.0.0.1", 0, ssl=context, read_buffer_init_size=2048, use_aiofastnet=False
        )
        return {"port": server.sockets[0].getsockname()[1], "pin": made.pin, "ca": str(made.certificate)}

    async def push(self, frames: int, bytes: int) -> dict[str, Any]:
        listening = [one for one in Device.open if one.subscribed]
        async with asyncio.TaskGroup() as group:
            for one in listening:
                group.create_task(one.push(frames, bytes))
        return {"to": len(listening)}

    async def count(self) -> dict[str, Any]:
        return {"requests": Device.requests, "open": len(Device.open)}


async def main() -> None:
    served = Served()
    await serve_lines({"open": served.open, "push": served.push, "count": served.count})


if __name__ == "__main__":
    uvloop.run(main())
