"""Who reads a room's invitations: this program itself, or a process that holds nothing else and may be lost.

Theory. What reads strangers' mail is where a stranger's mistake or malice does its harm: it may never end, take all
memory, or fall. So a program with credentials starts a reader (`reader_process`), gives it bytes and takes meetings,
and believes of an answer only what can be true. A reader that falls, hangs or sends rubbish is killed, and the same is
read once more by a fresh one: a process may be lost through no invitation's fault. That one tells what it is at. If it
falls too, the invitations that it fell over are refused, told, and not tried again while this program runs; the others
are read.
"""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Protocol

import roomgate
from roomgate import log
from roomgate.errors import RoomgateError
from roomgate.meetings.reader_messages import (
    HEAD,
    MOST_ANSWER,
    At,
    BadFrame,
    Begin,
    Done,
    Read,
    answered,
    digests,
    frame,
    parse_answer,
    parse_length,
)
from roomgate.meetings.reading import Given, Numbers, Understood, read
from roomgate.meetings.rules.catalogue import Catalogue

WITHIN_S = 30.0  # for one message: far more than the processor's seconds that the reader has, on a machine that is busy
MOST_FALLS = 6  # for one room; then it is the others' turn
MOST_REMEMBERED = 1000  # invitations that a reader fell over

_log = log.get("meetings.reader")


class ReaderFell(RoomgateError):
    """The process that reads invitations ended, hung, or said what cannot be true."""

    code = "meeting.reader.fell"
    hint = "It is started anew. If this stays, the log of the connector says what happened."


class Reader(Protocol):
    async def read(self, given: Given) -> Understood:
        """One at a time. Raises `ReaderFell` where nothing can be said of these; what a room shows then stays."""


class Here:
    """In a thread of this program: for one that has nothing to lose, as a measurement or a test."""

    def __init__(self, zone: tzinfo = UTC, rules: Catalogue | None = None) -> None:
        self._zone, self._rules = zone, rules

    async def read(self, given: Given) -> Understood:
        return await asyncio.to_thread(read, given, self._zone, self._rules)


def command() -> list[str]:
    """The same Python with the same packages, and nothing else: neither this folder nor a user's own."""
    return [sys.executable, "-P", "-s", "-m", "roomgate.meetings.reader_process"]


class Apart:
    """A process of its own, started when it is first wanted. `aclose` when done."""

    def __init__(
        self,
        zone: str = "UTC",
        packs: Sequence[tuple[str, bytes]] = (),
        *,
        words: Sequence[str] | None = None,
        within_s: float = WITHIN_S,
    ) -> None:
        """``packs``: the site's own, by file name. ``words``: another reader's command line."""
        self._begin = Begin(zone, tuple(packs))
        self._words = list(words or command())
        self._within_s = within_s
        self._process: asyncio.subprocess.Process | None = None
        self._lost: dict[tuple[bytes, ...], None] = {}  # by what they were, wherever they come again

    @property
    def pid(self) -> int | None:
        """The reader's, while there is one."""
        return self._process.pid if self._process else None

    async def aclose(self) -> int | None:
        """The reader ends; gives how, if there was one. Safe to repeat."""
        process, self._process = self._process, None
        if process is None:
            return None
        with suppress(ProcessLookupError):
            process.kill()
        # What is in the pipes is read to its end, so that both are closed when this returns.
        with suppress(ConnectionError):
            await process.communicate()
        return await process.wait()

    async def read(self, given: Given) -> Understood:
        """Cancelling ends the reader: the next call starts another."""
        for fall in range(MOST_FALLS):
            telling, at = fall % 2 == 1, list[Numbers]()
            try:
                return answered(await self._asked(Read(given, frozenset(self._lost), telling), at), given)
            except (OSError, EOFError, TimeoutError, BadFrame) as fault:
                ended = await self.aclose()
                told = fault.message if isinstance(fault, BadFrame) else type(fault).__name__
                _log.warning("reader.fell", error=told, ended=ended, at=at)
            except BaseException:  # cancelled in the middle of an answer, of which no other may get the rest
                await self.aclose()
                raise
            if telling and not at:
                break  # it does not even begin: no invitation is at fault
            if at and at[-1]:
                self._remember(digests(given, at[-1]))
        raise ReaderFell("The process that reads invitations ended over this room's, again and again.")

    async def _asked(self, question: Read, at: list[Numbers]) -> Done:
        async with asyncio.timeout(self._within_s):
            process = self._process or await self._start()
            assert process.stdin is not None
            process.stdin.write(frame(question))
            await process.stdin.drain()
        while True:
            async with asyncio.timeout(self._within_s):
                answer = await self._next(process)
            if isinstance(answer, Done):
                return answer
            if not all(0 <= one < question.given.count for one in answer.numbers):
                raise BadFrame("an answer about what was not asked")
            at[:] = [answer.numbers]

    async def _next(self, process: asyncio.subprocess.Process) -> At | Done:
        assert process.stdout is not None
        length = parse_length(await process.stdout.readexactly(HEAD.size), MOST_ANSWER)
        return parse_answer(await process.stdout.readexactly(length))

    async def _start(self) -> asyncio.subprocess.Process:
        """With an empty environment, in no folder, and with no more than two pipes of what is open here."""
        self._process = process = await asyncio.create_subprocess_exec(
            *self._words, cwd="/", env={"PYTHONPATH": str(Path(roomgate.__file__).parents[1]), "LC_ALL": "C.UTF-8"},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(frame(self._begin))
        return process

    def _remember(self, lost: tuple[bytes, ...]) -> None:
        if len(self._lost) >= MOST_REMEMBERED:
            self._lost.pop(next(iter(self._lost)))  # the oldest
        self._lost[lost] = None
