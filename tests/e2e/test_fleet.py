"""A plan by the command line, over real programs: said before, applied in waves, and gone on with after kill -9."""

import asyncio
import json
from pathlib import Path

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


async def rooms(caller, plan):
    return sorted((await caller.call("GET", f"/api/v1/plans/{plan}/rooms"))["items"], key=lambda one: one["wave"])
