"""One cause under one condition, with every kind of channel open: what must fall falls in time, what must stay stays.

The bound is 1 s from the moment that the hub knows. Where hub and connector cannot reach each other it is the
lease: 15 s from the last heartbeat that was sent, and then the time that undoing takes.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field
from enum import Enum

from sqlalchemy import Connection, func, select

from roomgate.clock import HandClock
from roomgate.errors import NotFound
from roomgate.hub.db.schema import revocations
from roomgate.link.order import LEASE_S
from support.cutting.causes import CREDENTIALS, GRANTS, Cause, Fate
from support.cutting.clients import Client, Events, Once, Rest, RoomPage, RoomsPage, RoomWatch, Socket, Tunnel
from support.cutting.hub import Hub
from support.cutting.loop import run
from support.cutting.world import World, fresh_clock, world

BOUND_S = 1.0
UNDO_S = 1.0  # what undoing takes where the device answers at once
BACK_S = 1.0  # after which a killed program is started again


class Condition(Enum):
    QUIET = "quiet"
    HUB = "hub restarted"
    CONNECTOR = "connector restarted"
    LINK = "link cut"
    SLOW = "link held up"
    LATE = "clock an hour on"
    EARLY = "clock an hour back"


# Until when after the cut it is watched.
_WATCHED_S = {
    Condition.QUIET: 2.6, Condition.HUB: 19.5, Condition.CONNECTOR: 19.5, Condition.LINK: 23.0, Condition.SLOW: 6.0,
    Condition.LATE: 2.6, Condition.EARLY: 2.6,
}  # fmt: skip
_PARTED_S = {Condition.LINK: 17.0, Condition.SLOW: 3.0}
_PACE = 1.6
_AFTERWARDS = 1.6  # at the end whoever stays has heard something within so much


@dataclass(frozen=True, slots=True)
class Cell:
    cause: str
    channel: str
    condition: str
    fate: str
    fell_s: float | None  # from the cut to the last frame or command; None where nothing came after it


@dataclass(eq=False)
class Case:
    """What is open, and what was seen."""

    cause: Cause
    condition: Condition
    cells: list[Cell] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    began: float = 0.0  # of the condition
    cut_at: float = 0.0
    end_at: float = 0.0

    def run(self) -> "Case":
        if self.cause.at_hello is not None and self.condition in (Condition.HUB, Condition.CONNECTOR, Condition.LINK):
            self.cause = self.cause.at_hello
        clock = fresh_clock()
        run(clock, lambda: self._run(clock))
        return self

    def complain(self, what: str) -> None:
        self.complaints.append(f"{self.cause.name} × {self.condition.value}: {what}")

    async def _run(self, clock: HandClock) -> None:
        async with world(clock) as here:
            if self.cause.prepare is not None:
                await self.cause.prepare(here)
            here.pace = _PACE
            clients = _clients(here)
            kept, lasting, flight, asked, sat = _calls(here)
            tasks = [asyncio.create_task(_turn(here))]
            for one in clients:
                one.start()
            await asyncio.sleep(0.4)
            for call in (kept, *lasting):
                call.start()
            await asyncio.sleep(0.4)
            here.device("oslo").keep()
            for call in asked:  # their question would push the notice with Keep away
                call.start()
            await asyncio.sleep(0.6)
            self._ready(clients, kept, lasting, asked)
            here.device("oslo").latency_s = 0.4
            flight.start()
            sat.start()
            await asyncio.sleep(0.05)
            await self._cut(here, tasks)
            here.device("oslo").latency_s = 0.002
            await self._after(here)
            self._judge(here, clients, kept, [*lasting, flight, sat], asked)
            await self._judge_rights(here)
            for one in [*clients, kept, *lasting, flight, sat, *asked]:
                await one.stop()
            for task in tasks:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def _ready(self, clients: list[Client], kept: Once, lasting: list[Once], asked: list[Once]) -> None:
        """The case is about something: all is open and heard, the calls last, the question is on the panel."""
        for one in clients:
            if not one.frames:
                self.complain(f"before the cut nothing reached {one.name}")
        for call in (kept, *lasting):
            if not call.lasts:
                self.complain(f"before the cut there was no {call.name} ({call.outcome})")

    # -- the cut, under a condition ------------------------------------------------------------------------

    async def _cut(self, here: World, tasks: list["asyncio.Task[None]"]) -> None:
        condition = self.condition
        self.began = here.now
        if condition in (Condition.LATE, Condition.EARLY):
            here.shift(1.0 if condition is Condition.LATE else -1.0)
        if condition in _PARTED_S:
            here.net.part()
            await asyncio.sleep(0.02)
        act = asyncio.create_task(_call(self.cause, here))
        self.cut_at = here.now
        if condition is Condition.HUB:
            await _killed_at_commit(here, act, self.cause.at_site)
            self.cut_at = here.now
            if self.cause.at_site:
                await asyncio.wait([act], timeout=2.0)
        elif condition is Condition.CONNECTOR:
            if self.cause.at_site:
                await asyncio.wait([act], timeout=0.05)
            else:
                await _committed(here, act)
            if self.cause.at_site:
                act.cancel()  # it dies with its connector
            await here.kill_site()
            await asyncio.wait([act], timeout=2.0)
            self.cut_at = here.now
        else:
            await asyncio.wait([act], timeout=6.0)
            if self.cause.act.__name__ == "wait_for_end":
                self.cut_at = here.now
        act.cancel()
        await asyncio.wait([act])
        if not act.cancelled() and (fault := act.exception()) is not None:
            self.complain(f"the act failed: {fault!r}")

    async def _after(self, here: World) -> None:
        started = self.cut_at
        self.end_at = self.cut_at + _WATCHED_S[self.condition]
        loop = asyncio.get_running_loop()
        if self.end_at - here.now > 10:  # a long silence is not watched as closely as its two ends
            loop.call_at(self.cut_at + 3.0, setattr, here, "pace", 12.0)
            loop.call_at(self.end_at - 5.0, setattr, here, "pace", _PACE)
        if self.condition in (Condition.HUB, Condition.CONNECTOR):
            await asyncio.sleep(BACK_S)
            await (here.start_hub() if self.condition is Condition.HUB else here.start_site())
        await asyncio.sleep(max(0.0, started + 1.2 - here.now))
        if not self.parted:
            _say_yes(here)
        if self.condition in _PARTED_S:
            await asyncio.sleep(_PARTED_S[self.condition] - (here.now - started))
            here.net.mend()
        if self.parted:
            bound = self._bound(call=True)
            await asyncio.sleep(max(0.0, started + bound + 0.1 - here.now))
            _say_yes(here)
        await asyncio.sleep(max(0.0, self.end_at - here.now))

    # -- what came of it -----------------------------------------------------------------------------------

    @property
    def parted(self) -> bool:
        return self.condition not in (Condition.QUIET, Condition.LATE, Condition.EARLY)

    def _bound(self, call: bool) -> float:
        """For what reaches a device: a frame, a command, a call that is undone (``call``)."""
        if not self.parted:
            return BOUND_S
        if self.condition is Condition.SLOW:
            return _PARTED_S[Condition.SLOW] + BOUND_S
        return LEASE_S + UNDO_S + BACK_S if call else BOUND_S

    def _judge(self, here: World, clients: list[Client], kept: Once, calls: list[Once], asked: list[Once]) -> None:
        for one in clients:
            self._judge_client(here, one)
        for call in calls:
            self._judge_call(here, call)
        for call in asked:
            self._judge_asked(here, call)
        if not kept.lasts:
            self.complain("the call that the room kept was ended")
        self.cells.append(self._cell("call that the room kept", "stays", None))

    def _fate(self, one: Client) -> Fate:
        lost = self.condition is Condition.HUB and self.cause.answered and (one.who, one.by) == ("mia", "web1")
        return Fate.FALLS if lost else self.cause.fate(one)

    @property
    def _abandoned(self) -> bool:
        """A device that the site took out, and the connector killed in that moment: nobody there may speak to it now."""
        return self.cause.name == "room taken out at the site" and self.condition is Condition.CONNECTOR

    def _judge_client(self, here: World, one: Client) -> None:
        fate = self._fate(one)
        done = [d.at for d in here.device(one.room).done if d.mark == one.mark]
        frames = one.frames
        heard_s = self._bound(call=False) if self.cause.at_site else BOUND_S  # the hub may hear of it late
        late = [at for at in frames if at > self.cut_at + heard_s]
        late_done = [at for at in done if at > self.cut_at + self._bound(call=False)]
        if (
            isinstance(one, Socket)
            and fate in (Fate.CLOSED, Fate.STAYS)
            and not any(at > self.end_at - _AFTERWARDS for at in one.subscribed)
        ):
            self.complain(f"{one.name}: its subscription is deaf")
        last = max([at for at in (*frames, *done) if at > self.cut_at], default=None)
        fell = None if last is None else last - self.cut_at
        for fault in one.faults:
            self.complain(f"{one.name} failed: {fault!r}")
        if isinstance(one, Tunnel) and (fate is Fate.FALLS or (fate is Fate.CLOSED and not self.parted)):
            until = self.cut_at + (BOUND_S if self.cause.at_site else self._bound(call=True))
            for end in here.device(one.room).page.open_after(one.mark, self.cut_at, until):
                self.complain(f"{one.name}: its connection to the device lasted {end - self.cut_at:.2f} s")
        match fate:
            case Fate.FALLS:
                if late:
                    self.complain(f"{one.name}: a frame {late[-1] - self.cut_at:.2f} s after the cut")
                if late_done:
                    self.complain(f"{one.name}: a command {late_done[-1] - self.cut_at:.2f} s after the cut")
            case Fate.TOLD:
                if frames and frames[-1] > self.end_at - 3.0:
                    self.complain(f"{one.name}: a frame {frames[-1] - self.cut_at:.2f} s after the cut")
            case Fate.CLOSED | Fate.STAYS:
                if not frames or frames[-1] < self.end_at - _AFTERWARDS:
                    self.complain(f"{one.name} must stay or come back: silent since {self._since(frames)}")
                if (
                    isinstance(one, Socket | Rest | Tunnel)
                    and not self.cause.silenced
                    and (not done or done[-1] < self.end_at - 2.5)
                ):
                    self.complain(f"{one.name} must stay or come back: its commands do not, since {self._since(done)}")
                fell_then = any(self.began <= at <= self.cut_at + BOUND_S for at in one.closed)
                if not self.parted and not isinstance(one, Rest) and fell_then != (fate is Fate.CLOSED):
                    self.complain(f"{one.name} was {'closed, and it is not concerned' if fell_then else 'not closed'}")
        self.cells.append(self._cell(one.name, fate.value, fell if fate is Fate.FALLS else None))
        if isinstance(one, Rest):
            self.cells.append(self._cell(one.name.replace("REST", "queued order"), fate.value, None))
        if isinstance(one, Socket):
            self.cells.append(self._cell(f"subscription of {one.name}", fate.value, None))

    def _since(self, times: list[float]) -> str:
        return f"{times[-1] - self.cut_at:.2f} s" if times else "ever"

    def _judge_call(self, here: World, call: Once) -> None:
        fate = self._fate(call)
        device = here.device(call.room)
        numbers = {number for number, mark in device.calls.items() if mark == call.mark}
        if fate is Fate.FALLS or (fate is Fate.CLOSED and not self.parted):
            if numbers and not self._abandoned:
                self.complain(f"{call.name}: the call goes on")
            undone = [at for at, _ in device.ended if at > self.cut_at]
            if late := [at for at in undone if at > self.cut_at + self._bound(call=True)]:
                self.complain(f"a call was undone {late[-1] - self.cut_at:.2f} s after the cut")
        elif fate is Fate.STAYS and self.condition is not Condition.LINK and not numbers:
            self.complain(f"{call.name}: the call was ended, and it is not concerned")
        self.cells.append(self._cell(call.name, fate.value, None))

    def _judge_asked(self, here: World, call: Once) -> None:
        dialled = any(d.mark == call.mark for d in here.device(call.room).done)
        fate = self._fate(call)
        if dialled and fate is Fate.FALLS:
            self.complain(f"{call.name}: it was dialled when the room said Yes after the cut")
        if not dialled and fate is Fate.STAYS and not self.parted:
            self.complain(f"{call.name}: the room said Yes and it was not dialled ({call.outcome})")
        self.cells.append(self._cell(call.name, fate.value, None))

    def _cell(self, channel: str, fate: str, fell_s: float | None) -> Cell:
        return Cell(self.cause.name, channel, self.condition.value, fate, fell_s)

    async def _judge_rights(self, here: World) -> None:
        """What falls with what: sign-ins, tokens and grants."""
        hub = here.hub
        assert hub is not None
        for who in ("mia", "bob"):
            for by in CREDENTIALS:
                name = f"{who}.{by}"
                lives = await _lives(here, hub, name)
                lost = self.condition is Condition.HUB and self.cause.answered and name == "mia.web1"
                if lives == (name in self.cause.ends or lost):
                    self.complain(f"{name} {'lives' if lives else 'has ended'}")
        for name in sorted(GRANTS):
            try:
                record = await hub.parts.grants.get(here.made.grants[name])
            except NotFound:
                record = None
            if (record is None) != (name in self.cause.lost):
                self.complain(f"the grant {name} {'has ended' if record is None else 'lives'}")
            if record is not None and (record.paused is not None) != (name in self.cause.paused):
                self.complain(f"the grant {name}: paused {record.paused}")


def _say_yes(here: World) -> None:
    """Somebody in each room says Yes to what is still asked there."""
    for device in here.devices.values():
        if (mark := device.question()) is not None:
            device.press(mark, 1)


def page_like(one: Client) -> bool:
    return isinstance(one, RoomPage)


async def _lives(here: World, hub: Hub, name: str) -> bool:
    if name in here.tokens:
        return await hub.parts.identity.by_token(here.tokens[name]) is not None
    return await hub.parts.identity.by_cookie(here.cookies[name]) is not None


def _clients(here: World) -> list[Client]:
    """Of her whom the cut concerns, in two rooms and by four credentials; and of somebody else beside her."""
    return [
        RoomPage(here, "mia", "web1", "oslo"),
        RoomPage(here, "mia", "web2", "oslo"),
        RoomsPage(here, "mia", "web1", "oslo"),
        Events(here, "mia", "tok1", "oslo"),
        RoomWatch(here, "mia", "tok1", "oslo"),
        Socket(here, "mia", "tok1", "oslo"),
        Rest(here, "mia", "tok1", "oslo"),
        Rest(here, "mia", "web2", "oslo"),
        Socket(here, "mia", "tok2", "rome"),
        Rest(here, "mia", "tok2", "rome"),
        Socket(here, "bob", "tok1", "oslo"),
        Events(here, "bob", "tok2", "rome"),
        Tunnel(here, "mia", "tok1", "oslo"),
        Tunnel(here, "bob", "tok1", "oslo"),
    ]


def _calls(here: World) -> tuple[Once, list[Once], Once, list[Once], Once]:
    """A call that the room keeps, calls that last, one in flight, and those that wait for the room's Yes."""
    return (
        Once(here, "mia", "tok1", "oslo", name="call that the room keeps"),
        [
            Once(here, "mia", "tok2", "rome", name="call mia.tok2@rome"),
            Once(here, "bob", "tok1", "rome", name="call bob.tok1@rome"),
        ],
        Once(here, "mia", "tok1", "oslo", name="REST ask in flight mia.tok1@oslo"),
        [
            Once(here, "mia", "tok1", "oslo", dial=True, name="ask waiting for consent mia.tok1@oslo"),
            Once(here, "bob", "tok1", "rome", dial=True, name="ask waiting for consent bob.tok1@rome"),
        ],
        Once(here, "mia", "web2", "oslo", name="REST ask in flight mia.web2@oslo"),
    )


async def _turn(here: World) -> None:
    while True:
        for device in here.devices.values():
            device.turn()
        await asyncio.sleep(0.15 * here.pace)


async def _call(cause: Cause, here: World) -> None:
    await cause.act(here)


async def _committed(here: World, act: "asyncio.Task[None]") -> None:
    """Until the revocation is durable, or the act is over."""
    here.db.committed = None
    before = _newest(here)
    while not act.done() and _newest(here) == before:
        await asyncio.sleep(0.0005)


async def _killed_at_commit(here: World, act: "asyncio.Task[None]", at_site: bool) -> None:
    """kill -9 right after the commit, before anybody is told; of what begins at the site, a moment after it began."""
    if at_site:
        await asyncio.sleep(0.01)
    else:
        before = _newest(here)

        def committed() -> None:
            if _newest(here) != before:
                here.db.kill()

        here.db.committed = committed
        while not act.done() and _newest(here) == before:
            await asyncio.sleep(0.0005)
            if here.now > here.due > 0 and here.now - here.due < 1:  # it ends while no hub runs
                break
        here.db.committed = None
    await here.kill_hub()


def _newest(here: World) -> int:
    return here.db.look(_newest_in)


def _newest_in(conn: Connection) -> int:
    return int(conn.execute(select(func.coalesce(func.max(revocations.c.sequence), 0))).scalar_one())


# What the issue lists and has no channel here, and why.
WITHOUT_CHANNEL = {
    "/putxml": "each command in a document is an ask, cut like one by REST: `tests/unit/hub/gateway/test_xmlapi.py`",
    "download": "a bundle of logs is handed over by a channel of its own: `tests/unit/hub/security/test_download.py`",
    "ask waiting for approval": "nothing of it is at the relay: what is approved is a grant, made then",
}
