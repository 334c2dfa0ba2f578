"""A run in front of a person: how far it is, on standard error; and the tester's own part of it."""

import asyncio
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from roomgate.checks.tester import NobodyToAsk
from roomgate.redact import foreign

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

LOUD = "NOT UNDONE"  # how a look begins what must not pass by
_LINE_MOST = 400
_LINES_MOST = 60
_TYPED_MOST = 64 * 1024


class Show:
    """Told what a run does now, it shows it; nothing where there is no bar, but what is loud."""

    def __init__(self, bar: "Progress | None" = None, task: "TaskID | None" = None) -> None:
        self._bar = bar
        self._task = task

    def __call__(self, look: str, what: str, part: float) -> None:
        if what.startswith(LOUD):
            with self.quiet():
                print(f"\n{harmless(what)}\n", file=sys.stderr, flush=True)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=part, look=look, what=foreign(what, 80))

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Without the bar, so that a person can read and type."""
        if self._bar is None:
            yield
            return
        self._bar.stop()
        try:
            yield
        finally:
            self._bar.start()


@contextmanager
def progress() -> Iterator[Show]:
    """A line for each look, with what it does now; nothing where standard error is no terminal."""
    try:
        if not sys.stderr.isatty():
            yield Show()
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            TextColumn("{task.fields[look]:>16}"),
            BarColumn(24),
            TimeElapsedColumn(),
            TextColumn("{task.fields[what]}", markup=False),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=1.0, look="", what="")
            yield Show(bar, task)
    except KeyboardInterrupt:
        print("\nStopped. Run it again with the same file and options: it goes on where it was.", file=sys.stderr)
        raise


def harmless(text: str) -> str:
    """Its lines stay lines; nothing else in it moves the cursor, changes colours or turns the writing around."""
    return "\n".join(foreign(line, _LINE_MOST) for line in text.splitlines()[:_LINES_MOST])


class Terminal:
    """The tester, asked at the terminal. Questions go to standard error, so that ``--json`` stays clean.

    Whoever stops the run with Ctrl-C while it waits loses nothing. Raises NobodyToAsk once the input has ended.
    """

    def __init__(self, show: Show | None = None, typed_at: int | None = None) -> None:
        """``typed_at`` is the descriptor that is read; by default that of standard input."""
        self._show = show
        self._typed_at = typed_at
        self._typed = bytearray()

    async def please(self, what: str) -> None:
        what = what.strip()
        await self.type(
            f"\nPlease do this now:\n\n  {what[:1].upper()}{what[1:]}\n\n"
            "Press Enter once it is done. (Ctrl-C stops here; the same command goes on later.)"
        )

    async def choose(self, question: str, answers: Sequence[str]) -> str:
        while True:
            typed = await self.type(f"{question} [{'/'.join(answers)}]")
            exact = [one for one in answers if typed.lower() == one.lower()]
            found = exact or [one for one in answers if typed and one.lower().startswith(typed.lower())]
            if len(found) == 1:
                return found[0]
            print(f"  Please type one of: {harmless(', '.join(answers))}", file=sys.stderr)

    async def type(self, question: str) -> str:
        quiet: AbstractContextManager[None] = self._show.quiet() if self._show is not None else nullcontext()
        with quiet:
            print(harmless(question) + " ", end="", file=sys.stderr, flush=True)
            return (await self._line()).strip()

    async def _line(self) -> str:
        descriptor = sys.stdin.fileno() if self._typed_at is None else self._typed_at
        while b"\n" not in self._typed and len(self._typed) < _TYPED_MOST:
            await _readable(descriptor)
            part = os.read(descriptor, 4096)
            if not part:
                if self._typed:
                    break
                raise NobodyToAsk("Nobody is at the terminal any more: its input has ended.")
            self._typed += part
        line, _, rest = self._typed.partition(b"\n")
        self._typed = rest
        return line.decode("utf-8", "replace")


async def _readable(descriptor: int) -> None:
    """Returns once there is something to read. Not in a thread: one that waits for a person cannot be stopped."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def tell() -> None:
        if not ready.done():
            ready.set_result(None)

    try:
        loop.add_reader(descriptor, tell)
    except (PermissionError, NotImplementedError):
        return  # a file, which can always be read
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)
