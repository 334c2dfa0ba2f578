"""What stands at an address, seen without any credential: the certificate that it shows, and whether it answers
like a room device.

Nothing is believed here and nothing is sent that is worth a thing: no password, no account, no cookie. Answers are
read up to their first line; where one leads elsewhere, nobody follows.
"""

import asyncio
import base64
import contextlib
import hashlib
import re
import secrets
import ssl
from dataclasses import dataclass

from roomgate.errors import Unreachable

WAIT_S = 5.0
_LINE_BYTES = 8192
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: [^\r\n]*)?\r?\n")
_REFUSED = (401, 403)  # what a device's socket says to whoever names no account


@dataclass(frozen=True, slots=True)
class Glance:
    """One look at an address."""

    fingerprint: str  # SHA-256 of the certificate, hex
    is_room: bool


async def see_certificate(host: str, port: int, wait_s: float = WAIT_S) -> str:
    """The SHA-256 of the certificate that is shown there; raises Unreachable."""
    fingerprint, _ = await _ask(host, port, b"", wait_s)
    return fingerprint


async def glance(host: str, port: int, wait_s: float = WAIT_S) -> Glance:
    """Also ask for the first page and for the xAPI socket, by nobody; raises Unreachable where no TLS answers.

    A device has a page for everybody, and refuses the socket to whoever names no account (401 or 403). What
    refuses both, or gives another certificate the second time, is something else.
    """
    where = f"[{host}]" if ":" in host else host
    page_shown, page = await _ask(host, port, _request("/", where), wait_s)
    try:
        socket_shown, socket = await _ask(host, port, _request("/ws", where, upgrade=True), wait_s)
    except Unreachable:
        return Glance(page_shown, False)
    is_room = page_shown == socket_shown and socket in _REFUSED and page is not None and page not in _REFUSED
    return Glance(page_shown, is_room)


def _request(path: str, where: str, *, upgrade: bool = False) -> bytes:
    lines = [f"GET {path} HTTP/1.1", f"Host: {where}"]
    if upgrade:
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        lines += ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}"]
    else:
        lines += ["Connection: close"]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


async def _ask(host: str, port: int, request: bytes, wait_s: float) -> tuple[str, int | None]:
    """One connection: the certificate's fingerprint, and the status of the answer where one was asked for."""
    try:
        async with asyncio.timeout(wait_s):
            reader, writer = await asyncio.open_connection(host, port, ssl=_any_certificate(), limit=_LINE_BYTES)
            try:
                tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
                shown = hashlib.sha256(tls.getpeercert(binary_form=True) or b"").hexdigest()
                status = None
                if request:
                    with contextlib.suppress(OSError, ValueError):  # it showed its certificate, and talks nonsense
                        writer.write(request)
                        said = _STATUS.fullmatch(await reader.readline())
                        status = int(said[1]) if said else None
                return shown, status
            finally:
                writer.transport.abort()
    except (OSError, TimeoutError, ValueError) as bad:  # ValueError: a name that is none
        raise Unreachable(f"No TLS answers at {host}, port {port}.") from bad


def _any_certificate() -> ssl.SSLContext:
    """To look at a certificate it has to be let in; no credential ever goes over such a connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
