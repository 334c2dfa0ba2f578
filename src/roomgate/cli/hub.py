"""Running the hub."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import App

from roomgate.cli import settings
from roomgate.cli.files import read_secret
from roomgate.cli.output import Json, say, show_json
from roomgate.cli.running import run_program

if TYPE_CHECKING:
    from roomgate.hub.config import HubConfig

app = App(name="hub", help="Run the hub: what people reach.")
TOKEN_MINUTES = 12 * 60


def _config(file: Path | None) -> "HubConfig":
    from roomgate.hub.config import parse_config

    return parse_config(settings.load(file, "hub"))


@app.command
def init(*, config: Path | None = None, admin: str, password_file: Path | None = None, json: Json = False) -> None:
    """Make a hub: its data folder, its keys, and its first administrator. Once only.

    Example: ``roomgate hub init --config hub.toml --admin ada`` (asks for the password)

    Parameters
    ----------
    config
        the hub's TOML file; its keys may also come as ROOMGATE_HUB_…
    admin
        the first administrator's name
    password_file
        a file with their password; without it you are asked
    json
        also makes a first access token, of twelve hours, and prints all as JSON
    """
    from roomgate import log
    from roomgate.clock import SystemClock
    from roomgate.hub.app import init as make
    from roomgate.hub.parts import ORIGIN, open_parts
    from roomgate.ledger.checkpoint import VerifierKey

    log.setup("WARNING")
    made = _config(config)
    password = read_secret(password_file, f"Password for {admin}: ", "--password-file").reveal()

    async def run() -> dict[str, str]:
        result = await make(made, admin, password)
        parts = await open_parts(made, SystemClock())
        try:
            told = {
                "person": result.admin,
                "fingerprint": result.fingerprint,
                "vkey": str(VerifierKey.of(ORIGIN, parts.keys.ledger)),
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
        say(f"The hub is made; its key is {told['fingerprint']}")
        say(f"Its ledger's key, for a witness and for verification: {told['vkey']}")
        print("Start it with `roomgate hub serve`, and sign in at its console.")


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
        if json:
            show_json({"hub": address, "pid": os.getpid()})
        else:
            say(f"The hub answers at {address}")

    run_program(run(made, ready))


@app.command
def migrate(*, config: Path | None = None, json: Json = False) -> None:
    """Bring the database up to this version. `serve` does the same at its start.

    Example: ``roomgate hub migrate --config hub.toml``
    """
    from roomgate.hub.app import migrate as run

    version = asyncio.run(run(_config(config)))
    if json:
        show_json({"version": version})
    else:
        say(f"The database is at version {version}.")


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
    if json:
        show_json({"ok": True, "data": str(made.data)})
    else:
        say(f"{config or 'The environment'} holds; the data folder is {made.data}.")
