"""A small device that speaks XML over HTTPS, for tests of the wire; or, told to, something much worse."""

import asyncio
import base64
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote

import h11

from roomgate.xapi.transports.base import Address
from support.echo_device import LOGIN, EchoDevice, certificate

UPTIME = "/getxml?location=/Status/SystemUnit/Uptime"
BASIC = "Basic " + base64.b64encode(f"{LOGIN.user}:{LOGIN.password}".encode()).decode()
VOLUME = "<Status><Audio><Volume>40</Volume></Audio></Status>"
Reply = tuple[int, str, list[tuple[str, str]]]


@dataclass
class Request:
    """What a client asked, and over which of the connections."""

    method: str
    target: str
    headers: dict[str, str]
    body: str
    connection: int


@dataclass
class HttpDevice:
    """Answers by ``says``; ``raw`` instead is sent as it is, to whatever comes.

    ``session`` is whether sessions can be begun; ``keep`` whether connections stay open; ``stale`` are connections
    on which it hangs up when something is asked.
    """

    session: bool = True
    keep: bool = False
    raw: Callable[[asyncio.StreamWriter], "asyncio.Future[None]"] | None = None
    says: dict[str, Reply | str] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)
    live: set[str] = field(default_factory=set)
    stale: set[int] = field(default_factory=set)
    hold: asyncio.Event | None = None
    connections: int = 0
    ended: int = 0
    server: asyncio.Server | None = None

    @property
    def address(self) -> Address:
        assert self.server is not None
        return Address.parse(f"https://localhost:{self.server.sockets[0].getsockname()[1]}", "https")

    @property
    def pin(self) -> str:
        return EchoDevice().pin

    @property
    def targets(self) -> list[str]:
        return [request.target for request in self.asked]

    def answer(self, request: Request) -> Reply:
        cookie = request.headers.get("cookie", "")
        target = unquote(request.target)
        if request.headers.get("authorization") != BASIC and cookie.partition("=")[2] not in self.live:
            return 401, "401 Unauthorized\n", []
        if target in self.says:
            said = self.says[target]
            return (200, said, []) if isinstance(said, str) else said
        if target == "/xmlapi/session/begin" and self.session:
            self.live.add(word := f"word{len(self.live)}")
            flags = "; Path=/; Secure; HttpOnly; SameSite=Strict"
            return 204, "", [("Set-Cookie", "Other=1"), ("Set-Cookie", f"SecureSessionId={word}{flags}")]
        if target == "/xmlapi/session/end":
            self.live.discard(cookie.partition("=")[2])
            return 204, "", []
        if target == UPTIME:
            return 200, "<Status><SystemUnit><Uptime>7</Uptime></SystemUnit></Status>", []
        if target == "/getxml?location=/Status/Audio/Volume":
            return 200, VOLUME, []
        if target == "/putxml":
            if request.body.startswith("<Configuration"):
                return 200, "<Configuration><Success/></Configuration>", []
            return 200, '<Command><XResult status="OK"/></Command>', []
        return 404, "<html>no</html>", []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        try:
            if self.raw is not None:
                await self.raw(writer)
                await reader.read()
            else:
                await self.serve(reader, writer, number)
        except (OSError, h11.RemoteProtocolError):
            pass
        finally:
            self.ended += 1
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        talk = h11.Connection(h11.SERVER)
        while True:
            head, body = None, bytearray()
            while not isinstance(event := talk.next_event(), h11.EndOfMessage):
                if event is h11.NEED_DATA:
                    talk.receive_data(await reader.read(65536))
                elif isinstance(event, h11.Request):
                    head = event
                elif isinstance(event, h11.Data):
                    body += event.data
                else:
                    return
            assert head is not None
            headers = {name.decode(): value.decode() for name, value in head.headers}
            request = Request(head.method.decode(), head.target.decode(), headers, body.decode(), number)
            self.asked.append(request)
            if number in self.stale:
                return
            if self.hold is not None:
                await self.hold.wait()
            status, text, more = self.answer(request)
            ends = [] if self.keep else [("Connection", "close")]
            length = [] if status == 204 else [("Content-Length", str(len(text.encode())))]
            writer.write(talk.send(h11.Response(status_code=status, headers=[*more, *ends, *length])) or b"")
            writer.write((talk.send(h11.Data(data=text.encode())) or b"") if text else b"")
            writer.write(talk.send(h11.EndOfMessage()) or b"")
            await writer.drain()
            if not self.keep:
                return
            talk.start_next_cycle()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Self]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate().configure_cert(context)
        self.server = await asyncio.start_server(self.talk, "127.0.0.1", 0, ssl=context)
        try:
            yield self
        finally:
            self.server.close()
            await self.server.wait_closed()


def expressions(body: str) -> list[str]:
    """The expressions of a registration."""
    return re.findall(r"<Expression[^>]*>([^<]*)<", body)
