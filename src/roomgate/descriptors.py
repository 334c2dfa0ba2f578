"""How many files and sockets this process may still open: as many as it can get, and a word when few are left.

Without descriptors nobody new is let in and no device is dialled; what is open goes on. That is the safe side,
but it looks like an outage, so the log says what it is.
"""

import os
import resource
from collections.abc import Callable

from roomgate import log

FEW = 16

_log = log.get("descriptors")


def ensure_most() -> int:
    """Take all that the system allows (many give 1024 at first and more to who asks); gives the limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def count_left() -> int:
    """How many may still be opened; 0 or less where even looking fails."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        # Since Linux 6.2 the folder's size is their number; before, it is 0. To list thousands costs milliseconds.
        return most - (os.stat("/proc/self/fd").st_size or len(os.listdir("/proc/self/fd")))
    except OSError:
        return 0


class Descriptors:
    """Looked at now and then; says "short" once, and "enough" once when there are twice as many again."""

    def __init__(self, left: Callable[[], int] = count_left) -> None:
        self._left = left
        self._short = False

    def look(self) -> None:
        left = self._left()
        if left < FEW and not self._short:
            self._short = True
            _log.error("descriptors.short", left=left, hint="Raise the limit of open files (ulimit -n, LimitNOFILE).")
        elif left >= 2 * FEW and self._short:
            self._short = False
            _log.info("descriptors.enough", left=left)
