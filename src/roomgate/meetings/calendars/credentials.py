"""What lets the connector into a calendar: a user and the file that holds the password, read again when it changes.

So a password is changed by replacing the file; nothing is started anew. It stands in no log and in no error.
"""

import base64
import os
from pathlib import Path
from typing import Protocol

from roomgate.meetings.calendars.base import CalendarRefused
from roomgate.redact import Secret

MOST_BYTES = 4096


class Credentials(Protocol):
    def headers(self) -> dict[str, str]:
        """The headers that let a request in. Raises `CalendarRefused` where there is nothing to show."""


class NoCredentials:
    def headers(self) -> dict[str, str]:
        return {}


class SecretFile:
    """One secret in a file. Not to be empty; blanks around it do not count."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stamp: tuple[int, int, int] | None = None
        self._secret: Secret[str] | None = None

    def load(self) -> Secret[str]:
        """The secret as the file has it now. Raises `CalendarRefused`."""
        try:
            about = os.stat(self._file)
            stamp = (about.st_mtime_ns, about.st_size, about.st_ino)
            if self._secret is None or stamp != self._stamp:
                with self._file.open("rb") as file:
                    text = file.read(MOST_BYTES + 1).decode("utf-8").strip()
                if not text or len(text) > MOST_BYTES or any(ord(sign) < 32 for sign in text):
                    raise CalendarRefused(f"{self._file.name} does not hold one line with a secret", hint=_HINT)
                self._secret, self._stamp = Secret(text), stamp
        except OSError as bad:
            raise CalendarRefused(f"{self._file.name} cannot be read: {bad.strerror}", hint=_HINT) from bad
        except UnicodeDecodeError as bad:
            raise CalendarRefused(f"{self._file.name} is not text", hint=_HINT) from bad
        return self._secret


_HINT = "Put the secret into the file that the configuration names, and let only the connector's account read it."


class Basic:
    """User and password as RFC 7617 has them, in UTF-8."""

    def __init__(self, user: str, file: SecretFile) -> None:
        self._user = user
        self._file = file

    def headers(self) -> dict[str, str]:
        pair = f"{self._user}:{self._file.load().reveal()}".encode()
        return {"Authorization": "Basic " + base64.b64encode(pair).decode("ascii")}
