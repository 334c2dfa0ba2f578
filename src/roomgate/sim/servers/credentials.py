"""Who a request says that it is from: a user and a passphrase, in either of the two forms that devices take."""

import base64
import binascii

_PROTOCOL = "auth-"


def credentials(headers: dict[str, str], protocols: list[str]) -> tuple[str, str, str | None]:
    """User, passphrase, and the sub-protocol to echo; empty words where nothing readable was offered.

    Basic authentication, or ``auth-`` and base64url of ``user:passphrase`` without padding as a WebSocket
    sub-protocol, for browsers, which cannot set headers.
    """
    kind, _, packed = headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        return (*_unpack(packed.strip(), b"+/"), None)
    for protocol in protocols:
        if protocol.startswith(_PROTOCOL):
            return (*_unpack(protocol.removeprefix(_PROTOCOL), b"-_"), protocol)
    return "", "", None


def _unpack(packed: str, alphabet: bytes) -> tuple[str, str]:
    try:
        padded = packed + "=" * (-len(packed) % 4)
        plain = base64.b64decode(padded.encode("ascii"), altchars=alphabet, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return "", ""
    user, _, passphrase = plain.partition(":")
    return user, passphrase
