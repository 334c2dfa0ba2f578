"""Running the hub."""

import asyncio
import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import App

from roomgate.cli import settings
from roomgate.cli.output import show_json
from roomgate.cli.running import until_stopped

if TYPE_CHECKING:
    from roomgate.hub.config import HubConfig

app = App(name="hub", help="Run the hub: what people reach.")
TOKEN_MINUTES = 12 * 60


def _config(file: Path | None) -> "HubConfig":
    from roomgate.hub.config import parse_config

    return parse_config(settings.load(file, "hub"))


@app.command
def init(*, config: Path, admin: str, password_file: Path | None = None, json: bool = False) -> None:
    """Make a hub: its data folder, its keys, and its first administrator. Once only.

    Example: ``roomgate hub init --config hub.toml --admin ada`` (asks for the password)

    Parameters
    ----------
    admin: the first administrator's name
    password_file: a file with their password; without it you are asked
    json: also makes a first access token, of twelve hours, and prints all as JSON
    """
    from roomgate import log
    from roomgate.clock import SystemClock
    from roomgate.hub.app import init as make
    from roomgate.hub.parts import open_parts

    log.setup("WARNING")
    made = _config(config)
    password = password_file.read_text("utf-8").strip() if password_file else getpass.getpass("Password: ")

    async def run() -> dict[str, str]:
        result = await make(made, admin, password)
        parts = await open_parts(made, SystemClock())
        try:
            told = {
                "person": result.admin,
                "fingerprint": result.fingerprint,
                "vkey": parts.restorations.name,
            }
            if json:
                _, cookie = await parts.identity.sign_in(admin, password, "hub init")
                signed = await parts.identity.by_cookie(cookie.reveal())
                assert signed is not None
                _, token = await parts.identity.make_token(result.admin, TOKEN_MINUTES, "hub init", signed)
                told["token"] = token.reveal()
            return told
        finally:
            await parts.aclose()

    told = asyncio.run(run())
    if json:
        show_json(told)
    else:
        print(f"The hub is made; its key is {told['fingerprint']}")
        print(f"Its ledger's key, for a witness and for verification: {told['vkey']}")
        print("Start it with `roomgate hub serve`, and sign in at its console.")


@app.command
def serve(*, config: Path, json: bool = False) -> None:
    """Run until stopped.

    Example: ``roomgate hub serve --config hub.toml``
    """
    from roomgate import log
    from roomgate.hub.program import serve as run

    log.setup()
    made = _config(config)

    def ready(address: str) -> None:
        if json:
            show_json({"hub": address, "pid": os.getpid()})
        else:
            print(f"The hub answers at {address}", flush=True)

    asyncio.run(until_stopped(run(made, ready)))


@app.command
def migrate(*, config: Path) -> None:
    """Bring the database up to this version. `serve` does the same at its start."""
    from roomgate.hub.app import migrate as run

    print(f"The database is at version {asyncio.run(run(_config(config)))}.")


@app.command(name="config")
def config_(*, config: Path, check: bool = True) -> None:
    """Check the configuration and say every complaint at once."""
    made = _config(config)
    print(f"{config} holds; the data folder is {made.data}.")


@app.command
def backup(*, config: Path, to: Path, json: bool = False) -> None:
    """Write a backup of the hub to a new file, while it runs or not.

    Example: ``roomgate hub backup --config hub.toml --to hub-2026-03-10.backup``
    """
    from roomgate.clock import SystemClock
    from roomgate.hub.backup import make_backup
    from roomgate.storage.database import file_of

    made = _config(config)
    done = make_backup(Path(made.data), file_of(made.database), to, SystemClock())
    if json:
        show_json({"file": str(to), "seal": done.seal, "entries": done.manifest.entries, "made": done.manifest.made})
        return
    print(
        f"{to} holds the database ({done.manifest.entries} ledger entries) and BOTH KEYS OF THE HUB: keep it as safe."
    )
    print(
        "Not inside: the configuration, the TLS certificate and its key, the witness, device credentials (the sites')."
    )
    print(f"Its seal, to be written down elsewhere: {done.seal}")


@app.command
def restore(
    file: Path, *, config: Path, admin: str, password_file: Path | None = None, seal: str = "", json: bool = False
) -> None:
    """Make a hub from a backup, in a new data folder. It starts in safe mode: nothing lives until it is confirmed.

    Example: ``roomgate hub restore hub-2026-03-10.backup --config hub.toml --admin ada``

    Parameters
    ----------
    file: the backup
    admin: the one administrator who may sign in, and confirm what still holds
    password_file: a file with a new password for them; without it, the one of the backup holds
    seal: the seal that was written down when the backup was made
    """
    from roomgate import log
    from roomgate.hub.restore import restore as run

    log.setup("ERROR")
    password = password_file.read_text("utf-8").strip() if password_file else None
    done, vkey = asyncio.run(run(_config(config), file, admin, password, seal))
    if json:
        show_json({"made": done.manifest.made, "entries": done.manifest.entries, "seal": done.seal, "vkey": vkey})
        return
    print(f"The hub is restored as it was at {done.manifest.made}, with {done.manifest.entries} ledger entries.")
    print(f"It starts in safe mode. {admin} may sign in, look at Safe mode, and confirm what still holds.")
    print(f"Its ledger goes on under a new name; a witness must be given this key: {vkey}")


@app.command
def admit(*, config: Path, admin: str, password_file: Path | None = None) -> None:
    """Let one administrator into a hub that is in safe mode, to confirm what still holds.

    Example: ``roomgate hub admit --config hub.toml --admin ada``
    """
    from roomgate import log
    from roomgate.hub.restore import admit as run

    log.setup("ERROR")
    password = password_file.read_text("utf-8").strip() if password_file else None
    asyncio.run(run(_config(config), admin, password))
    print(f"{admin} may sign in.")
