"""Keys of the link: Ed25519, one per side, known by the SHA-256 of its public half.

The same key signs orders (hub) or outcomes (connector) and authenticates the inner TLS session. What is
signed here begins with a domain tag, and TLS 1.3 signs under a context string of its own (RFC 8446 §4.4.3),
so that neither can be passed off as the other.
"""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from roomgate.errors import RoomgateError

ORDER = b"roomgate order v1\0"
RENEWAL = b"roomgate renewal v1\0"
OUTCOME = b"roomgate outcome v1\0"
ENROL = b"roomgate enrolment v1\0"
ENROLLED = b"roomgate enrolled v1\0"


class BadSignature(RoomgateError):
    """Not signed by the pinned key: nothing in it was looked at."""

    code = "link.signature"


def sign(key: Ed25519PrivateKey, domain: bytes, body: bytes) -> bytes:
    return key.sign(domain + body)


def verify(key: Ed25519PublicKey, domain: bytes, body: bytes, signature: bytes) -> None:
    """Raises BadSignature."""
    try:
        key.verify(signature, domain + body)
    except InvalidSignature as bad:
        raise BadSignature("The signature is not the pinned key's.") from bad


def fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 of the raw public key in hex, in groups of four for people to compare."""
    digest = hashlib.sha256(key.public_bytes_raw()).hexdigest()
    return "-".join(digest[i : i + 4] for i in range(0, 32, 4))
