"""Running the deliberately wrong connector that checks are tried on."""

import json as form
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roomgate.cli.files import read_text
from roomgate.cli.output import Json, show_json
from roomgate.cli.running import run_program
from roomgate.errors import BadInput

if TYPE_CHECKING:
    from roomgate.checks.doubles.connector_2019 import DoubleConfig


def serve_double(config: Path, /, *, json: Json = False) -> None:
    """Run the deliberately wrong connector on loopback, for one simulated room. Never point it at a real device.

    Example: ``roomgate check serve-double double.json``

    Parameters
    ----------
    config
        a JSON file with the fields of ``DoubleConfig``; it holds passwords, so keep it mode 0600
    """
    from roomgate.checks.doubles.connector_2019 import serve

    made = parse_config(config, read_text(config))

    def ready(address: str) -> None:
        if json:
            show_json({"double": address, "pid": os.getpid()})
        else:
            print(f"The wrong connector answers at {address}.", flush=True)

    run_program(serve, made, ready)


def parse_config(file: Path, text: str) -> "DoubleConfig":
    """Raises BadInput for anything but an object with the right fields."""
    from dataclasses import MISSING, fields

    from roomgate.checks.doubles.connector_2019 import DoubleConfig

    try:
        values: Any = form.loads(text)
    except ValueError as bad:
        raise BadInput(f"{file} is not JSON: {bad}.") from bad
    known = {one.name: one for one in fields(DoubleConfig)}
    if not isinstance(values, dict):
        raise BadInput(f"{file} is not a JSON object.")
    missing = [name for name, one in known.items() if one.default is MISSING and name not in values]
    unknown = sorted(values.keys() - known.keys())
    wrong = [
        n for n, one in known.items() if n in values and not isinstance(values[n], int if one.type is int else str)
    ]
    complaints = [f"{n}: is missing" for n in missing] + [f"{n}: there is no such field" for n in unknown]
    if complaints := complaints + [f"{n}: is of the wrong kind" for n in wrong]:
        raise BadInput(f"{file}: " + "; ".join(complaints) + ".")
    return DoubleConfig(**values | {"certificate": Path(values["certificate"]), "key": Path(values["key"])})
