"""Many rooms at once, at the site: from a spreadsheet into devices.toml and vault, and looking for devices."""

import asyncio
import csv
import io
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import App

from roomgate.cli.connector import forget_password, keep_password, parse_passwords, read_config
from roomgate.cli.files import read_text
from roomgate.cli.output import Json, say, show_json, show_table
from roomgate.redact import Secret

if TYPE_CHECKING:
    from roomgate.connector.rooms_sheet import Wanted

app = App(name="devices", help="Many rooms at once, and looking for them.")

DAILY, PRIVILEGED = "ROOMGATE_DAILY_PASSWORD", "ROOMGATE_PRIVILEGED_PASSWORD"
SCANNED = ("name", "host", "port", "shown")


@app.command
def add(
    *,
    file: Path,
    passwords: Path | None = None,
    trust_first_use: bool = False,
    dry_run: bool = False,
    config: Path | None = None,
    json: Json = False,
) -> None:
    """Add the rooms of a CSV file to the site's devices file and their passwords to the vault: all, or none.

    Columns: name, host; if wanted port, daily, privileged (accounts), daily_password, privileged_password, pin.
    Each device is looked at once, without a password, and has to show the certificate of the column pin.

    Example: ``roomgate connector devices add --file rooms.csv --config connector.toml --dry-run``

    Parameters
    ----------
    file
        the rooms; delete it afterwards if it holds passwords
    passwords
        a file with lines of room, account and password, for what the CSV file does not say; where neither
        does, ROOMGATE_DAILY_PASSWORD and ROOMGATE_PRIVILEGED_PASSWORD stand for every room
    trust_first_use
        also believe a device whose certificate nobody has compared: whoever stands between now is let in for good
    dry_run
        look at everything, and change nothing
    """
    from roomgate.connector import adding, glance, rooms_sheet
    from roomgate.connector.devices import parse_devices
    from roomgate.connector.vault import Vault

    made = read_config(config)
    before = adding.read(made.devices)
    wanted = rooms_sheet.read_rooms(read_text(file), parse_devices(before, made.devices.parent))
    wanted = _with_passwords(wanted, parse_passwords(read_text(passwords)) if passwords else [])
    held = Vault.open(made.data).rooms()
    known = asyncio.run(adding.identify(wanted, glance.see_certificate, first_use=trust_first_use))
    adding.complain_of_passwords(known, held)
    if dry_run:
        adding.join(before, known, made.devices.parent)
    else:
        adding.add(
            known,
            made.devices,
            before,
            held,
            lambda room, account, password: keep_password(config, room, account, password, new=True),
            lambda room, account: forget_password(config, room, account),
        )
    rows = [
        {
            "name": one.entry.name,
            "host": one.entry.host,
            "port": one.entry.port,
            "certificate": f"sha256:{one.entry.pin}",
            "known_by": one.why,
            "passwords": sorted(one.passwords),
        }
        for one in known
    ]
    if json:
        show_json({"rooms": rows, "dry_run": dry_run})
        return
    show_table(rows, ["name", "host", "port", "certificate", "known_by", "passwords"], empty="")
    count = f"{len(rows)} {'room' if len(rows) == 1 else 'rooms'}"
    if dry_run:
        say(f"{count} would be added; nothing was changed.")
    else:
        say(f"{count} added. If {file} holds passwords, delete it now.")


def _with_passwords(wanted: Sequence["Wanted"], given: list[tuple[str, str, Secret[str]]]) -> "tuple[Wanted, ...]":
    """The sheet's own come first, then the file's, then those of the environment, which stand for every room."""
    by_place = {(room, account): password for room, account, password in given}
    everywhere = {
        daily: Secret(text) for daily, name in ((True, DAILY), (False, PRIVILEGED)) if (text := os.environ.get(name))
    }
    made = []
    for one in wanted:
        found = dict(one.passwords)
        for daily, account in ((True, one.entry.daily), (False, one.entry.privileged)):
            password = by_place.get((one.entry.name, account)) or everywhere.get(daily)
            if account not in found and password is not None:
                found[account] = password
        made.append(replace(one, passwords=found))
    return tuple(made)


@app.command
def scan(
    network: str, /, *, port: int = 443, every: bool = False, config: Path | None = None, json: Json = False
) -> None:
    """Look for room devices in a network of the site, and print them as CSV that `devices add` reads.

    Only networks that `scan_networks` of the configuration names; at most 4,096 addresses, 50 a second. It asks by
    TLS, with no password, for the first page and the xAPI socket, and follows nothing. What it sees stands in the
    column shown: compare it at each device, then move it to the column pin.

    Example: ``roomgate connector devices scan 10.0.8.0/24 --config connector.toml > rooms.csv``

    Parameters
    ----------
    port
        another one only on this machine itself, for simulated rooms
    every
        also what answers by TLS and does not look like a room device
    """
    from roomgate.connector import adding
    from roomgate.connector import scan as scanning
    from roomgate.connector.devices import parse_devices
    from roomgate.connector.glance import glance

    made = read_config(config)
    asked = scanning.allowed(network, made.scan_networks, port)
    present = {(entry.host, entry.port) for entry in parse_devices(adding.read(made.devices), made.devices.parent)}
    count = asked.num_addresses
    _aside(f"Looking at {count} {'address' if count == 1 else 'addresses'}, {scanning.A_SECOND} a second …")
    seen = asyncio.run(scanning.scan(asked, port, glance))
    rows = [
        {
            "name": "room-" + one.host.replace(".", "-").replace(":", "-"),
            "host": one.host,
            "port": one.port,
            "shown": f"sha256:{one.fingerprint}",
            "room_device": one.is_room,
            "known": (one.host, one.port) in present,
        }
        for one in seen
        if one.is_room or every
    ]
    if json:
        show_json(rows)
        return
    written = io.StringIO()
    lines = csv.DictWriter(written, SCANNED, extrasaction="ignore", lineterminator="\n")
    lines.writeheader()
    lines.writerows(row for row in rows if not row["known"])
    print(written.getvalue(), end="", flush=True)
    others, already = (
        sum(not one.is_room for one in seen),
        sum((one.host, one.port) in present for one in seen if one.is_room or every),
    )
    _aside(
        f"{len(rows)} found, {already} of them rooms of this site already; "
        f"{others} {'other answers' if others == 1 else 'others answer'} by TLS."
    )


def _aside(words: str) -> None:
    """For people, beside the CSV."""
    print(words, file=sys.stderr, flush=True)
