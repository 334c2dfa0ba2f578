"""The calendars of a large site: how long until every room's list is what its calendar says, and how late a change is.

The synchronisation is the connector's own, in this process, with its client for CalDAV over real HTTP and its reader of
invitations in a process apart; the server is one process that has its answers ready (`bench/dav.py`), and the lists of
the devices are in memory, so that neither is what is measured.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from bench.process import cpu_s, memory_kib
from bench.program import Program, WentWrong, started
from bench.result import Result, Table, judged
from bench.run import Run
from bench.samples import Spread, quantile
from bench.words import number, spread
from roomgate.clock import SystemClock
from roomgate.ids import RoomName
from roomgate.meetings.booking import Booking
from roomgate.meetings.calendars.caldav import CalDav
from roomgate.meetings.calendars.credentials import NoCredentials
from roomgate.meetings.calendars.http import Web
from roomgate.meetings.plan import Held
from roomgate.meetings.reader import Apart
from roomgate.meetings.sync import Sync
from roomgate.meetings.understand import DeviceAbilities

NAME = "calendars"
SECONDS = 420.0
ROOMS, EACH = 2000, 20
FIRST_S, LATE_S = 60.0, 60.0
CHANGED = 100  # rooms, spread over a minute


@dataclass(slots=True)
class Lists:
    """A device for each room, in memory. ``at``: when its list was last put."""

    held: dict[RoomName, Sequence[Booking]] = field(default_factory=dict)
    at: dict[RoomName, float] = field(default_factory=dict)

    async def put(self, room: RoomName, entries: Sequence[Booking]) -> None:
        self.held[room] = entries
        self.at[room] = time.perf_counter()

    async def current(self, room: RoomName) -> tuple[Held, ...]:
        return tuple(Held(one.id, one.title, one.number, one.start, one.end) for one in self.held.get(room, ()))


@dataclass(slots=True)
class Measured:
    """One figure a repeat, but of ``late_s`` one a change."""

    first_s: list[float] = field(default_factory=list)
    own_ms: list[float] = field(default_factory=list)  # this process's processor time for a room, while all are read
    reader_ms: list[float] = field(default_factory=list)  # and the reader's
    idle_cores: list[float] = field(default_factory=list)  # of both, while only a few change
    asked: list[float] = field(default_factory=list)  # requests a room, until all are there
    late_s: list[float] = field(default_factory=list)
    mib: list[float] = field(default_factory=list)
    reader_mib: list[float] = field(default_factory=list)


async def measure(run: Run) -> Result:
    rooms = run.size(ROOMS, 40)
    found = Measured()
    for turn in range(run.size(3, 1)):
        run.say(f"{rooms} rooms, turn {turn + 1}")
        async with started("bench.dav") as server:
            await _once(run, server, rooms, found)
    return build(found, rooms)


async def _once(run: Run, server: Program, rooms: int, found: Measured) -> None:
    clock, dice = SystemClock(), random.Random(rooms)  # noqa: S311 (spreads load, guards nothing)
    told = await server.say(do="open", rooms=rooms, each=EACH, today=clock.now().date().isoformat())
    names = [RoomName(f"r{n}") for n in range(rooms)]
    lists = Lists()
    poll_s = run.seconds(30.0, 2.0)
    async with Web(clock, dice) as web, aclosing(Apart()) as reader, asyncio.TaskGroup() as group:
        calendar = CalDav(
            web, NoCredentials(), told["url"], lambda room: f"/rooms/{room[1:]}/", clock, dice, poll_s=poll_s
        )
        sync = Sync(calendar, lists, clock, dict.fromkeys(names, DeviceAbilities()), reader=reader)
        began, own_s = time.perf_counter(), time.process_time()
        running = group.create_task(sync.run())
        async with asyncio.timeout(5 * FIRST_S):
            while len(lists.held) < rooms:
                await asyncio.sleep(0.05)
        found.first_s.append(max(lists.at.values()) - began)
        assert reader.pid is not None
        found.own_ms.append((time.process_time() - own_s) / rooms * 1e3)
        found.reader_ms.append(cpu_s(reader.pid) / rooms * 1e3)
        found.asked.append((await server.say(do="count"))["asked"] / rooms)
        _check(lists, rooms)
        found.mib.append(_mib(_pid()))
        found.reader_mib.append(_mib(reader.pid))
        await asyncio.sleep(poll_s)  # the first looks have spread by then
        await _change(run, server, rooms, lists, found, poll_s, reader.pid)
        running.cancel()


def _check(lists: Lists, rooms: int) -> None:
    """Every meeting is there, and those that can be joined can be."""
    if any(len(entries) < EACH for entries in lists.held.values()):
        raise WentWrong("a room lacks meetings")
    if sum(bool(one.number) for entries in lists.held.values() for one in entries) < rooms * EACH // 2:
        raise WentWrong("meetings that can be joined have no button")


async def _change(
    run: Run, server: Program, rooms: int, lists: Lists, found: Measured, poll_s: float, reader: int
) -> None:  # fmt: skip
    """One room after the other, over two periods; each is waited for."""
    chosen = random.Random(1).sample(range(rooms), min(CHANGED, rooms // 4))  # noqa: S311 (as above)
    changed: dict[RoomName, float] = {}
    began, used_s = time.perf_counter(), time.process_time() + cpu_s(reader)
    for room in chosen:
        changed[RoomName(f"r{room}")] = time.perf_counter()
        await server.say(do="change", rooms=[room])
        await asyncio.sleep(2 * poll_s / len(chosen))
    found.idle_cores.append((time.process_time() + cpu_s(reader) - used_s) / (time.perf_counter() - began))
    async with asyncio.timeout(3 * LATE_S):
        while any(lists.at[room] < at for room, at in changed.items()):
            await asyncio.sleep(0.05)
    found.late_s += [lists.at[room] - at for room, at in changed.items()]


def _mib(pid: int) -> float:
    return memory_kib(pid)["pss"] / 1024


def _pid() -> int:
    return int(Path("/proc/self").readlink().name)


def build(found: Measured, rooms: int) -> Result:
    """Pure: the measured become a page's part."""
    late = Spread.of([quantile(found.late_s, share) for share in (0.5, 0.99, 1.0)])
    worst = Spread(max(found.late_s), min(found.late_s), max(found.late_s))
    rows = [
        ["until every list is right", f"{spread(Spread.of(found.first_s))} s"],
        ["requests a room until then", spread(Spread.of(found.asked))],
        ["processor time a room, the connector's", f"{spread(Spread.of(found.own_ms))} ms"],
        ["processor time a room, its reader's", f"{spread(Spread.of(found.reader_ms))} ms"],
        ["memory then, the lists included", f"{spread(Spread.of(found.mib))} MiB"],
        ["memory of the reader then", f"{spread(Spread.of(found.reader_mib))} MiB"],
        ["cores while each room is looked at every 30 s", spread(Spread.of(found.idle_cores))],
        [
            "a change is in the room after",
            f"{number(late.median)} s; 99 % within {number(quantile(found.late_s, 0.99))} s",
        ],
    ]
    return Result(
        name=NAME,
        judged=[
            judged(
                "calendars.first", f"{rooms:,} rooms with {EACH} meetings each, synchronised", "at most", FIRST_S, "s",
                Spread.of(found.first_s), "read by CalDAV, understood, planned and put",
            ),
            judged(
                "calendars.late", "a change in a calendar is in the room", "at most", LATE_S, "s",
                worst, f"the worst of {len(found.late_s)} changes",
            ),
        ],
        tables=[Table("Calendars", ["what", "measured"], rows)],
        units="s",
    )  # fmt: skip
