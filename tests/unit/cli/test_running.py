import asyncio
import os
import signal

import pytest

from roomgate.cli.running import until_stopped


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
            await asyncio.Event().wait()
        finally:
            tidied.append(True)

    asyncio.run(until_stopped(program()))
    assert tidied == [True]


def test_what_the_program_raises_is_told():
    async def program() -> None:
        raise ZeroDivisionError("x")

    with pytest.raises(ExceptionGroup) as group:
        asyncio.run(until_stopped(program()))
    assert isinstance(group.value.exceptions[0], ZeroDivisionError)


def test_a_program_that_cancels_itself_is_not_a_stop():
    async def program() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(until_stopped(program()))
