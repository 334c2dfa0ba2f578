"""Time for many rooms: each has its beat when it is due, and nobody else's."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import pytest

from roomgate.clock import HandClock, SystemClock
from roomgate.sim.pacer import Pacer
from roomgate.sim.room import Room
from support.waiting import until


@dataclass
class Beats:
    """A room as the pacer sees it."""

    name: str
    waits: list[float | None]
    woken: Callable[[], None] | None = None
    beats: int = 0
    wakes_itself: bool = False
    seen: list[int] = field(default_factory=list)

    def beat(self) -> float | None:
        self.beats += 1
        if self.wakes_itself and self.woken is not None:
            self.woken()
        return self.waits.pop(0) if self.waits else None


def add(pacer: Pacer, *rooms: Beats) -> None:
    for room in rooms:
        pacer.add(cast(Room, room))


def test_each_room_beats_when_it_is_due() -> None:
    clock = HandClock()
    pacer, quick, slow = Pacer(clock), Beats("quick", [1.0, 1.0, 1.0]), Beats("slow", [2.5])
    add(pacer, quick, slow)
    assert pacer.step() == 1.0
    assert (quick.beats, slow.beats) == (1, 1)
    clock.advance(1)
    assert pacer.step() == 1.0
    clock.advance(1)
    assert pacer.step() == 0.5
    assert (quick.beats, slow.beats) == (3, 1)
    clock.advance(0.5)
    pacer.step()
    assert (quick.beats, slow.beats) == (3, 2)


def test_a_room_that_is_woken_beats_at_once_and_once() -> None:
    clock = HandClock()
    pacer, room = Pacer(clock), Beats("room", [100.0, 100.0])
    add(pacer, room)
    pacer.step()
    assert room.woken is not None
    room.woken()
    room.woken()
    assert pacer.step() == 100
    assert room.beats == 2
    clock.advance(100)
    pacer.step()
    assert room.beats == 3


def test_what_a_beat_does_itself_is_no_reason_for_another() -> None:
    pacer, room = Pacer(HandClock()), Beats("room", [5.0], wakes_itself=True)
    add(pacer, room)
    assert pacer.step() == 5
    assert room.beats == 1


def test_a_room_where_nothing_waits_is_left_alone() -> None:
    clock = HandClock()
    pacer, room = Pacer(clock), Beats("room", [None])
    add(pacer, room)
    pacer.step()
    clock.advance(10_000)
    pacer.step()
    assert room.beats == 1


@pytest.mark.asyncio
async def test_time_passes_by_itself() -> None:
    pacer, room = Pacer(SystemClock()), Beats("room", [0.01] * 5)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = group.create_task(pacer.run())
        await asyncio.sleep(0)
        add(pacer, room)
        await until(lambda: room.beats == 6)
        running.cancel()
