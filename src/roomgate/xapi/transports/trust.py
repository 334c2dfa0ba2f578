"""Whom a connection believes: a CA, one pinned certificate, or (named so) anybody.

A pin is checked before any credential goes out, in two steps. First a bare TLS handshake fetches the
certificate and says nothing; its hash is compared with the pin. Then the real connection is made with
a context that trusts exactly that certificate, so the two cannot be two different peers.
"""

import asyncio
import hashlib
import hmac
import logging
import re
import ssl
from dataclasses import dataclass

from roomgate.xapi.errors import BadArgument, CertificateChanged, DeviceUnreachable
from roomgate.xapi.transports.base import CLOSE_WITHIN_S, Address

_log = logging.getLogger("roomgate.xapi")
_NO_CHECK_TIME = 0x200000  # OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which the ssl module does not name


@dataclass(frozen=True, slots=True)
class Trust:
    """How a device proves itself; with nothing given, by the system's CAs.

    ``ca`` is a PEM file's path or its text. ``pin`` is the SHA-256 of the DER certificate in hex,
    colons allowed; it stands alone, so names and dates in the certificate do not matter.
    """

    ca: str | None = None
    pin: str | None = None
    unsafe_accept_any_certificate: bool = False
    unsafe_plain_text: bool = False

    def __post_init__(self) -> None:
        if sum((self.ca is not None, self.pin is not None, self.unsafe_accept_any_certificate)) > 1:
            raise BadArgument("Trust one thing: a CA, a pin, or anybody")
        if self.pin is not None:
            folded = self.pin.replace(":", "").lower()
            if not re.fullmatch(r"[0-9a-f]{64}", folded):
                raise BadArgument("A pin is the SHA-256 of the certificate: 64 hex digits")
            object.__setattr__(self, "pin", folded)

    async def context(self, address: Address) -> ssl.SSLContext | None:
        """The TLS context for a dial; None for ``ws://``, which needs ``unsafe_plain_text``.

        Raises CertificateChanged when the peer does not have the pinned certificate.
        """
        if not address.secure:
            if not self.unsafe_plain_text:
                raise BadArgument("ws:// would send the account in the clear; use wss://")
            _log.warning("unencrypted connection to %s: the account is readable on the way", address.host)
            return None
        if self.pin is not None:
            return await _pinned(address, self.pin)
        if self.unsafe_accept_any_certificate:
            _log.warning("unverified certificate accepted from %s: anybody can pose as this device", address.host)
            return _unverifying()
        context = ssl.create_default_context()
        if self.ca is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            try:
                if "-----BEGIN" in self.ca:
                    context.load_verify_locations(cadata=self.ca)
                else:
                    context.load_verify_locations(cafile=self.ca)
            except (OSError, ValueError) as bad:  # ssl.SSLError is an OSError
                raise BadArgument("The CA is not a PEM certificate that can be read") from bad
        return context


async def fetch_certificate(address: Address) -> bytes:
    """The certificate that a peer shows, in DER; nothing is sent to it beyond the handshake."""
    try:
        _, writer = await asyncio.open_connection(address.host, address.port, ssl=_unverifying())
    except ssl.SSLError as bad:
        raise DeviceUnreachable(f"No TLS with {address.host}: {bad.reason}") from bad
    except OSError as bad:
        raise DeviceUnreachable(f"Nobody answers at {address.host}:{address.port}") from bad
    try:
        certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.close()
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await writer.wait_closed()
        except TimeoutError:
            writer.transport.abort()  # a peer that does not answer the goodbye keeps no socket of ours
        except OSError:
            pass  # gone already
    if not certificate:
        raise DeviceUnreachable(f"{address.host} shows no certificate")
    return bytes(certificate)


async def _pinned(address: Address, pin: str) -> ssl.SSLContext:
    certificate = await fetch_certificate(address)
    if not hmac.compare_digest(hashlib.sha256(certificate).hexdigest(), pin):
        raise CertificateChanged(f"{address.host} shows a certificate other than the pinned one")
    return trusting_only(certificate)


def trusting_only(certificate: bytes) -> ssl.SSLContext:
    """A context for the one peer that has the key of this certificate (DER), whoever signed it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # The pin is the identity: devices make their own certificates, whose names and dates mean nothing.
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VerifyFlags(_NO_CHECK_TIME)
    context.load_verify_locations(cadata=certificate)
    return context


def _unverifying() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
