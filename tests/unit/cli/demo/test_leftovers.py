import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from roomgate.cli.demo.leftovers import clear, stop_leftovers
from roomgate.folder import LOCK, alone_in

# A program that holds its folder.
HOLD = """
import pathlib, sys
from roomgate.folder import alone_in
with alone_in(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_programs_that_outlived_their_demonstration_are_ended(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path / "hub")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert asyncio.run(stop_leftovers(tmp_path)) == [process.pid]
        assert process.wait(5) == -signal.SIGTERM


@pytest.mark.asyncio
async def test_an_id_that_nobody_holds_a_lock_for_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / LOCK).write_text(f"{os.getpid()}\n")
    assert await stop_leftovers(tmp_path) == []


def test_all_goes_but_the_lock_and_what_a_link_points_to(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("mine")
    here = tmp_path / ".demo"
    with alone_in(here):
        (here / "hub").mkdir()
        (here / "hub" / "hub.db").write_text("old")
        (here / "demo.json").write_text("{}")
        (here / "link").symlink_to(outside)
        clear(here)
        assert [entry.name for entry in here.iterdir()] == [LOCK]
    assert (outside / "kept").read_text() == "mine"
