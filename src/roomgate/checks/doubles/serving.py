"""The double on a real port: TLS with its flaws, plain HTTP beside it where it should not be, and a door at the site."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from roomgate.checks.doubles.flaws import Flaw, Flaws
from roomgate.listening import listen, load_tls

_TLS_FIRST = 0x16  # the first byte of a TLS record that begins a handshake (RFC 8446 section 5.1)
_DIAL_S = 5.0
_PART = 64 * 1024


@dataclass(frozen=True, slots=True)
class Papers:
    """A certificate and its key, for the name; and for bare addresses, where that is another one."""

    certificate: Path
    key: Path
    bad_certificate: Path | None = None
    bad_key: Path | None = None


def build_tls(papers: Papers, flaws: Flaws) -> ssl.SSLContext:
    """Raises BadCertificate. With the flaw, a bare address is shown a certificate that nobody vouches for."""
    made = _context(papers.certificate, papers.key, flaws)
    if Flaw.BAD_CERTIFICATE not in flaws or papers.bad_certificate is None or papers.bad_key is None:
        return made
    bad = _context(papers.bad_certificate, papers.bad_key, flaws)

    def choose(sock: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if name is not None:
            sock.context = made

    bad.sni_callback = choose  # asyncio calls it with an SSLObject
    return bad


def _context(certificate: Path, key: Path, flaws: Flaws) -> ssl.SSLContext:
    context = load_tls(certificate, key)
    if Flaw.OLD_TLS in flaws:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that it is old is the point
            context.minimum_version = ssl.TLSVersion.TLSv1
        context.set_ciphers("ALL:@SECLEVEL=0")
    return context


async def serve_app(app: Any, host: str, port: int, tls: ssl.SSLContext | None, ready: Callable[[int], None]) -> None:
    """Run an ASGI application until cancelled. ``ready`` hears the port once it listens."""
    with listen(host, port) as socket:
        settings = uvicorn.Config(
            app, ws="websockets-sansio", ws_ping_interval=None, lifespan="off", log_config=None, access_log=False,
            server_header=False, proxy_headers=False, timeout_graceful_shutdown=1,
        )  # fmt: skip
        settings.load()
        settings.ssl = tls
        server = _Telling(settings)
        server.tell = lambda: ready(socket.getsockname()[1])
        await server.serve(sockets=[socket])


class _Telling(uvicorn.Server):
    tell: Callable[[], None]

    async def main_loop(self) -> None:
        try:
            await super().main_loop()
        except asyncio.CancelledError:
            await self.shutdown()  # brief, and the port is free again
            raise

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.tell()


@asynccontextmanager
async def running(app: Any, host: str, port: int, tls: ssl.SSLContext | None) -> AsyncIterator[int]:
    """An application that runs for as long as this block does; gives its port."""
    found: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(serve_app(app, host, port, tls, found.set_result), name="double.serve")
        yield await found
        task.cancel()


@asynccontextmanager
async def splitter(host: str, port: int, secure: int, plain: int) -> AsyncIterator[int]:
    """One port for both: what begins with TLS goes to one port, anything else to the other."""

    async def come(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            first = await reader.read(_PART)
            if first:
                there = secure if first[0] == _TLS_FIRST else plain
                await _relay(first, reader, writer, *await asyncio.open_connection(host, there))
        except (OSError, ExceptionGroup):
            pass  # either side left
        finally:
            writer.close()

    server = await asyncio.start_server(come, host, port)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _relay(
    first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, theirs: asyncio.StreamReader,
    to_them: asyncio.StreamWriter,
) -> None:  # fmt: skip
    to_them.write(first)
    async with asyncio.TaskGroup() as group:
        group.create_task(_pump(reader, to_them), name="double.out")
        group.create_task(_pump(theirs, writer), name="double.in")


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while part := await reader.read(_PART):
            writer.write(part)
            await writer.drain()
    finally:
        writer.close()


@asynccontextmanager
async def open_door(host: str, port: int) -> AsyncIterator[int]:
    """A listener at the site, which a connector has no use for: it greets whoever comes."""

    async def come(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"bridge maintenance\n")
        writer.close()

    server = await asyncio.start_server(come, host, port)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def dial_device(host: str, port: int, trust: ssl.SSLContext, authorization: str) -> str:
    """What the connector does with the device's address: TLS first, then its credentials. Raises OSError."""
    async with asyncio.timeout(_DIAL_S):
        reader, writer = await asyncio.open_connection(host, port, ssl=trust)
        try:
            writer.write(
                f"GET /ws HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: {authorization}\r\n"
                "Connection: close\r\n\r\n".encode()
            )
            await writer.drain()
            return (await reader.read(64)).decode("latin-1").split("\r\n")[0]
        finally:
            writer.close()


def build_trust(ca: Path, flaws: Flaws) -> ssl.SSLContext:
    """Whom the connector takes for its device."""
    trust = ssl.create_default_context(cafile=str(ca))
    if Flaw.TRUSTS_ANY_DEVICE in flaws:
        trust.check_hostname = False
        trust.verify_mode = ssl.CERT_NONE
    return trust
