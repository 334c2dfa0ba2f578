"""Codes that people copy by hand: groups of four letters, none of which is taken for another.

Recovery codes and invitations are such codes. They are kept as SHA-256 alone: they have at least 80 random bits.
"""

import hashlib
import secrets
import unicodedata

from roomgate.redact import Secret

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # no i, l, o, u
_MEANT = str.maketrans({"o": "0", "i": "1", "l": "1", "-": None, " ": None})
_LONGEST = 80  # as typed, with whatever stands between the groups


def make_code(groups: int) -> Secret[str]:
    """Twenty random bits for each group."""
    return Secret("-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(groups)))


def parse_code(text: str, groups: int) -> str | None:
    """The code as it was made, or None for what cannot be one. Case, spaces and dashes do not count."""
    plain = unicodedata.normalize("NFKC", text[:_LONGEST]).strip().casefold().translate(_MEANT)
    if len(plain) != 4 * groups or not set(plain) <= set(_ALPHABET):
        return None
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def digest(code: str) -> str:
    """How a code is kept."""
    return hashlib.sha256(code.encode()).hexdigest()
