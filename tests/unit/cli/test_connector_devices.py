import pytest

from roomgate.connector.devices import load_devices
from roomgate.connector.vault import Vault
from support.cli import run

pytestmark = pytest.mark.xdist_group("cli")

ADD = ["connector", "devices", "add", "--config"]
SCAN = ["connector", "devices", "scan"]


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site's folder with no room in it; its configuration."""
    for name in ("DAILY", "PRIVILEGED"):
        monkeypatch.delenv(f"ROOMGATE_{name}_PASSWORD", raising=False)
    (tmp_path / "connector.toml").write_text(
        'data = "data"\ndevices = "devices.toml"\nscan_networks = ["127.0.0.1/32"]\n'
    )
    Vault.init(tmp_path / "data")
    return tmp_path


@pytest.fixture
def oslo(one_sim):
    return one_sim["rooms"][0]


def held(site):
    vault = Vault.open(site / "data")
    return {(room, name): vault.get(room, name).reveal() for room, all_ in vault.rooms().items() for name in all_}


def test_what_a_scan_finds_is_added(site, oslo, monkeypatch):
    config, file = str(site / "connector.toml"), site / "rooms.csv"
    found = run(*SCAN, "127.0.0.1/32", "--port", str(oslo["port"]), "--config", config)
    assert found.out == (f"name,host,port,shown\nroom-127-0-0-1,127.0.0.1,{oslo['port']},sha256:{oslo['pin']}\n"), (
        found.err
    )
    assert "1 found, 0 of them rooms of this site already; 0 others answer by TLS." in found.err
    file.write_text(found.out)
    done = run(*ADD, config, "--file", str(file))
    assert (done.code, done.out) == (2, "")
    assert f"it shows sha256:{oslo['pin']}" in done.err
    done = run(*ADD, config, "--file", str(file), "--trust-first-use")
    assert "there is no password of roomgate-daily" in done.err
    monkeypatch.setenv("ROOMGATE_DAILY_PASSWORD", "canary-7")
    done = run(*ADD, config, "--file", str(file), "--trust-first-use", "--dry-run")
    assert "1 room would be added; nothing was changed." in done.out
    assert (held(site), (site / "devices.toml").exists()) == ({}, False)
    done = run(*ADD, config, "--file", str(file), "--trust-first-use", "--json")
    assert done.json == {
        "rooms": [
            {
                "name": "room-127-0-0-1", "host": "127.0.0.1", "port": oslo["port"],
                "certificate": f"sha256:{oslo['pin']}", "known_by": "first use: nobody has compared it",
                "passwords": ["roomgate-daily"],
            }
        ],
        "dry_run": False,
    }  # fmt: skip
    assert held(site) == {("room-127-0-0-1", "roomgate-daily"): "canary-7"}
    (room,) = load_devices(site / "devices.toml")
    assert (room.port, room.pin) == (oslo["port"], oslo["pin"])
    again = run(*SCAN, "127.0.0.1/32", "--port", str(oslo["port"]), "--config", config)
    assert (again.out, "1 of them" in again.err) == ("name,host,port,shown\n", True)
    (told,) = run(*SCAN, "127.0.0.1/32", "--port", str(oslo["port"]), "--config", config, "--json").json
    assert (told["room_device"], told["known"]) == (True, True)


def test_passwords_come_from_the_sheet_then_the_file_then_the_environment(site, oslo, monkeypatch):
    (site / "rooms.csv").write_text(
        f"name,host,port,pin,daily_password\noslo,127.0.0.1,{oslo['port']},{oslo['pin']},of-the-sheet\n"
        f"rome,127.0.0.1,1,{oslo['pin']},\n"
    )
    refused = run(*ADD, str(site / "connector.toml"), "--file", str(site / "rooms.csv"))
    assert "rome: there is no password" in refused.err
    (site / "passwords.txt").write_text("rome roomgate-daily of the file\noslo roomgate-daily other\n")
    monkeypatch.setenv("ROOMGATE_PRIVILEGED_PASSWORD", "everywhere")
    more = ["--passwords", str(site / "passwords.txt")]
    done = run(*ADD, str(site / "connector.toml"), "--file", str(site / "rooms.csv"), *more)
    assert done.code == 0, done.err
    assert "2 rooms added." in done.out
    assert "the sheet's pin; the device did not answer" in done.out
    assert not [word for word in ("of-the-sheet", "of the file", "everywhere") if word in done.out]
    assert held(site) == {
        ("oslo", "roomgate-daily"): "of-the-sheet",
        ("oslo", "roomgate-privileged"): "everywhere",
        ("rome", "roomgate-daily"): "of the file",
        ("rome", "roomgate-privileged"): "everywhere",
    }


def test_a_network_that_the_site_does_not_name_is_not_scanned(site):
    done = run(*SCAN, "10.0.8.0/24", "--config", str(site / "connector.toml"))
    assert (done.code, done.out) == (1, "")
    assert 'scan_networks = ["10.0.8.0/24"]' in done.err
