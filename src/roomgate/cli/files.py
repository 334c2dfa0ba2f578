"""Files and secrets that a command is given: read once, with a word for the person where that fails."""

import getpass
import warnings
from pathlib import Path

from roomgate.errors import BadInput
from roomgate.redact import Secret


def read_text(file: Path) -> str:
    """Raises BadInput for a file that is not there, not ours to read, or not text."""
    try:
        return file.read_text("utf-8")
    except OSError as bad:
        raise BadInput(f"{file} cannot be read: {bad.strerror}.", hint="Check the path and its permissions.") from bad
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
