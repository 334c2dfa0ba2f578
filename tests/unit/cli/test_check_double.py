import json
from pathlib import Path

import pytest

from roomgate.cli.check_double import parse_config
from roomgate.errors import BadInput
from support.cli import Certificates, program, run

pytestmark = pytest.mark.xdist_group("cli")

WHOLE = {
    "certificate": "c.pem", "key": "k.pem", "device_host": "127.0.0.1", "device_port": 1, "device_user": "u",
    "device_password": "p", "device_ca": "ca.pem", "admin_password": "a",
}  # fmt: skip


def test_a_whole_configuration():
    made = parse_config(Path("x"), json.dumps(WHOLE))
    assert (made.certificate, made.device_port, made.host, made.port) == (Path("c.pem"), 1, "127.0.0.1", 0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"device_port": "1"}, "device_port: is of the wrong kind"),
        ({"colour": "red"}, "colour: there is no such field"),
        ({"key": None}, "key: is of the wrong kind"),
    ],
)
def test_every_complaint_is_named_and_no_value_is_repeated(change, said):
    with pytest.raises(BadInput) as bad:
        parse_config(Path("x"), json.dumps({k: v for k, v in (WHOLE | change).items() if k != "device_user"}))
    assert said in bad.value.message
    assert "device_user: is missing" in bad.value.message
    assert "red" not in bad.value.message


@pytest.mark.parametrize("text", ["", "[]", "{", '"x"'])
def test_what_is_no_object(text):
    with pytest.raises(BadInput):
        parse_config(Path("x"), text)


def test_it_serves_beside_a_simulated_room(one_sim, certificates: Certificates, tmp_path):
    (room,) = one_sim["rooms"]
    values = WHOLE | {
        "certificate": str(certificates.server), "key": str(certificates.server), "device_host": "localhost",
        "device_port": room["port"], "device_user": room["user"], "device_password": room["password"],
        "device_ca": room["ca"],
    }  # fmt: skip
    (tmp_path / "double.json").write_text(json.dumps(values))
    with program("check", "serve-double", str(tmp_path / "double.json"), "--json") as said:
        assert said["double"].startswith("https://localhost:")
    assert run("check", "serve-double", str(tmp_path / "none.json")).code == 2


def test_it_stands_alone_and_says_what_to_run_next(tmp_path):
    words = ("check", "serve-double", "--flaw", "endless", "--flaw", "silent", "--folder", str(tmp_path / "double"))
    with program(*words, "--json") as said:
        assert said["flaws"] == ["endless", "silent"]
        assert run("check", "run", said["target"], "--only", "K10", "--out", str(tmp_path / "run")).code == 0
    assert run("check", "serve-double", "--flaw", "endles").code == 2
