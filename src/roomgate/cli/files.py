"""Files and secrets that a command is given: read once, with a word for the person where that fails."""

import getpass
import warnings
from pathlib import Path

from roomgate.errors import BadInput
from roomgate.redact import Secret

_MOST_MIB = 16  # more than the hub takes of anything
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_bytes(file: Path) -> bytes:
    """Raises BadInput for a file that is not there, not ours to read, or larger than anything that is asked for."""
    try:
        with file.open("rb") as stream:
            raw = stream.read(_MOST_MIB * 1024 * 1024 + 1)
    except OSError as bad:
        raise BadInput(f"{file} cannot be read: {bad.strerror}.", hint="Check the path and its permissions.") from bad
    if len(raw) > _MOST_MIB * 1024 * 1024:
        raise BadInput(f"{file} is larger than {_MOST_MIB} MiB.")
    return raw


def read_sheet(file: Path) -> str:
    """A CSV file as spreadsheet programs write it: UTF-8, marked or not, or UTF-16 with its mark. Raises BadInput."""
    raw = read_bytes(file)
    try:
        return raw.decode("utf-16" if raw[:2] in _UTF_16 else "utf-8-sig")
    except UnicodeDecodeError as bad:
        raise BadInput(f"{file} is not UTF-8.", hint="Save it as “CSV UTF-8”.") from bad


def read_text(file: Path) -> str:
    """Raises BadInput for a file that is not there, not ours to read, or not text."""
    try:
        return read_bytes(file).decode("utf-8")
    except UnicodeDecodeError as bad:
        raise BadInput(f"{file} is not text.", hint="A file in UTF-8 is expected.") from bad


def read_secret(file: Path | None, question: str, option: str) -> Secret[str]:
    """From the file, or asked for at the terminal; never from the command line, where everybody sees it."""
    if file is not None:
        found = read_text(file).strip()
    else:
        try:
            with warnings.catch_warnings():
                # Where it cannot hide what is typed, getpass warns and reads it all the same; we do not.
                warnings.simplefilter("error", getpass.GetPassWarning)
                found = getpass.getpass(question).strip()
        except (EOFError, getpass.GetPassWarning) as none:
            raise BadInput("There is nobody to ask here.", hint=f"Use {option} in a script.") from none
    if not found:
        raise BadInput("It is empty.", hint=f"Type it when asked, or use {option}.")
    return Secret(found)
