"""A change at the device is seen in time, whatever happens in whatever order; and nothing logs in more than it must."""

import asyncio
import functools
import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.clock import HandClock
from roomgate.connector.proof import GRACE_S, IDLE_AT_ONCE, RETRY_S, TICK_S, ProofSchedule, Prover
from roomgate.ids import DeviceId

LIVE_S, IDLE_S = 25.0, 600.0


def schedule(seed=1):
    return ProofSchedule(LIVE_S, IDLE_S, random.Random(seed))


# One step for each tick: whether a session lives in the room, and what becomes of a proof that is made now.
steps = st.lists(st.tuples(st.booleans(), st.sampled_from(["held", "not made"])), min_size=1, max_size=400)


@given(steps, st.integers())
def test_a_session_is_never_long_without_a_proof_or_is_shut(steps, seed):
    plan, now, vouched, since = schedule(seed), 100.0, None, None
    proofs = []
    for occupied, outcome in steps:
        now += TICK_S
        since = (since if since is not None else now) if occupied else None
        if plan.due(now, occupied):
            proofs.append((now, outcome))
            if outcome == "held":
                plan.held(now)
                vouched = now
            else:
                plan.not_made(now)
        if since is not None:
            unproven = now - max(since, vouched or 0.0)
            assert unproven <= LIVE_S + GRACE_S + TICK_S or plan.overdue(now)
    for (before, outcome), (after, _) in itertools.pairwise(proofs):
        assert after - before >= (LIVE_S - TICK_S if outcome == "held" else RETRY_S)


@given(st.lists(st.booleans(), min_size=1, max_size=400), st.integers())
def test_with_a_device_that_answers_the_next_proof_is_never_later_than_the_period(occupancy, seed):
    plan, now, since, last = schedule(seed), 100.0, None, 100.0
    for occupied in occupancy:
        now += TICK_S
        since = (since if since is not None else now) if occupied else None
        if plan.due(now, occupied):
            plan.held(now)
            last = now
        if since is not None:
            assert now - max(since, last) <= LIVE_S


def test_a_room_that_fills_up_is_proven_at_once_if_its_proof_is_old():
    plan = schedule()
    plan.due(0.0, False)
    plan.held(0.0)

    assert not plan.due(20.0, True)
    assert plan.due(25.0, True)


def test_empty_rooms_are_proven_every_ten_minutes_or_so_and_not_all_at_once():
    first = [schedule(seed) for seed in range(50)]
    moments = []
    for plan in first:
        now = 0.0
        plan.begin(now)
        while not plan.due(now, False):
            now += 10.0
        moments.append(now)

        plan.held(now)
        assert not plan.due(now + 0.8 * IDLE_S - 1, False)
        assert plan.due(now + 1.2 * IDLE_S, False)
    assert len(set(moments)) > 20


class Room:
    def __init__(self, clock, answers=True, device="device_1"):
        self.device = DeviceId(device)
        self.connected = True
        self.looks = 0
        self.quarantined = False
        self.answers = answers
        self.proofs = []
        self.cut = 0
        self.clock = clock

    @property
    def may_login(self):
        self.looks += 1
        return not self.quarantined

    async def prove(self):
        self.proofs.append(self.clock.monotonic())
        if self.answers is None:
            raise OSError("fault")
        return self.answers

    async def unproven(self):
        self.cut += 1


async def wind(prover, clock, seconds):
    """Tick by tick, as `run` would."""
    for _ in range(int(seconds / TICK_S)):
        clock.advance(TICK_S)
        async with asyncio.TaskGroup() as group:
            prover.tick(group)


class Fleet:
    """Many rooms, and how often each is looked at."""

    def __init__(self, count, clock):
        self.rooms = {f"device_{number}": Room(clock, device=f"device_{number}") for number in range(count)}
        self.occupied = set()
        self.prover = Prover(
            self.rooms.values, lambda: set(self.occupied), clock, live_s=LIVE_S, idle_s=IDLE_S, dice=random.Random(1)
        )


def prover(room, clock, occupied=True):
    return Prover(
        lambda: [room],
        lambda: {room.device} if occupied else set(),
        clock,
        live_s=LIVE_S,
        idle_s=IDLE_S,
        dice=random.Random(1),
    )


@pytest.mark.asyncio
async def test_a_live_room_is_proven_every_period():
    clock = HandClock()
    room = Room(clock)

    await wind(prover(room, clock), clock, 120)

    assert len(room.proofs) == 4
    assert all(b - a <= LIVE_S for a, b in itertools.pairwise(room.proofs))
    assert room.cut == 0


@pytest.mark.asyncio
@pytest.mark.parametrize("answers", [False, None])
async def test_a_live_room_that_nobody_can_vouch_for_is_cut_once(answers):
    clock = HandClock()
    room = Room(clock, answers)

    watcher = prover(room, clock)

    await wind(watcher, clock, LIVE_S + GRACE_S)
    assert room.cut == 0
    await wind(watcher, clock, 20)
    assert room.cut == 1


@pytest.mark.asyncio
async def test_a_room_in_quarantine_sees_no_login_at_all():
    clock = HandClock()
    room = Room(clock)
    room.quarantined = True

    await wind(prover(room, clock), clock, 700)

    assert room.proofs == []


@pytest.mark.asyncio
async def test_an_empty_room_without_connection_is_left_to_its_keeper():
    clock = HandClock()
    room = Room(clock)
    room.connected = False

    await wind(prover(room, clock, occupied=False), clock, 1300)

    assert room.proofs == []


@pytest.mark.asyncio
async def test_a_proof_that_hangs_is_not_started_twice():
    clock = HandClock()
    room = Room(clock)
    gate = asyncio.Event()

    async def hang():
        room.proofs.append(clock.monotonic())
        await gate.wait()
        return True

    room.prove = hang
    watcher = prover(room, clock)
    async with asyncio.TaskGroup() as group:
        for _ in range(200):
            clock.advance(TICK_S)
            watcher.tick(group)
            await asyncio.sleep(0)
        gate.set()

    assert len(room.proofs) == 1
    assert room.cut == 1


@pytest.mark.asyncio
async def test_an_empty_room_is_looked_at_when_it_is_due_and_proven_then():
    clock = HandClock()
    fleet = Fleet(50, clock)

    await wind(fleet.prover, clock, 2 * IDLE_S)

    for room in fleet.rooms.values():
        assert 1 <= len(room.proofs) <= 3
        assert all(after - before <= 1.2 * IDLE_S + TICK_S for before, after in itertools.pairwise(room.proofs))
        assert room.looks <= 1 + 3 * len(room.proofs)


@pytest.mark.asyncio
async def test_who_comes_is_proven_for_and_who_goes_leaves_an_empty_room_behind():
    clock = HandClock()
    fleet = Fleet(50, clock)
    room = fleet.rooms["device_7"]
    await wind(fleet.prover, clock, 5 * IDLE_S)

    fleet.occupied.add("device_7")
    came = clock.monotonic()
    await wind(fleet.prover, clock, 5 * LIVE_S)
    inside = [proof for proof in room.proofs if proof > came]
    assert inside[0] - came <= LIVE_S
    assert all(after - before <= LIVE_S for before, after in itertools.pairwise(inside))

    fleet.occupied.clear()
    left, room.looks = clock.monotonic(), 0
    await wind(fleet.prover, clock, 3 * IDLE_S)
    outside = [inside[-1], *(proof for proof in room.proofs if proof > left)]
    assert len(outside) >= 3
    assert all(0.8 * IDLE_S - TICK_S <= b - a <= 1.2 * IDLE_S + TICK_S for a, b in itertools.pairwise(outside))
    assert room.looks <= 3 * len(outside)


@pytest.mark.asyncio
async def test_no_more_than_a_few_empty_rooms_are_proven_at_once_and_all_are_in_the_end():
    clock = HandClock()
    fleet = Fleet(3 * IDLE_AT_ONCE, clock)
    gate, running, most = asyncio.Event(), 0, 0

    async def prove(room):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await gate.wait()
        running -= 1
        room.proofs.append(clock.monotonic())
        return True

    for room in fleet.rooms.values():
        room.prove = functools.partial(prove, room)
    async with asyncio.TaskGroup() as group:
        for _ in range(int(IDLE_S / TICK_S)):
            clock.advance(TICK_S)
            fleet.prover.tick(group)
            await asyncio.sleep(0)
        assert most == IDLE_AT_ONCE
        gate.set()
        for _ in range(10):
            clock.advance(TICK_S)
            fleet.prover.tick(group)
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    assert most == IDLE_AT_ONCE
    assert all(room.proofs for room in fleet.rooms.values())


@pytest.mark.asyncio
async def test_a_room_that_goes_is_forgotten_and_one_in_its_place_begins_anew():
    clock = HandClock()
    fleet = Fleet(2, clock)
    await wind(fleet.prover, clock, 2 * IDLE_S)

    gone = fleet.rooms.pop("device_1")
    proven = len(gone.proofs)
    await wind(fleet.prover, clock, 2 * IDLE_S)
    fleet.rooms["device_1"] = again = Room(clock, device="device_1")
    await wind(fleet.prover, clock, 2 * IDLE_S)

    assert len(gone.proofs) == proven
    assert again.proofs
