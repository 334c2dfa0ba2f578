import os
import subprocess
import sys

import pytest

from roomgate.cli.files import read_secret, read_sheet, read_text
from roomgate.errors import BadInput
from support.cli import run


def test_a_file_is_read_or_told_about(tmp_path):
    (tmp_path / "good").write_text("ü\n", "utf-8")
    (tmp_path / "bytes").write_bytes(b"\xff")
    assert read_text(tmp_path / "good") == "ü\n"
    for name, said in (("none", "No such file"), ("bytes", "not text"), ("", "Is a directory")):
        with pytest.raises(BadInput, match=said):
            read_text(tmp_path / name)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_sheet_is_read_as_spreadsheet_programs_write_it(tmp_path, encoding):
    (tmp_path / "sheet.csv").write_text("name\nZürich\n", encoding)
    assert read_sheet(tmp_path / "sheet.csv") == "name\nZürich\n"


def test_a_secret_comes_from_a_file_without_its_line_end(tmp_path):
    (tmp_path / "secret").write_text("  four words \n")
    assert read_secret(tmp_path / "secret", "?", "--x").reveal() == "four words"
    (tmp_path / "secret").write_text(" \n")
    with pytest.raises(BadInput) as empty:
        read_secret(tmp_path / "secret", "?", "--token-file")
    assert "--token-file" in empty.value.hint


@pytest.mark.parametrize("typed", ["", "typed for all to see\n"])
def test_a_secret_that_nobody_can_be_asked_for_unseen_is_bad_input(typed):
    """A process with no terminal at all, as cron has it."""
    done = subprocess.run(
        [sys.executable, "-m", "roomgate.cli.main", "login", "hub.example", "--user", "ada"],
        input=typed, capture_output=True, text=True, timeout=60, check=False, start_new_session=True,
        env={"PYTHONPATH": os.pathsep.join(sys.path), "PATH": "/usr/bin", "HOME": "/nonexistent"},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert "Use --password-file in a script." in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_line_takes_no_secret():
    for words in (["login", "hub.example", "--password", "x"], ["person", "add", "bob", "--password", "x"]):
        assert run(*words).code == 2
