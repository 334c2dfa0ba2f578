"""The local door: for its owner alone, on no network, and nothing that comes in goes into a log or an answer."""

import asyncio
import contextlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roomgate.connector.local import Door, ask_local
from roomgate.errors import Conflict, NotFound, Unreachable
from roomgate.xapi.errors import DeviceUnreachable


class Fake:
    def __init__(self):
        self.did = []

    async def status(self):
        return {"rooms": []}

    async def sessions(self):
        return {"sessions": []}

    async def cut_all(self, reason, by):
        self.did.append(("cut-all", reason, by[:6]))
        return {"undone": []}

    async def hang_up(self, room):
        raise DeviceUnreachable("away")

    async def confirm(self, room, by):
        raise NotFound("no such room")

    async def vault_put(self, room, account, password, by, *, new):
        self.did.append((room, account, password.reveal(), new))
        return {"version": 1}

    async def vault_remove(self, room, account, by):
        self.did.append((room, account))
        return {}

    async def list_backups(self, room):
        return {"backups": [room]}

    async def export_backup(self, room, id):
        return {"backup": [room, id]}


@contextlib.asynccontextmanager
async def door(path, operator):
    opened = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(Door(path, operator).run(opened.set))
        await opened.wait()
        yield
        task.cancel()


@pytest.mark.asyncio
async def test_each_wish_reaches_its_deed(tmp_path):
    path, fake = tmp_path / "connector.sock", Fake()
    async with door(path, fake):
        assert await ask_local(path, {"do": "status"}) == {"ok": True, "rooms": []}
        assert await ask_local(path, {"do": "sessions"}) == {"ok": True, "sessions": []}
        await ask_local(path, {"do": "cut-all", "reason": "fire"})
        put = {"do": "vault-put", "room": "oslo", "account": "daily", "password": "s"}
        assert await ask_local(path, put) == {"ok": True, "version": 1}
        assert await ask_local(path, put | {"new": True}) == {"ok": True, "version": 1}
        await ask_local(path, {"do": "vault-remove", "room": "oslo"})
        daily = ("oslo", "daily", "s")
        assert fake.did == [("cut-all", "fire", "local:"), (*daily, False), (*daily, True), ("oslo", None)]

        assert (await ask_local(path, {"do": "backups", "room": "oslo"}))["backups"] == ["oslo"]
        exported = await ask_local(path, {"do": "backup-export", "room": "oslo", "id": "backup_1"})
        assert exported["backup"] == ["oslo", "backup_1"]

        gone = await ask_local(path, {"do": "hang-up", "room": "oslo"})
        assert (gone["ok"], gone["code"]) == (False, "xapi.unreachable")
        assert (await ask_local(path, {"do": "confirm", "room": "x"}))["code"] == "not-found"
    assert not path.exists()


@pytest.mark.asyncio
async def test_it_is_for_its_owner_alone_from_the_first_moment(tmp_path):
    path = tmp_path / "connector.sock"
    async with door(path, Fake()):
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.asyncio
async def test_a_long_path_is_no_obstacle(tmp_path):
    folder = tmp_path / ("long" * 40)
    folder.mkdir()
    path = folder / "connector.sock"
    async with door(path, Fake()):
        assert (await ask_local(path, {"do": "status"}))["ok"]


@pytest.mark.asyncio
async def test_one_connector_for_one_folder_but_a_dead_ones_place_is_taken(tmp_path):
    path = tmp_path / "connector.sock"
    path.touch()
    async with door(path, Fake()):
        with pytest.raises(Conflict):
            await Door(path, Fake()).run()
        assert (await ask_local(path, {"do": "status"}))["ok"]


@pytest.mark.asyncio
async def test_nobody_there_is_said_so(tmp_path):
    with pytest.raises(Unreachable):
        await ask_local(tmp_path / "connector.sock", {"do": "status"})


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "wish",
    [
        {"do": "vault-put", "room": "oslo", "account": 3, "password": "canary-55"},
        {"do": "vault-put", "room": "oslo", "password": "canary-55", "acount": "daily"},
        {"do": "vault-get", "room": "oslo", "password": "canary-55"},
        {"do": "status", "more": "canary-55"},
        {},
    ],
)
async def test_an_unknown_wish_is_refused_and_not_repeated(tmp_path, wish, capsys):
    path = tmp_path / "connector.sock"
    async with door(path, fake := Fake()):
        answer = await ask_local(path, wish)
    assert (answer["ok"], answer["code"]) == (False, "input.bad")
    assert "canary" not in json.dumps(answer) + "".join(capsys.readouterr())
    assert fake.did == []


@given(st.binary(max_size=300))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rubbish_does_not_hurt_the_door(tmp_path, rubbish):
    async def story():
        path = tmp_path / "connector.sock"
        async with door(path, Fake()):
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(rubbish + b"\n")
            writer.write_eof()
            await reader.read()
            writer.close()
            assert (await ask_local(path, {"do": "status"}))["ok"]

    asyncio.run(story())
