"""Running the hub."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cyclopts import App

from roomgate.cli import settings
from roomgate.cli.files import read_secret
from roomgate.cli.output import Json, say, show_json, tell
from roomgate.cli.running import run_program
from roomgate.errors import BadInput

if TYPE_CHECKING:
    from roomgate.hub.config import HubConfig

app = App(name="hub", help="Run the hub: what people reach.")
TOKEN_MINUTES = 12 * 60


def _config(file: Path | None) -> "HubConfig":
    from roomgate.hub.config import parse_config

    return parse_config(settings.load(file, "hub"))


@app.command
def init(
    *,
    config: Path | None = None,
    admin: str,
    password_file: Path | None = None,
    second_factor: bool = False,
    json: Json = False,
) -> None:
    """Make a hub: its data folder, its keys, and its first administrator. Once only.

    Prints a code by which the administrator signs in for the first time, within fifteen minutes.

    Example: ``roomgate hub init --config hub.toml --admin ada``

    Parameters
    ----------
    config
        the hub's TOML file; its keys may also come as ROOMGATE_HUB_…
    admin
        the first administrator's name
    password_file
        for scripts: a file with their password, in place of the code
    second_factor
        with --password-file: also make a secret for an authenticator app, and recovery codes
    json
        print all as JSON; with --password-file also a first access token, of twelve hours
    """
    from roomgate import log
    from roomgate.hub.making import first_token
    from roomgate.hub.making import init as make

    log.setup("WARNING")
    made = _config(config)
    password = read_secret(password_file, "", "--password-file").reveal() if password_file else None
    if second_factor and password is None:
        raise BadInput("--second-factor goes with --password-file.", hint="Whoever comes by a code adds their own.")

    async def run() -> dict[str, Any]:
        result = await make(made, admin, password, second_factor=second_factor)
        told: dict[str, Any] = {"person": result.admin, "fingerprint": result.fingerprint, "vkey": result.vkey}
        if result.code is not None:
            told["code"] = result.code.reveal()
        if result.app is not None:
            told |= {"totp": result.app.reveal(), "recovery": list(result.recovery)}
        if json and password is not None:
            told["token"] = (await first_token(made, result.admin, TOKEN_MINUTES)).reveal()
        return told

    told = asyncio.run(run())
    if json:
        show_json(told)
        return
    say(f"The hub is made; its key is {told['fingerprint']}")
    say(f"Its ledger's key, for a witness and for verification: {told['vkey']}")
    if "totp" in told:
        print(f"For {admin}'s authenticator app   {told['totp']}   (shown this once)")
        print(f"Recovery codes, each serves once  {' '.join(told['recovery'])}")
    if "code" in told:
        _show_code(admin, told["code"])
    else:
        print("Start it with `roomgate hub serve`, and sign in at its console.")


@app.command
def first_admin(*, config: Path | None = None, admin: str, anew: bool = False, json: Json = False) -> None:
    """Print a new code for an administrator, while nobody can sign in as one.

    Example: ``roomgate hub first-admin --config hub.toml --admin ada``

    Parameters
    ----------
    config
        the hub's TOML file; its keys may also come as ROOMGATE_HUB_…
    admin
        the administrator's name, as it was given to `hub init`
    anew
        they could sign in, and lost what they did it with: end all of theirs first (with the hub stopped)
    """
    from roomgate import log
    from roomgate.hub.making import first_admin as run

    log.setup("ERROR")
    code = asyncio.run(run(_config(config), admin, anew=anew)).reveal()
    if json:
        show_json({"admin": admin, "code": code})
    else:
        _show_code(admin, code)


def _show_code(admin: str, code: str) -> None:
    print(f"Code for {admin}   {code}   (serves once, for 15 minutes)")
    print("Start the hub with `roomgate hub serve`; at its console choose 'I have an invitation' and type the code.")


@app.command
def serve(*, config: Path | None = None, json: Json = False) -> None:
    """Run until stopped.

    Example: ``roomgate hub serve --config hub.toml``

    Parameters
    ----------
    config
        the hub's TOML file; its keys may also come as ROOMGATE_HUB_…
    """
    from roomgate import log
    from roomgate.descriptors import ensure_most
    from roomgate.hub.program import serve as run

    log.setup()
    ensure_most()
    made = _config(config)

    def ready(address: str) -> None:
        tell({"hub": address, "pid": os.getpid()}, f"The hub answers at {address}", json=json)

    run_program(run, made, ready)


@app.command
def migrate(*, config: Path | None = None, json: Json = False) -> None:
    """Bring the database up to this version. `serve` does the same at its start.

    Example: ``roomgate hub migrate --config hub.toml``
    """
    from roomgate.hub.making import migrate as run

    version = asyncio.run(run(_config(config)))
    tell({"version": version}, f"The database is at version {version}.", json=json)


@app.command(name="config")
def config_(*, config: Path | None = None, check: bool = True, json: Json = False) -> None:
    """Check the configuration and say every complaint at once.

    Example: ``roomgate hub config --check --config hub.toml``

    Parameters
    ----------
    config
        the hub's TOML file; its keys may also come as ROOMGATE_HUB_…
    check
        what this does, and all it does
    """
    made = _config(config)
    tell(
        {"ok": True, "data": str(made.data)},
        f"{config or 'The environment'} holds; the data folder is {made.data}.",
        json=json,
    )


@app.command
def backup(*, config: Path | None = None, to: Path, json: Json = False) -> None:
    """Write a backup of the hub to a new file, while it runs or not.

    Example: ``roomgate hub backup --config hub.toml --to hub.backup``

    Parameters
    ----------
    config
        the hub's TOML file; its keys may also come as ROOMGATE_HUB_…
    to
        the new file; it will hold both keys of the hub
    """
    from roomgate.clock import SystemClock
    from roomgate.hub.backup import make_backup
    from roomgate.storage.database import file_of

    made = _config(config)
    done = make_backup(Path(made.data), file_of(made.database), to, SystemClock())
    entries = done.manifest.entries
    if json:
        show_json({"file": str(to), "seal": done.seal, "entries": entries, "made": done.manifest.made})
        return
    say(
        f"{to} holds the database, with {entries} ledger entries, and BOTH KEYS OF THE HUB: keep it as safe as the hub."
    )
    say("Not inside: the configuration, the TLS certificate and its key, the witness, device credentials (the sites').")
    say(f"Its seal, to be written down elsewhere: {done.seal}")


@app.command
def restore(
    file: Path,
    /,
    *,
    config: Path | None = None,
    admin: str,
    password_file: Path | None = None,
    seal: str = "",
    json: Json = False,
) -> None:
    """Make a hub from a backup, in a new data folder. It starts in safe mode: nothing lives until it is confirmed.

    Example: ``roomgate hub restore hub.backup --config hub.toml --admin ada``

    Parameters
    ----------
    file
        the backup
    config
        the hub's TOML file; its data folder must be empty or missing
    admin
        the one administrator who may sign in, and confirm what still holds
    password_file
        a file with a new password for them; without it the one of the backup holds
    seal
        the seal that was written down when the backup was made
    """
    from roomgate import log
    from roomgate.hub.restore import restore as run

    log.setup("ERROR")
    done, vkey = asyncio.run(run(_config(config), file, admin, _new_password(password_file), seal))
    if json:
        show_json({"made": done.manifest.made, "entries": done.manifest.entries, "seal": done.seal, "vkey": vkey})
        return
    say(f"The hub is restored as it was at {done.manifest.made}, with {done.manifest.entries} ledger entries.")
    say(f"It starts in safe mode: {admin} may sign in, open Safe mode, and confirm what still holds.")
    say(f"Its ledger goes on under a new name; a witness must be given this key: {vkey}")


@app.command
def admit(*, config: Path | None = None, admin: str, password_file: Path | None = None, json: Json = False) -> None:
    """Let one administrator into a hub that is in safe mode, to confirm what still holds.

    Example: ``roomgate hub admit --config hub.toml --admin ada``

    Parameters
    ----------
    config
        the hub's TOML file; its keys may also come as ROOMGATE_HUB_…
    admin
        an administrator of the older copy
    password_file
        a file with a new password for them; without it the one of the copy holds
    """
    from roomgate import log
    from roomgate.hub.restore import admit as run

    log.setup("ERROR")
    asyncio.run(run(_config(config), admin, _new_password(password_file)))
    tell({"admitted": admin}, f"{admin} may sign in.", json=json)


def _new_password(file: Path | None) -> str | None:
    return read_secret(file, "", "--password-file").reveal() if file else None
