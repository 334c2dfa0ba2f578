import asyncio
import gc
import os
import signal
import sys
from collections.abc import Iterator

import pytest

from roomgate.cli.running import SWITCH_S, THRESHOLDS, run_program, until_stopped


def test_a_program_that_ends_by_itself():
    async def program() -> None:
        await asyncio.sleep(0)

    asyncio.run(until_stopped(program()))


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_and_lets_it_tidy_up(sign):
    tidied = []

    async def program() -> None:
        try:
            os.kill(os.getpid(), sign)
            async with asyncio.timeout(20):
                await asyncio.Event().wait()
        finally:
            tidied.append(True)

    asyncio.run(until_stopped(program()))
    assert tidied == [True]


def test_what_the_program_raises_comes_out_as_it_is():
    async def program() -> None:
        raise ZeroDivisionError("x")

    with pytest.raises(ZeroDivisionError):
        asyncio.run(until_stopped(program()))


def test_a_second_signal_cuts_a_clean_up_short():
    async def program() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.Event().wait()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.Event().wait()  # a clean-up that hangs

    asyncio.run(until_stopped(program()))


@pytest.fixture
def hang_up() -> Iterator[None]:
    """As under `nohup`."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGHUP, before)


def test_the_end_of_the_terminal_is_no_stop_where_it_is_ignored(hang_up):
    ended = []

    async def program() -> None:
        os.kill(os.getpid(), signal.SIGHUP)
        for _ in range(3):
            await asyncio.sleep(0)
        ended.append(True)

    asyncio.run(until_stopped(program()))
    assert ended == [True]


@pytest.fixture
def patience() -> Iterator[None]:
    before, thresholds = sys.getswitchinterval(), gc.get_threshold()
    yield
    sys.setswitchinterval(before)
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def test_our_programs_run_on_the_quick_loop_and_let_the_writer_have_its_turn(patience):
    seen = []

    async def program(made, ready) -> None:
        ready(f"{made} is up")
        seen.append(type(asyncio.get_running_loop()).__module__)

    run_program(program, "it", seen.append)
    assert seen == ["it is up", "uvloop"]
    assert sys.getswitchinterval() == pytest.approx(SWITCH_S)
    # What was made before lives as long as the program does: the collector does not walk through it.
    assert gc.get_freeze_count() > 1000
    assert gc.get_threshold() == THRESHOLDS


def test_a_program_that_cancels_itself_is_not_a_stop():
    async def program() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(until_stopped(program()))
