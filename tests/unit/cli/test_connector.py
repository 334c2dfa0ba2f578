import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from roomgate import log
from roomgate.cli import settings
from roomgate.cli.connector import keep_password, parse_passwords
from roomgate.connector.config import parse_config
from roomgate.connector.local import Door, ask_local
from roomgate.connector.vault import Vault
from roomgate.errors import BadInput, NotFound
from roomgate.ledger.event import VaultChanged
from roomgate.redact import Secret
from roomgate.xapi.errors import DeviceUnreachable
from support.cli import RealHub, program, run
from support.ledgers import events
from support.waiting import until_told

pytestmark = pytest.mark.xdist_group("cli")

STATUS = {
    "connector": "connector_1", "hub": "away", "policy": {"name": "meetings-only", "digest": "d" * 64},
    "ledger": {"entries": 7, "at_hub": 5},
    "rooms": [
        {"name": "oslo", "device": "d", "state": "fine", "words": "", "from_outside": True,
         "bookings": {"state": "no-right", "words": "Give it the role Admin."}},
        {"name": "bergen", "device": "e", "state": "fine", "words": "", "from_outside": False,
         "bookings": {"state": "untried", "words": "Not put yet."}},
    ],
}  # fmt: skip


class Operator:
    """A connector that runs; it has one room."""

    def __init__(self) -> None:
        self.did: list[Any] = []
        self.effects: list[dict[str, str]] = []

    async def status(self) -> dict[str, Any]:
        return STATUS

    async def sessions(self) -> dict[str, Any]:
        return {"rooms": ["oslo"] if self.effects else [], "effects": self.effects}

    async def cut_all(self, reason: str, by: str) -> dict[str, Any]:
        self.did.append(("cut-all", reason))
        return {"undone": [e["what"] for e in self.effects]}

    async def hang_up(self, room: str) -> dict[str, Any]:
        if room == "away":
            raise DeviceUnreachable("The device does not answer.")
        return {"ended": [4] if room == "oslo" else []}

    async def confirm(self, room: str, by: str) -> dict[str, Any]:
        if room == "nowhere":
            raise NotFound("This site has no such room.", hint="Look at the status.")
        return {"confirmed": room == "oslo"}

    async def vault_put(self, room: str, account: str, password: Any, by: str, *, new: bool) -> dict[str, Any]:
        self.did.append(("put new" if new else "put", room, account, password.reveal()))
        return {"version": 3}

    async def vault_remove(self, room: str, account: str | None, by: str) -> dict[str, Any]:
        self.did.append(("remove", room, account))
        return {"removed": True}

    async def list_backups(self, room: str) -> dict[str, Any]:
        row = {"id": "backup_1", "made": "2026-03-10", "name": "before", "settings": 3, "damaged": ""}
        return {"backups": [row] if room == "oslo" else []}

    async def export_backup(self, room: str, id: str) -> dict[str, Any]:
        if id != "backup_1":
            raise NotFound("There is no such backup.")
        return {"backup": {"contents": {"settings": {"Audio/DefaultVolume": 40}}}}


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "devices.toml").write_text("")
    (tmp_path / "connector.toml").write_text('data = "data"\ndevices = "devices.toml"\n')
    Vault.init(tmp_path / "data")
    return str(tmp_path / "connector.toml")


@pytest.fixture
def operator(config: str, tmp_path: Path) -> Iterator[Operator]:
    """The connector of this configuration, running in a thread."""
    log.setup("ERROR")
    made, up = Operator(), threading.Event()
    loop = asyncio.new_event_loop()
    path = parse_config(settings.load(Path(config), "connector"), Path(config).parent).socket

    async def live() -> None:
        await Door(path, made).run(up.set)

    task = loop.create_task(live())
    thread = threading.Thread(target=lambda: loop.run_until_complete(asyncio.wait([task])))
    thread.start()
    assert up.wait(10)
    yield made
    loop.call_soon_threadsafe(task.cancel)
    thread.join(10)
    loop.close()


def test_status_and_sessions(operator, config):
    done = run("connector", "status", "--config", config)
    assert done.code == 0
    for said in ("connector_1", "away", "meetings-only (dddddddddddd)", "7 entries, 5 of them at the hub", "oslo"):
        assert said in done.out
    assert "Bookings of oslo (no-right): Give it the role Admin." in done.out
    assert "Bookings of bergen" not in done.out
    assert run("connector", "status", "--config", config, "--json").json == STATUS
    assert run("connector", "sessions", "--config", config).out == (
        "In use from outside: no room.\nNothing lasts of what was begun from outside.\n"
    )
    operator.effects = [{"room": "oslo", "who": "ada", "what": "call 4", "session": "s"}]
    assert "In use from outside: oslo." in run("connector", "sessions", "--config", config).out
    assert run("connector", "sessions", "--config", config, "--json").json["effects"] == operator.effects


def test_the_operator_cuts_and_hangs_up_and_confirms(operator, config):
    assert run("connector", "cut-all", "--config", config, "--reason", "fire").out == (
        "All is cut. Undone: nothing was going on.\n"
    )
    assert operator.did == [("cut-all", "fire")]
    operator.effects = [{"room": "oslo", "who": "ada", "what": "call 4", "session": "s"}]
    assert run("connector", "cut-all", "--config", config).out == "All is cut. Undone: call 4.\n"
    assert run("connector", "cut-all", "--config", config, "--json").json == {"undone": ["call 4"]}
    assert run("connector", "hang-up", "oslo", "--config", config).out == "oslo: 1 ended.\n"
    assert run("connector", "hang-up", "rome", "--config", config).out == "rome is in no call.\n"
    assert run("connector", "confirm", "oslo", "--config", config).out == "oslo is trusted again.\n"
    assert run("connector", "confirm", "rome", "--config", config).out == "rome was in no quarantine.\n"
    assert run("connector", "confirm", "rome", "--config", config, "--json").json == {"confirmed": False}


def test_backups_are_listed_and_opened(operator, config):
    table = run("connector", "backups", "list", "oslo", "--config", config).out
    assert "backup_1" in table
    assert "before" in table
    assert "No backup" in run("connector", "backups", "list", "rome", "--config", config).out
    for more in ([], ["--json"]):
        done = run("connector", "backups", "export", "oslo", "backup_1", "--config", config, *more)
        assert done.json == {"contents": {"settings": {"Audio/DefaultVolume": 40}}}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["confirm", "nowhere"], 1, "This site has no such room. [not-found]\n  Look at the status."),
        (["hang-up", "away"], 1, "The device does not answer. [xapi.unreachable]"),
        (["backups", "export", "oslo", "backup_2"], 1, "There is no such backup. [not-found]"),
    ],
)
def test_what_the_connector_says_no_to(operator, config, words, code, said):
    done = run("connector", *words, "--config", config)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


@pytest.mark.parametrize("words", [["status"], ["sessions"], ["cut-all"], ["hang-up", "oslo"], ["confirm", "oslo"]])
def test_where_none_runs_nothing_is_reached(config, words):
    done = run("connector", *words, "--config", config)
    assert (done.code, "roomgate connector serve" in done.err) == (3, True)
    assert run("connector", *words, "--config", config + "x").code == 2


def test_a_password_goes_through_the_running_connector_and_its_ledger(operator, config, tmp_path):
    (tmp_path / "password").write_text("two words\n")
    words = ["connector", "vault", "put", "oslo", "daily", "--config", config]
    assert run(*words, "--password-file", str(tmp_path / "password")).out == "oslo, daily: kept (version 3).\n"
    keep_password(Path(config), "rome", "daily", Secret("three"), new=True)
    run("connector", "vault", "remove", "oslo", "daily", "--config", config)
    assert operator.did == [
        ("put", "oslo", "daily", "two words"), ("put new", "rome", "daily", "three"), ("remove", "oslo", "daily")
    ]  # fmt: skip
    assert run("connector", "vault", "list", "--config", config, "--json").json == {}


def test_without_one_it_goes_straight_into_the_vault(config, tmp_path):
    (tmp_path / "password").write_text("two words\n")
    put = [
        "connector",
        "vault",
        "put",
        "oslo",
        "daily",
        "--config",
        config,
        "--password-file",
        str(tmp_path / "password"),
    ]
    assert run(*put, "--json").json == {"room": "oslo", "account": "daily", "version": 1}
    assert Vault.open(tmp_path / "data").get("oslo", "daily").reveal() == "two words"
    (tmp_path / "many").write_text("rome daily a b c\n\nrome admin d\n")
    done = run("connector", "vault", "load", str(tmp_path / "many"), "--config", config)
    assert (done.code, "2 passwords are kept. Now delete" in done.out) == (0, True)
    assert Vault.open(tmp_path / "data").get("rome", "daily").reveal() == "a b c"
    listed = run("connector", "vault", "list", "--config", config)
    assert "two words" not in listed.out
    assert [line.split() for line in listed.out.splitlines()[1:]] == [
        ["oslo", "daily", "1"], ["rome", "admin", "1"], ["rome", "daily", "1"],
    ]  # fmt: skip
    assert "every account is forgotten" in run("connector", "vault", "remove", "rome", "--config", config).out
    assert run("connector", "vault", "list", "--config", config, "--json").json == {"oslo": {"daily": 1}}


def test_a_list_of_passwords_that_is_none_is_not_repeated():
    with pytest.raises(BadInput, match="Line 2") as bad:
        parse_passwords("oslo daily secret\noslo secret\n")
    assert "secret" not in bad.value.message
    found = parse_passwords(" oslo daily a b \n\n")
    assert [(room, account, password.reveal()) for room, account, password in found] == [("oslo", "daily", "a b")]


def test_a_vault_that_is_not_there(tmp_path):
    (tmp_path / "connector.toml").write_text('data = "nothing"\ndevices = "devices.toml"\n')
    done = run("connector", "vault", "list", "--config", str(tmp_path / "connector.toml"))
    assert (done.code, "[vault.damaged]" in done.err) == (1, True)


def test_a_policy_is_checked(tmp_path):
    assert run("connector", "policy", "check").out.startswith("“meetings-only” holds (")
    (tmp_path / "policy.toml").write_text('name = "ours"\ncedar = "service-desk"\n')
    told = run("connector", "policy", "check", str(tmp_path / "policy.toml"), "--json").json
    assert (told["ok"], told["name"], told["open"]) == (True, "ours", [])
    (tmp_path / "policy.toml").write_text('open = ["Roomgate Tunnel"]\n')
    assert (
        "DANGEROUS: Roomgate Tunnel. Inside a tunnel"
        in run("connector", "policy", "check", str(tmp_path / "policy.toml")).out
    )
    told = run("connector", "policy", "check", str(tmp_path / "policy.toml"), "--json").json
    assert told["dangerous"] == ["Roomgate Tunnel"]
    (tmp_path / "policy.toml").write_text('open = ["everything"]\n')
    done = run("connector", "policy", "check", str(tmp_path / "policy.toml"))
    assert (done.code, "Not an entry of the never-list: everything" in done.err) == (1, True)
    told = run("connector", "policy", "check", str(tmp_path / "policy.toml"), "--json")
    assert (told.code, told.json["ok"]) == (1, False)
    assert run("connector", "policy", "check", str(tmp_path / "none.toml")).code == 2


def test_from_a_code_to_a_connector_that_runs(one_hub: RealHub, one_sim, tmp_path, monkeypatch):
    """Enrolment with a real hub, then the program itself; it is away from the hub until somebody confirms it, and
    keeps rooms that are added while it runs.
    """
    (tmp_path / "devices.toml").write_text("")
    config = tmp_path / "connector.toml"
    config.write_text(
        f'data = "connector"\ndevices = "devices.toml"\nhub = "{one_hub.address}"\nhub_ca = "{one_hub.ca}"\n'
    )
    parts = one_hub.hub.parts

    async def code() -> str:
        await parts.sites.create("quay", one_hub.hub.admin)
        return (await parts.sites.make_code("quay", one_hub.hub.admin)).reveal()

    (tmp_path / "code").write_text(one_hub.do(code()))
    enrol = ["connector", "enrol", "--config", str(config), "--code-file", str(tmp_path / "code"), "--fingerprint"]
    done = run(*enrol, "0000-0000-0000-0000-0000-0000-0000-0000")
    assert (done.code, done.out) == (1, "")
    made = run(*enrol, parts.sites.hub_fingerprint, "--json").json
    assert set(made) == {"connector", "fingerprint", "vkey"}
    done = run(*enrol, parts.sites.hub_fingerprint)
    assert (done.code, done.out) == (1, "")
    with program("connector", "serve", "--config", str(config), "--json") as said:
        assert said["connector"].endswith("connector")
        status = ["connector", "status", "--config", str(config), "--json"]
        assert (run(*status).json["hub"], run(*status).json["rooms"]) == ("away", [])
        room = one_sim["rooms"][0]
        (tmp_path / "rooms.csv").write_text(
            f"name,host,port,pin,daily_password\noslo,{room['host']},{room['port']},{room['pin']},{room['password']}\n"
        )
        run("connector", "devices", "add", "--file", str(tmp_path / "rooms.csv"), "--config", str(config))

        async def is_fine() -> bool:
            told = await ask_local(tmp_path / "connector" / "connector.sock", {"do": "status"})
            return [(one["name"], one["state"]) for one in told["rooms"]] == [("oslo", "fine")]

        asyncio.run(until_told(is_fine))
    (kept,) = [one for one in events(tmp_path, "connector") if isinstance(one, VaultChanged)]
    assert (kept.room, kept.what) == ("oslo", "roomgate-daily put, version 1")
    config.write_text('data = "connector"\ndevices = "devices.toml"\n')
    assert run(*enrol, "x").code == 2


def test_leaving_says_what_is_still_there(tmp_path: Path) -> None:
    """The devices' own part is tried in tests/unit/connector/test_leaving.py; here nobody answers."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from roomgate.connector.enrol import Identity, save_identity
    from roomgate.ids import ConnectorId, SiteId
    from roomgate.link.identity import HUB, build_certificate

    keys = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    made = Identity(
        ConnectorId("connector_1"), SiteId("site_1"), "https://127.0.0.1:9", keys[0], build_certificate(keys[1], HUB)
    )
    save_identity(made, tmp_path / "data" / "identity")
    vault = Vault.init(tmp_path / "data")
    vault.put("oslo", "roomgate-daily", Secret("d"))
    vault.put("oslo", "roomgate-privileged", Secret("p"))
    (tmp_path / "devices.toml").write_text(
        f'[[room]]\nname = "oslo"\nhost = "127.0.0.1"\nport = 9\npin = "{"ab" * 32}"\n'
    )
    (tmp_path / "policy.toml").write_text('name = "first"\n')
    config = tmp_path / "connector.toml"
    config.write_text('data = "data"\ndevices = "devices.toml"\npolicy = "policy.toml"\n')
    done = run("connector", "leave", "--config", str(config), "--json")
    assert done.code == 1
    (room,) = done.json["rooms"]
    assert (room["room"], room["removed"]) == ("oslo", [])
    assert room["remains"][0].startswith("unknown: ")
    (tmp_path / "devices.toml").write_text("")
    assert "No rooms" in run("connector", "leave", "--config", str(config)).out
