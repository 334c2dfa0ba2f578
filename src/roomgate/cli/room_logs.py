"""A room's logs and its calls."""

import io
import json as form
import os
import zipfile
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from roomgate.cli.api import Api, at
from roomgate.cli.exits import DONE, NO
from roomgate.cli.output import Json, say, show_json, tell_rows
from roomgate.errors import BadInput, Unreachable

Calls = Annotated[bool, Parameter(help="tell the room's call history instead")]
Output = Annotated[
    Path | None, Parameter(name=["--output", "-o"], help="where the bundle goes; else ROOM-logs.zip here")
]
Only = Annotated[str, Parameter(help="with --calls: one of the device's filters, such as Missed, Placed or Received")]


def logs(room: str, /, *, output: Output = None, calls: Calls = False, only: Only = "All", json: Json = False) -> int:
    """Collect a room's logs into a file, without secrets; or tell its call history.

    Example: ``roomgate room logs oslo --output oslo.zip`` or ``roomgate room logs oslo --calls``
    """
    if calls:
        return _calls(room, only, json=json)
    target = output or Path(f"{room.replace('/', '_')}-logs.zip")
    if target.exists():
        raise BadInput(f"{target} is there already.", hint="Give another name with --output.")
    with Api.from_profile().open("POST", at("rooms", room, "logs")) as answer:
        content = answer.read()
    index = read_index(content)
    _write(target, content)
    if json:
        show_json({"file": str(target), **index})
        return DONE
    missing = [f"{part['name']}: {part['words'] or part['rule']}" for part in index["parts"] if part["rule"]]
    say(f"{target}: {len(index['parts']) - len(missing)} parts, {index['hidden']} secrets hidden at the site.")
    for line in missing:
        say(f"not in it: {line}")
    return DONE


def read_index(content: bytes) -> dict[str, Any]:
    """What the bundle says of itself; raises Unreachable for one that was cut off, or is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            found = form.loads(packed.read("bundle.json"))
        return {"parts": found["parts"], "hidden": found["hidden"], "original_sha256": found["original_sha256"]}
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as bad:
        raise Unreachable("The bundle did not come whole.", hint="Ask for it again.") from bad


def _write(target: Path, content: bytes) -> None:
    try:
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except OSError as bad:
        raise BadInput(f"{target} cannot be written: {bad.strerror}.", hint="Give another name with --output.") from bad


def _calls(room: str, only: str, *, json: bool) -> int:
    answer = Api.from_profile().call("GET", at("rooms", room, "calls", only=only))
    if answer["items"] is None:
        if json:
            show_json(answer)
        else:
            say(f"{room}: {answer['outcome']}. {answer['words']}")
        return NO
    columns = ["start", "name", "number", "occurrence", "seconds", "cause"]
    tell_rows(answer["items"], columns, empty="There is no such call in the device's history.", json=json)
    return DONE
