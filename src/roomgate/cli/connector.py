"""Running the connector, and the local operator's verbs. Nothing here goes over the network but the enrolment."""

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cyclopts import App

from roomgate.cli import settings
from roomgate.cli.exits import DONE, NO
from roomgate.cli.output import show_json, show_table
from roomgate.cli.running import run_program
from roomgate.errors import BadInput, Conflict

if TYPE_CHECKING:
    from roomgate.connector.app import Connector
    from roomgate.connector.config import ConnectorConfig

app = App(name="connector", help="Run the connector: inside a site, dials out, has the last word.")
vault = App(name="vault", help="The devices' passwords. They never leave this machine.")
policy = App(name="policy", help="The site's own policy.")
app.command(vault)
app.command(policy)


def _config(file: Path | None) -> "ConnectorConfig":
    from roomgate.connector.config import parse_config

    return parse_config(settings.load(file, "connector"), file.parent if file else Path())


@app.command
def enrol(
    *, config: Path, fingerprint: str, code_file: Path | None = None, name: str = "connector", json: bool = False
) -> None:
    """Enrol with a hub: pins the hub's key, makes this connector's own, and prints its fingerprint.

    Example: ``roomgate connector enrol --config connector.toml --fingerprint 9f3a-…`` (asks for the code)

    Parameters
    ----------
    fingerprint: the hub's, as its administrator told you; compare it, do not copy it from the hub's page
    code_file: a file with the one-time code; without it you are asked
    """
    from roomgate.connector.app import origin
    from roomgate.connector.enrol import enrol as run
    from roomgate.connector.vault import Vault
    from roomgate.folder import alone_in
    from roomgate.ledger.checkpoint import VerifierKey

    made = _config(config)
    if made.hub is None:
        raise BadInput("hub: is missing in the connector's configuration.")
    code = code_file.read_text("utf-8").strip() if code_file else _ask("One-time code: ")
    ca = made.hub_ca.read_bytes() if made.hub_ca else None
    with alone_in(made.data):
        identity = asyncio.run(run(made.hub, code, fingerprint, name, made.identity, ca_pem=ca, proxy=made.proxy))
        try:
            Vault.init(made.data)
        except Conflict:
            pass  # a vault from before: enrolling anew does not touch the passwords
    vkey = str(VerifierKey.of(origin(identity.connector), identity.key))
    if json:
        show_json({"connector": identity.connector, "fingerprint": identity.fingerprint, "vkey": vkey})
        return
    print(f"Enrolled as {identity.connector}. Its key is {identity.fingerprint}")
    print("The hub's administrator now compares that and confirms it; until then the hub refuses this connector.")


def _ask(question: str) -> str:
    import getpass

    return getpass.getpass(question).strip()


@app.command
def serve(*, config: Path, json: bool = False) -> None:
    """Run until stopped. It dials out; it listens on no network.

    Example: ``roomgate connector serve --config connector.toml``
    """
    from roomgate import log
    from roomgate.connector.app import serve as run
    from roomgate.descriptors import ensure_most

    log.setup()
    ensure_most()
    made = _config(config)

    def ready(connector: "Connector") -> None:
        if json:
            show_json({"connector": str(made.data), "pid": os.getpid()})
        else:
            print("The connector runs. `roomgate connector status` tells how it is.", flush=True)

    run_program(run(made, ready))


def _local(config: Path, **wish: Any) -> dict[str, Any]:
    from roomgate.connector.local import ask_local

    return asyncio.run(ask_local(_config(config).socket, wish))


@app.command
def status(*, config: Path, json: bool = False) -> None:
    """How the running connector and its rooms are."""
    answer = _local(config, do="status")
    if json:
        show_json(answer)
    else:
        rooms = answer.pop("rooms", [])
        show_table([{"what": k, "is": v} for k, v in answer.items()], ["what", "is"], empty="")
        show_table(rooms, ["name", "state", "words"], empty="No rooms in the site's devices file.")


@app.command
def sessions(*, config: Path, json: bool = False) -> None:
    """Who is in which room from outside, as the connector sees it."""
    show_json(_local(config, do="sessions"))


@app.command
def cut_all(*, config: Path, reason: str = "the site's operator", json: bool = False) -> int:
    """End every session from outside, in every room, and hang up what they started. Needs no hub."""
    answer = _local(config, do="cut-all", reason=reason)
    show_json(answer)
    return DONE


@app.command
def hang_up(room: str, *, config: Path) -> None:
    """Hang up in a room."""
    show_json(_local(config, do="hang-up", room=room))


@app.command
def confirm(room: str, *, config: Path) -> None:
    """Trust a quarantined room again, after its new password is in the vault."""
    show_json(_local(config, do="confirm", room=room))


@vault.command(name="put")
def put(room: str, account: str, *, config: Path, password_file: Path | None = None) -> None:
    """Keep the password of one account of one room's device, encrypted."""
    from roomgate.connector.vault import Vault
    from roomgate.redact import Secret

    password = password_file.read_text("utf-8").strip() if password_file else _ask(f"Password of {account}: ")
    version = Vault.open(_config(config).data).put(room, account, Secret(password))
    print(f"{room}, {account}: kept (version {version}).")


@vault.command(name="load")
def load(file: Path, *, config: Path) -> None:
    """Keep many passwords: a line each with room, account and password, in a file that you then delete."""
    from roomgate.connector.vault import Vault
    from roomgate.redact import Secret

    kept = Vault.open(_config(config).data)
    lines = [line.split(maxsplit=2) for line in file.read_text("utf-8").splitlines() if line.strip()]
    if bad := [n for n, words in enumerate(lines, 1) if len(words) != 3]:
        raise BadInput(f"Line {bad[0]}: three words are expected: room, account, password.")
    for room, account, password in lines:
        kept.put(room, account, Secret(password))
    print(f"{len(lines)} passwords are kept.")


@vault.command(name="list")
def list_(*, config: Path, json: bool = False) -> None:
    """Which accounts the vault has passwords for. It shows none."""
    from roomgate.connector.vault import Vault

    rooms = Vault.open(_config(config).data).rooms()
    if json:
        show_json(rooms)
    else:
        rows = [{"room": r, "account": a, "version": v} for r, accounts in rooms.items() for a, v in accounts.items()]
        show_table(rows, ["room", "account", "version"], empty="Empty. `roomgate connector vault put ROOM ACCOUNT`.")


@policy.command(name="check")
def check(file: Path | None = None) -> int:
    """Read a site's policy.toml and say every complaint; without a file, the shipped policy."""
    from roomgate.connector.site_policy import BadPolicy, SitePolicy

    try:
        found = SitePolicy.load(file)
    except BadPolicy as bad:
        print(f"{file}: {bad.message}", file=sys.stderr)
        return NO
    opened = ", ".join(found.rules.open) or "nothing"
    print(f"“{found.rules.name}” holds ({found.digest[:12]}). Opened of the never-list: {opened}.")
    return DONE
