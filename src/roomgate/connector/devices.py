"""The site's own list of rooms: which devices the connector speaks to, and by which identity it knows them.

```toml
[[room]]
name = "oslo"
host = "192.0.2.10"
pin = "sha256:…"            # of the device's certificate; or ca = "site-ca.pem"
[room.accounts]             # names only: the passwords are in the vault
daily = "roomgate-daily"
privileged = "roomgate-privileged"
```

There is no way to write "any certificate": a room without pin and ca is refused.
"""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roomgate.connector.config import BadConfig
from roomgate.connector.reading import suggestion
from roomgate.errors import BadInput
from roomgate.ids import ConnectorId, DeviceId, RoomName

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")  # it is a part of addresses and a user name on the hub's endpoint
_NAME_TAKES = "name: takes small letters, digits, '.', '_' and '-'"
_HOST = re.compile(r"[A-Za-z0-9:]([A-Za-z0-9.:_-]{0,253}[A-Za-z0-9])?")
_ACCOUNT = re.compile(r"[^\s:\x00-\x1f\x7f]{1,127}")  # a colon ends the user in Basic credentials (RFC 7617 §2)
_KEYS = ["name", "host", "port", "pin", "ca", "accounts"]
_ACCOUNTS = ["daily", "privileged"]
_MOST_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class DeviceEntry:
    """One room of the file."""

    name: RoomName
    host: str
    port: int
    pin: str | None  # SHA-256 of the certificate, hex
    ca: Path | None
    daily: str  # account names
    privileged: str

    def account(self, privileged: bool) -> str:
        return self.privileged if privileged else self.daily


def device_id(connector: ConnectorId, room: RoomName) -> DeviceId:
    """The device's stable name on the link: the same after a restart, another at another connector."""
    digest = hashlib.sha256(f"roomgate device\0{connector}\0{room}".encode()).hexdigest()
    return DeviceId(f"device_{digest[:20]}")


def load_devices(file: Path) -> tuple[DeviceEntry, ...]:
    """Read the site's file; raises BadConfig, also where it cannot be read."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise BadConfig(f"{file.name}: is larger than {_MOST_BYTES} bytes")
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as bad:
        raise BadConfig(f"{file.name}: cannot be read: {bad}") from bad
    return parse_devices(text, file.parent)


def parse_devices(text: str, base: Path) -> tuple[DeviceEntry, ...]:
    """All rooms of the file, or BadConfig with all complaints: half a file is never used."""
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as bad:  # of tomllib; a number of 5,000 digits is a bare ValueError
        raise BadConfig(f"not TOML: {bad}") from bad
    complaints = [f"{key}: no such key{suggestion(key, ['room'])}" for key in document if key != "room"]
    rooms = document.get("room", [])
    if not isinstance(rooms, list):
        raise BadConfig("room: takes [[room]] tables")

    entries: dict[str, DeviceEntry] = {}
    for number, room in enumerate(rooms, 1):
        where = f"room {number}"
        if isinstance(room, Mapping) and isinstance(room.get("name"), str):
            where += f" ({room['name'][:64]!r})"
        found: list[str] = []
        entry = parse_room(room, base, found)
        complaints.extend(f"{where}: {complaint}" for complaint in found)
        if entry is None:
            continue
        if entry.name in entries:
            complaints.append(f"{where}: another room has this name")
        entries[entry.name] = entry
    if complaints:
        raise BadConfig("\n".join(complaints))
    return tuple(entries.values())


def parse_name(value: object) -> RoomName:
    """A room's name; raises BadInput."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise BadInput(_NAME_TAKES)
    return RoomName(value)


def parse_room(room: Any, base: Path, complaints: list[str]) -> DeviceEntry | None:
    """One room of the file; None where ``complaints`` got any."""
    if not isinstance(room, Mapping):
        complaints.append("takes a table")
        return None
    accounts = room.get("accounts", {})
    if not isinstance(accounts, Mapping):
        complaints.append("accounts: takes a table")
        accounts = {}
    complaints.extend(f"{key}: no such key{suggestion(key, _KEYS)}" for key in room if key not in _KEYS)
    complaints.extend(
        f"accounts.{key}: no such key{suggestion(key, _ACCOUNTS)}" for key in accounts if key not in _ACCOUNTS
    )

    name = _matching(room.get("name"), _NAME, _NAME_TAKES, complaints)
    host = _matching(room.get("host"), _HOST, "host: takes a name or an address", complaints)
    daily = _matching(accounts.get("daily", "roomgate-daily"), _ACCOUNT, "accounts.daily: takes a name", complaints)
    privileged = _matching(
        accounts.get("privileged", "roomgate-privileged"), _ACCOUNT, "accounts.privileged: takes a name", complaints
    )
    if daily and daily == privileged:
        complaints.append("accounts: daily and privileged are two accounts")
    port = room.get("port", 443)
    if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65535:
        complaints.append("port: takes 1 to 65535")
    pin, ca = _identity(room, base, complaints)
    if complaints:
        return None
    return DeviceEntry(RoomName(name), host, port, pin, ca, daily, privileged)


def _identity(room: Mapping[str, Any], base: Path, complaints: list[str]) -> tuple[str | None, Path | None]:
    """The pin or the CA by which the device is known: exactly one of them."""
    if ("pin" in room) == ("ca" in room):
        complaints.append("takes either pin (SHA-256 of the device's certificate) or ca (a file)")
        return None, None
    try:
        return (parse_pin(room["pin"]), None) if "pin" in room else (None, base / _path(room["ca"]))
    except BadInput as bad:
        complaints.append(str(bad))
        return None, None


def parse_pin(value: object) -> str:
    """A SHA-256 in any usual spelling, as 64 hex digits; raises BadInput."""
    text = value.lower().removeprefix("sha256:").replace(":", "").replace("-", "") if isinstance(value, str) else ""
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise BadInput("pin: takes the SHA-256 of the certificate, 64 hex digits")
    return text


def _path(value: object) -> Path:
    if not isinstance(value, str) or not value.strip():
        raise BadInput("ca: takes a file name")
    return Path(value).expanduser()


def _matching(value: object, pattern: re.Pattern[str], complaint: str, complaints: list[str]) -> str:
    if isinstance(value, str) and pattern.fullmatch(value):
        return value
    complaints.append(complaint)
    return ""
