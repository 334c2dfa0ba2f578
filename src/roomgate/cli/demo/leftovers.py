"""What a demonstration that was killed left behind: its programs, still running, and its folder's files."""

import asyncio
import os
import shutil
import signal
from pathlib import Path

from roomgate.folder import LOCK, find_holder

PROGRAMS = ("connector", "hub", "witness", "sim")
_ASKED_S = 5.0
_LOOK_S = 0.05


async def stop_leftovers(folder: Path) -> list[int]:
    """End the programs that still hold data folders in here; gives their ids. For whoever holds ``folder`` itself.

    A lock that is held proves that the process which wrote its id there lives: no id is ever taken for another's.
    """
    stopped = []
    for name in PROGRAMS:
        if pid := find_holder(folder / name):
            stopped.append(pid)
            await _stop(pid, folder / name)
    return stopped


async def _stop(pid: int, folder: Path) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, sign)
            async with asyncio.timeout(_ASKED_S):
                while find_holder(folder) == pid:  # noqa: ASYNC110  # a lock tells nobody when it goes
                    await asyncio.sleep(_LOOK_S)
            return
        except ProcessLookupError:
            return
        except TimeoutError:
            continue


def clear(folder: Path) -> None:
    """Remove all that is in the folder, but the lock by which it is held."""
    for entry in folder.iterdir():
        if entry.name == LOCK:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
