"""What happens when the demonstration cannot go on: it says so, exits 1, and leaves nothing behind."""

import asyncio
import json
import os

import pytest

from roomgate.cli.demo.command import _folder, _run
from roomgate.cli.demo.screen import Screen
from roomgate.errors import Conflict
from roomgate.folder import FolderTaken


class Programs:
    def __init__(self) -> None:
        self.stopped = False

    async def stop_all(self) -> None:
        self.stopped = True


class World:
    """One whose simulator does not come up."""

    def __init__(self, fault: Exception) -> None:
        self.fault = fault
        self.programs = Programs()

    async def start_all(self) -> None:
        async with asyncio.TaskGroup() as group:  # a program that fails does so beside another
            group.create_task(asyncio.sleep(0))
            group.create_task(self._fail())

    async def _fail(self) -> None:
        raise self.fault


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Conflict("The port is taken.", hint="Use another."), "Conflict: The port is taken. Use another."),
        (ZeroDivisionError("x"), "ZeroDivisionError: x"),
    ],
)
async def test_what_failed_is_a_step_that_did_not_hold(fault, said, capsys):
    world, screen = World(fault), Screen(silent=True)
    await _run(world, screen, once=True, json=True)
    assert world.programs.stopped
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["steps"][0]["detail"]) == (False, said)
    assert not screen.told


def test_its_folder_is_here_and_held(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with _folder() as folder:
        assert folder.resolve() == tmp_path / ".demo"
        with pytest.raises(FolderTaken), _folder():
            pass


def test_where_none_can_be_made_it_goes_to_the_temporary_folder(tmp_path, monkeypatch):
    (tmp_path / ".demo").write_text("a file in the way")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with _folder() as folder:
        assert os.path.commonpath([folder.resolve(), tmp_path]) == str(tmp_path)
        assert folder.name == ".demo"
        assert folder.resolve() != tmp_path / ".demo"
