"""When certificates end that lie in PEM texts and files. Whom they name is not read."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----")


def pem_ends(text: str) -> Iterator[datetime]:
    """Of each certificate in the text that can be read."""
    for pem in _PEM.findall(text):
        try:
            yield x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc
        except (ValueError, UnsupportedAlgorithm):
            continue


def load_ends(files: Iterable[tuple[str, Path]]) -> list[tuple[str, datetime]]:
    """Of each file, by a name for it, the first end. What cannot be read is complained of by whoever needs it."""
    found = []
    for name, file in files:
        try:
            ends = min(pem_ends(file.read_text("utf-8")), default=None)
        except (OSError, UnicodeDecodeError):
            continue
        if ends is not None:
            found.append((name, ends))
    return found
