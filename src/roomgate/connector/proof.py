"""That our own accounts still hold: both are proven on fresh connections, so that a door shut at the device is noticed.

A real device leaves open sockets alone when a password changes, so an open socket proves nothing. While a
remote session lives in a room, both accounts log in afresh every 25 s; otherwise every ten minutes or so.

Theory of the schedule, per device: a proof vouches for the moment at which it *began*. The next one begins
no later than ``live_s`` after that while a session lives; so a change is seen within ``live_s`` plus the time
of the logins. A room that fills up is proven at once if its last proof is older than ``live_s``. A proof
that could not be made (device away, slowed down by its own limits) proves nothing and is tried again after
a short pause; a room that stays unproven for ``live_s + GRACE_S`` while a session lives in it is shut: what
nobody can vouch for is refused. A refused password is the end: nothing here ever tries it a second time.
"""

import asyncio
import heapq
import random
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field
from typing import Protocol

from roomgate import log
from roomgate.clock import Clock
from roomgate.ids import DeviceId

GRACE_S = 5.0  # for the logins themselves
RETRY_S = 3.0
TICK_S = 0.5
IDLE_AT_ONCE = 16  # proofs of empty rooms that run at one time; those of live rooms never wait

_log = log.get("proof")


@dataclass(slots=True)
class ProofSchedule:
    """When one device's accounts are proven next. Pure: the caller hands in its monotonic clock."""

    live_s: float
    idle_s: float
    dice: random.Random
    _vouched: float | None = None  # when the last good proof began
    _since: float | None = None  # since when a session has lived here without a break
    _not_before: float = 0.0
    _idle_wait: float = field(init=False)

    def __post_init__(self) -> None:
        # The first round after a start is spread over the whole period: a fleet does not log in at once.
        self._idle_wait = self.idle_s * self.dice.uniform(0.0, 1.0)

    def begin(self, now: float) -> None:
        """The schedule starts; the accounts were just used to connect, or are about to be."""
        if self._vouched is None:
            self._vouched = now

    def due(self, now: float, occupied: bool) -> bool:
        """Whether a proof has to begin now. Called at every tick, since it also notices who came and went."""
        self.begin(now)
        assert self._vouched is not None
        if occupied and self._since is None:
            self._since = now
        elif not occupied:
            self._since = None
        if now < self._not_before:
            return False
        # A tick early rather than a tick late.
        return now - self._vouched >= (self.live_s - TICK_S if occupied else self._idle_wait)

    @property
    def empty_due(self) -> float:
        """When a proof begins next if nobody comes; known once the schedule has begun."""
        assert self._vouched is not None
        return max(self._vouched + self._idle_wait, self._not_before)

    def held(self, began: float) -> None:
        """Both accounts were accepted, in logins that began no earlier than this."""
        self._vouched = began
        self._not_before = 0.0
        self._idle_wait = self.idle_s * self.dice.uniform(0.8, 1.2)

    def not_made(self, now: float) -> None:
        """The device could not be asked; that is neither yes nor no."""
        self._not_before = now + RETRY_S

    def overdue(self, now: float) -> bool:
        """A session lives here, and nobody has been able to vouch for the accounts for too long."""
        if self._since is None or self._vouched is None:
            return False
        return now - max(self._vouched, self._since) > self.live_s + GRACE_S


class Provable(Protocol):
    """What the prover needs of a keeper."""

    @property
    def device(self) -> DeviceId: ...

    @property
    def connected(self) -> bool:
        """Whether the keeper has its connection. An empty room without one is left to the keeper's own tries."""

    @property
    def may_login(self) -> bool:
        """False while the room is quarantined: no login, whatever the schedule says."""

    async def prove(self) -> bool:
        """Log in afresh with both accounts, one after the other, and close each. True: both were accepted.
        False: could not be asked. A refusal quarantines the room, inside, and gives False."""

    async def unproven(self) -> None:
        """Nobody could vouch for the accounts for too long: the room's sessions are cut."""


@dataclass(slots=True)
class _Watched:
    schedule: ProofSchedule
    look_at: float = 0.0  # when an empty room is looked at next; what the calendar says otherwise is out of date
    running: bool = False
    told: bool = False


class Prover:
    """One for the whole fleet: a tick, and a task for each proof that is due.

    Of thousands of rooms nearly all are empty, and due in minutes. So a tick looks at those where somebody is, those
    that somebody has just left, and those whose turn has come in a calendar, which is a heap.
    """

    def __init__(
        self,
        rooms: Callable[[], Iterable[Provable]],
        occupied: Callable[[], Set[str]],
        clock: Clock,
        *,
        live_s: float,
        idle_s: float,
        dice: random.Random | None = None,
    ) -> None:
        """``occupied`` gives the devices in whose rooms somebody from outside is now."""
        self._rooms = rooms
        self._occupied = occupied
        self._clock = clock
        self._live_s = live_s
        self._idle_s = idle_s
        self._dice = dice or random.Random()  # noqa: S311 (spreads load, guards nothing)
        self._watched: dict[DeviceId, _Watched] = {}
        self._calendar: list[tuple[float, DeviceId]] = []
        self._were_occupied: Set[str] = frozenset()
        self._idle_running = 0

    async def run(self) -> None:
        """Prove for ever. Cancelling ends running proofs; each closes its own connection."""
        async with asyncio.TaskGroup() as group:
            while True:
                self.tick(group)
                await asyncio.sleep(TICK_S)

    def tick(self, group: asyncio.TaskGroup) -> None:
        """Look at every room that may need it, once, and start what is due."""
        now = self._clock.monotonic()
        present = {room.device: room for room in self._rooms()}
        for gone in self._watched.keys() - present.keys():
            del self._watched[gone]
        occupied = self._occupied()
        concerned, self._were_occupied = self._were_occupied | occupied, occupied
        turns = [device for device in present if device in concerned or device not in self._watched]
        while self._calendar and self._calendar[0][0] <= now:
            when, device = heapq.heappop(self._calendar)  # who is due for longest comes first
            if device in self._watched and self._watched[device].look_at == when:
                turns.append(device)
        for device in dict.fromkeys(turns):
            self._look(present[device], device in occupied, now, group)

    def _look(self, room: Provable, occupied: bool, now: float, group: asyncio.TaskGroup) -> None:
        watched = self._watched.get(room.device)
        if watched is None:
            watched = _Watched(ProofSchedule(self._live_s, self._idle_s, self._dice))
            self._watched[room.device] = watched
        due = watched.schedule.due(now, occupied)
        if not occupied:  # one that is due and cannot be proven now has its turn at each tick
            watched.look_at = watched.schedule.empty_due
            heapq.heappush(self._calendar, (watched.look_at, room.device))
        if not room.may_login:
            return
        if not watched.schedule.overdue(now):
            watched.told = False
        elif not watched.told:
            watched.told = True
            group.create_task(self._tell(room), name=f"{room.device}.unproven")
        if not due or watched.running:
            return
        if not occupied and (not room.connected or self._idle_running >= IDLE_AT_ONCE):
            return
        watched.running = True
        self._idle_running += not occupied
        group.create_task(self._prove(room, watched, idle=not occupied), name=f"{room.device}.proof")

    async def _prove(self, room: Provable, watched: _Watched, *, idle: bool) -> None:
        began = self._clock.monotonic()
        try:
            held = await room.prove()
        except Exception as fault:  # the edge of the service: one room's fault must not stop the others' proofs
            _log.warning("proof.fault", device=room.device, error=f"{type(fault).__name__}: {fault}"[:300])
            held = False
        finally:
            watched.running = False
            self._idle_running -= idle
        if held:
            watched.schedule.held(began)
        else:
            watched.schedule.not_made(self._clock.monotonic())

    async def _tell(self, room: Provable) -> None:
        _log.warning("proof.overdue", device=room.device)
        try:
            await room.unproven()
        except Exception as fault:  # as above
            _log.error("proof.fault", device=room.device, error=f"{type(fault).__name__}: {fault}"[:300])
