"""A hub that knows nothing but tunnels: it says what it is told to say, and passes frames on to a far end of its own."""

import asyncio
import hashlib
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from picows import WSUpgradeResponse, WSUpgradeResponseWithListener  # isort: skip

from roomgate.cli.api import Api
from roomgate.redact import Secret
from roomgate.tunnel.ends import End, Streams
from support.cli import Certificates

PAGE = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"


@dataclass
class TunnelHub:
    """``says``: before anything else, one text frame for each; ``fingerprint`` is the device's own."""

    port: int = 0
    ca: Path = Path()
    fingerprint: str = ""
    says: list[dict[str, Any]] = field(default_factory=list)
    refuses: bool = False
    away: bool = False  # the device is
    asked: list[WSUpgradeRequest] = field(default_factory=list)
    open: list["_Socket"] = field(default_factory=list)

    @property
    def api(self) -> Api:
        return Api(f"https://localhost:{self.port}", Secret("rg_ada"), str(self.ca))

    def done(self, fingerprint: str | None = None) -> dict[str, str]:
        shown = self.fingerprint if fingerprint is None else fingerprint
        return {"outcome": "done", "order": "order_1", "fingerprint": shown, "by": "pin"}

    def close(self, code: int, reason: str) -> None:
        for one in self.open:
            one.transport.send(WSMsgType.CLOSE, code.to_bytes(2) + reason.encode())


class _Socket(WSListener):
    def __init__(self, hub: TunnelHub, group: asyncio.TaskGroup, device: int) -> None:
        self.transport: WSTransport
        self._hub = hub

        async def put(frame: bytes) -> None:
            self.transport.send(WSMsgType.BINARY, frame)

        async def dial() -> Streams:
            if hub.away:
                raise ConnectionRefusedError
            return await asyncio.open_connection("127.0.0.1", device)

        self.end = End(group, put, dial)

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        self._hub.open.append(self)
        for told in self._hub.says:
            transport.send(WSMsgType.TEXT, json.dumps(told).encode())

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.BINARY:
            self.end.feed(frame.get_payload_as_bytes())
        elif frame.msg_type is WSMsgType.CLOSE:
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.end.close()


@asynccontextmanager
async def tunnel_hub(folder: Path) -> AsyncIterator[TunnelHub]:
    made = Certificates.make(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.server)
    hub = TunnelHub(ca=made.ca)
    pem = made.server.read_text()
    certificate = "-----BEGIN CERTIFICATE-----" + pem.split("-----BEGIN CERTIFICATE-----")[1]
    hub.fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.strip())).hexdigest()

    async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(PAGE)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # it only looked at the certificate
        finally:
            writer.transport.abort()

    async with asyncio.TaskGroup() as group:
        device = await asyncio.start_server(page, "127.0.0.1", 0, ssl=context)

        def accept(request: WSUpgradeRequest) -> Any:
            hub.asked.append(request)
            if hub.refuses:
                return WSUpgradeResponseWithListener(
                    WSUpgradeResponse.create_error_response(HTTPStatus.FORBIDDEN), None
                )
            return _Socket(hub, group, device.sockets[0].getsockname()[1])

        server = await ws_create_server(accept, "127.0.0.1", 0, ssl=context)
        hub.port = server.sockets[0].getsockname()[1]
        try:
            yield hub
        finally:
            for one in hub.open:
                one.end.close()
                one.transport.disconnect(graceful=False)
            server.close()
            device.close()
            for _ in range(3):  # what was closed goes in the loop's next turns
                await asyncio.sleep(0)
