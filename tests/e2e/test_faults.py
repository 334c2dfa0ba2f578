"""What fails around the programs: disk, files, descriptors. Told clearly, closed meanwhile, back by itself.

The limits are put on running programs from outside (`prlimit`), so that this works for every user: a file that
may not grow is a full disk, as far as a program can see.
"""

import asyncio
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from support.deprived import without_override
from support.receivers import webhook
from support.shaken import CAPABILITIES, VOLUME, Shaken, shaken, show

pytestmark = [
    pytest.mark.faults,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("faults"),
]

ROOM = "oslo"
BACK_S = 30.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shaken]:
    figures = {"metrics_listen": "127.0.0.1:0"}
    hub = figures | {"alert_hosts": ["127.0.0.1"]}
    folder = tmp_path_factory.mktemp("faults") / "world"
    async with shaken(folder, ROOM, hub_extra=hub, connector_extra=figures) as made:
        await until_it_answers(made, grant=True)
        yield made


async def until_it_answers(world: Shaken, *, grant: bool = False) -> None:
    async with asyncio.timeout(BACK_S), world.caller() as admin:
        while True:
            try:
                if grant:
                    wish = {"person": "admin", "rooms": [ROOM], "capabilities": CAPABILITIES, "minutes": 600}
                    grant = (await admin.http.post("/api/v1/grants", json=wish)).status_code != 201
                if not grant and (await admin.ask(ROOM, VOLUME))[0] == httpx.codes.OK:
                    return
            except (httpx.TransportError, json.JSONDecodeError):
                pass
            await asyncio.sleep(0.05)


def said(world: Shaken, name: str, event: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in world.log(name).splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("event") == event]


@contextmanager
def limited(world: Shaken, name: str, what: int, most: int) -> Iterator[None]:
    """A running program's own limit, until the block ends."""
    pid = world.programs.pid(name)
    soft, hard = resource.prlimit(pid, what)
    resource.prlimit(pid, what, (most, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, what, (soft, hard))


# ---- the figures of programs that run, and alerts over a kill --------------------------------------------


async def test_hub_and_connector_tell_their_figures_in_the_format_and_name_nobody(world):
    async with httpx.AsyncClient(trust_env=False, headers={"Accept": "application/openmetrics-text"}) as http:
        for name, told in (("hub", "roomgate_link_round_trip_seconds"), ("connector", "roomgate_connector_devices")):
            (line,) = said(world, name, "metrics.listening")
            answer = await http.get(f"http://127.0.0.1:{line['port']}/metrics")
            assert told in {one.name for one in text_string_to_metric_families(answer.text)}
            for word in (ROOM, "admin", world.connector):
                assert word not in answer.text


async def test_a_hub_killed_while_it_sends_an_alert_loses_none_and_repeats_one_at_most(world):
    async with webhook() as receiver, world.caller() as admin, asyncio.timeout(4 * BACK_S):

        async def heard(number: int) -> str:
            """The last line of what came, which names the news."""
            while len(receiver.heard) < number:
                await asyncio.sleep(0.02)
            assert "nobody@" not in json.dumps(receiver.heard)
            return str(receiver.heard[number - 1]["message"].splitlines()[-1])

        async def call(number: str) -> None:
            wish = {"command": "Dial", "arguments": {"Number": number}}
            async with asyncio.TaskGroup() as group:
                asked = group.create_task(admin.ask(ROOM, wish))
                await world.inside[ROOM].say_yes()
            assert asked.result()[0] in (httpx.codes.OK, httpx.codes.ACCEPTED)

        wish = {"name": "desk", "address": f"http://127.0.0.1:{receiver.port}/", "kinds": ["call.failed"]}
        await admin.call("POST", "/api/v1/alert-routes", wish)
        receiver.answers.clear()
        await call("nobody@example.com")
        raised = await heard(1)
        await world.kill("hub")
        receiver.answers.set()  # it was taken, and who sent it does not know
        await world.start("hub")
        assert await heard(2) == raised
        await until_it_answers(world)
        await call("hangup@example.com")
        assert [raised.split(" ")[1], await heard(3)] == ["raised", raised.replace("raised", "ended")]
        assert len(receiver.heard) == 3


# ---- a full disk -----------------------------------------------------------------------------------


async def test_a_hub_whose_disk_is_full_refuses_says_why_and_goes_on_by_itself(world):
    async with world.caller() as admin:
        with limited(world, "hub", resource.RLIMIT_FSIZE, 0):
            status, problem = await admin.ask(ROOM, show("full at the hub"))
            assert (status, problem["code"]) == (503, "storage.failed")
            assert "goes on by itself" in problem["hint"]
            status, problem = await admin.ask(ROOM, VOLUME)  # reads too: nothing without a record
            assert (status, problem["code"]) == (503, "storage.failed")
            assert (await admin.http.get("/readyz")).status_code == 503
            assert (await admin.http.get("/healthz")).status_code == 200
        assert world.shown(ROOM, "full at the hub") == 0
        await until_it_answers(world)
        status, answer = await admin.ask(ROOM, show("room again at the hub"))
        assert (status, answer["outcome"], world.shown(ROOM, "room again at the hub")) == (200, "done", 1)
        assert (await admin.http.get("/readyz")).status_code == 200
    assert said(world, "hub", "storage.back")


async def test_a_connector_whose_disk_is_full_does_nothing_and_goes_on_by_itself(world):
    async with world.caller() as admin:
        with limited(world, "connector", resource.RLIMIT_FSIZE, 0):
            for attempt in ("first", "second"):  # the first finds out, the second is refused at once
                status, problem = await admin.ask(ROOM, show(f"full at the site, {attempt}"))
                assert (status, problem["code"], problem["rule"]) == (403, "denied", "storage.failed")
                assert "nothing was done" in problem["detail"]
        assert world.shown(ROOM, "full at the site, first") == world.shown(ROOM, "full at the site, second") == 0
        await until_it_answers(world)
        status, answer = await admin.ask(ROOM, show("room again at the site"))
        assert (status, answer["outcome"], world.shown(ROOM, "room again at the site")) == (200, "done", 1)
    assert said(world, "connector", "storage.back")


async def test_a_witness_whose_disk_is_full_signs_nothing_and_catches_up(world):
    with limited(world, "witness", resource.RLIMIT_FSIZE, 0):
        async with world.caller() as admin:
            await admin.ask(ROOM, show("unwitnessed"))
        grown = world.size("hub")
        assert world.witnessed("hub") < grown
    async with asyncio.timeout(BACK_S):
        while world.witnessed("hub") < grown:
            await asyncio.sleep(0.05)


# ---- descriptors -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["hub", "connector"])
async def test_no_more_descriptors_is_said_and_passes_when_there_are_some_again(world, name):
    before = len(said(world, name, "descriptors.short"))
    with limited(world, name, resource.RLIMIT_NOFILE, 8):  # it has these, and more: none is left
        async with asyncio.timeout(BACK_S):
            while len(said(world, name, "descriptors.short")) == before:
                await asyncio.sleep(0.05)
        if name == "hub":  # nobody new gets in, and nobody is let in by mistake
            with pytest.raises(httpx.TransportError):
                async with world.caller() as newcomer:
                    await newcomer.http.get("/readyz", timeout=2)
    assert world.programs.running[name].returncode is None
    await until_it_answers(world)
    async with asyncio.timeout(BACK_S):
        while len(said(world, name, "descriptors.enough")) <= before:
            await asyncio.sleep(0.05)


# ---- the way to the device ------------------------------------------------------------------------


async def test_a_connector_killed_before_it_has_proven_a_change_proves_it_when_it_is_back(world):
    """The change may cut it off: nobody would know, had it not written down what it was about to do."""
    change = {
        "set": "Configuration/Network/1/RemoteAccess/Allow",
        "value": "127.0.0.0/8",
        "reason": "to shut others out",
    }
    before = (world.folder / "policy.toml").read_text()
    world._write("policy.toml", before.replace('"service-desk"', '"managed"'))
    async with world.caller() as admin:
        wish = {"person": "admin", "rooms": [ROOM], "capabilities": ["network", "configure"], "minutes": 5}
        await admin.call("POST", "/api/v1/grants", wish)
        until = asyncio.get_running_loop().time() + BACK_S
        while (answer := (await admin.ask(ROOM, change))[1]).get("outcome") != "waiting":
            assert asyncio.get_running_loop().time() < until, answer  # the policy is in force in a moment
        await world.inside[ROOM].journal_says("config.set", value="127.0.0.0/8")
        await world.kill("connector")
        [(order,)] = world.rows("connector", 'SELECT "order" FROM unproven')
        await world.start("connector")
        async with asyncio.timeout(BACK_S):
            while known(world, "hub", order)[-1:] != [("outcome", "done")]:
                await asyncio.sleep(0.05)
    assert known(world, "hub", order) == [("outcome", "unknown"), ("outcome", "done")]
    assert known(world, "connector", order)[-1:] == [("order.outcome", "done")]
    assert world.rows("connector", "SELECT * FROM unproven") == []
    world._write("policy.toml", before)
    await until_it_answers(world)


def known(world: Shaken, name: str, order: str) -> list[tuple[str, str]]:
    """What a ledger has of what became of an order."""
    events = [json.loads(entry) for entry in world.entries(name)]
    return [(e["kind"], e["outcome"]) for e in events if e.get("order") == order and "outcome" in e]


# ---- folders and files -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["hub", "connector", "witness"])
async def test_a_data_folder_that_cannot_be_written_is_refused_in_words(world, name, tmp_path):
    copy = whole_copy(world, name, tmp_path)
    for path in [copy, *copy.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        done = start(world, name, copy, preexec_fn=without_override)
    finally:
        copy.chmod(0o755)
    assert done.returncode == 2
    assert "cannot be used: Permission denied." in done.stderr
    assert "[start.folder]" in done.stderr
    assert "Let the account that runs this program own the folder" in done.stderr
    for path in [copy, *copy.rglob("*")]:
        path.chmod(0o700 if path.is_dir() else 0o600)
    assert starts(world, name, copy)


@pytest.mark.parametrize("name", ["hub", "connector", "witness"])
async def test_damaged_data_is_told_and_not_gone_on_with_and_the_way_back_is_shown(world, name, tmp_path):
    copy = whole_copy(world, name, tmp_path)
    file = copy / f"{name}.db"
    good = file.read_bytes()
    page = 4096
    file.write_bytes(good[:page] + b"\xff" * page + good[2 * page :])
    done = start(world, name, copy)
    assert done.returncode == 1
    assert f"{name}.db is damaged" in done.stderr or "malformed" in done.stderr
    assert "[storage.damaged]" in done.stderr
    assert "restore a backup" in done.stderr
    assert file.read_bytes()[page : 2 * page] == b"\xff" * page  # kept for examination
    for leftover in copy.glob(f"{name}.db-*"):
        leftover.unlink()
    file.write_bytes(good)
    assert starts(world, name, copy)


def whole_copy(world: Shaken, name: str, where: Path) -> Path:
    """The data folder of a running program, with the database as one consistent file."""
    copy = where / name
    shutil.copytree(world.folder / name, copy, ignore=shutil.ignore_patterns("*.db*", "*.sock"))
    with (
        closing(sqlite3.connect(f"file:{world.folder / name / name}.db?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(copy / f"{name}.db")) as target,
    ):
        source.backup(target)
    return copy


def _command(world: Shaken, name: str, data: Path) -> tuple[list[str], dict[str, str]]:
    words = [sys.executable, "-m", "roomgate.cli.main", name, "serve", "--config", str(world.folder / f"{name}.toml")]
    own = {f"ROOMGATE_{name.upper()}_DATA": str(data)}
    if name != "connector":  # the real one has its port
        own[f"ROOMGATE_{name.upper()}_{'LISTEN_PORT' if name == 'hub' else 'PORT'}"] = "0"
    return [*words, "--json"], os.environ | own


def start(world: Shaken, name: str, data: Path, **more: object) -> subprocess.CompletedProcess[str]:
    """A start that is refused."""
    words, env = _command(world, name, data)
    return subprocess.run(words, env=env, capture_output=True, text=True, timeout=60, check=False, **more)


def starts(world: Shaken, name: str, data: Path) -> bool:
    """A start that works; the program is stopped again."""
    words, env = _command(world, name, data)
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            return process.stdout.readline().startswith("{")
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)
