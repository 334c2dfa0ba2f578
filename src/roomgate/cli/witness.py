"""Running the witness: the third program that co-signs the ledgers' checkpoints."""

import json as form
import os
from pathlib import Path

import msgspec
from cyclopts import App

from roomgate.cli import settings
from roomgate.cli.files import read_text
from roomgate.cli.output import Json, tell
from roomgate.cli.running import run_program
from roomgate.errors import BadInput

app = App(name="witness", help="Run the witness: co-signs the ledgers' checkpoints.")


class WitnessSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The witness's configuration."""

    data: str  # the data folder: its key, what it has signed, and logs.json, the ledgers that it watches
    certificate: str  # PEM file of the server's certificate, with its chain
    key: str  # PEM file of its key
    name: str = "roomgate.witness"  # the first part of its key; choose it before the first start
    host: str = "127.0.0.1"  # the address to listen at
    port: int = 8444  # 0 takes a free one


def _read(config: Path | None) -> WitnessSettings:
    try:
        return msgspec.convert(settings.load(config, "witness"), WitnessSettings)
    except msgspec.ValidationError as bad:
        raise BadInput(f"The witness's configuration: {bad}.") from bad


@app.command
def serve(*, config: Path | None = None, json: Json = False) -> None:
    """Run until stopped.

    Example: ``roomgate witness serve --config witness.toml``

    Parameters
    ----------
    config
        the witness's TOML file; its keys may also come as ROOMGATE_WITNESS_…
    """
    from roomgate import log
    from roomgate.witness.serve import WitnessConfig, ensure_verifier
    from roomgate.witness.serve import serve as run

    log.setup()
    values = _read(config)
    data = Path(values.data)
    made = WitnessConfig(data, values.name, Path(values.certificate), Path(values.key), values.host, values.port)

    def ready(address: str) -> None:
        vkey = str(ensure_verifier(data, values.name))
        tell(
            {"witness": address, "vkey": vkey, "pid": os.getpid()},
            f"The witness answers at {address}; its key is {vkey}",
            json=json,
        )

    run_program(run, made, ready)


@app.command
def trust(vkey: str, /, *, config: Path | None = None, json: Json = False) -> None:
    """Watch one more ledger: a hub's or a connector's key, as `hub init` or `connector enrol` printed it.

    Example: ``roomgate witness trust roomgate.hub/main+… --config witness.toml``
    """
    from roomgate.ledger.checkpoint import VerifierKey

    key = VerifierKey.parse(vkey)
    data = Path(_read(config).data)
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = data / "logs.json"
    try:
        logs = form.loads(read_text(file)) if file.exists() else {}
    except ValueError as bad:
        raise BadInput(f"{file} is not JSON: {bad}.") from bad
    logs[key.name] = vkey
    draft = file.with_suffix(".new")
    draft.write_text(form.dumps(logs, indent=2) + "\n", "utf-8")
    draft.rename(file)
    tell({"watched": sorted(logs)}, f"{key.name} is watched now.", json=json)
