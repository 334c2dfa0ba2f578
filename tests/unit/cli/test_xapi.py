import json
import os
import select
import subprocess
import sys
from typing import Any

import pytest

from support.cli import run

pytestmark = pytest.mark.xdist_group("cli")


@pytest.fixture
def device(one_sim: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words that reach the simulated room with its daily account."""
    (room,) = one_sim["rooms"]
    monkeypatch.setenv("ROOMGATE_XAPI_PASSWORD", room["password"])
    return ["--device", f"wss://localhost:{room['port']}/ws", "--user", room["user"], "--ca", room["ca"]]


def test_get_set_and_command_at_a_device(device):
    assert run("xapi", "get", "Configuration/Audio/DefaultVolume", *device).code == 0
    assert run("xapi", "set", "Configuration/Audio/DefaultVolume", "33", *device).out == ""
    assert run("xapi", "get", "Configuration/Audio/DefaultVolume", *device).out == "33\n"
    done = run("xapi", "set", "Configuration/Audio/DefaultVolume", "34", *device, "--json")
    assert done.json == {"path": "Configuration/Audio/DefaultVolume", "value": "34"}
    assert run("xapi", "command", "Audio Volume Set", "Level=21", *device, "--json").code == 0
    assert run("xapi", "get", "Status/Audio/Volume", *device, "--json").json == 21


def test_the_password_may_come_from_a_file(device, tmp_path, monkeypatch):
    (tmp_path / "password").write_text(os.environ["ROOMGATE_XAPI_PASSWORD"] + "\n")
    monkeypatch.delenv("ROOMGATE_XAPI_PASSWORD")
    assert run("xapi", "get", "Status/Audio/Volume", *device).code == 2
    assert run("xapi", "get", "Status/Audio/Volume", *device, "--password-file", str(tmp_path / "password")).code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["get", "Status/Nothing"], 2, "[xapi.unknown]"),
        (["get", ""], 2, "[xapi.path]"),
        (["command", "Audio Volume Set", "Level"], 2, "is no argument"),
        (["command", "Audio Volume Set", "Level=loud"], 2, "[xapi.argument]"),
        (["command", "UserManagement User List"], 1, "[xapi.denied]"),
    ],
)
def test_what_the_device_says_no_to(device, words, code, said):
    done = run("xapi", *words, *device)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_a_wrong_password_a_wrong_certificate_and_nobody_there(device, monkeypatch, tmp_path):
    assert run("xapi", "get", "Status/Audio/Volume", *device[:4]).code in (1, 3)
    elsewhere = ["--device", "wss://127.0.0.1:1/ws", *device[2:]]
    assert run("xapi", "get", "Status/Audio/Volume", *elsewhere).code == 3
    assert run("xapi", "get", "Status/Audio/Volume", "--device", "http://localhost", *device[2:]).code == 2
    monkeypatch.setenv("ROOMGATE_XAPI_PASSWORD", "wrong")
    done = run("xapi", "get", "Status/Audio/Volume", *device)
    assert (done.code, "[xapi.authentication]" in done.err) == (1, True)
    assert "wrong" not in done.err.replace("Wrong", "")


def test_watch_prints_a_line_for_each_change_as_it_comes(device):
    words = [sys.executable, "-m", "roomgate.cli.main", "xapi", "watch", "Status/Audio/Volume", *device]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
    assert process.stdout is not None
    try:
        for level in range(30, 60):  # until it has subscribed
            assert run("xapi", "command", "Audio Volume Set", f"Level={level}", *device).code == 0
            if select.select([process.stdout], [], [], 0.3)[0]:
                break
        seen = json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.communicate()
    assert 30 <= seen["Status"]["Audio"]["Volume"] < 60


def test_the_catalogue_is_looked_up_offline():
    assert "Command/Audio/Volume" in run("xapi", "schema", "Command/Audio/").out.splitlines()
    assert run("xapi", "schema", "--json").json == ["Command", "Configuration", "Event", "Status"]
    done = run("xapi", "schema", "Command/Nonsense/")
    assert (done.code, done.out) == (2, "")


def test_the_shell_answers_what_comes_from_a_pipe(device):
    done = run("xapi", "shell", *device, stdin=b"Audio.Volume.Set Level=22\nStatus/Audio/Volume\nexit\n")
    assert (done.code, done.err) == (0, "")
    assert [json.loads(line) for line in done.out.splitlines()] == [{"status": "OK"}, 22]
    wrong = run("xapi", "shell", *device, stdin=b"Audio.Volume.Set Level=400\n")
    assert wrong.code == 1
    assert "0–100" in wrong.err
