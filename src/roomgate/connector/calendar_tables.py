"""The ``[[calendars]]`` of the settings: which calendar there is, how it is reached, and whose rooms are in it.

```toml
[[calendars]]
kind = "caldav"
url = "https://dav.example.com/"
user = "roomgate"
password_file = "secrets/dav"
rooms = { oslo = "Oslo", bergen = "/calendars/bergen/" }
```

What ``rooms`` gives is the room's place in that calendar: an address, a path, a name. ``address`` gives it to all
rooms that no table names, with ``{room}`` in it. A new kind joins by a line in KINDS, and one in
`connector.calendars.BUILDERS`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from roomgate.connector.reading import address_reader, read_path, read_text, suggestion
from roomgate.errors import BadInput
from roomgate.ids import RoomName
from roomgate.meetings.calendars.clouds import CLOUDS

POLL_S = 30.0
_LEAST_POLL_S, _MOST_POLL_S = 10.0, 60.0
_EVERY = ("kind", "name", "rooms", "address", "poll_s")
MARK = "{room}"

Reader = Callable[[Any, Path], Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of calendar has to be told, and may be."""

    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    together: tuple[tuple[str, str], ...] = ()  # one of these without the other is a mistake
    everywhere: str = ""  # the place of rooms that no table names, where the table says nothing


@dataclass(frozen=True, slots=True)
class CalendarTable:
    """One calendar, as it was told. ``settings`` are the kind's own, read and checked."""

    kind: str
    name: str
    rooms: Mapping[RoomName, str] = field(repr=False)  # a place may be a secret
    address: str | None = field(default=None, repr=False)
    poll_s: float = POLL_S
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    base: Path = Path()  # what a place names as a file is relative to it

    def place(self, room: RoomName) -> str | None:
        """The room's place in this calendar; None where it has none."""
        if (named := self.rooms.get(room)) is not None:
            return named
        return None if self.address is None else self.address.replace(MARK, room)


def _text(value: Any, base: Path) -> str:
    return read_text(value)


def _web(value: Any, base: Path) -> str:
    return address_reader("https", "http")(value) + "/"


def _proxy(value: Any, base: Path) -> str | None:
    return None if value is False else address_reader("http")(value)


def _hosts(value: Any, base: Path) -> tuple[str, ...]:
    hosts = value if isinstance(value, list | tuple) else ()
    if not hosts or not all(isinstance(one, str) and one.strip(".") and not set("/@ :") & set(one) for one in hosts):
        raise BadInput('takes a list of hosts, such as [".icloud.com"]; a dot before it stands for all below')
    return tuple(one.strip().lower() for one in hosts)


def _secure(value: Any, base: Path) -> str:
    return address_reader("https")(value)


def _switch(value: Any, base: Path) -> bool:
    if not isinstance(value, bool):
        raise BadInput("takes true or false")
    return value


def _cloud(value: Any, base: Path) -> str:
    if not isinstance(value, str) or value not in CLOUDS:
        raise BadInput(f"takes one of {', '.join(CLOUDS)}")
    return value


READERS: dict[str, Reader] = {
    "api_url": _secure,
    "ca": read_path,
    "certificate_file": read_path,
    "client_id": _text,
    "client_secret_file": read_path,
    "cloud": _cloud,
    "foreign_mailbox": _text,
    "graph_url": _secure,
    "hosts": _hosts,
    "key_file": read_path,
    "login_url": _secure,
    "password_file": read_path,
    "path": read_path,
    "proxy": _proxy,
    "tenant": _text,
    "token_url": _secure,
    "url": _web,
    "user": _text,
    "write": _switch,
}

KINDS: dict[str, Kind] = {
    "folder": Kind(needs=("path",), everywhere=MARK),
    "caldav": Kind(needs=("url", "user", "password_file"), takes=("hosts", "ca", "proxy")),
    "google": Kind(needs=("key_file",), takes=("write", "api_url", "token_url", "ca", "proxy")),
    "microsoft": Kind(
        needs=("tenant", "client_id"),
        takes=(
            "certificate_file",
            "client_secret_file",
            "cloud",
            "login_url",
            "graph_url",
            "foreign_mailbox",
            "write",
            "ca",
            "proxy",
        ),
        together=(("login_url", "graph_url"),),
    ),
    "ics": Kind(takes=("user", "password_file", "ca", "proxy"), together=(("user", "password_file"),)),
}


def parse_calendars(value: Any, base: Path) -> tuple[CalendarTable, ...]:
    """All tables. Raises BadInput with every complaint, one a line."""
    if not isinstance(value, list | tuple):
        raise BadInput("takes [[calendars]] tables, in the file")
    tables: list[CalendarTable] = []
    complaints: list[str] = []
    for number, told in enumerate(value, 1):
        found: list[str] = []
        table = _table(told, base, number, found)
        name = told.get("name") if isinstance(told, Mapping) else None
        where = f"table {number}" + (f" ({name[:64]!r})" if isinstance(name, str) else "")
        complaints += [f"{where}: {complaint}" for complaint in found]
        if table is not None:
            if any(table.name == other.name for other in tables):
                complaints.append(f"{where}: another calendar has this name")
            tables.append(table)
    if complaints:
        raise BadInput("\ncalendars: ".join(complaints))
    return tuple(tables)


def room_complaint(tables: Sequence[CalendarTable], folder: bool) -> str:
    """What is wrong with the rooms of all together: each is to be in one calendar. Empty where nothing is."""
    seen: dict[RoomName, str] = {}
    for table in tables:
        for room in table.rooms:
            if room in seen:
                return f"calendars: {room} is in two of them, {seen[room]} and {table.name}"
            seen[room] = table.name
    rest = [f"calendars ({table.name})" for table in tables if table.address is not None]
    rest += ["calendar"] if folder else []
    return f"{' and '.join(rest)}: each takes all rooms that are named nowhere; only one can" if len(rest) > 1 else ""


def _table(told: Any, base: Path, number: int, complaints: list[str]) -> CalendarTable | None:
    """One table; None where ``complaints`` got any."""
    if not isinstance(told, Mapping):
        complaints.append("takes a table")
        return None
    kind = KINDS.get(told["kind"]) if isinstance(told.get("kind"), str) else None
    if kind is None:
        named = told.get("kind", "")
        complaints.append("kind: is missing" if named == "" else f"kind: no such kind{suggestion(named, KINDS)}")
        return None
    known = (*_EVERY, *kind.needs, *kind.takes)
    complaints += [f"{key}: no such key{suggestion(key, known)}" for key in told if key not in known]
    complaints += [f"{key}: is missing" for key in kind.needs if key not in told]
    complaints += [
        f"{one}, {other}: one needs the other" for one, other in kind.together if (one in told) != (other in told)
    ]
    settings: dict[str, Any] = {}
    for key in (*kind.needs, *kind.takes):
        if key in told:
            try:
                settings[key] = READERS[key](told[key], base)
            except BadInput as bad:
                complaints.append(f"{key}: {bad}")
    rooms = _rooms(told.get("rooms", {}), complaints)
    address = _pattern(told.get("address"), complaints)
    if not rooms and "address" not in told:
        address = kind.everywhere or None
        if address is None:
            complaints.append("rooms, address: one of them has to say which rooms are in this calendar")
    poll_s = _poll(told.get("poll_s", POLL_S), complaints)
    name = told.get("name", f"{told['kind']} {number}")
    if not isinstance(name, str) or not name.strip():
        complaints.append("name: takes a text")
    if complaints:
        return None
    return CalendarTable(str(told["kind"]), str(name).strip(), rooms, address, poll_s, settings, base)


def _rooms(value: Any, complaints: list[str]) -> dict[RoomName, str]:
    if not isinstance(value, Mapping) or not all(isinstance(place, str) and place.strip() for place in value.values()):
        complaints.append('rooms: takes a table of rooms and their places, such as { oslo = "Oslo" }')
        return {}
    return {RoomName(str(room)): place.strip() for room, place in value.items()}


def _pattern(value: Any, complaints: list[str]) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or MARK not in value:
        complaints.append(f"address: takes a text with {MARK} in it, such as {MARK}@rooms.example.com")
        return None
    return value.strip()


def _poll(value: Any, complaints: list[str]) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not _LEAST_POLL_S <= value <= _MOST_POLL_S:
        complaints.append(f"poll_s: takes seconds from {_LEAST_POLL_S:g} to {_MOST_POLL_S:g}")
        return POLL_S
    return float(value)
