"""What a program says that cannot start: in words, with a hint and exit code 2, and without touching another's data."""

import asyncio
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from roomgate.cli.exits import USAGE
from support.world import PROGRAMS, RunningWorld, in_world

pytestmark = in_world()


@dataclass(frozen=True)
class Case:
    """``roomgate WORDS`` with the world's own configuration, but for these variables."""

    words: str
    env: dict[str, str]
    code: str
    says: str


CASES = {
    "hub, port taken": Case("hub serve --config {w}/hub.toml", {"HUB_DATA": "{t}/1"}, "start.port-taken", ":{port}"),
    "hub, folder taken": Case(
        "hub serve --config {w}/hub.toml", {"HUB_LISTEN_PORT": "0"}, "start.folder-taken", "process {hub}"
    ),
    "hub, no certificate": Case(
        "hub serve --config {w}/hub.toml", {"HUB_CERTIFICATE": "{t}/none.pem"}, "start.certificate", "none.pem"
    ),
    "hub, no certificate's key": Case(
        "hub serve --config {w}/hub.toml", {"HUB_CERTIFICATE_KEY": "{w}/hub.toml"}, "start.certificate", "hub.toml"
    ),
    "hub, folder unusable": Case(
        "hub serve --config {w}/hub.toml",
        {"HUB_DATA": "/proc/nowhere", "HUB_LISTEN_PORT": "0"},
        "start.folder",
        "/proc/nowhere",
    ),
    "hub init, folder unusable": Case(
        "hub init --config {w}/hub.toml --admin ada --password-file {w}/secrets/admin",
        {"HUB_DATA": "{w}/hub.toml"},
        "start.folder",
        "hub.toml",
    ),
    "witness, port taken": Case(
        "witness serve --config {w}/witness.toml",
        {"WITNESS_PORT": "{port}", "WITNESS_DATA": "{t}/2"},
        "start.port-taken",
        ":{port}",
    ),
    "witness, folder taken": Case(
        "witness serve --config {w}/witness.toml", {"WITNESS_PORT": "0"}, "start.folder-taken", "process {witness}"
    ),
    "sim, folder taken": Case("sim serve --data {w}/sim", {}, "start.folder-taken", "process {sim}"),
    "sim, folder unusable": Case("sim serve --data /proc/nowhere", {}, "start.folder", "/proc/nowhere"),
    "sim, no such address": Case("sim serve --data {t}/3 --host 192.0.2.1", {}, "start.refused", "192.0.2.1"),
    "connector, folder taken": Case(
        "connector serve --config {w}/connector.toml", {}, "start.folder-taken", "process {connector}"
    ),
}


@dataclass(frozen=True)
class Refused:
    code: int
    said: str
    expected: Case


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def refused(world: RunningWorld, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Refused]:
    """All of them, a few at a time."""
    few, ended = asyncio.Semaphore(3), {}
    facts = {"w": str(world.folder), "t": str(tmp_path_factory.mktemp("start")), "port": str(world.world.port)}
    facts |= {program: str(world.pid(program)) for program in PROGRAMS}

    async def run(name: str, case: Case) -> None:
        env = {f"ROOMGATE_{key}": value.format(**facts) for key, value in case.env.items()}
        async with few:
            code, out, err = await world.world.programs.finish(*case.words.format(**facts).split(), env=env)
        ended[name] = Refused(code, out + err, Case(case.words, env, case.code, case.says.format(**facts)))

    async with asyncio.TaskGroup() as group:
        for name, case in CASES.items():
            group.create_task(run(name, case))
    return ended


@pytest.mark.parametrize("name", CASES)
async def test_it_says_what_is_wrong_and_what_to_do(refused: dict[str, Refused], name: str) -> None:
    one = refused[name]
    assert one.code == USAGE, one.said
    first, hint = one.said.strip().splitlines()  # two lines and no stack trace
    assert f"[{one.expected.code}]" in first
    assert one.expected.says in first
    assert hint.startswith("  ")
    assert len(hint) > 20


async def test_those_that_were_there_first_go_on(world: RunningWorld, refused: dict[str, Refused]) -> None:
    assert all(world.alive(program) for program in PROGRAMS)
    async with world.room() as room:
        who = await world.guest(room.name)
        async with world.caller(who.token) as caller:
            status, answer = await caller.ask(room.name, {"get": "Status/Audio/Volume"})
            assert (status, answer["outcome"]) == (200, "done")


async def test_a_port_that_an_unbound_program_holds_is_seen_too(world: RunningWorld, tmp_path: Path) -> None:
    """Whoever has it: here a socket of this test, on every address."""
    with socket.create_server(("0.0.0.0", 0)) as busy:
        env = {"ROOMGATE_HUB_LISTEN_PORT": str(busy.getsockname()[1]), "ROOMGATE_HUB_DATA": str(tmp_path / "data")}
        config = str(world.folder / "hub.toml")
        code, _, err = await world.world.programs.finish("hub", "serve", "--config", config, env=env)
    assert code == USAGE
    assert "[start.port-taken]" in err
    assert not (tmp_path / "data").exists()  # nothing was begun
