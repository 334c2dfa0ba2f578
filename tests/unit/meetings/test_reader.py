"""A reader may be killed, hang or send rubbish: no other invitation is lost by it, and the one at fault is told."""

import asyncio
import os
import signal

import pytest

from roomgate.meetings.reader import Here, ReaderFell
from support.readers import PLANTED, apart, file, given

pytestmark = pytest.mark.asyncio

GOOD = given(file(1), file(2))
REFUSED = "reading it took too long or too much memory, twice: it is not tried again"


def numbers(understood):
    return [one.join.address for one in understood.meetings]


async def test_what_is_read_apart_is_what_is_read_here_and_one_process_does_it():
    async with apart() as reader:
        assert reader.pid is None
        first = await reader.read(GOOD)
        pid = reader.pid
        assert (first, await reader.read(GOOD), reader.pid) == (await Here().read(GOOD), first, pid)
    assert reader.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_reader_that_is_killed_loses_nothing_whenever_it_is_killed():
    async with apart() as reader:
        for _ in range(3):
            reading = asyncio.create_task(reader.read(GOOD))
            while reader.pid is None:
                await asyncio.sleep(0)
            killed = reader.pid
            os.kill(killed, signal.SIGKILL)
            understood = await reading
            assert (numbers(understood), understood.bad) == (["1@v.example.com", "2@v.example.com"], {})
            assert reader.pid not in (None, killed)
            os.kill(reader.pid, signal.SIGKILL)  # and while it has nothing to do
            assert numbers(await reader.read(GOOD)) == ["1@v.example.com", "2@v.example.com"]
            await reader.aclose()


@pytest.mark.parametrize("word", ["hang", "fall", "memory", "bug", "rubbish", "endless", "elsewhere"])
async def test_what_a_reader_falls_over_is_told_and_not_tried_again_and_the_others_are_read(word):
    async with apart(words=PLANTED) as reader:
        room = given(file(1), file(2, word), file(3))
        understood = await reader.read(room)
        assert numbers(understood) == ["1@v.example.com", "3@v.example.com"]
        assert understood.bad == {1: REFUSED}
        pid = reader.pid
        elsewhere = given(file(4), file(5), file(2, word), file(2, word))
        again = await reader.read(elsewhere)
        assert (numbers(again), again.bad) == (["4@v.example.com", "5@v.example.com"], {2: REFUSED, 3: REFUSED})
        assert reader.pid == pid


async def test_one_that_waits_without_end_is_given_up():
    async with apart(words=PLANTED, within_s=0.2) as reader:
        try:
            told = (await reader.read(given(file(1, "wait")))).bad
        except ReaderFell:
            told = "it did not even start so fast"
        assert told in ({0: REFUSED}, "it did not even start so fast")


async def test_an_answer_that_cannot_be_true_is_not_believed():
    async with apart(words=PLANTED) as reader:
        with pytest.raises(ReaderFell):
            await reader.read(given(file(1, "lie")))


async def test_a_room_of_many_such_gives_way_and_goes_on_where_it_was():
    async with apart(words=PLANTED) as reader:
        room = given(*(file(number, "fall") for number in range(5)), file(9))
        with pytest.raises(ReaderFell):
            await reader.read(room)
        assert numbers(await reader.read(room)) == ["9@v.example.com"]


async def test_a_reader_that_does_not_start_is_told_and_nothing_is_read_here_instead():
    async with apart(words=["/nowhere/reader"]) as reader:
        with pytest.raises(ReaderFell):
            await reader.read(GOOD)
        assert reader.pid is None


async def test_who_is_cancelled_in_the_middle_leaves_no_half_answer_to_the_next():
    async with apart(words=PLANTED) as reader:
        await reader.read(GOOD)
        reading = asyncio.create_task(reader.read(given(file(7, "wait"))))
        await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert numbers(await reader.read(given(file(8)))) == ["8@v.example.com"]
