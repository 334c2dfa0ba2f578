"""What happened to a room, as JSON lines: the device's own truth, which the demo and the tests read."""

import json
from pathlib import Path
from typing import Any, Self

from roomgate.clock import Clock

_dump = json.JSONEncoder(default=str).encode


class Journal:
    """Appends to one file; every line is flushed before the call returns.

    A line has ``wall_ms`` (Unix time), ``mono_ms`` (a clock that never jumps, comparable between processes of
    one machine), ``what`` and the facts of that event. Passphrases and bodies never stand in it.
    """

    def __init__(self, path: Path, clock: Clock, *, held: bool = True) -> None:
        """``held`` keeps the file open; without, each line opens it, so that ten thousand rooms hold no descriptor."""
        self._clock = clock
        self._path = path
        self._file = path.open("a", encoding="utf-8", buffering=1) if held else None

    def write(self, what: str, facts: dict[str, Any]) -> None:
        line = {
            "wall_ms": int(self._clock.now().timestamp() * 1000),
            "mono_ms": int(self._clock.monotonic() * 1000),
            "what": what,
            **facts,
        }
        if self._file is not None:
            self._file.write(_dump(line) + "\n")
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_dump(line) + "\n")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_journal(path: Path) -> list[dict[str, Any]]:
    """Every whole line of a journal, oldest first; [] where there is none yet."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]
