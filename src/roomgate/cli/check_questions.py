"""Questions in a terminal, one after the other. An answer that cannot be used is asked for again, with the reason.

Questions go to standard error and answers come from standard input, so that a script can give them in a pipe.
"""

import getpass
import sys
from collections.abc import Callable, Sequence
from typing import TextIO, TypeVar

from roomgate.errors import BadInput
from roomgate.redact import foreign

T = TypeVar("T")
Read = Callable[[str], T]  # raises ValueError, with the reason in a sentence
_LONGEST = 2000


class Questions:
    """``secret`` reads a line without showing it, where there is a terminal for that."""

    def __init__(
        self, answers: TextIO | None = None, out: TextIO | None = None, secret: Callable[[], str] | None = None
    ) -> None:
        self._answers = answers or sys.stdin
        self._out = out or sys.stderr
        self._end = "" if self._answers.isatty() else "\n"  # nobody's Enter ends the line where answers come in a pipe
        self._secret = secret or (self._hidden if self._answers.isatty() else self._line)

    def say(self, text: str = "") -> None:
        print(text, file=self._out, flush=True)

    def ask(self, question: str, read: Read[T], *, usual: str = "", secret: bool = False) -> T:
        """Until the answer can be read. ``usual`` is taken for an empty one. Raises BadInput when the answers end."""
        while True:
            shown = f" [{usual}]" if usual else ""
            print(f"  {question}{shown}: ", end=self._end, file=self._out, flush=True)
            try:
                line = (self._secret if secret else self._line)()
            except EOFError as over:
                raise BadInput(
                    f"The answers ended before this one: {question}.",
                    hint="Answer every question, with a line for each.",
                ) from over
            try:
                return read(clean(line) or usual)
            except ValueError as reason:
                self.say(f"    {foreign(str(reason), 300)}")

    def text(
        self, question: str, *, usual: str = "", least: int = 1, most: int = _LONGEST, secret: bool = False
    ) -> str:
        def read(line: str) -> str:
            if len(line) < least:
                raise ValueError("This cannot be empty.")
            if len(line) > most:
                raise ValueError(f"This is longer than {most} letters.")
            return line

        return self.ask(question, read, usual=usual, secret=secret)

    def maybe(self, question: str, read: Read[str] | None = None) -> str:
        """An answer that may be left out with Enter."""
        return self.ask(f"{question} (Enter: none)", lambda line: (read or (lambda text: text))(line) if line else "")

    def yes(self, question: str, *, usual: bool = False) -> bool:
        def read(line: str) -> bool:
            word = line.casefold()
            if word and ("yes".startswith(word) or "no".startswith(word)):
                return word.startswith("y")
            raise ValueError("Answer yes or no.")

        return self.ask(f"{question} (yes/no)", read, usual="yes" if usual else "no")

    def choose(self, question: str, words: Sequence[str], *, usual: str = "") -> str:
        """One of the words, or the beginning of one alone."""

        def read(line: str) -> str:
            found = [word for word in words if word == line.casefold()]
            found = found or [word for word in words if line and word.startswith(line.casefold())]
            if len(found) != 1:
                raise ValueError(f"Answer one of: {', '.join(words)}.")
            return found[0]

        return self.ask(f"{question} ({'/'.join(words)})", read, usual=usual)

    def several(self, question: str, read: Read[T], *, least: int = 0) -> list[T]:
        """Answers until one is empty."""
        found: list[T] = []

        def next_one(line: str) -> T | None:
            if not line and len(found) < least:
                raise ValueError("At least one is needed.")
            return read(line) if line else None

        while (one := self.ask(f"{question} {len(found) + 1} (Enter: no more)", next_one)) is not None:
            found.append(one)
        return found

    def _line(self) -> str:
        line = self._answers.readline()
        if not line:
            raise EOFError
        return line

    def _hidden(self) -> str:
        return getpass.getpass("", stream=self._out)


def clean(line: str) -> str:
    """A line as it is kept: without control characters, whatever a terminal or a pipe put there."""
    text = line.encode("utf-8", "replace").decode("utf-8")
    return "".join(letter for letter in text if letter.isprintable()).strip()
