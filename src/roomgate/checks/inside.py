"""The device behind the connector, as its owner reaches it: its own lists, read over the xAPI and told plainly.

The password goes to the device that the target file names by its certificate, and to nobody else. A list that the
device would not give is a fault, never an empty list. Of several of its answers only some names of members are
established, so each row takes what it finds; what it does not find is empty, and empty means *not known*.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit

from roomgate.checks.kit import Kit
from roomgate.checks.snapshot import Fact, Snapshot
from roomgate.checks.target import Target
from roomgate.errors import RoomgateError
from roomgate.xapi.errors import NothingThere, XapiError

SESSIONS, USERS, MACROS, PANELS = "sessions", "users", "macros", "panels"
SLOTS, CALLS, HISTORY = "feedback", "calls", "history"
VALUE = "value"  # of one path
ROWS_MOST = 500
LONGEST = 300
CALL_S = 15.0
Row = dict[str, Any]


class NoDevice(RoomgateError):
    """The target file does not say how the device is reached, or by what it is known."""

    code = "check.no-device"
    hint = "Fill in [device]: url, user, password_file, and certificate_sha256 (or ca)."


class Room(Protocol):
    """The device's own interface, as far as a look reads it. `roomgate.xapi.Client` is one."""

    async def get(self, path: str, /) -> Any: ...

    async def command(self, name: str, /, *, arguments: Mapping[str, object] | None = None) -> Any: ...


Reach = Callable[[Kit], AbstractAsyncContextManager[Room]]


def lacks_device(target: Target) -> str:
    """What the file lacks for this, or nothing."""
    device = target.device
    if not device.url:
        return "the target file has no [device] url."
    if not device.user or not device.password:
        return "the target file has no user and password for the device ([device] user, password_file)."
    if not device.certificate_sha256 and not device.ca:
        return (
            "the target file does not say by what certificate the device is known ([device] certificate_sha256 or ca)."
        )
    return ""


@asynccontextmanager
async def reach_device(kit: Kit) -> AsyncIterator[Room]:
    """Signed in at the device for as long as the block lasts. Raises NoDevice, NotPermitted, XapiError.

    A certificate that is not the pinned one ends it before the password is sent (CertificateChanged).
    """
    if lacks := lacks_device(kit.target):
        raise NoDevice(lacks)
    from roomgate import xapi

    device = kit.target.device
    parts = urlsplit(device.url)
    host = parts.hostname or ""
    found = kit.addresses.get(host)
    trust: dict[str, Any] = {"pin": device.certificate_sha256} if device.certificate_sha256 else {}
    if not trust:
        trust = {"ca": str(kit.target.base / device.ca)}
    else:
        host = found  # the pin alone says who it is, so where the name led when the run began is where to go
    place = f"[{host}]" if ":" in host else host
    url = f"wss://{place}:{parts.port or 443}/ws"
    async with xapi.connect(url, user=device.user, password=device.password, timeout_s=CALL_S, **trust) as client:
        yield client


async def read_lists(kit: Kit, room: Room, label: str, names: Sequence[str]) -> None:
    """Read these lists of the device, a Fact each: its name, and rows or a fault. Raises no error of the device's."""
    for name in names:
        await kit.pace.turn()
        try:
            rows: Any = _read(name, await _ask(room, name))
            fault = ""
        except NothingThere:
            rows, fault = [], ""
        except XapiError as refused:
            rows, fault = None, f"{refused.code}: {refused}"[:LONGEST]
        if name in (SESSIONS, USERS) and rows == []:
            rows, fault = None, "the device lists none, though the checker itself is signed in"
        kit.recorder.fact(label, name, rows, fault=fault)


async def read_value(kit: Kit, room: Room, label: str, path: str) -> Fact:
    """One value of the device, as a Fact whose subject is the path."""
    await kit.pace.turn()
    try:
        value = await room.get(path)
    except XapiError as refused:
        return kit.recorder.fact(label, VALUE, subject=path, fault=f"{refused.code}: {refused}"[:LONGEST])
    plain = value if isinstance(value, str | int | float | bool | None) else str(value)[:LONGEST]
    return kit.recorder.fact(
        label, VALUE, plain, subject=path, fault="" if value is not None else "the device has none"
    )


def rows_of(snapshot: Snapshot, label: str, name: str) -> list[Row] | None:
    """The last list of this name and label that a look recorded; None where it is not known."""
    found = [one for one in snapshot.of(Fact, label) if one.name == name]
    if not found or found[-1].fault or not isinstance(found[-1].value, list):
        return None
    return [one for one in found[-1].value if isinstance(one, dict)]


def value_of(snapshot: Snapshot, label: str, path: str) -> Any:
    """The last value of this path that a look recorded under this label; None where it is not known."""
    found = [one for one in snapshot.of(Fact, label, path) if one.name == VALUE and not one.fault]
    return found[-1].value if found else None


def numbers_of(snapshot: Snapshot, label: str, name: str) -> tuple[int, ...]:
    """The steps that show this list, for a Point."""
    return tuple(snapshot.number(one) for one in snapshot.of(Fact, label) if one.name == name)


# ---- the device's answers --------------------------------------------------------------------------

_COMMANDS: dict[str, tuple[str, dict[str, object]]] = {
    SESSIONS: ("Security.Session.List", {}),
    USERS: ("UserManagement.User.List", {}),
    MACROS: ("Macros.Macro.Get", {}),
    PANELS: ("UserInterface.Extensions.List", {}),
    HISTORY: ("CallHistory.Get", {"DetailLevel": "Full", "Limit": 50}),
}
_PATHS = {SLOTS: "Status/HttpFeedback", CALLS: "Status/Call"}


async def _ask(room: Room, name: str) -> Any:
    if name in _PATHS:
        return await room.get(_PATHS[name])
    command, arguments = _COMMANDS[name]
    return await room.command(command, arguments=arguments)


def _read(name: str, answer: Any) -> list[Row]:
    match name:
        case "sessions":
            return [
                {
                    "id": _text(row, "Id"), "user": _text(row, "Username", "UserName", "User"),
                    "kind": _text(row, "Type"), "from": _text(row, "Origin", "Host", "Ip"),
                    "since": _text(row, "Created", "CreationTime"),
                }
                for row in _members(answer, "Session")
            ]  # fmt: skip
        case "users":
            return [
                {
                    "name": _text(row, "Username"), "roles": _roles(row), "active": _text(row, "Active"),
                    "last": _text(row, "LastLogin"),
                }
                for row in _members(answer, "User")
            ]  # fmt: skip
        case "macros":
            return [{"name": _text(row, "Name"), "active": _text(row, "Active")} for row in _members(answer, "Macro")]
        case "panels":
            inner = answer.get("Extensions") if isinstance(answer, dict) else None
            return [
                {"name": _text(row, "PanelId", "Id"), "title": _text(row, "Name")} for row in _members(inner, "Panel")
            ]
        case "feedback":
            return [{"name": _bare(_text(row, "URL")), "slot": _text(row, "id")} for row in _listed(answer)]
        case "calls":
            return [_call(row, _text(row, "id")) for row in _listed(answer)]
        case "history":
            return [
                _call(row, _text(row, "CallHistoryId")) | {"when": _text(row, "StartTimeUTC", "StartTime")}
                for row in _members(answer, "Entry")
            ]
    raise ValueError(f"the device has no list {name}")


def _call(row: Row, id: str) -> Row:
    return {
        "id": id, "number": _text(row, "RemoteNumber", "CallbackNumber"), "direction": _text(row, "Direction"),
        "cause": _text(row, "DisconnectCause"),
    }  # fmt: skip


def _members(answer: Any, name: str) -> list[Row]:
    return _listed(answer.get(name) if isinstance(answer, dict) else None)


def _listed(value: Any) -> list[Row]:
    """A device says a list of one as that one alone, on some interfaces."""
    several = value if isinstance(value, list) else [value]
    return [one for one in several if isinstance(one, dict)][:ROWS_MOST]


def _text(row: Row, *names: str) -> str:
    found = next((row[name] for name in names if isinstance(row.get(name), str | int)), "")
    return str(found)[:LONGEST]


def _roles(row: Row) -> list[str]:
    roles = row.get("Roles")
    found = [one.get("Role") for one in _listed(roles)] or (roles if isinstance(roles, list) else [roles])
    return [str(one)[:LONGEST] for one in found if one]


def _bare(url: str) -> str:
    """Without a password or a query, which may hold secrets."""
    scheme, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}".partition("?")[0]
