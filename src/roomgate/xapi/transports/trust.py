"""Whom a connection believes: a CA, one pinned certificate, or (named so) anybody.

A pin is checked as the last step of the TLS handshake, so before any credential goes out: the handshake has
proved that the peer holds the key of the certificate that it showed, and the certificate must be the pinned one.
All pinned connections share one context, since a context costs as much memory as a third of a connection.
"""

import hashlib
import hmac
import logging
import re
import ssl
from dataclasses import dataclass
from functools import cache
from typing import cast

from roomgate.xapi.errors import BadArgument
from roomgate.xapi.transports.base import Address

_log = logging.getLogger("roomgate.xapi")


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

    def context(self, address: Address) -> ssl.SSLContext | None:
        """The TLS context for a dial; None for ``ws://``, which needs ``unsafe_plain_text``.

        With a pin, the handshake of a peer without that certificate fails with SSLCertVerificationError.
        """
        if not address.secure:
            if not self.unsafe_plain_text:
                raise BadArgument("ws:// would send the account in the clear; use wss://")
            _log.warning("unencrypted connection to %s: the account is readable on the way", address.host)
            return None
        if self.pin is not None:
            return cast(ssl.SSLContext, Pinned(self.pin))  # all that an event loop asks of a context
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


class Pinned:
    """Stands where a context does, and makes TLS objects that accept one certificate alone, whoever signed it.

    Devices make their own certificates, whose names and dates mean nothing: the pin is the identity.
    """

    __slots__ = ("_pin",)

    def __init__(self, pin: str) -> None:
        """``pin``: SHA-256 of the DER certificate, 64 hex digits."""
        self._pin = pin

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
    ) -> ssl.SSLObject:
        made = _shared().wrap_bio(incoming, outgoing, server_side, server_hostname)
        assert isinstance(made, _PinnedObject)
        made.pin = self._pin
        return made


class _PinnedObject(ssl.SSLObject):
    """One connection's TLS: its handshake is not done before the certificate is seen to be the pinned one."""

    pin = ""  # none fits

    def do_handshake(self) -> None:
        super().do_handshake()
        shown = self.getpeercert(binary_form=True) or b""
        if not hmac.compare_digest(hashlib.sha256(shown).hexdigest(), self.pin):
            raise ssl.SSLCertVerificationError("the certificate is not the pinned one")


@cache
def _shared() -> ssl.SSLContext:
    context = _unverifying()
    context.sslobject_class = _PinnedObject
    context.options |= ssl.OP_NO_RENEGOTIATION  # who was looked at once stays who it is
    return context


def _unverifying() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
