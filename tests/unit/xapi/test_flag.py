import asyncio

import pytest

from roomgate.xapi.flag import Flag


@pytest.mark.asyncio
async def test_all_who_wait_go_on_even_if_it_is_cleared_at_once():
    flag = Flag()
    async with asyncio.TaskGroup() as group, asyncio.timeout(5):
        tasks = [group.create_task(flag.wait()) for _ in range(3)]
        await asyncio.sleep(0)
        flag.set()
        flag.clear()
    assert all(task.done() for task in tasks)
    assert not flag.is_set()


@pytest.mark.asyncio
async def test_what_is_set_is_not_waited_for():
    flag = Flag()
    flag.set()
    assert flag.is_set()
    async with asyncio.timeout(5):
        await flag.wait()


@pytest.mark.asyncio
async def test_who_gives_up_is_forgotten_and_the_others_wait_on():
    flag = Flag()
    async with asyncio.TaskGroup() as group, asyncio.timeout(5):
        stays = group.create_task(flag.wait())
        leaves = group.create_task(flag.wait())
        await asyncio.sleep(0)
        leaves.cancel()
        await asyncio.sleep(0)
        assert leaves.cancelled()
        assert not stays.done()
        flag.set()
    assert stays.done()
