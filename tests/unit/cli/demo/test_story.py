"""What holds the story together: a step that fails is told as such, and the story goes on."""

import asyncio

import pytest

from roomgate.cli.demo.people import Unexpected
from roomgate.cli.demo.screen import Screen
from roomgate.cli.demo.story import Story

pytestmark = pytest.mark.asyncio


def story() -> Story:
    return Story(None, Screen(silent=True), None, "", "", "")  # type: ignore[arg-type]  # fakes of this test


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
