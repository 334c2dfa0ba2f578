"""What must be readable again and is still no use to whoever has the database alone: secrets of authenticator apps.

The key is derived from the hub's own order key, so that it lies in the folder of the keys and comes back with a
backup, and nothing more has to be kept.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12
_USE = b"roomgate: secrets of second factors, 1"


class Seal:
    """Seals bytes under one key. ``about``: what they belong to; they open for nothing else."""

    def __init__(self, order: Ed25519PrivateKey) -> None:
        key = HKDF(SHA256(), 32, salt=None, info=_USE).derive(order.private_bytes_raw())
        self._cipher = ChaCha20Poly1305(key)

    def close(self, plain: bytes, about: str) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, about.encode())

    def open(self, sealed: bytes, about: str) -> bytes | None:
        """None for what was sealed by another key, for something else, or damaged."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], about.encode())
        except (InvalidTag, ValueError):
            return None
