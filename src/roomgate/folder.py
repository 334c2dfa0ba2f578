"""A program's data folder: made if it is missing, and worked on by one program at a time.

The lock is the kernel's: it is gone with the process that held it, however that ended.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from roomgate.errors import CannotStart

LOCK = "in-use"


class FolderTaken(CannotStart):
    """Another program works on this data folder."""

    code = "start.folder-taken"
    hint = "Stop that program first, or give this one a data folder of its own."


class FolderUnusable(CannotStart):
    """The data folder cannot be made or written to."""

    code = "start.folder"
    hint = "Let the account that runs this program own the folder, or name another folder."


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder until the block ends; made with mode 0700. Raises FolderTaken, FolderUnusable.

    The file ``in-use`` stays there. It names the process, for people; what counts is the lock on it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        raise FolderUnusable(f"The data folder {folder} cannot be used: {fault.strerror}.") from fault
    try:
        if not _lock(descriptor):
            raise FolderTaken(f"{folder} is in use by process {_named(descriptor) or 'unknown'}.")
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def find_holder(folder: Path) -> int | None:
    """The process that works on this folder now, or None."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return None if _lock(descriptor) else _named(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _named(descriptor: int) -> int | None:
    text = os.pread(descriptor, 20, 0)
    return int(text) if text.strip().isdigit() else None
