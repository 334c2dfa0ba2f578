"""Somebody who poses as the device: a listener with a certificate that is not the device's. And a relay to the true one.

What comes is counted, and told by its first line and by whether it holds credentials; it is never answered. The TLS is
spoken over memory buffers, since what matters is just how far the other side goes before it hangs up.
"""

import asyncio
import re
import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

RECEIVED_MOST = 16 * 1024
_CREDENTIALS = re.compile(
    rb"(?i)\b(authorization|cookie|proxy-authorization|sec-websocket-protocol:\s*auth)|passw|passphrase"
)
_FIRST = re.compile(rb"^[A-Z]{3,10} [^\s?]{0,120}")


@dataclass(slots=True)
class Visit:
    """One connection that came. ``broke``: the other side, or TLS itself, ended it before anything was said."""

    address: str
    greeted: bool = False  # it began TLS
    handshake: bool = False
    received: int = 0
    first: str = ""
    credentials: bool = False
    broke: str = ""
    relayed: int = 0  # bytes that went on to the true device
    done: bool = False


@dataclass(slots=True)
class Impostor:
    """Listens until its block ends. ``onward``: the true device, to which everything is passed while it is set."""

    address: str
    port: int
    visits: list[Visit] = field(default_factory=list)
    onward: tuple[str, int] | None = None
    _context: ssl.SSLContext | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _going: int = 0
    _idle: asyncio.Event = field(default_factory=asyncio.Event)
    fingerprint: str = ""

    def swap(self) -> None:
        """From now on it is no relay; whoever is connected through it has to come again."""
        self.onward = None
        for writer in list(self._open):
            writer.transport.abort()

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        visit = Visit(str(peer[0]) if peer else "")
        self.visits.append(visit)
        self._open.add(writer)
        self._going += 1
        self._idle.clear()
        try:
            if self.onward is not None:
                await self._relay(reader, writer, visit, self.onward)
            else:
                await self._listen(reader, writer, visit)
        except OSError as fault:
            visit.broke = visit.broke or f"{fault.strerror or fault}"
        finally:
            visit.done = True
            self._open.discard(writer)
            writer.transport.abort()
            self._going -= 1
            if not self._going:
                self._idle.set()

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, visit: Visit) -> None:
        assert self._context is not None
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self._context.wrap_bio(incoming, outgoing, server_side=True)
        plain = bytearray()
        while len(plain) < RECEIVED_MOST:
            try:
                if not visit.handshake:
                    tls.do_handshake()
                    visit.handshake = True
                part = tls.read(RECEIVED_MOST)
                if not part:
                    visit.broke = "it closed"
                    break
                plain += part
                _note(visit, plain)
            except ssl.SSLWantReadError:
                writer.write(outgoing.read())
                await writer.drain()
                came = await reader.read(RECEIVED_MOST)
                if not came:
                    visit.broke = visit.broke or "it hung up"
                    break
                visit.greeted = visit.greeted or came[:1] == b"\x16"
                incoming.write(came)
            except ssl.SSLError as fault:
                visit.broke = fault.reason or "TLS failed"
                break
        writer.write(outgoing.read())

    async def _relay(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, visit: Visit, onward: tuple[str, int]
    ) -> None:
        there_reader, there = await asyncio.open_connection(*onward)
        self._open.add(there)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while part := await source.read(RECEIVED_MOST):
                visit.relayed += len(part)
                sink.write(part)
                await sink.drain()
            sink.transport.abort()

        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(pump(reader, there))
                group.create_task(pump(there_reader, writer))
        except* OSError:
            pass  # either side hung up: the relay is over, and has counted
        finally:
            self._open.discard(there)
            there.transport.abort()

    async def leave(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()
        if self._going:
            await self._idle.wait()  # their tasks end by themselves, at once


@asynccontextmanager
async def posing(address: str, port: int, names: list[str], now: datetime) -> AsyncIterator[Impostor]:
    """An impostor who listens at this address (port 0: any), with a fresh certificate of its own for these names."""
    context, fingerprint = make_identity(names, now)
    impostor = Impostor(address, port, _context=context, fingerprint=fingerprint)
    server = await asyncio.start_server(impostor.meet, address, port)
    try:
        impostor.port = int(server.sockets[0].getsockname()[1])
        yield impostor
    finally:
        server.close()
        await impostor.leave()


def make_identity(names: list[str], now: datetime) -> tuple[ssl.SSLContext, str]:
    """A server's side of TLS with a self-signed certificate for these names, valid now; and its SHA-256.

    The names are the device's own, so that only trust can tell the two apart.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64] if names else "device")])
    builder = x509.CertificateBuilder(
        subject,
        subject,
        key.public_key(),
        x509.random_serial_number(),
        now - timedelta(days=1),
        now + timedelta(days=30),
    )
    others = [_name(name) for name in names]
    if others:
        builder = builder.add_extension(x509.SubjectAlternativeName(others), critical=False)
    made = builder.sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:  # the ssl module reads files alone
        both = Path(folder) / "impostor.pem"
        both.touch(mode=0o600)
        both.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
        context.load_cert_chain(both)
    return context, made.fingerprint(hashes.SHA256()).hex()


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _note(visit: Visit, plain: bytearray) -> None:
    visit.received = len(plain)
    found = _FIRST.match(plain)
    visit.first = found.group().decode("ascii", "replace") if found else f"{len(plain)} bytes"
    visit.credentials = _CREDENTIALS.search(plain) is not None
