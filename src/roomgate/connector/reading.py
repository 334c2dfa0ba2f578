"""What reads one value of a settings file: said in words where it cannot be used."""

import difflib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from roomgate.errors import BadInput


def suggestion(name: str, known: Iterable[str]) -> str:
    """The end of "no such …", with the nearest name that there is."""
    known = list(known)
    close = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else f"; known are {', '.join(known)}"


def read_text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadInput("takes a text")
    return value.strip()


def read_path(value: Any, base: Path) -> Path:
    return base / Path(str(value) if isinstance(value, Path) else read_text(value)).expanduser()


def address_reader(*schemes: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        text = read_text(value).rstrip("/")
        try:
            parts = urlsplit(text)
            usable = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise BadInput(f"takes an address such as {schemes[0]}://name:port")
        if parts.username or parts.password:
            raise BadInput("takes no user or password in the address")
        return text

    return read
