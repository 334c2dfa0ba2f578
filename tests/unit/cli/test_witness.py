import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.ledger.checkpoint import VerifierKey
from support.cli import Certificates, program, run

pytestmark = pytest.mark.xdist_group("cli")


@pytest.fixture
def config(tmp_path: Path, certificates: Certificates) -> str:
    file = tmp_path / "witness.toml"
    file.write_text(
        f'data = "{tmp_path / "data"}"\ncertificate = "{certificates.server}"\nkey = "{certificates.server}"\nport = 0\n'
    )
    return str(file)


def vkey(name: str) -> str:
    return str(VerifierKey.of(name, Ed25519PrivateKey.generate()))


def test_ledgers_to_watch_are_added(config, tmp_path):
    one, two = vkey("roomgate.hub/main"), vkey("roomgate.connector/one")
    assert run("witness", "trust", one, "--config", config).out == "roomgate.hub/main is watched now.\n"
    done = run("witness", "trust", two, "--config", config, "--json")
    assert done.json == {"watched": ["roomgate.connector/one", "roomgate.hub/main"]}
    assert json.loads((tmp_path / "data" / "logs.json").read_text())["roomgate.hub/main"] == one


@pytest.mark.parametrize("key", ["", "rubbish", "a+b+c"])
def test_a_key_that_is_none_changes_nothing(config, tmp_path, key):
    assert run("witness", "trust", key, "--config", config).code == 2
    assert not (tmp_path / "data" / "logs.json").exists()


def test_a_list_that_is_damaged_is_left_alone(config, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "logs.json").write_text("{")
    assert run("witness", "trust", vkey("roomgate.hub/main"), "--config", config).code == 2
    assert (tmp_path / "data" / "logs.json").read_text() == "{"


def test_it_serves_until_it_is_told_to_stop(config):
    with program("witness", "serve", "--config", config, "--json") as said:
        assert said["witness"].startswith("https://")
        assert said["vkey"].startswith("roomgate.witness+")


def test_what_it_cannot_run_with(tmp_path):
    done = run("witness", "serve")
    assert (done.code, "data" in done.err) == (2, True)
    (tmp_path / "x.toml").write_text('data = "x"\nprt = 1\n')
    assert run("witness", "serve", "--config", str(tmp_path / "x.toml")).code == 2
