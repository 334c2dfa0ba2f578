import asyncio
from itertools import pairwise

import pytest

from roomgate.checks.pace import HandTime, Pace, SystemTime


async def turns(pace: Pace, time: HandTime, count: int) -> list[float]:
    made = []
    for _ in range(count):
        await pace.turn()
        made.append(time.monotonic())
    return made


@pytest.mark.asyncio
@pytest.mark.parametrize("per_second", [0.1, 2.0, 50.0])
async def test_one_after_the_other_keeps_the_distance(per_second):
    time = HandTime()
    made = await turns(Pace(per_second, time), time, 10)
    assert made[0] == 1000.0
    assert all(later - earlier >= 1 / per_second - 1e-6 for earlier, later in pairwise(made))
    assert made[-1] - made[0] == pytest.approx(9 / per_second)


@pytest.mark.asyncio
async def test_many_at_once_share_one_pace():
    time = HandTime()
    pace = Pace(2.0, time)
    made: list[float] = []

    async def one() -> None:
        made.extend(await turns(pace, time, 3))

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(one())
    assert len(made) == 12
    for start in made:
        assert len([t for t in made if start <= t < start + 1.0 - 1e-6]) <= 2


@pytest.mark.asyncio
async def test_a_pause_saves_nothing_up():
    time = HandTime()
    pace = Pace(2.0, time)
    await pace.turn()
    time.advance(60)
    made = await turns(pace, time, 3)
    assert [t - made[0] for t in made] == pytest.approx([0, 0.5, 1.0])


@pytest.mark.asyncio
async def test_whoever_is_cancelled_loses_the_turn_and_the_pace_is_kept():
    class Stuck(HandTime):
        async def sleep(self, seconds: float) -> None:
            await asyncio.Event().wait()

    time = Stuck()
    pace = Pace(2.0, time)
    await pace.turn()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await pace.turn()
    time.advance(0.6)  # the lost turn is over; the next is not yet
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await pace.turn()


@pytest.mark.asyncio
async def test_the_system_s_time_moves_by_itself():
    time = SystemTime()
    began = time.monotonic()
    await time.sleep(0.01)
    assert time.monotonic() - began >= 0.009
