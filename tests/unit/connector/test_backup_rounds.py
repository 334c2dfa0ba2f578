"""The schedule: each room once in a period, the absent later, the same not twice."""

import asyncio
import random
from types import SimpleNamespace
from typing import Any

import pytest

from roomgate.clock import HandClock, iso
from roomgate.connector.backup_rounds import AGAIN_S, BackupRounds
from roomgate.connector.room import RoomCondition
from roomgate.ids import DeviceId, RoomName
from roomgate.xapi.errors import DeviceUnreachable
from support.rooms import MemoryRoom

pytestmark = pytest.mark.asyncio
DAY = 86400.0


class Fake:
    """Backups as far as the schedule knows them."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.pruned: list[int] = []
        self.made: dict[str, str] = {}
        self.fault: Exception | None = None
        self.swept = asyncio.Event()
        self.files = SimpleNamespace(sweep=lambda: None)

    async def newest(self, device: str) -> str:
        return self.made.get(device, "")

    async def keep(self, room: Any, name: str, by: str) -> None:
        if self.fault:
            raise self.fault
        assert (name, by) == ("", "")
        self.kept.append(room.name)

    async def prune(self, room: Any, keep: int) -> None:
        self.pruned.append(keep)


def rounds(fake: Fake, clock: HandClock, *rooms: MemoryRoom) -> BackupRounds:
    return BackupRounds(fake, lambda: rooms, clock, DAY, 7, random.Random(1))  # type: ignore[arg-type]


async def test_each_room_has_its_turn_once_in_a_period():
    fake, clock = Fake(), HandClock()
    one = rounds(fake, clock, MemoryRoom(), MemoryRoom(DeviceId("dev_rome"), RoomName("rome")))
    await one.look()
    assert fake.kept == []  # nothing falls upon a site that has just started
    clock.advance(DAY / 4)
    await one.look()
    assert (fake.kept, fake.pruned) == (["oslo", "rome"], [7, 7])
    clock.advance(DAY * 0.85)
    await one.look()
    assert len(fake.kept) == 2
    clock.advance(DAY * 0.3)
    await one.look()
    assert fake.kept == ["oslo", "rome"] * 2


async def test_a_room_that_is_away_is_taken_once_it_is_back():
    fake, clock, room = Fake(), HandClock(), MemoryRoom(condition=RoomCondition.OFFLINE)
    one = rounds(fake, clock, room)
    await one.look()
    clock.advance(DAY)
    await one.look()
    assert fake.kept == []
    room.condition = RoomCondition.FINE
    await one.look()
    assert fake.kept == ["oslo"]


async def test_one_that_failed_is_tried_again_later_and_holds_up_no_other():
    fake, clock = Fake(), HandClock()
    one = rounds(fake, clock, MemoryRoom())
    await one.look()
    clock.advance(DAY)
    fake.fault = DeviceUnreachable("away")
    await one.look()
    fake.fault = None
    await one.look()
    assert fake.kept == []
    clock.advance(AGAIN_S)
    await one.look()
    assert fake.kept == ["oslo"]


@pytest.mark.parametrize(("age", "waits"), [(0.0, DAY), (-DAY, DAY), (DAY / 2, DAY / 2), (DAY * 9, 0.0)])
async def test_after_a_start_it_goes_on_where_it_was(age: float, waits: float):
    fake, clock = Fake(), HandClock()
    clock.advance(DAY * 10)
    made = clock.now().timestamp() - age
    fake.made = {"dev_oslo": iso(clock.now().fromtimestamp(made, clock.now().tzinfo))}
    one = rounds(fake, clock, MemoryRoom())
    await one.look()
    clock.advance(waits)
    await one.look()
    assert fake.kept == []
    clock.advance(DAY / 4)
    await one.look()
    assert fake.kept == ["oslo"]


async def test_a_file_that_says_nonsense_is_no_reason_to_wait():
    fake, clock = Fake(), HandClock()
    fake.made = {"dev_oslo": "yesterday"}
    one = rounds(fake, clock, MemoryRoom())
    await one.look()
    clock.advance(DAY / 4)
    await one.look()
    assert fake.kept == ["oslo"]


async def test_it_runs_until_it_is_cancelled_and_sweeps_first():
    fake, swept = Fake(), asyncio.Event()
    loop = asyncio.get_running_loop()
    fake.files = SimpleNamespace(sweep=lambda: loop.call_soon_threadsafe(swept.set))
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        task = group.create_task(rounds(fake, HandClock()).run())
        await swept.wait()
        task.cancel()
    assert task.cancelled()
