"""Who is alone is so: seen from a third worker of the same run, which asks for the locks without waiting."""

import asyncio
import fcntl
import os
import threading
from collections.abc import Iterator
from uuid import uuid4

import pytest

from support.alone import Turns, files

pytestmark = pytest.mark.asyncio


@pytest.fixture
def run() -> Iterator[str]:
    name = uuid4().hex
    yield name
    for file in files(name):
        file.unlink()


def has(lock: int, how: int) -> bool:
    """Whether a worker could have it now; it lets go at once."""
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(lock, fcntl.LOCK_UN)
    return True


async def test_tests_run_beside_each_other_until_one_is_alone(run: str) -> None:
    ours, others = Turns.of(run), Turns.of(run)
    with ours.beside_others():
        assert has(others.room, fcntl.LOCK_SH)
        async with ours.alone():
            assert not has(others.room, fcntl.LOCK_SH)
        assert has(others.room, fcntl.LOCK_SH)
        assert not has(others.room, fcntl.LOCK_EX)
    assert has(others.room, fcntl.LOCK_EX)


async def test_who_waits_to_be_alone_comes_before_whoever_begins_later(run: str) -> None:
    ours, others, later = Turns.of(run), Turns.of(run), Turns.of(run)
    with ours.beside_others(), others.beside_others():
        waiting = asyncio.create_task(enter(ours))
        async with asyncio.timeout(10):
            while has(later.turnstile, fcntl.LOCK_EX):
                await asyncio.sleep(0)
        assert not waiting.done()
        fcntl.flock(others.room, fcntl.LOCK_UN)
        async with asyncio.timeout(10):
            await waiting


async def test_two_who_want_to_be_alone_have_it_one_after_the_other(run: str) -> None:
    inside: list[int] = []
    most: list[int] = []

    def worker() -> None:
        turns = Turns.of(run)

        async def go() -> None:
            async with turns.alone():
                inside.append(1)
                most.append(len(inside))
                os.sched_yield()
                inside.pop()

        for _ in range(50):
            with turns.beside_others():
                asyncio.run(go())

    threads = [threading.Thread(target=worker) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    assert len(most) == 100
    assert set(most) == {1}


async def enter(turns: Turns) -> None:
    async with turns.alone():
        pass
