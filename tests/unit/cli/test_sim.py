from pathlib import Path

import pytest

from support.cli import run

pytestmark = pytest.mark.xdist_group("cli")


def test_the_line_that_scripts_wait_for(one_sim):
    (room,) = one_sim["rooms"]
    assert {"name", "host", "port", "user", "password", "ca", "panel", "ssh_port", "ssh_pin"} <= set(room)
    assert (room["name"], Path(room["ca"]).is_file(), room["port"] > 0) == ("oslo", True, True)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--rooms", "0"], 2),
        (["--rooms", "many"], 2),
        (["--data", "/proc/nowhere"], 2),
        (["--data", "{tmp}", "--profile", "no such release"], 2),
        (["--data", "{tmp}", "--host", "192.0.2.1"], 2),
        (["--data", "{tmp}", "--faults", "dorp@10"], 2),
        (["--data", "{tmp}", "--unrest", "Status/Nix=3"], 2),
        (["--rooms", "100000"], 2),
    ],
)
def test_what_cannot_be_simulated(tmp_path, words, code):
    done = run("sim", "serve", *(word.format(tmp=tmp_path) for word in words))
    assert (done.code, done.out) == (code, "")
    assert done.err.strip()
    assert "Traceback" not in done.err
