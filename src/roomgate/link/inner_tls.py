"""The link's own TLS 1.3 session, inside the outer one: over memory, both ends pinned.

The outer TLS may end at a proxy that opens it, which is common in companies. This one ends at the hub and at
the connector only. Each side trusts one certificate, its peer's, as it was exchanged at enrolment: it is the
one trust anchor of the handshake, and afterwards the peer's certificate must equal it byte for byte.
No tickets, no resumption: each link session proves both keys anew.
"""

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from roomgate.link.identity import HUB
from roomgate.link.messages import LinkBroken

_READ = 64 * 1024


@contextmanager
def _as_file(pem: bytes) -> Iterator[str]:
    """A path under which OpenSSL can read ``pem`` for a moment.

    Python's ssl takes a certificate's private key from a file only. An anonymous memory file never touches a
    disk and cannot be opened by name; where the system has none, a private temporary file is removed at once.
    """
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("roomgate", os.MFD_CLOEXEC)
        try:
            with os.fdopen(os.dup(handle), "wb") as file:
                file.write(pem)
            yield f"/proc/self/fd/{handle}"
        finally:
            os.close(handle)
    else:  # pragma: no cover (systems without memory files)
        with tempfile.NamedTemporaryFile() as file:  # mode 0600
            file.write(pem)
            file.flush()
            yield file.name


def _context(server_side: bool, own_cert_pem: bytes, own_key_pem: bytes, peer_cert_pem: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server_side else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = not server_side
    context.verify_mode = ssl.CERT_REQUIRED
    context.options |= ssl.OP_NO_TICKET
    if server_side:
        context.num_tickets = 0
    context.load_verify_locations(cadata=peer_cert_pem.decode("ascii"))
    with _as_file(own_cert_pem + own_key_pem) as path:
        context.load_cert_chain(path)
    return context


class InnerTls:
    """One end of the session. Bytes in, plaintext out; every failure is LinkBroken, and final.

    The connector is the TLS client, the hub the server. A client counts as established before the server has
    looked at its certificate (TLS 1.3): a refusal then comes with the next `receive`.
    """

    __slots__ = ("_broken", "_incoming", "_outgoing", "_peer", "_tls", "established")

    def __init__(self, server_side: bool, own_cert_pem: bytes, own_key_pem: bytes, peer_cert_pem: bytes) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._broken = False
        self.established = False
        try:
            self._peer = ssl.PEM_cert_to_DER_cert(peer_cert_pem.decode("ascii"))
            context = _context(server_side, own_cert_pem, own_key_pem, peer_cert_pem)
            self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side, None if server_side else HUB)
        except (ssl.SSLError, ValueError, OSError) as bad:
            raise LinkBroken("The link's own keys or the pinned certificate cannot be used.") from bad
        if not server_side:
            self._handshake()

    def receive(self, ciphertext: bytes) -> list[bytes]:
        """What the peer said, in pieces cut anywhere; raises LinkBroken, also when the peer ended the session."""
        self._check()
        self._incoming.write(ciphertext)
        said: list[bytes] = []
        try:
            if not self.established and not self._handshake():
                return said
            while True:
                piece = self._tls.read(_READ)
                if not piece:
                    raise self._break("The peer ended the session.")
                said.append(piece)
        except ssl.SSLWantReadError:
            return said
        except ssl.SSLError as bad:
            raise self._break(f"The inner TLS failed: {bad.reason or bad}") from bad

    def send(self, plaintext: bytes) -> None:
        """Encrypt for the peer; fetch it with `outgoing`. Raises LinkBroken before the handshake is done."""
        self._check()
        if not self.established:
            raise self._break("Nothing is said before the peer has proved its key.")
        try:
            rest = memoryview(plaintext)
            while rest:
                rest = rest[self._tls.write(rest) :]
        except ssl.SSLError as bad:
            raise self._break(f"The inner TLS failed: {bad.reason or bad}") from bad

    def outgoing(self) -> bytes:
        """Ciphertext to be carried to the peer now; after a failure the alert that tells it why."""
        return self._outgoing.read()

    def _handshake(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError as bad:
            raise self._break(f"The inner TLS failed: {bad.reason or bad}") from bad
        # The anchor admits one certificate already; this states it, whatever a library makes of anchors.
        if self._tls.getpeercert(binary_form=True) != self._peer or self._tls.version() != "TLSv1.3":
            raise self._break("The peer's certificate is not the pinned one.")
        self.established = True
        return True

    def _check(self) -> None:
        if self._broken:
            raise LinkBroken("The inner TLS failed before.")

    def _break(self, why: str) -> LinkBroken:
        self._broken = True
        self.established = False
        return LinkBroken(why)
