"""A small device for tests of wires: echoes, cuts, floods, and answers any request with 40."""

import base64
import hashlib
import http
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self

import trustme
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from roomgate.xapi.transports.base import Address, Login

LOGIN = Login("roomgate-daily", "correct horse")


@lru_cache(maxsize=1)
def authority() -> trustme.CA:
    """Making keys is slow: one for all tests."""
    return trustme.CA()


@lru_cache(maxsize=1)
def certificate() -> trustme.LeafCert:
    return authority().issue_cert("localhost", "127.0.0.1")


def answer(method: str) -> object:
    """Enough for a client to be content."""
    if method.startswith("xCommand/"):
        return {"status": "OK"}
    return {"Id": 1} if method == "xFeedback/Subscribe" else 40


@dataclass
class EchoDevice:
    """Echoes text; speaks enough JSON-RPC for a get; counts what it saw."""

    status: int | None = None
    headers: list[str] = field(default_factory=list)
    handshakes: int = 0
    server: Server | None = None

    @property
    def address(self) -> Address:
        assert self.server is not None
        port = next(iter(self.server.sockets)).getsockname()[1]
        return Address.parse(f"wss://localhost:{port}/ws")

    @property
    def pin(self) -> str:
        der = ssl.PEM_cert_to_DER_cert(certificate().cert_chain_pems[0].bytes().decode())
        return hashlib.sha256(der).hexdigest()

    @property
    def ca(self) -> str:
        return authority().cert_pem.bytes().decode()

    def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        self.handshakes += 1
        shown = request.headers.get("Authorization") or request.headers.get("Sec-WebSocket-Protocol") or ""
        self.headers.append(shown)
        if self.status is not None:
            response = connection.respond(http.HTTPStatus(self.status), "no\n")
            if self.status == 302:
                response.headers["Location"] = str(self.address) + "/elsewhere"
            return response
        pair = f"{LOGIN.user}:{LOGIN.password}".encode()
        good = {"Basic " + base64.b64encode(pair).decode(), LOGIN.protocol_name()}
        return None if shown in good else connection.respond(http.HTTPStatus.FORBIDDEN, "no\n")

    async def talk(self, connection: ServerConnection) -> None:
        async for message in connection:
            assert isinstance(message, str), "frames are text"
            if message == "bye":
                await connection.close(1000)
            elif message == "cut":
                connection.transport.abort()
            elif message == "parts":
                await connection.send(iter(["one ", "two ", "", "three"]))
            elif message == "huge":
                await connection.send("x" * (8 * 1024 * 1024 + 1))
            elif message == "huge in parts":
                await connection.send(iter(["x" * (5 * 1024 * 1024)] * 2))
            elif message == "many":
                for number in range(500):
                    await connection.send(str(number))
            elif message.startswith('{"jsonrpc"'):
                ask = json.loads(message)
                await connection.send(json.dumps({"jsonrpc": "2.0", "id": ask["id"], "result": answer(ask["method"])}))
                if ask["params"].get("NotifyCurrentValue"):
                    told = {"Id": 1, "Status": {"Audio": {"Volume": 40}}}
                    await connection.send(json.dumps({"jsonrpc": "2.0", "method": "xFeedback/Event", "params": told}))
            else:
                await connection.send(message)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Self]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate().configure_cert(context)
        async with serve(
            self.talk,
            "127.0.0.1",
            0,
            ssl=context,
            process_request=self.admit,
            select_subprotocol=lambda _, offered: offered[0] if offered else None,
            compression=None,
        ) as server:
            self.server = server
            yield self
