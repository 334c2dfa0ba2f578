import asyncio

import pytest

from roomgate.clock import HandClock
from roomgate.meetings.turns import MOST_BEHIND_S, Turns

pytestmark = pytest.mark.asyncio


class Stage:
    def __init__(self):
        self.clock = HandClock()
        self.turns = Turns(self.clock)
        self.order = []
        self.inside = 0

    async def come(self, name, took_s=0.0):
        async with self.turns.turn(took_s):
            self.inside += 1
            assert self.inside == 1
            self.order.append(name)
            await asyncio.sleep(0)
            self.inside -= 1


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


async def test_one_at_a_time_in_the_order_of_their_coming():
    stage = Stage()
    async with asyncio.TaskGroup() as group:
        for name in "abcd":
            group.create_task(stage.come(name))
    assert stage.order == ["a", "b", "c", "d"]


async def test_who_took_long_lets_those_go_first_that_come_within_its_time():
    stage = Stage()
    async with asyncio.TaskGroup() as group, stage.turns.turn():
        group.create_task(stage.come("slow", 2.0))
        await settle()
        stage.clock.advance(19)
        group.create_task(stage.come("quick"))
        await settle()
        stage.clock.advance(2)
        group.create_task(stage.come("late"))
        await settle()
    assert stage.order == ["quick", "slow", "late"]


async def test_nobody_waits_for_ever_however_long_it_took():
    stage = Stage()
    async with asyncio.TaskGroup() as group, stage.turns.turn():
        group.create_task(stage.come("slow", 1e9))
        await settle()
        stage.clock.advance(MOST_BEHIND_S + 1)
        group.create_task(stage.come("quick"))
        await settle()
    assert stage.order == ["slow", "quick"]


@pytest.mark.parametrize("given_the_turn", [False, True])
async def test_who_is_cancelled_gives_place_or_turn_to_the_next(given_the_turn):
    stage = Stage()
    async with stage.turns.turn():
        waiting = asyncio.create_task(stage.come("gone"))
        next_ = asyncio.create_task(stage.come("next"))
        await settle()
        if not given_the_turn:
            waiting.cancel()
            await settle()
    waiting.cancel()
    await next_
    assert stage.order == ["next"]
    await stage.come("after")
    assert stage.order == ["next", "after"]
