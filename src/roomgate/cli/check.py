"""Exposure checks. For now: the deliberately wrong connector that they are tried on."""

import asyncio
import json as form
import os
from pathlib import Path

from cyclopts import App

from roomgate.cli.output import show_json

app = App(name="check", help="Is my connector a 2019 connector?")


@app.command(name="serve-double")
def serve_double(config: Path, *, json: bool = False) -> None:
    """Run the deliberately wrong connector on loopback, for one simulated room. Never point it at a real device.

    Example: ``roomgate check serve-double double.json``

    Parameters
    ----------
    config: a JSON file with the fields of ``DoubleConfig``; it holds passwords, so keep it mode 0600
    """
    from roomgate.checks.doubles.connector_2019 import DoubleConfig, serve

    values = form.loads(config.read_text("utf-8"))
    values["certificate"], values["key"] = Path(values["certificate"]), Path(values["key"])
    made = DoubleConfig(**values)

    def ready(address: str) -> None:
        if json:
            show_json({"double": address, "pid": os.getpid()})
        else:
            print(f"The wrong connector answers at {address}.")

    asyncio.run(serve(made, ready))
