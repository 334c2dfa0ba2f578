"""Pure: many rooms from a spreadsheet, and the lines of the site's file that they become.

The columns are name and host, and where wanted port, daily, privileged (names of accounts), daily_password,
privileged_password, pin, and shown: what a scan saw, which is compared and never trusted by itself. Every
complaint is found, each with its line; none repeats a cell, since any of them may be a password in a wrong place.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from roomgate.connector.devices import DeviceEntry, parse_pin, parse_room
from roomgate.errors import BadInput
from roomgate.redact import Secret

MOST_ROOMS = 4096
MOST_COMPLAINTS = 100
COLUMNS = ("name", "host", "port", "daily", "privileged", "daily_password", "privileged_password", "pin", "shown")
_UNKNOWN_PIN = "0" * 64  # stands where the certificate is yet to be seen


class BadRooms(BadInput):
    """The sheet cannot be used; the message holds every complaint, one a line."""

    code = "devices.bad"
    hint = "Nothing was changed. Correct the lines that the message names."

    def __init__(self, complaints: list[str], *, hint: str | None = None) -> None:
        more = len(complaints) - MOST_COMPLAINTS
        told = complaints[:MOST_COMPLAINTS] + ([f"… and {more} more."] if more > 0 else [])
        super().__init__("\n".join(told), hint=hint)


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """One room of the sheet. Without a pin its entry has a stand-in, which `identified` replaces."""

    line: int
    entry: DeviceEntry
    pin: str | None
    shown: str | None
    passwords: Mapping[str, Secret[str]] = field(default_factory=dict)  # by account


def read_rooms(text: str, present: Iterable[DeviceEntry] = ()) -> tuple[Wanted, ...]:
    """All rooms of the sheet; raises BadRooms, also for rooms and devices that the site has already."""
    text = text.lstrip("\ufeff")
    first = text.split("\n", 1)[0]
    part = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=part, strict=True))
    except csv.Error as bad:
        raise BadRooms([f"It is no CSV: {bad}."]) from bad
    heads = _heads(rows[0] if rows else [])
    if len(rows) > MOST_ROOMS + 1:
        raise BadRooms([f"More than {MOST_ROOMS} rooms at once."])
    complaints: list[str] = []
    names = {str(entry.name): "the site has a room of this name" for entry in present}
    places = {(entry.host.lower(), entry.port): f"this is the device of {entry.name}" for entry in present}
    wanted: list[Wanted] = []
    for number, cells in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        found: list[str] = []
        one = _wanted(number, heads, cells, found)
        if one is not None:
            place = (one.entry.host.lower(), one.entry.port)
            found.extend(said for said in (names.get(one.entry.name), places.get(place)) if said)
            names[one.entry.name] = f"line {number} has this name"
            places[place] = f"line {number} is this device"
            wanted.append(one)
        complaints.extend(f"Line {number}: {complaint}." for complaint in found)
    if complaints:
        raise BadRooms(complaints)
    if not wanted:
        raise BadRooms(["There is no room in it."])
    return tuple(wanted)


def _heads(cells: list[str]) -> list[str]:
    heads = [cell.strip().casefold().replace(" ", "_") for cell in cells]
    complaints = [f"Line 1: there must be a column {name}." for name in ("name", "host") if name not in heads]
    complaints.extend(f"Line 1: there are two columns {name}." for name in COLUMNS if heads.count(name) > 1)
    known = ", ".join(COLUMNS)
    complaints.extend(  # not repeated: where the first line is missing, it is somebody's password
        f"Line 1: column {at} has no name that is known; known are {known}."
        for at, head in enumerate(heads, 1)
        if head not in COLUMNS
    )
    if complaints:
        raise BadRooms(complaints)
    return heads


def _wanted(number: int, heads: list[str], cells: list[str], found: list[str]) -> Wanted | None:
    if len(cells) > len(heads):
        found.append(f"it has {len(cells)} columns, and the first line {len(heads)}")
        return None
    row = dict(zip(heads, cells, strict=False))
    plain = {name: row.get(name, "").strip() for name in COLUMNS if not name.endswith("_password")}
    accounts = {name: plain[name] for name in ("daily", "privileged") if plain[name]}
    room: dict[str, Any] = {"name": plain["name"], "host": plain["host"], "accounts": accounts}
    if plain["port"]:
        room["port"] = int(plain["port"]) if plain["port"].isascii() and plain["port"].isdigit() else None
    entry = parse_room(room | {"pin": plain["pin"] or _UNKNOWN_PIN}, Path(), found)
    shown = None
    try:
        shown = parse_pin(plain["shown"]) if plain["shown"] else None
    except BadInput as bad:
        found.append(f"shown, {bad.message}")
    if entry is None:
        return None
    given = {entry.daily: row.get("daily_password", ""), entry.privileged: row.get("privileged_password", "")}
    passwords = {account: Secret(password) for account, password in given.items() if password}
    return Wanted(number, entry, entry.pin if plain["pin"] else None, shown, passwords)


def identified(entry: DeviceEntry, pin: str) -> DeviceEntry:
    """The same room, known by this certificate."""
    return DeviceEntry(entry.name, entry.host, entry.port, pin, None, entry.daily, entry.privileged)


def render_rooms(entries: Iterable[DeviceEntry]) -> str:
    """Their lines of the site's file; a text of JSON is one of TOML, too."""

    def quoted(text: str) -> str:
        return json.dumps(text, ensure_ascii=False)

    return "".join(
        f"\n[[room]]\nname = {quoted(entry.name)}\nhost = {quoted(entry.host)}\nport = {entry.port}\n"
        f"pin = {quoted(entry.pin or '')}\n[room.accounts]\n"
        f"daily = {quoted(entry.daily)}\nprivileged = {quoted(entry.privileged)}\n"
        for entry in entries
    )
