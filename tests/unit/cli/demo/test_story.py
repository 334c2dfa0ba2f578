"""What holds the story together: a step that fails is told as such, and the story goes on."""

import asyncio
import base64

import pytest

from roomgate.cli.demo.people import Unexpected
from roomgate.cli.demo.screen import Screen
from roomgate.cli.demo.story import Story
from roomgate.errors import RoomgateError
from roomgate.ledger.checkpoint import VerifierKey
from roomgate.ledger.tree import leaf_hash
from support.hub import running

pytestmark = pytest.mark.asyncio


class Ledger:
    """Answers for a hub's ledger with one proven entry."""

    def __init__(self, shown: dict[str, object]) -> None:
        self.shown = shown

    async def call(self, method: str, path: str) -> dict[str, object]:
        assert (method, path) == ("GET", f"/api/v1/ledger/{self.shown['index']}")
        return self.shown


class World:
    def __init__(self, *vkeys: str) -> None:
        self.vkeys = list(vkeys)


def story(world: object = None, admin: object = None) -> Story:
    return Story(world, Screen(silent=True), admin, "", "")  # type: ignore[arg-type]  # fakes of this test


async def test_a_step_says_what_it_gave_or_what_went_wrong():
    async def good() -> str:
        return "it held"

    async def bad() -> str:
        raise Unexpected("404")

    told = story()
    await told._step("one", good)
    await told._step("two", bad)
    assert [(s.name, s.ok, s.detail) for s in told.screen.steps] == [
        ("one", True, "it held"),
        ("two", False, "two: Unexpected 404"),
    ]


async def test_a_step_that_began_earlier_is_told_in_its_place():
    async def good() -> tuple[str, float]:
        return "31 s", 31.0

    async def bad() -> None:
        raise TimeoutError("too late")

    told = story()
    async with asyncio.TaskGroup() as group:
        for name, work in (("good", good()), ("bad", bad())):
            told._tasks[name] = group.create_task(told._caught(work))
        await told._backed("device", "good", lambda found: f"shut after {found}")
        await told._backed("silence", "bad", lambda found: "never said")
    assert [(s.name, s.ok, s.ms, s.detail) for s in told.screen.steps] == [
        ("device", True, 31000, "shut after 31 s"),
        ("silence", False, 0, "silence: TimeoutError too late"),
    ]


async def test_an_entry_counts_as_proven_only_by_the_hub_s_own_key_and_its_own_bytes(tmp_path):
    async with running(tmp_path) as hub:
        await hub.person("bob")
        proven = await hub.parts.ledger.prove(hub.admin, 1)
        shown = {
            "index": 1, "raw": base64.b64encode(proven.entry.raw).decode(), "leaf": leaf_hash(proven.entry.raw).hex(),
            "path": [step.hex() for step in proven.path], "size": proven.size, "checkpoint": proven.checkpoint,
        }  # fmt: skip
        own = str(hub.parts.record.verifier)
        other = str(VerifierKey.of("roomgate.hub/main", hub.parts.keys.order))
    entry = {"index": 1}
    assert await story(World(own), Ledger(shown))._proven(entry)
    for world, change in (
        (World(other), {}),
        (World(own), {"raw": base64.b64encode(proven.entry.raw + b" ").decode()}),
        (World(own), {"path": ["00" * 32, *shown["path"][1:]]}),
    ):
        with pytest.raises(RoomgateError):
            await story(world, Ledger(shown | change))._proven(entry)
