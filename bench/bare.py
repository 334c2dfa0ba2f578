"""Bare connections to many devices: what the sockets, TLS and frames alone come to, with the connector's own library.

A program of its own. It reads JSON lines: `{"do": "open", "rooms": [{"host", "port", "user", "password"}],
"queries": [[…]]}` connects and subscribes, `{"do": "count"}` says how many notifications there were so far. The certificates are not looked at: nothing but a connection is measured.
"""

import asyncio
import json
import ssl
from typing import Any

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from bench.program import serve_lines
from roomgate.xapi.transports.base import Login

_AT_ONCE = 8


class Bare(WSListener):
    frames = 0  # of all of them

    def __init__(self, queries: list[bytes]) -> None:
        self._queries = queries
        self._open = 0
        self.fault = ""
        self.heard = asyncio.Event()

    def on_ws_connected(self, transport: WSTransport) -> None:
        for query in self._queries:
            transport.send(WSMsgType.TEXT, query)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        if self._open == len(self._queries):
            Bare.frames += 1
            return
        said = frame.get_payload_as_bytes()
        self._open += 1
        if b'"result"' not in said:
            self.fault = said.decode()[:200]
        if self._open == len(self._queries):
            self.heard.set()


class Many:
    def __init__(self) -> None:
        self._open: list[WSTransport] = []

    async def open(self, rooms: list[dict[str, Any]], queries: list[list[str]]) -> dict[str, Any]:
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        few = asyncio.Semaphore(_AT_ONCE)
        frames = [
            json.dumps(
                {"jsonrpc": "2.0", "id": 1, "method": "xFeedback/Subscribe", "params": {"Query": query}}
            ).encode()
            for query in queries
        ]

        async def one(room: dict[str, Any]) -> None:
            async with few:
                transport, listener = await ws_connect(
                    lambda: Bare(frames), f"wss://{room['host']}:{room['port']}/ws", ssl_context=trust,
                    extra_headers=Login(room["user"], room["password"]).headers(), websocket_handshake_timeout=30,
                    read_buffer_init_size=2048, use_aiofastnet=False,
                )  # fmt: skip
                self._open.append(transport)
                assert isinstance(listener, Bare)
                await listener.heard.wait()
                if listener.fault:
                    raise ConnectionError(listener.fault)

        async with asyncio.TaskGroup() as group:
            for room in rooms:
                group.create_task(one(room))
        return {"open": len(self._open)}

    async def count(self) -> dict[str, Any]:
        return {"frames": Bare.frames, "open": sum(not one.is_disconnected for one in self._open)}


async def main() -> None:
    many = Many()
    await serve_lines({"open": many.open, "count": many.count})


if __name__ == "__main__":
    uvloop.run(main())
