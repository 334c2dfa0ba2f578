"""A password that is changed at the device itself shuts the room: within 31 s, with one refused login, for good."""

import asyncio
import json
from typing import Any

import pytest
import pytest_asyncio

from roomgate.cli.demo.inside import Inside
from support.half_minutes import DEVICE_S, HalfMinutes, Shut
from support.world import RunningWorld, in_world

pytestmark = in_world()
ACCOUNTS = ("daily", "privileged")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shut(half_minutes: HalfMinutes) -> dict[str, Shut]:
    """Both rooms after the change."""
    await half_minutes.over()
    return {account: task.result() for account, task in half_minutes.shut.items()}


def logins(room: Inside, after_ms: int, account: str = "") -> list[dict[str, Any]]:
    """Every login that the device saw since, but those of its own administrator."""
    return [
        line
        for line in room.lines()
        if line["what"].startswith("login.") and line["mono_ms"] > after_ms and line["account"] != room.admin_user
        if not account or line["account"] == account
    ]


async def at_the_site(world: RunningWorld, *words: str) -> str:
    """A verb of the local operator's."""
    config = str(world.folder / "connector.toml")
    code, out, err = await world.cli("connector", *words, "--config", config)
    assert code == 0, err
    return out


async def states(world: RunningWorld) -> dict[str, str]:
    """The connector's own view of each room."""
    return {room["name"]: room["state"] for room in json.loads(await at_the_site(world, "status", "--json"))["rooms"]}


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_every_channel_falls_in_time(shut: dict[str, Shut], account: str) -> None:
    """The guest's REST, event stream and socket, read in the guest's own process; the call, in the device's journal."""
    fallen = shut[account].fallen
    assert set(fallen.channels) == {"rest", "events", "socket"}
    assert max(fallen.channels.values()) <= DEVICE_S
    assert fallen.call <= DEVICE_S


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_one_login_is_refused_and_no_other_tried(shut: dict[str, Shut], account: str) -> None:
    one = shut[account]
    failed = [line for line in logins(one.room, one.changed_ms) if line["what"] == "login.failed"]
    assert [(line["account"], line["failed"]) for line in failed] == [(one.account, 1)]
    assert [line for line in logins(one.room, failed[0]["mono_ms"]) if line != failed[0]] == []


async def test_the_rooms_are_quarantined_and_others_go_on(world: RunningWorld, shut: dict[str, Shut]) -> None:
    found = await states(world)
    assert {found[one.room.name] for one in shut.values()} == {"quarantined"}
    async with world.room() as other:
        assert found[other.name] in ("fine", "call")
        who = await world.guest(other.name)
        async with world.caller(who.token) as caller:
            assert (await caller.ask(other.name, {"get": "Status/Audio/Volume"}))[1]["outcome"] == "done"


async def test_nobody_gets_in_from_outside_and_asking_tries_no_login(
    world: RunningWorld, shut: dict[str, Shut]
) -> None:
    for one in shut.values():
        who = await world.guest(one.room.name)
        async with world.caller(who.token) as caller:
            for wish in ({"get": "Status/Audio/Volume"}, {"command": "Call Disconnect", "arguments": {}}):
                _, answer = await caller.ask(one.room.name, wish)
                assert answer.get("outcome") != "done", answer
        refused = [line for line in logins(one.room, one.changed_ms) if line["what"] == "login.failed"]
        assert len(refused) == 1


async def test_a_new_start_tries_no_login_either(world: RunningWorld, shut: dict[str, Shut]) -> None:
    """The refusal outlives the program, and so does the quarantine; the other rooms are dialled again."""
    async with world.killed("connector"):
        pass
    await world.fine(
        set(world.rooms) - {room for room, state in (await states(world)).items() if state == "quarantined"}
    )
    found = await states(world)
    for one in shut.values():
        assert found[one.room.name] == "quarantined"
        assert len([line for line in logins(one.room, one.changed_ms) if line["what"] == "login.failed"]) == 1


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_somebody_at_the_site_confirms(world: RunningWorld, shut: dict[str, Shut], account: str) -> None:
    """The new password in the vault changes nothing yet; the confirmation opens the room again."""
    one = shut[account]
    before = logins(one.room, one.changed_ms)
    kept = world.world.secret_file(f"new-{account}", one.new)
    await at_the_site(world, "vault", "put", one.room.name, one.account, "--password-file", str(kept))
    assert (await states(world))[one.room.name] == "quarantined"
    assert logins(one.room, one.changed_ms) == before
    await at_the_site(world, "confirm", one.room.name)
    await world.fine([one.room.name])
    assert "login.ok" in [line["what"] for line in logins(one.room, one.changed_ms, one.room.user)]
    assert len([line for line in logins(one.room, one.changed_ms) if line["what"] == "login.failed"]) == 1
    who = await world.guest(one.room.name)
    async with world.caller(who.token) as caller, asyncio.timeout(10):
        while (await caller.ask(one.room.name, {"get": "Status/Audio/Volume"}))[1].get("outcome") != "done":
            await asyncio.sleep(0.05)
