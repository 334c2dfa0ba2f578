"""Configuration from a TOML file and ``ROOMGATE_…`` variables of the same names. Nobody below cli reads these."""

import os
import tomllib
from pathlib import Path
from typing import Any

from roomgate.errors import BadInput


def load(file: Path | None, program: str) -> dict[str, Any]:
    """The file's values, overridden by ``ROOMGATE_<PROGRAM>_<NAME>``; paths in the file are as written."""
    values: dict[str, Any] = {}
    if file is not None:
        try:
            values = parse(file.read_text("utf-8"))
        except OSError as bad:
            raise BadInput(f"{file} cannot be read: {bad.strerror}.") from bad
        except (BadInput, UnicodeDecodeError) as bad:
            raise BadInput(f"{file} is not TOML: {bad}.") from bad
    prefix = f"ROOMGATE_{program.upper()}_"
    for name, text in os.environ.items():
        if name.startswith(prefix):
            values[name.removeprefix(prefix).lower()] = _value(text)
    return values


def parse(text: str) -> dict[str, Any]:
    """The values of a TOML text; raises BadInput."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as bad:  # a number of 5,000 digits is a ValueError, and no TOMLDecodeError
        raise BadInput(str(bad)[:200]) from bad


def _value(text: str) -> Any:
    """A number or a switch where it reads like one, else the text."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else text
