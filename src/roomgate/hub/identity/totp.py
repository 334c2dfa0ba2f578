"""Time-based one-time passwords (RFC 6238), as every authenticator app makes them. Pure: the time is handed over.

The parameters are the ones that all apps know: SHA-1, six digits, thirty seconds. One step early or late is taken,
since telephones and people are slow; whoever keeps the steps sees to it that each serves once.
"""

import hmac
import secrets
from base64 import b32encode
from datetime import datetime
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

DIGITS = 6
STEP_S = 30
_SECRET_BYTES = 20


def make_secret() -> bytes:
    return secrets.token_bytes(_SECRET_BYTES)


def spell(secret: bytes) -> str:
    """As an app takes it when it is typed."""
    return b32encode(secret).decode().rstrip("=")


def build_uri(secret: bytes, name: str, issuer: str) -> str:
    """What an app reads at once."""
    label = f"{quote(issuer, safe='')}:{quote(name, safe='')}"
    return (
        f"otpauth://totp/{label}?secret={spell(secret)}&issuer={quote(issuer, safe='')}"
        f"&algorithm=SHA1&digits={DIGITS}&period={STEP_S}"
    )


def parse_digits(text: str) -> str | None:
    """Six digits, however they were spaced; None for anything else."""
    plain = "".join(text[:40].split())
    return plain if len(plain) == DIGITS and plain.isascii() and plain.isdigit() else None


def find_step(secret: bytes, digits: str, now: datetime, after: int) -> int | None:
    """The step that these digits belong to: this one, the one before or the next, and later than ``after``."""
    made = TOTP(secret, DIGITS, SHA1(), STEP_S)  # noqa: S303 (what the apps know; HMAC does not need more of it)
    here = int(now.timestamp()) // STEP_S
    found = None
    for step in (here - 1, here, here + 1):
        fits = hmac.compare_digest(made.generate(step * STEP_S), digits.encode())
        if fits and step > after and found is None:
            found = step
    return found
