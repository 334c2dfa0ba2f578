import os
import re
import subprocess
import sys

import pytest

from support.cli import run


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_completion_and_it_knows_the_verbs(shell):
    script = run("completion", shell).out
    assert {"hang-up", "service-account", "explain"} <= set(re.findall(r"[a-z]+(?:-[a-z]+)*", script))


def test_completion_installs_itself_where_the_shell_looks(tmp_path):
    done = subprocess.run(
        [
            sys.executable, "-m", "roomgate.cli.main", "--install-completion", "--shell", "bash",
            "--output", str(tmp_path / "roomgate"),
        ],
        env={"PYTHONPATH": os.pathsep.join(sys.path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True, text=True, timeout=60, check=False, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "hang-up" in (tmp_path / "roomgate").read_text()


def test_bash_takes_the_script():
    script = run("completion", "bash").out
    assert subprocess.run(["bash", "-n"], input=script, text=True, timeout=60, check=False).returncode == 0


def test_a_shell_that_there_is_none_of():
    assert run("completion", "ksh").code == 2
