import json
import socket
import stat
import tomllib
from pathlib import Path
from types import SimpleNamespace

from roomgate.cli.demo.inside import Inside
from roomgate.cli.demo.world import STORY, World, free_port, password, toml


def inside(name: str, folder: Path) -> Inside:
    return Inside(name, "127.0.0.1", 1, "daily", "p1", "ca.pem", "http://127.0.0.1:2/", "pin", "admin", "p2", "priv", "p3", folder)  # fmt: skip


def test_a_port_that_is_busy_is_no_obstacle():
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        taken = busy.getsockname()[1]
        assert free_port(taken) not in (0, taken)
    assert free_port(0) > 0


def test_settings_are_written_so_that_they_are_read_the_same():
    values = {"data": 'a "quoted" \\ path', "port": 8443, "on": True, "list": ["a", "ü"]}
    assert tomllib.loads(toml(values)) == values


def test_passwords_differ_and_satisfy_the_hub():
    from roomgate.hub.identity.passwords import check_new

    made = {password() for _ in range(50)}
    assert len(made) == 50
    assert all(check_new(one, "guest") for one in made)


def test_the_rooms_of_the_visitor_are_not_those_of_the_story(tmp_path):
    names = World(tmp_path / "demo", 12).names
    assert (len(names), len(set(names))) == (12, 12)
    assert set(names) & set(STORY) == set()


def test_secrets_are_for_their_owner_alone(tmp_path):
    world = World(tmp_path / "demo")
    for path in (world.secret_file("admin", "x"), world.file("hub.toml", "x"), world.file("hub.toml", "y")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (tmp_path / "demo" / "hub.toml").read_text() == "y"
    assert stat.S_IMODE((tmp_path / "demo").stat().st_mode) == 0o700
    assert (world.somebody("guest"), world.somebody("guest")) == ("guest-1", "guest-2")


def test_a_new_world_begins_with_an_empty_folder(tmp_path):
    (tmp_path / "demo" / "hub").mkdir(parents=True)
    (tmp_path / "demo" / "demo.json").write_text("{}")
    World(tmp_path / "demo")
    assert sorted(path.name for path in (tmp_path / "demo").iterdir()) == ["ca.pem", "logs"]


def test_the_contract_names_what_is_the_visitor_s_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    world = World(tmp_path / ".demo", 2, hub="https://localhost:8443")
    world.admin = {"user": "admin", "password": "a", "totp": None, "id": "person_1", "token": "t1"}
    world.guest = {"user": "guest", "password": "g", "token": "t2"}
    world.inside = {name: inside(name, tmp_path) for name in (*world.names, *STORY)}
    world.programs.running = {name: SimpleNamespace(pid=n) for n, name in enumerate(("hub", "connector", "witness", "sim"), 1)}  # type: ignore[misc]  # fmt: skip
    world.write_contract()
    file = tmp_path / ".demo" / "demo.json"
    contract = json.loads(file.read_text())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (contract["hub"], contract["ca"], contract["state"]) == ("https://localhost:8443", ".demo/ca.pem", ".demo")
    assert contract["people"]["admin"] == {"user": "admin", "password": "a", "totp": None, "token": "t1"}
    assert [room["name"] for room in contract["rooms"]] == world.names
    assert contract["rooms"][0]["device"] == {
        "host": "127.0.0.1", "port": 1, "user": "daily", "password": "p1", "ca": "ca.pem",
    }  # fmt: skip
    assert contract["processes"] == {"hub": 1, "connector": 2, "witness": 3, "sim": 4}
    monkeypatch.chdir("/")
    world.write_contract()
    assert Path("/", json.loads(file.read_text())["ca"]).resolve() == world.folder / "ca.pem"
