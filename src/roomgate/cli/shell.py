"""`roomgate xapi shell`: ask a device line by line, with completion from its catalogue and a history."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TextIO

from roomgate.cli.exits import leaf
from roomgate.cli.files import read_text
from roomgate.cli.output import show_json
from roomgate.cli.shell_line import Exit, Get, Help, Run, Schema, Set, Watch, complete, is_secret, parse_line
from roomgate.errors import RoomgateError
from roomgate.redact import foreign
from roomgate.xapi.blocking import BlockingClient
from roomgate.xapi.errors import XapiError

KEPT_LINES = 1000
HELP = """\
  Status/Audio/Volume                 read; a pattern such as Status/**/Name, too
  Configuration/Audio/DefaultVolume=40   write
  Audio.Volume.Set Level=40           run a command; body=@FILE for its text
  xCommand Audio Volume Set Level: 40 the same, as a device's own terminal has it
  watch Status/Call                   print what changes, until Ctrl-C
  schema Command/Audio/               what there is
  exit                                or Ctrl-D
Tab completes names, arguments and values. Lines with secrets are not kept in the history."""


class Shell:
    """Reads lines until there are no more. What a line does wrong is said, and the next one is read."""

    def __init__(self, room: BlockingClient, read: Callable[[], str], note: TextIO) -> None:
        """``read`` gives a line or raises EOFError; ``note`` is where words for people go (answers are JSON)."""
        self._room = room
        self._read = read
        self._note = note

    def run(self) -> int:
        """0, or 1 where the last line failed: a script on standard input can tell."""
        failed = False
        while True:
            try:
                line = self._read()
            except EOFError:
                return int(failed)
            except KeyboardInterrupt:
                print(file=self._note)
                continue
            try:
                if not self._do(line):
                    return 0
                failed = False
            except KeyboardInterrupt:
                print(file=self._note)
            except (RoomgateError, XapiError) as bad:
                self._say(bad)
                failed = True

    def _do(self, text: str) -> bool:
        match parse_line(text):
            case None:
                pass
            case Exit():
                return False
            case Help():
                print(HELP, file=self._note)
            case Get(path):
                show_json(self._room.query(path) if "*" in path else self._room.get(path))
            case Set(path, value):
                self._room.set(path, value)
            case Run(command, arguments, body_file):
                body = read_text(Path(body_file)) if body_file is not None else None
                show_json(self._room.command(command, body, arguments=arguments))
            case Watch(path):
                self._watch(path)
            case Schema(prefix):
                found = self._room.catalogue.completions(prefix)
                print("\n".join(found) or f"Nothing begins with {prefix!r}.", flush=True)
        return True

    def _watch(self, path: str) -> None:
        for seen in self._room.watch(path, current=not path.lower().lstrip("x").startswith("event")):
            if seen.gap:
                print("(some changes may be missing; this is how it is now)", file=self._note)
            show_json(seen.document)

    def _say(self, bad: Exception) -> None:
        told = leaf(bad)
        hint = getattr(told, "hint", "")
        print(foreign(str(told), 2000) + (f"\n  {hint}" if hint else ""), file=self._note)


def history_file() -> Path:
    base = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(base) / "roomgate" / "xapi-history"


@contextlib.contextmanager
def line_editor(room: BlockingClient, prompt: str, history: Path) -> Iterator[Callable[[], str]]:
    """How lines are read: edited and completed at a terminal, plainly from a pipe."""
    if not sys.stdin.isatty():
        yield _piped
        return
    try:
        import readline
    except ImportError:  # a Python without it: still a shell
        yield lambda: input(prompt)
        return
    _prepare(readline, room, history)
    try:
        yield lambda: _edited(readline, prompt)
    finally:
        _keep(readline, history)


def _piped() -> str:
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line


def _edited(readline: ModuleType, prompt: str) -> str:
    line = input(prompt)
    if line.strip() and not is_secret(line):
        readline.add_history(line)
    return line


def _prepare(readline: ModuleType, room: BlockingClient, history: Path) -> None:
    readline.set_auto_history(False)
    readline.set_history_length(KEPT_LINES)
    with contextlib.suppress(OSError):
        readline.read_history_file(history)
    readline.set_completer_delims(" \t\n")
    readline.parse_and_bind("tab: complete")
    readline.set_completer(Completer(room, lambda: readline.get_line_buffer()[: readline.get_endidx()]))


def _keep(readline: ModuleType, history: Path) -> None:
    """For the owner alone; where it cannot be kept, the shell worked all the same."""
    with contextlib.suppress(OSError):
        history.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        history.touch(mode=0o600)
        readline.write_history_file(history)
        history.chmod(0o600)


class Completer:
    """What readline asks: the nth way to go on, or None."""

    def __init__(self, room: BlockingClient, typed: Callable[[], str]) -> None:
        self._room = room
        self._typed = typed
        self._found: list[str] = []

    def __call__(self, word: str, number: int) -> str | None:
        if number == 0:
            self._found = complete(self._typed(), self._room.catalogue)
        if number >= len(self._found):
            return None
        found = self._found[number]
        done = found.endswith(("=", "@")) or self._goes_on(found)
        return found if done else found + " "

    def _goes_on(self, found: str) -> bool:
        """Whether more names may follow in the same word."""
        if "=" in found:
            return False
        below = found.replace(".", "/") + "/"
        return any(self._room.catalogue.completions(start + below) for start in ("", "Command/"))
