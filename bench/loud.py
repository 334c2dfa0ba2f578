"""Very many devices in one process that tell as fast as they are told to: what a mirror is measured with.

A program of its own. It reads JSON lines: `{"do": "open", "folder"}` listens with a certificate of its own and says
where; whoever signs in as `<room>` is that room's connector. `{"do": "push", "leaves": [[…]], "rate", "seconds"}` tells
each room in turn five new numbers of one leaf after the other, so many a second in all, and says the last number of each
room's leaf. It knows no values: a device that is any use is `roomgate sim serve`.
"""

import asyncio
import base64
import ssl
import time
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from bench.program import serve_lines
from roomgate.clock import SystemClock
from roomgate.sim.certificate import ensure_certificate

_TICK_S = 0.005
TOGETHER = 5  # messages that a room tells at once: what changes in a room changes in several leaves
_LARGEST = 100  # of a number that is told: such as volumes are


class _Params(msgspec.Struct):
    query: list[str | int] = msgspec.field(name="Query", default_factory=list)


class _Request(msgspec.Struct):
    id: int | str
    method: str
    params: _Params = msgspec.field(default_factory=_Params)


_read = msgspec.json.Decoder(_Request, strict=False).decode
_write = msgspec.json.Encoder().encode


class Device(WSListener):
    """One connection to a room."""

    open: dict[str, "Device"] = {}  # by the name that signed in; the newest

    def __init__(self, name: str) -> None:
        self.name = name
        self.transport: WSTransport | None = None
        self.subscriptions: dict[tuple[str | int, ...], int] = {}
        self._covering: dict[tuple[str, ...], int] = {}

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if Device.open.get(self.name) is self:
            del Device.open[self.name]

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
        if frame.msg_type != WSMsgType.TEXT:
            return
        asked = _read(frame.get_payload_as_bytes())
        result: Any = {"status": "OK"} if asked.method.startswith("xCommand") else None
        if asked.method == "xFeedback/Subscribe":
            number = len(self.subscriptions) + 1
            self.subscriptions[tuple(asked.params.query)] = number
            Device.open[self.name] = self  # a login that only proves the password subscribes to nothing
            result = {"Id": number}
        transport.send(WSMsgType.TEXT, _write({"id": asked.id, "jsonrpc": "2.0", "result": result}))

    def tell(self, leaf: tuple[str, ...], value: int) -> None:
        if leaf not in self._covering:
            self._covering[leaf] = next(
                (n for query, n in self.subscriptions.items() if query == leaf[: len(query)]), 0
            )
        assert self.transport is not None
        self.transport.send(WSMsgType.TEXT, _feedback(self._covering[leaf], leaf, value))


@cache
def _feedback(number: int, leaf: tuple[str, ...], value: int) -> bytes:
    node: Any = value
    for name in reversed(leaf):
        node = {name: node}
    return _write({"jsonrpc": "2.0", "method": "xFeedback/Event", "params": {"Id": number, **node}})


def _name(request: WSUpgradeRequest) -> str:
    header = str(request.headers.get("authorization", ""))
    return base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")[0]


class Served:
    async def open(self, folder: str) -> dict[str, Any]:
        made = ensure_certificate(Path(folder), "bench", SystemClock().now())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made.certificate, made.key)

        def accept(request: WSUpgradeRequest) -> Device:
            return Device(_name(request))

        server = await ws_create_server(
            accept, "127.0.0.1", 0, ssl=context, read_buffer_init_size=2048, use_aiofastnet=False
        )
        return {"port": server.sockets[0].getsockname()[1], "pin": made.pin, "ca": str(made.certificate)}

    async def push(self, leaves: list[list[str]], rate: int, seconds: float) -> dict[str, Any]:
        """``sent`` in ``took`` seconds: less than ``rate`` a second where this program is too slow itself."""
        paths = [tuple(leaf) for leaf in leaves]
        names = sorted(Device.open)
        last: dict[str, dict[str, int]] = {name: {} for name in names}
        sent, began = 0, time.monotonic()
        while (now := time.monotonic() - began) < seconds:
            for number in range(sent, min(int(rate * now), sent + 1000)):
                name, turn = names[number // TOGETHER % len(names)], number // (TOGETHER * len(names)) * TOGETHER
                turn += number % TOGETHER
                device = Device.open.get(name)
                if device is None:
                    raise ValueError(f"{name} was let go")
                leaf, value = paths[turn % len(paths)], (turn + number) % _LARGEST
                device.tell(leaf, value)
                last[name]["/".join(leaf)] = value
                sent = number + 1
            await asyncio.sleep(_TICK_S if sent >= int(rate * (time.monotonic() - began)) - 100 else 0)
        return {"sent": sent, "took": time.monotonic() - began, "last": last}

    async def count(self) -> dict[str, Any]:
        return {"open": len(Device.open)}


async def main() -> None:
    served = Served()
    await serve_lines({"open": served.open, "push": served.push, "count": served.count})


if __name__ == "__main__":
    uvloop.run(main())
