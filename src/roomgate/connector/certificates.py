"""Pure: when a device's certificates end, by what they are for. Whom they name is not read: that stays inside."""

from datetime import datetime
from typing import Any

from roomgate.certificate_ends import pem_ends
from roomgate.clock import iso, parse_iso
from roomgate.link.messages import CertificateEnd

MOST = 20  # of one device
_LONGEST_NAME = 80


def read_ends(answer: Any) -> list[CertificateEnd]:
    """Of ``Security Certificates Services Show``, those that are in use.

    Only fingerprint and PEM text are established. Where a device does not say what one is for, all of its
    certificates count as used, and go by the beginning of their fingerprint.
    """
    rows = answer.get("Details") if isinstance(answer, dict) else None
    found = []
    for row in rows if isinstance(rows, list) else [rows]:
        if not isinstance(row, dict) or row.get("Purposes") == "":
            continue
        purposes = ", ".join(str(row.get("Purposes", "")).split(","))
        name = purposes or f"certificate {str(row.get('Fingerprint', ''))[:8]}"
        if (ends := _row_ends(row)) is not None:
            found.append(CertificateEnd(name[:_LONGEST_NAME], iso(ends)))
    return found[:MOST]


def _row_ends(row: dict[str, Any]) -> datetime | None:
    ends = min((end for value in row.values() if isinstance(value, str) for end in pem_ends(value)), default=None)
    if ends is not None:
        return ends
    try:
        return parse_iso(str(row.get("NotAfter")))
    except ValueError:
        return None
