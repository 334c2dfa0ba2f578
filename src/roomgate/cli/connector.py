"""Running the connector, and the local operator's verbs. Nothing here goes over the network but the enrolment."""

import asyncio
import json as form
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cyclopts import App

from roomgate.cli import settings
from roomgate.cli.exits import DONE, NO, SaysNo
from roomgate.cli.files import read_secret, read_text
from roomgate.cli.output import Json, say, show_facts, show_json, show_table, tell, tell_rows
from roomgate.cli.running import run_program
from roomgate.errors import BadInput, Conflict, NotFound, Unreachable
from roomgate.redact import Secret

if TYPE_CHECKING:
    from roomgate.connector.app import Connector
    from roomgate.connector.config import ConnectorConfig

app = App(name="connector", help="Run the connector: inside a site, dials out, has the last word.")
vault = App(name="vault", help="The devices' passwords. They never leave this machine.")
policy = App(name="policy", help="The site's own policy.")
backups = App(name="backups", help="The backups of rooms that this site keeps.")
app.command(vault)
app.command(backups)
app.command(policy)
app.command("roomgate.cli.connector_devices:app", name="devices", help="Many rooms at once, and looking for them.")
app.command("roomgate.cli.connector_calendars:app", name="calendars", help="The site's calendars.")


def read_config(file: Path | None) -> "ConnectorConfig":
    from roomgate.connector.config import parse_config

    return parse_config(settings.load(file, "connector"), file.parent if file else Path())


@app.command
def enrol(
    *,
    config: Path | None = None,
    fingerprint: str,
    code_file: Path | None = None,
    name: str = "connector",
    json: Json = False,
) -> None:
    """Enrol with a hub: pins the hub's key, makes this connector's own, and prints its fingerprint.

    Example: ``roomgate connector enrol --config connector.toml --fingerprint 9f3a-…`` (asks for the code)

    Parameters
    ----------
    config
        the connector's TOML file; its keys may also come as ROOMGATE_CONNECTOR_…
    fingerprint
        the hub's, as its administrator told you; compare it, do not copy it from the hub's page
    code_file
        a file with the one-time code; without it you are asked
    name
        how the hub's pages call this connector
    """
    from roomgate.connector.enrol import enrol as run
    from roomgate.connector.vault import Vault
    from roomgate.folder import alone_in
    from roomgate.ledger.checkpoint import VerifierKey

    made = read_config(config)
    if made.hub is None:
        raise BadInput("hub: is missing in the connector's configuration.")
    code = read_secret(code_file, "One-time code: ", "--code-file").reveal()
    ca = read_text(made.hub_ca).encode() if made.hub_ca else None
    with alone_in(made.data):
        identity = asyncio.run(run(made.hub, code, fingerprint, name, made.identity, ca_pem=ca, proxy=made.proxy))
        try:
            Vault.init(made.data)
        except Conflict:
            pass  # a vault from before: enrolling anew does not touch the passwords
    vkey = str(VerifierKey.of(identity.origin, identity.key))
    if json:
        show_json({"connector": identity.connector, "fingerprint": identity.fingerprint, "vkey": vkey})
        return
    say(f"Enrolled as {identity.connector}. Its key is {identity.fingerprint}")
    print("The hub's administrator now compares that and confirms it; until then the hub refuses this connector.")
    print("Meanwhile give it the devices' passwords: `roomgate connector vault put ROOM ACCOUNT`.")


@app.command
def serve(*, config: Path | None = None, json: Json = False) -> None:
    """Run until stopped. It dials out; it listens on no network.

    Example: ``roomgate connector serve --config connector.toml``

    Parameters
    ----------
    config
        the connector's TOML file; its keys may also come as ROOMGATE_CONNECTOR_…
    """
    from roomgate import log
    from roomgate.connector.app import serve as run
    from roomgate.descriptors import ensure_most

    log.setup()
    ensure_most()
    made = read_config(config)

    def ready(connector: "Connector") -> None:
        if json:
            show_json({"connector": str(made.data), "pid": os.getpid()})
        else:
            print("The connector runs. `roomgate connector status` tells how it is.", flush=True)

    run_program(run, made, ready)


def _local(config: Path | None, **wish: Any) -> dict[str, Any]:
    """One wish of the local operator's to the running connector. Raises Unreachable where none runs, and its no."""
    from roomgate.connector.local import ask_local

    answer = asyncio.run(ask_local(read_config(config).socket, wish))
    if answer.pop("ok", False):
        return answer
    code, words, hint = (str(answer.get(name) or "") for name in ("code", "error", "hint"))
    match code:
        case BadInput.code:
            raise BadInput(words, hint=hint or None)
        case NotFound.code:
            raise NotFound(words, hint=hint or None)
        case _:
            raise SaysNo(code, words, hint)


@app.command
def status(*, config: Path | None = None, json: Json = False) -> None:
    """How the running connector and its rooms are.

    Example: ``roomgate connector status --config connector.toml``
    """
    answer = _local(config, do="status")
    if json:
        show_json(answer)
        return
    rooms = answer.pop("rooms", [])
    ledger, policy = answer.pop("ledger"), answer.pop("policy")
    show_facts(
        answer
        | {"policy": f"{policy['name']} ({policy['digest'][:12]})"}
        | {"ledger": f"{ledger['entries']} entries, {ledger['at_hub']} of them at the hub"}
    )
    print()
    columns = ["name", "state", "words", "from_outside"]
    show_table(rooms, columns, empty="No rooms in the site's devices file.")
    for room in rooms:
        bookings = room.get("bookings", {})
        if bookings.get("state") not in (None, "ok", "untried"):
            print(f"\nBookings of {room['name']} ({bookings['state']}): {bookings['words']}")


@app.command
def sessions(*, config: Path | None = None, json: Json = False) -> None:
    """Which rooms are in use from outside, and what lasts of what was begun there.

    Example: ``roomgate connector sessions --config connector.toml``
    """
    answer = _local(config, do="sessions")
    if json:
        show_json(answer)
        return
    say("In use from outside: " + (", ".join(answer["rooms"]) or "no room") + ".")
    show_table(answer["effects"], ["room", "who", "what"], empty="Nothing lasts of what was begun from outside.")


@app.command
def cut_all(*, config: Path | None = None, reason: str = "the site's operator", json: Json = False) -> None:
    """End every session from outside, in every room, and hang up what they started. Needs no hub.

    Example: ``roomgate connector cut-all --config connector.toml --reason "board meeting"``

    Parameters
    ----------
    reason
        why; it is kept in both ledgers, and whoever is cut reads it
    """
    answer = _local(config, do="cut-all", reason=reason)
    if json:
        show_json(answer)
    else:
        undone = answer["undone"]
        say(f"All is cut. Undone: {', '.join(map(str, undone)) if undone else 'nothing was going on'}.")


@app.command
def leave(*, config: Path | None = None, accounts: bool = False, json: Json = False) -> int:
    """Take everything that this connector put there off the site's devices, before you uninstall it. Needs no hub.

    Stop the connector first. The exit code is 1 if something is still there; it is said what, and where.

    Example: ``roomgate connector leave --config connector.toml --accounts``

    Parameters
    ----------
    accounts
        delete its two accounts on each device as well
    """
    from dataclasses import asdict

    from roomgate.clock import SystemClock
    from roomgate.connector.leaving import leave as take_leave

    rooms = asyncio.run(take_leave(read_config(config), accounts=accounts, clock=SystemClock(), progress=_aside))
    if json:
        show_json({"rooms": [asdict(room) for room in rooms]})
    else:
        columns = ["room", "removed", "remains"]
        show_table([asdict(room) for room in rooms], columns, empty="No rooms in the site's devices file.")
        if all(room.clean for room in rooms):
            say("Nothing of this connector is left on the devices. Now remove it at the hub, and its data folder here.")
    return DONE if all(room.clean for room in rooms) else NO


def _aside(room: str) -> None:
    print(f"  {room}: looked after", file=sys.stderr)


@app.command
def hang_up(room: str, /, *, config: Path | None = None, json: Json = False) -> None:
    """Hang up in a room. Needs no hub.

    Example: ``roomgate connector hang-up oslo --config connector.toml``
    """
    answer = _local(config, do="hang-up", room=room)
    if json:
        show_json(answer)
    else:
        say(f"{room}: {len(answer['ended'])} ended." if answer["ended"] else f"{room} is in no call.")


@app.command
def confirm(room: str, /, *, config: Path | None = None, json: Json = False) -> None:
    """Trust a quarantined room again, after its new password is in the vault.

    Example: ``roomgate connector confirm oslo --config connector.toml``
    """
    answer = _local(config, do="confirm", room=room)
    if json:
        show_json(answer)
    elif answer["confirmed"]:
        say(f"{room} is trusted again.")
    else:
        say(f"{room} was in no quarantine.")


@vault.command
def put(
    room: str, account: str, /, *, config: Path | None = None, password_file: Path | None = None, json: Json = False
) -> None:
    """Keep the password of one account of one room's device, encrypted.

    Example: ``roomgate connector vault put oslo roomgate-daily --config connector.toml`` (asks for it)

    Parameters
    ----------
    password_file
        a file with the password; without it you are asked
    """
    password = read_secret(password_file, f"Password of {account}: ", "--password-file")
    version = keep_password(config, room, account, password)
    tell(
        {"room": room, "account": account, "version": version},
        f"{room}, {account}: kept (version {version}).",
        json=json,
    )


def keep_password(config: Path | None, room: str, account: str, password: Secret[str], *, new: bool = False) -> int:
    """By way of the running connector, which writes it into its ledger; else straight into the vault.

    The connector takes one for a room that it does not know only where that is ``new``.
    """
    from roomgate.connector.vault import Vault

    try:
        wish = {"room": room, "account": account, "password": password.reveal()} | ({"new": True} if new else {})
        answer = _local(config, do="vault-put", **wish)
        return int(answer["version"])
    except Unreachable:
        return Vault.open(read_config(config).data).put(room, account, password)


@vault.command
def load(file: Path, /, *, config: Path | None = None, json: Json = False) -> None:
    """Keep many passwords: a line each with room, account and password, in a file that you then delete.

    Example: ``roomgate connector vault load passwords.txt --config connector.toml``
    """
    lines = parse_passwords(read_text(file))
    for room, account, password in lines:
        keep_password(config, room, account, password)
    tell({"kept": len(lines)}, f"{len(lines)} passwords are kept. Now delete {file}.", json=json)


def parse_passwords(text: str) -> list[tuple[str, str, Secret[str]]]:
    """``room account password`` a line; raises BadInput, which repeats none of it."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split(maxsplit=2)
        if len(words) == 3:
            found.append((words[0], words[1], Secret(words[2].rstrip())))
        elif words:
            raise BadInput(f"Line {number}: three words are expected: room, account, password.")
    return found


@vault.command
def remove(room: str, account: str | None = None, /, *, config: Path | None = None, json: Json = False) -> None:
    """Forget the password of one account of a room's device, or all of a room's.

    Example: ``roomgate connector vault remove oslo --config connector.toml``
    """
    forget_password(config, room, account)
    tell(
        {"removed": room, "account": account},
        f"{room}: {account or 'every account'} is forgotten here. Change the password at the device too.",
        json=json,
    )


def forget_password(config: Path | None, room: str, account: str | None) -> None:
    """By way of the running connector, or straight from the vault."""
    from roomgate.connector.vault import Vault

    try:
        _local(config, do="vault-remove", room=room, account=account)
    except Unreachable:
        Vault.open(read_config(config).data).remove(room, account)


@vault.command(name="list")
def list_(*, config: Path | None = None, json: Json = False) -> None:
    """Which accounts the vault has passwords for. It shows none.

    Example: ``roomgate connector vault list --config connector.toml``
    """
    from roomgate.connector.vault import Vault

    rooms = Vault.open(read_config(config).data).rooms()
    if json:
        show_json(rooms)
    else:
        held = sorted((room, account, version) for room, all_ in rooms.items() for account, version in all_.items())
        rows = [{"room": room, "account": account, "version": version} for room, account, version in held]
        show_table(rows, ["room", "account", "version"], empty="Empty. `roomgate connector vault put ROOM ACCOUNT`.")


@backups.command(name="list")
def list_backups(room: str, /, *, config: Path | None = None, json: Json = False) -> None:
    """The backups of a room, also of one that the site has no more. Needs no hub.

    Example: ``roomgate connector backups list oslo --config connector.toml``
    """
    rows = _local(config, do="backups", room=room)["backups"]
    columns = ["id", "made", "name", "settings", "panels", "macros", "size", "damaged"]
    tell_rows(rows, columns, empty="No backup of this room is kept here.", json=json)


@backups.command
def export(room: str, id: str, /, *, config: Path | None = None, json: Json = False) -> None:
    """Print all that is in a backup, in the clear, as JSON. Keep the output as you would keep the device's password.

    Example: ``roomgate connector backups export oslo backup_… --config connector.toml``

    Parameters
    ----------
    id
        a backup's, as `roomgate connector backups list` shows it
    """
    found = _local(config, do="backup-export", room=room, id=id)["backup"]
    if json:
        show_json(found)
    else:
        print(form.dumps(found, ensure_ascii=False, indent=2), flush=True)


@policy.command
def check(file: Path | None = None, /, *, json: Json = False) -> int:
    """Read a site's policy.toml and say every complaint; without a file, the shipped policy.

    Example: ``roomgate connector policy check policy.toml``
    """
    from roomgate.connector.site_policy import BadPolicy, SitePolicy

    if file is not None:
        read_text(file)  # a file that is not there is no bad policy
    try:
        found = SitePolicy.load(file)
    except BadPolicy as bad:
        if json:
            show_json({"ok": False, "complaints": bad.message})
        else:
            print(f"{file}: {bad.message}", file=sys.stderr)
        return NO
    if json:
        told = {"ok": True, "name": found.rules.name, "digest": found.digest, "open": list(found.rules.open)}
        show_json(told | {"dangerous": list(found.dangerous)})
        return DONE
    opened = ", ".join(found.rules.open) or "nothing"
    say(f"“{found.rules.name}” holds ({found.digest[:12]}). Opened of the never-list: {opened}.")
    for entry, why in found.dangerous.items():
        say(f"DANGEROUS: {entry}. {why}")
    return DONE
