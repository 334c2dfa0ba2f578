import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from roomgate.folder import LOCK, FolderTaken, FolderUnusable, alone_in, find_holder

# Holds a folder in a process of its own until its input ends.
HOLD = "import sys, pathlib; from roomgate.folder import alone_in\nwith alone_in(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"


def holding(folder: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    with alone_in(tmp_path / "new" / "data"):
        assert stat.S_IMODE((tmp_path / "new" / "data").stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "new" / "data" / LOCK).stat().st_mode) == 0o600


def test_one_program_at_a_time(tmp_path: Path) -> None:
    with alone_in(tmp_path):
        assert find_holder(tmp_path) == os.getpid()
        with pytest.raises(FolderTaken, match=f"process {os.getpid()}"), alone_in(tmp_path):
            raise AssertionError("two programs in one folder")
    assert find_holder(tmp_path) is None
    with alone_in(tmp_path):
        pass


def test_it_is_free_when_its_program_is_killed(tmp_path: Path) -> None:
    with holding(tmp_path) as process:
        assert find_holder(tmp_path) == process.pid
        with pytest.raises(FolderTaken), alone_in(tmp_path):
            pass
        process.kill()
        process.wait()
        assert find_holder(tmp_path) is None
        with alone_in(tmp_path):
            pass


def test_a_child_does_not_hold_it_on(tmp_path: Path) -> None:
    with alone_in(tmp_path):
        said = "print('on', flush=True); input()"
        child = subprocess.Popen(
            [sys.executable, "-c", said], stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False
        )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"on\n"  # it runs by now: what closes at its start is closed
        assert find_holder(tmp_path) is None
    finally:
        child.communicate(b"\n")


def test_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nowhere")):
        with pytest.raises(FolderUnusable, match=str(folder)), alone_in(folder):
            pass
        assert find_holder(folder) is None
