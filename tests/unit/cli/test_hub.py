import json
import socket
import ssl
import urllib.request
from pathlib import Path

import pytest

from support.cli import Certificates, program, run
from support.hub import CHEAP, PASSWORD

pytestmark = pytest.mark.xdist_group("cli")


@pytest.fixture
def config(tmp_path: Path, certificates: Certificates) -> str:
    values = {"data": str(tmp_path / "data"), "certificate": str(certificates.server), **CHEAP, "listen_port": 0}
    values["certificate_key"] = values["certificate"]
    lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    (tmp_path / "hub.toml").write_text("\n".join(lines))
    (tmp_path / "password").write_text(PASSWORD)
    return str(tmp_path / "hub.toml")


def init(config: str, *more: str):
    password = str(Path(config).with_name("password"))
    return run("hub", "init", "--config", config, "--admin", "ada", "--password-file", password, *more)


def test_a_hub_is_made_once(config):
    done = init(config)
    assert (done.code, "The hub is made; its key is" in done.out, "roomgate hub serve" in done.out) == (0, True, True)
    done = init(config)
    assert (done.code, "administrator already" in done.err) == (1, True)


def test_for_scripts_it_comes_with_a_token(config):
    assert set(init(config, "--json").json) == {"person", "fingerprint", "vkey", "token"}


def test_a_script_may_have_a_second_factor_made(config):
    made = init(config, "--second-factor", "--json").json
    assert len(made["totp"]) == 32
    assert len(made["recovery"]) == 10


def test_without_a_password_a_code_is_printed_and_another_until_somebody_came_in(config):
    done = run("hub", "init", "--config", config, "--admin", "ada")
    assert (done.code, "Code for ada" in done.out, "for 15 minutes" in done.out) == (0, True, True)
    again = run("hub", "first-admin", "--config", config, "--admin", "ada")
    assert (again.code, "I have an invitation" in again.out) == (0, True)
    assert set(run("hub", "first-admin", "--config", config, "--admin", "ada", "--json").json) == {"admin", "code"}
    assert run("hub", "first-admin", "--config", config, "--admin", "bob").code == 1
    assert run("hub", "init", "--config", config, "--admin", "ada").code == 1
    assert run("hub", "init", "--config", config, "--admin", "ada", "--second-factor").code == 2


def test_no_other_administrator_is_made_once_one_can_sign_in(config):
    init(config)
    done = run("hub", "first-admin", "--config", config, "--admin", "ada")
    assert (done.code, "person invite" in done.err) == (1, True)


def test_a_weak_password_makes_no_administrator(config):
    Path(config).with_name("password").write_text("123456")
    done = init(config)
    assert (done.code, done.out) == (2, "")
    assert "password" in done.err.lower()


def test_the_database_and_the_configuration_are_looked_at(config):
    assert run("hub", "migrate", "--config", config).out.startswith("The database is at version ")
    assert run("hub", "migrate", "--config", config, "--json").json["version"]
    assert run("hub", "config", "--check", "--config", config).code == 0
    assert run("hub", "config", "--config", config, "--json").json["ok"] is True


def test_every_complaint_about_the_configuration_comes_at_once(tmp_path):
    (tmp_path / "hub.toml").write_text('dta = "x"\nlisten_port = "many"\npublic_url = "http://x"\n')
    done = run("hub", "config", "--config", str(tmp_path / "hub.toml"))
    assert (done.code, done.out) == (2, "")
    for said in ("did you mean data?", "listen_port", "public_url: must begin with https://", "data: the data folder"):
        assert said in done.err
    assert run("hub", "serve").code == 2
    assert run("hub", "serve", "--config", str(tmp_path / "none.toml")).code == 2


def test_it_serves_until_it_is_told_to_stop(config, certificates):
    init(config)
    with program("hub", "serve", "--config", config, "--json") as said:
        address = said["hub"].replace("127.0.0.1", "localhost")
        context = ssl.create_default_context(cafile=str(certificates.ca))
        with urllib.request.urlopen(f"{address}/healthz", context=context, timeout=10) as answer:
            assert answer.read() == b"ok"


def test_a_port_that_is_taken_is_told(config):
    init(config)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        text = Path(config).read_text().replace("listen_port = 0", f"listen_port = {taken.getsockname()[1]}")
        Path(config).write_text(text)
        done = run("hub", "serve", "--config", config)
    assert (done.code, done.out) == (2, "")
    assert "[start.port-taken]" in done.err
    assert "Traceback" not in done.err


def test_without_a_certificate_it_does_not_serve(tmp_path):
    (tmp_path / "hub.toml").write_text(f'data = "{tmp_path}"\n')
    done = run("hub", "serve", "--config", str(tmp_path / "hub.toml"))
    assert (done.code, "certificate" in done.err) == (2, True)
    (tmp_path / "hub.toml").write_text(
        f'data = "{tmp_path}"\ncertificate = "/none.pem"\ncertificate_key = "/none.pem"\n'
    )
    done = run("hub", "serve", "--config", str(tmp_path / "hub.toml"))
    assert (done.code, "Traceback" in done.err) == (2, False)
