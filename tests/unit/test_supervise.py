"""A service comes back after every fall, later each time, and leaves when told."""

import asyncio
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomgate.connector.uplink import RETRY_S
from roomgate.supervise import keep, pauses
from support.logged import logged
from support.waiting import until


class Dice(random.Random):
    """Remembers how long it might have paused, and does not pause."""

    def __init__(self) -> None:
        super().__init__()
        self.ceilings: list[float] = []

    def uniform(self, a: float, b: float) -> float:
        self.ceilings.append(b)
        return 0.0


class Work:
    """Falls or returns as listed, then stays."""

    def __init__(self, *falls: Exception | None) -> None:
        self.falls = list(falls)
        self.steady = asyncio.Event()
        self.ended = False

    async def __call__(self) -> None:
        if self.falls:
            if fall := self.falls.pop(0):
                raise fall
            return
        self.steady.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended = True


async def until_steady(work: Work, dice: Dice, most_s: float = 30.0) -> list[dict[str, object]]:
    """Keep the work until it stays, then cancel: what was logged."""
    with logged() as lines:
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            kept = group.create_task(keep("fleet", work, first_s=1.0, most_s=most_s, jitter=dice))
            await work.steady.wait()
            kept.cancel()
    return lines


@pytest.mark.asyncio
async def test_pauses_grow_to_a_bound():
    dice = Dice()
    await until_steady(Work(*[OSError("no")] * 7), dice)
    assert dice.ceilings == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


@pytest.mark.asyncio
async def test_a_long_run_begins_with_a_short_pause_again():
    dice = Dice()
    await until_steady(Work(*[OSError("no")] * 3), dice, most_s=-1.0)
    assert dice.ceilings[0] == 1.0
    assert dice.ceilings[2] == 1.0


@pytest.mark.asyncio
async def test_an_outage_is_one_line_down_and_one_line_up():
    lines = await until_steady(Work(OSError("no"), ValueError("odd"), None, None), Dice())
    assert [(line["event"], line["service"]) for line in lines] == [("service.down", "fleet"), ("service.up", "fleet")]
    assert lines[0]["error"] == "OSError: no"


@pytest.mark.asyncio
async def test_a_service_that_stays_is_up_again_and_its_next_fall_is_told_too():
    fall = asyncio.Event()
    falls = iter([OSError("first"), None, OSError("second")])

    async def work() -> None:
        if (next_one := next(falls, None)) is None:
            fall.clear()
            await fall.wait()
            return
        raise next_one

    with logged() as lines:
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            kept = group.create_task(keep("witness", work, steady_s=0.01, jitter=Dice()))
            await until(lambda: len(lines) == 2)
            fall.set()
            await until(lambda: len(lines) == 4)
            kept.cancel()
    assert [line["event"] for line in lines] == ["service.down", "service.up"] * 2


@pytest.mark.asyncio
async def test_cancelling_ends_the_work_too():
    work = Work()
    await until_steady(work, Dice())
    assert work.ended


@pytest.mark.asyncio
async def test_a_service_that_returns_is_started_again_without_a_word():
    work = Work(None, None)
    assert await until_steady(work, Dice()) == []
    assert work.ended


@given(st.integers(), st.floats(0, 600))
@settings(max_examples=25, deadline=None)
def test_two_hundred_that_fell_together_come_back_soon_and_not_together(seed, down_s):
    """The links' schedule, on a time-table: when each of 200 connectors tries first after the hub is back."""
    dice = random.Random(seed)
    back: list[float] = []
    for _ in range(200):
        at, pausing = 0.0, pauses(0.25, RETRY_S, dice)
        while at < down_s:
            at += next(pausing)
        back.append(at - down_s)
    assert max(back) <= RETRY_S
    if down_s > 60:  # the ceiling is reached, and they have lost step
        assert max(Counter(int(at * 10) for at in back).values()) <= 40


@pytest.mark.parametrize("caught", [False, True])
@pytest.mark.asyncio
async def test_told_to_leave_in_the_very_moment_of_a_fall_it_leaves(caught):
    """A group of tasks tells of the fall and forgets that it was cancelled: a program that was stopped went on."""
    falls = 0

    async def work() -> None:
        try:
            async with asyncio.TaskGroup() as inner:
                inner.create_task(fall())
                await asyncio.Event().wait()
        except* OSError:
            if not caught:
                raise

    async def fall() -> None:
        nonlocal falls
        falls += 1
        kept.cancel()
        raise OSError("no")

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        kept = group.create_task(keep("uplink", work, first_s=0.1))
    assert kept.cancelled()
    assert falls == 1
