"""What our own log said, line by line, while a block runs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr

from roomgate import log


class _Lines(list[dict[str, object]]):
    """A standard error that keeps what is written to it."""

    def write(self, text: str) -> int:
        self.append(json.loads(text))
        return len(text)

    def flush(self) -> None:
        pass


@contextmanager
def logged() -> Iterator[list[dict[str, object]]]:
    """The lines so far, as they were written; the list grows."""
    log.setup()
    lines = _Lines()
    with redirect_stderr(lines):  # type: ignore[type-var]  # as much of a file as our log needs
        yield lines
