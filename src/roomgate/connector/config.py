"""The connector's settings: one frozen struct, checked whole, every complaint at once.

The names are those of the TOML file and, in capitals with ``ROOMGATE_`` before them, of the environment;
`cli` reads both and hands a mapping in. Paths are relative to the folder that is handed in with it.
"""

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from roomgate.connector.booking_rules import BookingRules, parse_booking_rules
from roomgate.connector.calendar_tables import CalendarTable, parse_calendars, room_complaint
from roomgate.connector.mirror import MEASURES, TELLS
from roomgate.connector.reading import address_reader, read_path, read_text, suggestion
from roomgate.errors import BadInput
from roomgate.metrics.listener import listen_complaint


class BadConfig(BadInput):
    """The settings cannot be used; the message holds every complaint, one a line."""

    code = "config.bad"
    hint = "Correct the lines that the message names."


@dataclass(frozen=True, slots=True)
class ConnectorConfig:
    """What the connector was told. All times in seconds."""

    data: Path  # the data folder: database, vault, keys, local socket
    devices: Path  # the site's own list of rooms
    policy: Path | None = None  # the site's own policy.toml; the shipped *meetings only* when left out
    hub: str | None = None  # must be the hub that enrolment pinned; left out, it is
    hub_ca: Path | None = None  # trust for the outer TLS; the system's when left out. The inner TLS is pinned
    proxy: str | None = None  # an HTTP proxy of the site, http://…
    calendar: Path | None = None  # a folder with a folder of .ics files for each room
    calendars: tuple[CalendarTable, ...] = ()  # [[calendars]] tables: CalDAV and others, each with its rooms
    meeting_domains: tuple[
        str, ...
    ] = ()  # the customer's own: only there may an address lead that no known service has
    rules: Path | None = None  # a folder of recognition rules of the customer's own; the shipped ones when left out
    time_zone: str = "UTC"  # where the site is: for times of invitations that name no zone, and for whole days
    bookings: BookingRules = field(default_factory=BookingRules)  # a table: what rooms show of their meetings, and do
    call_panel: bool = True  # whether rooms get a panel with the meeting service's controls while they are in a call
    measures: tuple[
        str, ...
    ] = ()  # let out unasked: people (how many are in a room), temperature; else only on a grant
    tells: tuple[str, ...] = (
        TELLS  # told for the hub's alerts: certificates (when they end), calls (that one failed, and of what kind)
    )
    scan_networks: tuple[str, ...] = ()  # where `devices scan` may look for devices; none when left out
    metrics_listen: str = ""  # HOST:PORT where Prometheus may read the connector's figures, such as 127.0.0.1:9465
    metrics_allow_remote: bool = False  # whether metrics_listen may be another address than this machine's own
    witness_url: str | None = None  # the site's own checkpoints are then co-signed there
    witness_vkey: str | None = None  # its verifier key, as its first start prints it
    witness_ca: Path | None = None  # trust for its TLS; the system's when left out
    proof_live_s: float = 25.0  # how often both accounts are proven while a remote session lives in the room
    proof_idle_s: float = 600.0  # and otherwise, give or take a fifth
    fence_s: float = 20.0  # within which the device must let us in after a change that may cut us off
    heartbeat_s: float = 3.0  # between two words to the hub
    devices_check_s: float = 0.5  # how often the devices file is looked at
    backup_every_h: float = 24.0  # hours between two backups of a room; 0: none but those that people ask for
    backup_keep: int = 7  # how many of those are kept of a room; what has not changed is not kept twice

    @property
    def socket(self) -> Path:
        """The local operator's door: a unix-domain socket, for the account that runs the connector."""
        return self.data / "connector.sock"

    @property
    def identity(self) -> Path:
        """What enrolment left: this connector's key, and the hub's pinned certificate."""
        return self.data / "identity"

    @property
    def backups(self) -> Path:
        return self.data / "backups"

    @property
    def database(self) -> Path:
        return self.data / "connector.db"


_REQUIRED = ("data", "devices")
# The safe side of each number: a proof that is rarer, or a heartbeat slower, would break a promise.
_BOUNDS = {
    "proof_live_s": (1.0, 25.0),
    "proof_idle_s": (30.0, 3600.0),
    "fence_s": (5.0, 60.0),
    "heartbeat_s": (0.2, 5.0),
    "devices_check_s": (0.05, 5.0),
    "backup_every_h": (1.0, 720.0),
    "backup_keep": (1.0, 60.0),
}
_UNITS = {"backup_every_h": "hours", "backup_keep": "a number"}


def parse_config(settings: Mapping[str, Any], base: Path) -> ConnectorConfig:
    """Check the whole mapping; raises BadConfig with all complaints."""
    known = [field.name for field in fields(ConnectorConfig)]
    complaints: list[str] = []
    values: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in known:
            complaints.append(f"{name}: no such setting{suggestion(name, known)}")
            continue
        try:
            values[name] = _READERS[name](name, value, base)
        except BadInput as bad:
            complaints.append(f"{name}: {bad}")
    complaints.extend(f"{name}: is missing" for name in _REQUIRED if name not in settings)
    if ("witness_url" in settings) != ("witness_vkey" in settings):
        complaints.append("witness_url, witness_vkey: a witness needs both")
    if complaint := listen_complaint(values.get("metrics_listen", ""), values.get("metrics_allow_remote", False)):
        complaints.append(complaint)
    if complaint := room_complaint(values.get("calendars", ()), bool(values.get("calendar"))):
        complaints.append(complaint)
    if complaints:
        raise BadConfig("\n".join(complaints))
    return ConnectorConfig(**values)


def _text(name: str, value: Any, base: Path) -> str:
    return read_text(value)


def _switch(name: str, value: Any, base: Path) -> bool:
    if str(value).lower() not in ("true", "false"):
        raise BadInput("takes true or false")
    return str(value).lower() == "true"


def _path(name: str, value: Any, base: Path) -> Path:
    return read_path(value, base)


def _address(*schemes: str) -> Callable[[str, Any, Path], str]:
    read = address_reader(*schemes)
    return lambda name, value, base: read(value)


def _calendars(name: str, value: Any, base: Path) -> tuple[CalendarTable, ...]:
    return parse_calendars(value, base)


def _number(name: str, value: Any, base: Path) -> float:
    low, high = _BOUNDS[name]
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except ValueError:
        number = None
    if number is None or not low <= number <= high:
        raise BadInput(f"takes {_UNITS.get(name, 'seconds')} from {low:g} to {high:g}")
    return number


def _number_or_none(name: str, value: Any, base: Path) -> float:
    return 0.0 if str(value).strip() in ("0", "0.0") else _number(name, value, base)


def _count(name: str, value: Any, base: Path) -> int:
    number = _number(name, value, base)
    if number != int(number):
        raise BadInput("takes a whole number")
    return int(number)


def _domains(name: str, value: Any, base: Path) -> tuple[str, ...]:
    words = value.split(",") if isinstance(value, str) else value
    if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
        raise BadInput('takes a list of domains, such as ["example.com"]')
    domains = tuple(word.strip().lower().rstrip(".") for word in words if word.strip())
    if any("/" in domain or "@" in domain or " " in domain for domain in domains):
        raise BadInput("takes bare domains, such as example.com")
    return domains


def _zone(name: str, value: Any, base: Path) -> str:
    text = read_text(value)
    if text not in available_timezones():
        close = suggestion(text, sorted(available_timezones())) if len(text) < 60 else ""
        raise BadInput(f"takes the name of a time zone, such as Europe/Berlin{close if 'did you' in close else ''}")
    return text


def _bookings(name: str, value: Any, base: Path) -> BookingRules:
    return parse_booking_rules(value)


def _words_of(known: Iterable[str]) -> Callable[[str, Any, Path], tuple[str, ...]]:
    def read(name: str, value: Any, base: Path) -> tuple[str, ...]:
        words = [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value
        if not isinstance(words, list | tuple) or not all(isinstance(word, str) and word in known for word in words):
            raise BadInput(f"takes a list of {', '.join(known)}")
        return tuple(dict.fromkeys(words))

    return read


def _networks(name: str, value: Any, base: Path) -> tuple[str, ...]:
    words = value.split(",") if isinstance(value, str) else value
    try:
        return tuple(str(ipaddress.ip_network(word.strip())) for word in words if word.strip())
    except (TypeError, AttributeError, ValueError) as bad:
        raise BadInput('takes a list of networks, such as ["10.0.8.0/24"]') from bad


_READERS: dict[str, Callable[[str, Any, Path], Any]] = {
    "data": _path,
    "hub": _address("https"),
    "devices": _path,
    "policy": _path,
    "hub_ca": _path,
    "proxy": _address("http"),
    "calendar": _path,
    "calendars": _calendars,
    "meeting_domains": _domains,
    "rules": _path,
    "time_zone": _zone,
    "bookings": _bookings,
    "call_panel": _switch,
    "measures": _words_of(MEASURES),
    "tells": _words_of(TELLS),
    "scan_networks": _networks,
    "metrics_listen": _text,
    "metrics_allow_remote": _switch,
    "witness_url": _address("https", "http"),
    "witness_vkey": _text,
    "witness_ca": _path,
    "proof_live_s": _number,
    "proof_idle_s": _number,
    "fence_s": _number,
    "heartbeat_s": _number,
    "devices_check_s": _number,
    "backup_every_h": _number_or_none,
    "backup_keep": _count,
}
