"""A database in memory with the writer's own manners: one batch at a time, durable before anybody is told.

The statements, transactions and savepoints are the real writer's; the thread and the disk are a delay on the
loop's clock. Between the commit and the word of it there is a moment, as there is with a thread: what reads then
sees what nobody has been told of yet. `kill` is kill -9: what was not committed never was.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from roomgate.storage.database import Database, StorageFailed, _do_all, _Job, _settle, driver_of

T = TypeVar("T")
Unit = Callable[[Connection], T]
SOON_S = 0.5
_made: list[sqlite3.Connection] = []
# One engine for all: what it has compiled once it need not compile again.
_engine = create_engine("sqlite://", creator=lambda: _made[-1], poolclass=NullPool)


class MemoryDatabase(Database):
    """``image``: the bytes of a database to begin with."""

    def __init__(
        self, image: bytes | None = None, dice: Random | None = None, *, conn: Connection | None = None
    ) -> None:
        self.path = Path("memory")
        self._dice = dice
        self._failed = None
        self._closing = False
        self._dead = False
        self._waiting: deque[_Job[Any]] = deque()
        self._untold: list[_Job[Any]] = []  # done, and their callers do not know yet
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._busy = False
        self.committed: Callable[[], None] | None = None  # told right after each commit, before anybody else
        self._read: dict[Unit[Any], Any] = {}
        self._conn = conn or _connect(image)

    def image(self) -> bytes:
        return driver_of(self._conn).serialize()

    def kill(self) -> None:
        """From now on nothing is written or read, and nobody is told anything."""
        self._dead = True
        for job in (*self._waiting, *self._untold):
            job.answer.cancel()  # so that nothing is left that waits for ever
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()

    def close(self) -> None:
        """The disk is thrown away."""
        self._conn.close()

    def again(self) -> "MemoryDatabase":
        """The same disk, as the next run of the program finds it."""
        return MemoryDatabase(dice=self._dice, conn=self._conn)

    def look(self, unit: Unit[T]) -> T:
        """What is durable now, for whoever watches it from outside and asks often: read once after each commit."""
        if unit not in self._read:
            self._read[unit] = unit(self._conn)
        return self._read[unit]  # type: ignore[no-any-return]

    async def read(self, unit: Unit[T]) -> T:
        if self._dead:
            raise asyncio.CancelledError
        if self._closing:
            raise StorageFailed("the database is closed")
        if self._dice is not None and self._dice.random() < 0.3:
            await asyncio.sleep(self._dice.uniform(0.0002, 0.004))
            if self._dead:
                raise asyncio.CancelledError
        try:
            found = unit(self._conn)
        finally:
            self._conn.rollback()
        if self._dice is not None and self._dice.random() < 0.3:  # its word crosses from the reader's thread
            await asyncio.sleep(self._dice.uniform(0.0002, 0.004))
        return found

    async def aclose(self) -> None:
        if not self._dead:
            self._closing = True
            self._commit()

    def _submit(self, unit: Unit[T], within_s: float) -> "asyncio.Future[T]":
        if self._closing:
            raise StorageFailed("the database is closed")
        loop = asyncio.get_running_loop()
        if self._dead:
            nobody: asyncio.Future[T] = loop.create_future()
            nobody.cancel()
            return nobody
        due = loop.time() + (within_s or self._latency())
        job = _Job(unit, loop, loop.create_future(), due)
        self._waiting.append(job)
        self._plan(due)
        return job.answer

    def _latency(self) -> float:
        return self._dice.uniform(0.0005, 0.006) if self._dice is not None else 0.001

    def _plan(self, due: float) -> None:
        if self._timer is not None:
            if self._timer_at <= due:
                return
            self._timer.cancel()
        self._timer_at = due
        self._timer = asyncio.get_running_loop().call_at(due, self._commit)

    def _commit(self) -> None:
        self._timer = None
        batch = list(self._waiting)
        self._waiting.clear()
        if not batch:
            return
        _do_all(self._conn, batch)
        self._read.clear()
        self._untold = batch
        if self.committed is not None:
            self.committed()
        if self._dead:  # killed right after the commit
            return
        if self._dice is None or self._closing:
            _settle(batch)
        else:  # the word crosses from the writer's thread
            batch[0].loop.call_later(self._dice.uniform(0.0, 0.003), self._tell, batch)

    def _tell(self, batch: list[_Job[Any]]) -> None:
        if not self._dead:
            self._untold = []
            _settle(batch)


def _connect(image: bytes | None) -> Connection:
    raw = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    if image is not None:
        raw.deserialize(image)
    raw.execute("PRAGMA foreign_keys=ON")
    _made.append(raw)
    conn = _engine.connect()
    _made.pop()
    return conn
