"""A thousand lives of random people, rights and misfortunes: after a cut and its bound nothing happens any more.

`make soak` plays a hundred thousand. A life that fails tells its seed and all its steps: `Life(seed).run()` plays it
again. `tools/breakages.toml` plants faults in the code that the few lives of the first test must find.
"""

import pytest

from support.cutting.machine import Life

FEW = 250
BLOCK = 250
BLOCKS = range(FEW, 1000, BLOCK)


def live(first: int, count: int) -> list[Life]:
    return [Life(seed).run() for seed in range(first, first + count)]


def test_a_few_lives() -> None:
    lives = live(0, FEW)
    # They are about something: people are reached, rooms are moved, and both again and again.
    assert sum(life.frames for life in lives) > 20 * FEW
    assert sum(life.commands for life in lives) > 4 * FEW


@pytest.mark.parametrize("first", BLOCKS)
def test_lives(first: int) -> None:
    live(first, BLOCK)


def test_the_same_seed_plays_the_same_life() -> None:
    one, again = Life(7).run(), Life(7).run()
    assert one.trace == again.trace
    assert (one.frames, one.commands) == (again.frames, again.commands)
