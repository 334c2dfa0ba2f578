"""TLS servers on loopback, each sound or wrong in one way, and certificates for them."""

import asyncio
import datetime
import ssl
import warnings
from contextlib import asynccontextmanager
from pathlib import Path

import trustme

from roomgate.checks.addresses import Addresses
from roomgate.checks.kit import Kit
from roomgate.checks.pace import HandTime, Pace
from roomgate.checks.recorder import Masks, Recorder
from roomgate.checks.tester import Tester
from roomgate.checks.web import Web
from support.checks import ONE, target_of


def certificate(ca: trustme.CA, name: str = "localhost", days: int = 30) -> trustme.LeafCert:
    """Negative days: it ended so long ago."""
    return ca.issue_cert(name, not_after=datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days))


def context_of(leaf: trustme.LeafCert, newest: ssl.TLSVersion | None = None, oldest: ssl.TLSVersion | None = None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = oldest or ssl.TLSVersion.TLSv1_2
        if newest is not None:
            context.maximum_version = newest
    return context


def authority_in(folder: Path, ca: trustme.CA) -> Path:
    file = folder / "ca.pem"
    ca.cert_pem.write_to_path(str(file))
    return file


@asynccontextmanager
async def tls_server(context: ssl.SSLContext | None):
    """Gives its port. It answers nothing; without a context it does not even speak TLS."""

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if context is None:
                writer.write(b"I speak no TLS\r\n")
            else:
                await reader.read(100)
        except OSError:
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(met, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def kit_on_loopback(folder: Path, text: str = ONE, *, quick: bool = True) -> Kit:
    """A kit with a network: localhost, and every host of the target, are this machine. Its time is handed over."""
    target, time = target_of(text), HandTime()
    recorder, pace = Recorder(time, Masks()), Pace(2.0, time)
    addresses = Addresses(dict.fromkeys((*target.hosts, "localhost"), "127.0.0.1"))
    web = Web(target, recorder, addresses, pace)
    return Kit(target, web, time, pace, recorder, Tester(recorder, web, time), addresses, folder, quick=quick)
