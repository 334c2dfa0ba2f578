"""A port to listen on and a certificate to show there: found usable before a program does anything else.

Servers that bind for themselves end the whole process, with a stack trace, where the port is taken.
"""

import errno
import os
import secrets
import socket
import ssl
from pathlib import Path

from roomgate.errors import CannotStart

_BACKLOG = 1024
_LASTING = range(20_000, 32_000)
_TRIES = 200


class PortTaken(CannotStart):
    """Another program listens there."""

    code = "start.port-taken"
    hint = "Stop the program that listens there (`ss -ltnp` names it), or choose another port; 0 is any free one."


class BadCertificate(CannotStart):
    """The files do not hold a certificate and its key."""

    code = "start.certificate"
    hint = "Both are PEM files: the certificate, then its chain; and its key, without a passphrase."


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 is any free one. Raises PortTaken, or CannotStart for an address of no use here."""
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.create_server((str(address[0]), int(address[1])), family=family, backlog=_BACKLOG)
        # What is accepted inherits it. asyncio sets it only on sockets that name their protocol, which these do not:
        # an answer of two writes would wait 40 ms for the other end's acknowledgement of the first.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except socket.gaierror as fault:
        raise CannotStart(f"{where} is no address of this machine: {fault.strerror}.") from fault
    except OSError as fault:
        if fault.errno == errno.EADDRINUSE:
            raise PortTaken(f"Another program listens on {where}.") from fault
        raise CannotStart(f"{where} cannot be listened on: {os.strerror(fault.errno or 0)}.") from fault


def lasting_port() -> int:
    """A free port of loopback that stays free while its program is restarted.

    It is below those that systems give to outgoing connections, any of which could have it in the meantime.
    """
    for _ in range(_TRIES):
        port = _LASTING.start + secrets.randbelow(len(_LASTING))
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise PortTaken(f"No port from {_LASTING.start} to {_LASTING.stop - 1} is free.")


def load_tls(certificate: Path, key: Path) -> ssl.SSLContext:
    """A server's TLS 1.2 and later with these PEM files. Raises BadCertificate."""
    for file in (certificate, key):
        try:
            file.open("rb").close()
        except OSError as fault:
            raise BadCertificate(f"{file} cannot be read: {fault.strerror}.") from fault
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # A passphrase is never asked for: a program without a terminal would wait for ever.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (ssl.SSLError, ValueError) as fault:
        words = getattr(fault, "reason", None) or "no PEM data"
        raise BadCertificate(f"{certificate} and {key} are no certificate and its key: {words}.") from fault
    return context
