import asyncio

import pytest

from roomgate.fleet.waves import Options
from roomgate.hub.fleet.plan import Plan, State
from roomgate.hub.fleet.run import Run, wait_for

pytestmark = pytest.mark.asyncio


def run(**options):
    plan = Plan("plan_1", "document", "Autumn", "", Options(**options), State.RUNNING, "", "ada", "", "", None, None, 1)
    return Run(plan, None)


async def test_the_first_reason_to_stop_is_the_one_that_is_told_and_wakes_whoever_waits():
    one = run()
    waiting = asyncio.create_task(wait_for(600, one.news))
    await asyncio.sleep(0)
    one.stop("1 room failed.")
    one.stop("Lunch.")
    async with asyncio.timeout(10):
        await waiting
    assert one.stopped == "1 room failed."


async def test_a_wait_ends_by_itself():
    async with asyncio.timeout(10):
        await wait_for(0.001, asyncio.Event())


async def test_asks_say_for_which_plan_they_are_unless_somebody_gave_a_reason():
    assert (run().reason, run(reason="Quieter").reason) == ("Plan Autumn", "Quieter")
