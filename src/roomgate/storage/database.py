"""One writer thread over SQLite, with group commit: many units of work, one durable commit.

A caller hands over a *unit*: a plain function that is given a connection and does its statements. The
writer thread takes every unit that waits, runs each inside a savepoint of one transaction that began
with BEGIN IMMEDIATE (a lone unit needs no savepoint: there is nothing beside it to be kept), commits once
(``synchronous=FULL``: the commit is on the disk), and only then lets the callers go on. So no caller ever acts upon something that a power cut could take back, and a busy
moment costs one flush instead of a hundred.

After a failure of the disk nothing more is accepted: what cannot be recorded does not happen. Once a second
the writer does what a new start would do (open anew, look for damage, write a page durably); when that works,
work is accepted again. A file that is damaged is another matter: it stays shut until somebody restores it.
"""

import asyncio
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from roomgate import log
from roomgate.errors import BadInput, RoomgateError

T = TypeVar("T")
Unit = Callable[[Connection], T]

_BUSY_MS = 5000
_READERS = 4
_LONGEST_QUEUE = 10_000
_LARGEST_BATCH = 500
_SOON_S = 0.5
_NEVER = float("inf")
_BEGIN_WRITING = "BEGIN IMMEDIATE"
_AGAIN_S = 1.0  # between two looks whether a failed disk can be written again
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_FATAL = {
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PERM,
}  # fmt: skip

_log = log.get("storage")


class StorageFailed(RoomgateError):
    """The data could not be written; nothing further is accepted until it can be."""

    code = "storage.failed"
    hint = "Free disk space or mend the volume; the program goes on by itself as soon as it can write."


class StorageBusy(RoomgateError):
    """More is waiting to be written than we hold; this unit was not done."""

    code = "storage.busy"
    hint = "Try again in a moment."


class DamagedData(StorageFailed):
    """The database file is damaged, so it is not opened, or no longer written to."""

    code = "storage.damaged"
    hint = "Stop the program, keep the damaged folder for examination, restore a backup of it, and start again."


@dataclass(slots=True)
class _Job(Generic[T]):
    unit: Unit[T]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[T]
    due: float  # monotonic: the latest moment at which its commit begins
    result: T | None = None
    fault: BaseException | None = None


class Database:
    """A data file with one writer. Made by `open`, ended by `aclose`."""

    def __init__(self, path: Path, writer: Engine, reader: Engine, longest_queue: int, again_s: float) -> None:
        self.path = path
        self._again_s = again_s
        self._writer = writer
        self._reader = reader
        self._longest_queue = longest_queue
        self._wake = threading.Condition()
        self._waiting: deque[_Job[Any]] = deque()
        self._open: Connection | None = None  # the writer's, kept from commit to commit
        self._due = _NEVER  # when the next commit has to begin
        self._closing = False
        self._failed: StorageFailed | None = None
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="storage.read")
        self._thread = threading.Thread(target=self._run, name="storage.write", daemon=True)
        self._thread.start()

    @classmethod
    def open(
        cls,
        path_or_url: str | Path,
        metadata: MetaData | None = None,
        *,
        longest_queue: int = _LONGEST_QUEUE,
        again_s: float = _AGAIN_S,
    ) -> Self:
        """Open, or create with mode 0600, the file at a path or ``sqlite:///`` address.

        ``metadata`` creates the tables that are missing; without it the schema is somebody else's
        (a migration's). Blocks for as long as SQLite's quick check takes. Raises DamagedData if that
        check complains, StorageFailed if the file cannot be opened, BadInput for another kind of database.
        """
        path = file_of(path_or_url)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            path.chmod(0o600)
        except OSError as fault:
            raise StorageFailed(f"{path}: {fault.strerror}") from fault

        writer = _engine(path, begin=_BEGIN_WRITING, read_only=False)
        reader = _engine(path, begin="BEGIN", read_only=True)
        try:
            _look_for_damage(writer, path)
            if metadata is not None:
                with writer.begin() as conn:
                    metadata.create_all(conn)
        except DBAPIError as fault:
            writer.dispose()
            raise _translated(fault) from fault
        except RoomgateError:
            writer.dispose()
            raise
        return cls(path, writer, reader, longest_queue, again_s)

    @property
    def failed(self) -> StorageFailed | None:
        """Why nothing is accepted now; None while all is well."""
        return self._failed

    @property
    def waiting(self) -> int:
        """How many units wait for the writer."""
        return len(self._waiting)

    async def write(self, unit: Unit[T]) -> T:
        """Do one unit of work; returns its result once the commit is on the disk.

        An exception that the unit raises undoes this unit alone and is raised here. Raises
        StorageFailed if the disk fails, StorageBusy if too much waits. Cancelling stops the waiting, not
        the work: the unit may still be done.
        """
        return await self._submit(unit, within_s=0)

    def write_soon(self, unit: Unit[T]) -> asyncio.Future[T]:
        """Do one unit with the next commit, at most a second from now: for outcomes, never for permits.

        Units keep the order in which they were handed over, soon or not. The future may be awaited or
        left alone; a failure that nobody awaits is logged.
        """
        answer = self._submit(unit, within_s=_SOON_S)
        answer.add_done_callback(_log_failure)
        return answer

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads, on a snapshot of what is committed, beside the writer."""
        if self._closing:
            raise StorageFailed("the database is closed")
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, unit)

    async def aclose(self) -> None:
        """Write what waits, then close. Safe to repeat."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        await asyncio.to_thread(self._thread.join)
        await asyncio.to_thread(self._readers.shutdown)
        self._reader.dispose()
        self._let_go()

    def _read(self, unit: Unit[T]) -> T:
        try:
            with self._reader.begin() as conn:
                return unit(conn)
        except DBAPIError as fault:
            if _code(fault) not in _FATAL - {sqlite3.SQLITE_READONLY}:  # that one says that the unit wrote
                raise
            failure = _translated(fault)
            if isinstance(failure, DamagedData) and not isinstance(self._failed, DamagedData):
                self._fail(failure)  # nothing more is built on it
            raise failure from fault

    def _submit(self, unit: Unit[T], within_s: float) -> asyncio.Future[T]:
        loop = asyncio.get_running_loop()
        job = _Job(unit, loop, loop.create_future(), time.monotonic() + within_s)
        with self._wake:
            if self._failed is not None:
                raise type(self._failed)(self._failed.message)
            if self._closing:
                raise StorageFailed("the database is closed")
            if len(self._waiting) >= self._longest_queue:
                raise StorageBusy(f"{self._longest_queue} units of work wait already")
            self._waiting.append(job)
            if job.due < self._due:
                self._due = job.due
                self._wake.notify()
            elif len(self._waiting) == _LARGEST_BATCH:
                self._wake.notify()
        return job.answer

    # -- the writer thread --------------------------------------------------------------------------

    def _run(self) -> None:
        while batch := self._next_batch():
            if self._failed is None:
                self._commit(batch)
            else:
                for job in batch:
                    job.fault = self._failed
            _deliver(batch)
            while self._may_come_back():
                self._try_again()

    def _may_come_back(self) -> bool:
        """Wait for the next try; False where all is well, the file is damaged, or units wait to be told so."""
        with self._wake:
            if self._failed is None or isinstance(self._failed, DamagedData) or self._closing or self._waiting:
                return False
            self._wake.wait(self._again_s)
            return not self._closing and not self._waiting

    def _try_again(self) -> None:
        """As at a new start: open anew, look for damage, and have a page written durably."""
        self._let_go()
        try:
            _look_for_damage(self._writer, self.path)
            with self._writer.begin() as conn:
                version = conn.exec_driver_sql("PRAGMA user_version").scalar_one()
                conn.exec_driver_sql(f"PRAGMA user_version={version}")
        except DamagedData as damage:
            self._fail(damage)
        except (SQLAlchemyError, sqlite3.Error) as fault:
            if isinstance(still := _translated(fault), DamagedData):
                self._fail(still)
        else:
            with self._wake:
                self._failed = None
            _log.info("storage.back", file=self.path.name)

    def _let_go(self) -> None:
        """Of the writer's connection."""
        if self._open is not None:
            self._open.close()
            self._open = None
        self._writer.dispose()

    def _fail(self, failure: StorageFailed) -> None:
        with self._wake:
            self._failed = failure
        _log.error("storage.failed", file=self.path.name, error=failure.message, hint=failure.hint)

    def _next_batch(self) -> list[_Job[Any]]:
        """Wait for work that is due; everything before it comes along. Empty once closed and done."""
        with self._wake:
            while True:
                if self._waiting:
                    pause = self._due - time.monotonic()
                    if pause <= 0 or self._closing or len(self._waiting) >= _LARGEST_BATCH:
                        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _LARGEST_BATCH))]
                        self._due = min((job.due for job in self._waiting), default=_NEVER)
                        return batch
                    self._wake.wait(pause)
                elif self._closing:
                    return []
                else:
                    self._wake.wait()

    def _commit(self, batch: list[_Job[Any]]) -> None:
        try:
            conn = self._open
            if conn is None or conn.closed:
                conn = self._open = self._writer.connect()
            _do_all(conn, batch)
        except (SQLAlchemyError, sqlite3.Error) as fault:
            failure = _translated(fault)
            failure.__cause__ = fault
            for job in batch:
                job.fault = failure
            if isinstance(failure, StorageFailed):
                self._fail(failure)


def _do_all(conn: Connection, batch: list[_Job[Any]]) -> None:
    """One transaction, said to the driver: SQLAlchemy takes part only where a unit speaks through it.

    Ends with a durable commit, or raises and all is undone.
    """
    raw = driver_of(conn)
    raw.execute(_BEGIN_WRITING)
    try:
        if len(batch) == 1:
            kept = _do_alone(conn, batch[0])
        else:
            for job in batch:
                _do(conn, raw, job)
            kept = True
        if kept:
            raw.execute("COMMIT")  # raises where a fault has ended the transaction behind our back
    finally:
        if conn.in_transaction():
            conn.rollback()  # SQLAlchemy's own state; after the commit there is nothing to take back
        if raw.in_transaction:
            raw.rollback()


def _do(conn: Connection, raw: sqlite3.Connection, job: _Job[Any]) -> None:
    """One of several units: its failure undoes it alone."""
    raw.execute("SAVEPOINT unit")
    try:
        job.result = job.unit(conn)
        raw.execute("RELEASE unit")
    except Exception as fault:
        if _everybodys(fault):
            raise
        raw.execute("ROLLBACK TO unit")
        raw.execute("RELEASE unit")
        job.fault = fault


def _do_alone(conn: Connection, job: _Job[Any]) -> bool:
    """The only unit of a transaction; False where it failed, which undoes all there is."""
    try:
        job.result = job.unit(conn)
    except Exception as fault:
        if _everybodys(fault):
            raise
        job.fault = fault
        return False
    return True


def _everybodys(fault: Exception) -> bool:
    """A unit's own failure is its caller's; the disk's is everybody's."""
    return isinstance(fault, DBAPIError | sqlite3.Error) and _code(fault) in _FATAL


def _deliver(batch: list[_Job[Any]]) -> None:
    """Wake each caller on its own loop, one call a loop for the whole batch."""
    for loop in {job.loop for job in batch}:
        mine = [job for job in batch if job.loop is loop]
        try:
            loop.call_soon_threadsafe(_settle, mine)
        except RuntimeError:  # that loop is closed: nobody waits any more
            continue


def _settle(jobs: list[_Job[Any]]) -> None:
    for job in jobs:
        if job.answer.done():  # its caller was cancelled
            continue
        if job.fault is not None:
            job.answer.set_exception(job.fault)
        else:
            job.answer.set_result(job.result)


def _log_failure(answer: asyncio.Future[Any]) -> None:
    if answer.cancelled() or (fault := answer.exception()) is None:
        return
    if not isinstance(fault, StorageFailed):  # that was said once, for everybody
        _log.error("storage.write-failed", error=f"{type(fault).__name__}: {fault}"[:300])


def driver_of(conn: Connection) -> sqlite3.Connection:
    """The driver's own connection, for the few statements that every ask runs: a tenth of SQLAlchemy's price."""
    driver = conn.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def file_of(path_or_url: str | Path) -> Path:
    """The file that a path or a ``sqlite:///`` address names; raises BadInput for another kind of database."""
    if isinstance(path_or_url, str) and "://" in path_or_url:
        url = make_url(path_or_url)
        if url.get_backend_name() != "sqlite" or not url.database:
            raise BadInput("only an SQLite file is supported as database")
        return Path(url.database)
    return Path(path_or_url)


def _engine(path: Path, *, begin: str, read_only: bool) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        pool_size=_READERS if read_only else 1,
        max_overflow=0,
        connect_args={"check_same_thread": False, "timeout": _BUSY_MS / 1000},
    )

    @event.listens_for(engine, "connect")
    def configure(raw: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        raw.isolation_level = None  # we say BEGIN ourselves: the driver's own begins too late
        raw.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        raw.execute("PRAGMA foreign_keys=ON")
        raw.execute("PRAGMA trusted_schema=OFF")
        if read_only:
            raw.execute("PRAGMA query_only=ON")
        else:
            raw.execute("PRAGMA journal_mode=WAL")
            raw.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def begin_transaction(conn: Connection) -> None:
        if not driver_of(conn).in_transaction:  # else the writer has begun already
            conn.exec_driver_sql(begin)

    return engine


def _code(fault: BaseException) -> int:
    origin = fault.orig if isinstance(fault, DBAPIError) else fault
    return (getattr(origin, "sqlite_errorcode", 0) or 0) & 0xFF


def _look_for_damage(engine: Engine, path: Path) -> None:
    """SQLite's quick check; raises DamagedData."""
    with engine.connect() as conn:
        complaints = conn.exec_driver_sql("PRAGMA quick_check(1)").scalars().all()
    if complaints != ["ok"]:
        raise DamagedData(f"{path.name} is damaged: {complaints[0] if complaints else 'no answer'}")


def _translated(fault: BaseException) -> RoomgateError:
    text = str(fault.orig if isinstance(fault, DBAPIError) else fault)
    code = _code(fault)
    if code in _DAMAGE:
        return DamagedData(text)
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return StorageBusy("another program holds the database")
    return StorageFailed(text)
