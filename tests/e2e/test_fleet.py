"""A plan by the command line, over real programs: said before, applied in waves, and gone on with after kill -9."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from roomgate.connector.local import ask_local
from support.world import RunningWorld, in_world

pytestmark = in_world()

SETTINGS = {
    "Audio/DefaultVolume": 33, "Audio/SoundsAndAlerts/RingVolume": 60, "Audio/SoundsAndAlerts/RingTone": "Ripples",
    "Audio/Microphones/AGC": "Off", "Audio/Ultrasound/MaxVolume": 50,
}  # fmt: skip


async def test_a_plan_says_what_is_refused_and_goes_on_by_itself_where_a_killed_hub_left_it(
    world: RunningWorld, tmp_path: Path
) -> None:
    async with world.room() as first, world.room() as second:
        names = sorted((first.name, second.name))
        who = await world.guest(names[0], ["observe", "configure", "av-control", "macros"])
        await world.grant(who.id, names[1], ["observe", "configure", "av-control", "macros"])
        (tmp_path / "hello.js").write_text("console.log('hello');\n")
        lines = [f'"{path}" = {json.dumps(value)}' for path, value in SETTINGS.items()]
        document = tmp_path / "settings.toml"
        document.write_text("\n".join(
            ['name = "Autumn"', "[everything.settings]", *lines, "[everything.macros]",
             'hello = { file = "hello.js", active = true }', "[only]", f"rooms = {json.dumps(names)}"]
        ))  # fmt: skip

        code, out, err = await world.cli("fleet", "plan", str(document), "--pause", "0.5", "--json", token=who.token)
        assert code == 0, err
        plan = json.loads(out)
        assert plan["rooms"] == {"waiting": 2}
        for room in plan["room_list"]:
            said = {one["what"]: (one["verdict"], one["rule"]) for one in room["steps"]}
            assert said["hello"] == ("refused", "never")
            assert said["Audio/DefaultVolume"] == ("allowed", "")

        async with world.caller(who.token) as caller:
            await caller.call("POST", f"/api/v1/plans/{plan['id']}/start")
            async with asyncio.timeout(30):
                while not (await rooms(caller, plan["id"]))[0]["done"]:
                    await asyncio.sleep(0)
            async with world.killed("hub"):
                assert not world.alive("hub")
            await world.answers(caller, names[0])
            code, out, err = await world.cli("fleet", "status", plan["id"], "--json", token=who.token)
            shown = await caller.call("GET", f"/api/v1/plans/{plan['id']}?past=running")
            assert (shown["state"], shown["rooms"]) == ("done", {"done": 2}), (shown, code, out, err)
            assert [(one["done"], one["due"], one["left"]) for one in await rooms(caller, plan["id"])] == [
                (len(SETTINGS), len(SETTINGS), 2)
            ] * 2
            code, out, err = await world.cli("fleet", "drift", plan["id"], "--json", token=who.token)
            assert {one["what"] for one in json.loads(out)} == {"hello", "hello active"}, err


async def test_software_comes_from_hosts_that_the_site_lists_and_a_room_is_done_when_it_is_back_and_well(
    world: RunningWorld,
) -> None:
    async with world.room() as room, software_from(world, "files.example.com"):
        who = await world.guest(room.name, ["observe", "system"])

        async def planned(url: str) -> tuple[str, dict[str, str]]:
            words = "fleet", "upgrade", "--url", url, "--version", "ce30.1", "--room", room.name, "--json"
            code, out, err = await world.cli(*words, token=who.token)
            assert code == 0, err
            plan = json.loads(out)
            (step,) = plan["room_list"][0]["steps"]
            return plan["id"], step

        _, elsewhere = await planned("https://files.example.org/ce30.1.0.pkg")
        assert elsewhere["verdict"] == "refused"
        plan, step = await planned("https://files.example.com/ce30.1.0.pkg")
        assert step["verdict"] == "allowed", step
        code, out, err = await world.cli("fleet", "apply", plan, "--json", token=who.token)
        assert (code, json.loads(out)["rooms"]) == (0, {"done": 1}), err
        await room.journal_says("upgrade.ended", status="Succeeded")
        async with world.caller(who.token) as caller:
            _, answer = await caller.ask(room.name, {"get": "Status/SystemUnit/Software/Version"})
            assert answer["result"] == "ce30.1.0"


@asynccontextmanager
async def software_from(world: RunningWorld, host: str) -> AsyncIterator[None]:
    """While the site lets its devices fetch software from this host."""
    policy, socket = world.folder / "policy.toml", world.data("connector") / "connector.sock"
    before = policy.read_text()
    opened = before.replace('cedar = "site.cedar"', f'cedar = "managed"\nupgrade_hosts = ["{host}"]')
    opened = opened.replace('"Roomgate Tunnel"', '"Roomgate Tunnel", "SystemUnit SoftwareUpgrade"')

    async def become(text: str) -> None:
        was = (await ask_local(socket, {"do": "status"}))["policy"]["digest"]
        policy.write_text(text)
        async with asyncio.timeout(10):
            while (await ask_local(socket, {"do": "status"}))["policy"]["digest"] == was:
                await asyncio.sleep(0.05)

    await become(opened)
    try:
        yield
    finally:
        await become(before)


async def rooms(caller, plan):
    return sorted((await caller.call("GET", f"/api/v1/plans/{plan}/rooms"))["items"], key=lambda one: one["wave"])
