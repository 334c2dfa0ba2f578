"""Invitations that people hand in: a file, standard input, a folder of past ones."""

import sys
from collections.abc import Iterable
from pathlib import Path

from roomgate.errors import BadInput

MOST_BYTES = 4 * 1024 * 1024  # of an invitation; mail servers stop far below
MOST_FILES = 20_000


def read_source(file: Path | None, verb: str) -> bytes:
    """The bytes of a file; without one, or with -, of standard input. Raises BadInput."""
    if file is not None and str(file).startswith("-") and str(file) != "-":
        raise BadInput(f"There is no option {file}.", hint=f"`roomgate {verb} --help` shows how it is used.")
    if file is None or str(file) == "-":
        return _bounded(sys.stdin.buffer.read(MOST_BYTES + 1))
    return _load(file)


def load_past(paths: Iterable[Path]) -> list[tuple[str, bytes]]:
    """Names and contents: each path is an .ics file, or a folder whose .ics files count. Raises BadInput."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(one for one in path.rglob("*.ics") if one.is_file())
        else:
            files.append(path)
        if len(files) > MOST_FILES:
            raise BadInput(f"These are more than {MOST_FILES} invitations.", hint="Try a folder with fewer.")
    return [(str(file), _load(file)) for file in files]


def _load(file: Path) -> bytes:
    try:
        with file.open("rb") as source:
            return _bounded(source.read(MOST_BYTES + 1))
    except OSError as bad:
        raise BadInput(f"{file} cannot be read: {bad.strerror}.", hint="Check the path and its permissions.") from bad


def _bounded(raw: bytes) -> bytes:
    if len(raw) > MOST_BYTES:
        raise BadInput("This is too large for an invitation.")
    return raw
