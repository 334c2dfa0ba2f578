"""A run in front of a person: how far it is, on standard error; and the tester's own part of it."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from roomgate.redact import foreign

Show = Callable[[str, str, float], None]


@contextmanager
def progress() -> Iterator[Show]:
    """A line for each look, with what it does now; nothing where standard error is no terminal."""
    if not sys.stderr.isatty():
        yield lambda look, what, part: None
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
        yield lambda look, what, part: bar.update(task, completed=part, look=look, what=foreign(what, 80))


class Terminal:
    """The tester, asked at the terminal. Questions go to standard error, so that ``--json`` stays clean."""

    async def please(self, what: str) -> None:
        await self.type(f"Now: {what}\n  Press Enter once it is done")

    async def choose(self, question: str, answers: Sequence[str]) -> str:
        while True:
            typed = await self.type(f"{question} [{'/'.join(answers)}]")
            found = [one for one in answers if typed and one.lower().startswith(typed.lower())]
            if len(found) == 1:
                return found[0]

    async def type(self, question: str) -> str:
        print(foreign(question, 2000).replace("·", "\n") + ": ", end="", file=sys.stderr, flush=True)
        line: str = await asyncio.to_thread(sys.stdin.readline)
        if not line:
            raise EOFError("nobody is at the terminal any more")
        return line.strip()
