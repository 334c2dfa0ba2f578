"""Pure: what a device says of its sessions, users, certificates, slots, ciphers and calls, as rows.

Of several of these answers only some names of members are established, so each row takes what it finds. What it does
not find is empty, and empty means *not known*.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from roomgate.clock import parse_iso

LONGEST = 300  # characters of one cell
MOST = 500  # rows of one table
_PEM = "-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class SessionRow:
    """``ours``: of one of the site's own two accounts."""

    id: str
    user: str
    kind: str
    origin: str
    since: str
    ours: bool


@dataclass(frozen=True, slots=True)
class UserRow:
    """A word is empty where the device did not say it."""

    name: str
    roles: tuple[str, ...]
    active: str
    blocked: str
    failed: int
    last_login: str
    needs_passphrase: bool
    ours: bool


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """``days``: until it ends, below 0 where it has; None: not known."""

    fingerprint: str
    subject: str
    issuer: str
    purposes: str
    ends: datetime | None
    days: int | None


@dataclass(frozen=True, slots=True)
class SlotRow:
    number: str
    url: str
    status: str
    expressions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallRow:
    id: str
    name: str
    number: str
    direction: str
    occurrence: str
    start: str
    seconds: str
    protocol: str
    cause: str


def read_sessions(answer: Any, ours: frozenset[str]) -> list[SessionRow]:
    rows = [
        SessionRow(
            _text(row, "Id"),
            user := _text(row, "Username", "UserName", "User"),
            _text(row, "Type"),
            _text(row, "Origin", "Host", "Ip"),
            _text(row, "Created", "CreationTime", "LastActivity"),
            user.casefold() in ours,
        )
        for row in _members(answer, "Session")
    ]
    return [row for row in rows if row.id]


def read_users(answer: Any, ours: frozenset[str]) -> list[UserRow]:
    return [
        UserRow(
            name := _text(row, "Username"),
            tuple(_roles(row)),
            _text(row, "Active"),
            _text(row, "Blocked"),
            int(failed) if (failed := _text(row, "FailedLoginAttempts")).isdecimal() else 0,
            _text(row, "LastLogin"),
            "True" in (_text(row, "PassphraseChangeRequired"), _text(row, "PassphraseExpired")),
            name.casefold() in ours,
        )
        for row in _members(answer, "User")
    ]


def _roles(row: Mapping[str, Any]) -> Iterator[str]:
    for one in _listed(row.get("Roles")):
        found = one.get("Role") if isinstance(one, dict) else one
        for role in _listed(found):
            yield str(role)[:LONGEST]


def read_accounts(answer: Any) -> frozenset[str]:
    """The site's own accounts on this device, as they are compared."""
    return frozenset(_text(row, "Username").casefold() for row in _members(answer, "Account"))


def read_certificates(answer: Any, now: datetime) -> list[CertificateRow]:
    """From the certificate itself where the device gives it; from its words otherwise."""
    rows = []
    for row in _members(answer, "Details"):
        known = _certificate(row)
        if known is not None:
            ends: datetime | None = known.not_valid_after_utc
            subject, issuer = known.subject.rfc4514_string(), known.issuer.rfc4514_string()
        else:
            ends = moment(_text(row, "NotAfter", "notAfter", "ValidTo"))
            subject, issuer = _text(row, "SubjectName", "subject"), _text(row, "IssuerName", "issuer")
        days = None if ends is None else (ends - now).days
        rows.append(
            CertificateRow(
                _text(row, "Fingerprint"), subject[:LONGEST], issuer[:LONGEST], _text(row, "Purposes"), ends, days
            )
        )
    return rows


def _certificate(row: Mapping[str, Any]) -> x509.Certificate | None:
    pem = next((one for one in row.values() if isinstance(one, str) and _PEM in one), None)
    if pem is None:
        return None
    try:
        found = x509.load_pem_x509_certificate(pem.encode())
        (
            found.subject.rfc4514_string(),
            found.issuer.rfc4514_string(),
            found.not_valid_after_utc,
        )  # a name that cannot be read is told here
    except (ValueError, UnsupportedAlgorithm):
        return None
    return found


def moment(text: str) -> datetime | None:
    """A time as a device says it; None where it says no zone, or none at all."""
    try:
        return parse_iso(text)
    except ValueError:
        pass
    try:
        return datetime.strptime(text, "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)
    except ValueError:
        return None


def read_slots(answer: Any) -> list[SlotRow]:
    """From ``Status/HttpFeedback``, which says nothing of empty slots."""
    return [
        SlotRow(
            str(row.get("id", "")),
            plain_address(url),
            _text(row, "Status"),
            tuple(
                str(one.get("Expression", "") if isinstance(one, dict) else one)[:LONGEST]
                for one in _listed(row.get("Expression"))[:50]
            ),
        )
        for row in _rows(answer)
        if (url := _text(row, "URL"))
    ]


def plain_address(url: str) -> str:
    """Without what may be a password or a token in it."""
    scheme, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    at = f"***@{host.rpartition('@')[2]}" if "@" in host else host
    bare, question, _ = f"{at}{slash}{path}".partition("?")
    return f"{scheme}{mark}{bare}{'?***' if question else ''}"


def read_ciphers(answer: Any) -> list[str]:
    """The contents of the answer are not established: every word in it is taken for the name of a cipher."""
    words = {word for text in _texts(answer) for word in text.replace(":", " ").replace(",", " ").split()}
    return sorted(word[:80] for word in words)[:MOST]


def read_calls(answer: Any) -> list[CallRow]:
    """The call history, the newest first, as the device gives it."""
    return [
        CallRow(
            _text(row, "CallHistoryId"),
            _text(row, "DisplayName"),
            _text(row, "RemoteNumber", "CallbackNumber"),
            _text(row, "Direction"),
            _text(row, "OccurrenceType"),
            _text(row, "StartTimeUTC", "StartTime"),
            _text(row, "Duration"),
            _text(row, "Protocol"),
            _text(row, "DisconnectCause"),
        )
        for row in _members(answer, "Entry")
    ]


def _members(answer: Any, name: str) -> list[dict[str, Any]]:
    return _rows(answer.get(name) if isinstance(answer, dict) else None)


def _rows(value: Any) -> list[dict[str, Any]]:
    return [one for one in _listed(value) if isinstance(one, dict)][:MOST]


def _listed(value: Any) -> list[Any]:
    """A device says a list of one as that one alone, on some interfaces."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _text(row: Mapping[str, Any], *names: str) -> str:
    """The first of these members that is there."""
    found = next((row[name] for name in names if isinstance(row.get(name), str | int)), "")
    return str(found)[:LONGEST]


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            if name not in ("id", "status"):
                yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str):
        yield value
