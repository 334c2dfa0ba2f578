"""Running the witness: the third program that co-signs the ledgers' checkpoints."""

import json as form
import os
from pathlib import Path

import msgspec
from cyclopts import App

from roomgate.cli import settings
from roomgate.cli.output import show_json
from roomgate.cli.running import run_program
from roomgate.errors import BadInput

app = App(name="witness", help="Run the witness: co-signs the ledgers' checkpoints.")


class _Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    data: str
    certificate: str
    key: str
    name: str = "roomgate.witness"
    host: str = "127.0.0.1"
    port: int = 8444


def _read(config: Path | None) -> _Settings:
    try:
        return msgspec.convert(settings.load(config, "witness"), _Settings)
    except msgspec.ValidationError as bad:
        raise BadInput(f"The witness's configuration: {bad}.") from bad


@app.command
def serve(*, config: Path | None = None, json: bool = False) -> None:
    """Run until stopped.

    Example: ``roomgate witness serve --config witness.toml``
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
        if json:
            show_json({"witness": address, "vkey": vkey, "pid": os.getpid()})
        else:
            print(f"The witness answers at {address}; its key is {vkey}")

    run_program(run(made, ready))


@app.command
def trust(vkey: str, *, config: Path | None = None) -> None:
    """Watch one more ledger: a hub's or a connector's key, as `hub init` or `connector enrol` printed it."""
    from roomgate.ledger.checkpoint import VerifierKey

    data = Path(_read(config).data)
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = data / "logs.json"
    logs = form.loads(file.read_text("utf-8")) if file.exists() else {}
    key = VerifierKey.parse(vkey)
    logs[key.name] = vkey
    draft = file.with_suffix(".new")
    draft.write_text(form.dumps(logs, indent=2) + "\n", "utf-8")
    draft.rename(file)
    print(f"{key.name} is watched now.")
