"""Structured logs on standard error: a fixed event word, facts as fields. A log is not the ledger."""

import logging
import sys
from typing import TextIO, cast

import structlog


class _Stderr:
    """Where the lines go. A full disk or a closed pipe behind it loses lines and stops nobody's work."""

    def write(self, text: str) -> int:
        try:
            return sys.stderr.write(text)
        except (OSError, ValueError):
            return len(text)

    def flush(self) -> None:
        try:
            sys.stderr.flush()
        except (OSError, ValueError):
            pass  # as above


def setup(level: str = "INFO", *, json: bool = True) -> None:
    """One line of JSON for each event (or a readable line for people)."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Stderr())),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    if not any(isinstance(one, _Foreign) for one in root.handlers):
        root.addHandler(_Foreign(logging.ERROR))


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


def get(name: str) -> structlog.stdlib.BoundLogger:
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(part=name)
    return logger
