"""Pure: the credentials on the upgrade request, in the two forms that a device takes."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass

from roomgate.redact import Secret

LONGEST = 4096
_PREFIX = "auth-"


@dataclass(frozen=True, slots=True)
class Shown:
    """User name and password as they were shown: the room's name, and an access token."""

    room: str
    token: Secret[str]
    protocol: str | None  # the sub-protocol to echo: browsers drop the socket otherwise


NOTHING = Shown("", Secret(""), None)


def read_credentials(headers: Iterable[tuple[bytes, bytes]], protocols: Iterable[str]) -> Shown:
    """Basic, or the sub-protocol ``auth-`` and base64url without padding. `NOTHING` for anything else."""
    for protocol in protocols:
        if protocol.startswith(_PREFIX) and len(protocol) <= LONGEST:
            return _split(protocol[len(_PREFIX) :], protocol)
    given = [value for name, value in headers if name.lower() == b"authorization"]
    if len(given) == 1 and len(given[0]) <= LONGEST:
        scheme, _, text = given[0].decode("latin-1").partition(" ")
        if scheme.lower() == "basic":
            return _split(text.strip(), None)
    return NOTHING


def _split(text: str, protocol: str | None) -> Shown:
    plain = text.rstrip("=").replace("+", "-").replace("/", "_")
    try:
        decoded = base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return NOTHING
    room, colon, token = decoded.partition(":")
    return Shown(room, Secret(token), protocol) if colon else NOTHING
