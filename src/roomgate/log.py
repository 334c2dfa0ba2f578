"""Structured logs on standard error: a fixed event word, facts as fields. A log is not the ledger.

A line of JSON for each event, and nothing else: so it needs no logging framework (docs/adr/0021-own-log-lines.md).
"""

import json
import logging
import sys
import traceback
from collections import deque

from roomgate.clock import SystemClock, iso

_clock = SystemClock()
_least = logging.INFO
_newest: deque[str] = deque(maxlen=1000)


def setup(level: str = "INFO") -> None:
    """Events below this level are left out from now on; what libraries call an error becomes a line too.

    Raises KeyError for a level that there is none of.
    """
    global _least
    _least = logging.getLevelNamesMapping()[level]
    root = logging.getLogger()
    if not any(isinstance(one, _Foreign) for one in root.handlers):
        root.addHandler(_Foreign(logging.ERROR))


class Logger:
    """Says what happens in one part of a program. Facts are ids, numbers and words, not objects."""

    __slots__ = ("_part",)

    def __init__(self, part: str) -> None:
        self._part = part

    def debug(self, event: str, **facts: object) -> None:
        self._say(logging.DEBUG, event, facts)

    def info(self, event: str, **facts: object) -> None:
        self._say(logging.INFO, event, facts)

    def warning(self, event: str, **facts: object) -> None:
        self._say(logging.WARNING, event, facts)

    def error(self, event: str, *, exc_info: BaseException | None = None, **facts: object) -> None:
        """With ``exc_info``, where in the code it happened is a fact too."""
        if exc_info is not None:
            facts["exception"] = "".join(traceback.format_exception(exc_info)).rstrip()
        self._say(logging.ERROR, event, facts)

    def _say(self, level: int, event: str, facts: dict[str, object]) -> None:
        if level < _least:
            return
        line = {
            "event": event, "part": self._part, **facts,
            "level": logging.getLevelName(level).lower(), "timestamp": iso(_clock.now()),
        }  # fmt: skip
        text = json.dumps(line, default=repr)
        _newest.append(text)
        try:
            sys.stderr.write(text + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            pass  # a full disk or a closed pipe behind it loses lines and stops nobody's work


def recent() -> list[str]:
    """The newest lines of this process, the oldest of them first."""
    return list(_newest)


def get(part: str) -> Logger:
    return Logger(part)


# uvicorn says so as an error when somebody was still connected at the stop that we asked for.
_MEANT = "timeout graceful shutdown exceeded"


class _Foreign(logging.Handler):
    """What libraries log, as a line of ours: errors alone, since a stranger's rubbish is no news."""

    def emit(self, record: logging.LogRecord) -> None:
        if _MEANT in record.getMessage():
            return
        fault = record.exc_info[1] if record.exc_info else None
        get(record.name.split(".")[0]).error(
            "library.error",
            words=record.getMessage()[:300],
            error=f"{type(fault).__name__}: {fault}"[:300] if fault else "",
        )
