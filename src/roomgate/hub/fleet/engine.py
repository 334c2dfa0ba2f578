"""What carries plans out: looks at their rooms, then asks for one step after the other, in waves.

Theory: a plan's state is in the database before and after each step, so a hub that is killed goes on where it was.
A step that was about to be asked is never simply asked again: the room is read first, and what the reading shows
to be done is done. Each step is an ask of the person who started the plan, by the credential that started it; so
it ends with their access, and the first no of the hub's own decision halts the whole plan.
"""

import asyncio
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from weakref import WeakValueDictionary

import msgspec
from sqlalchemy import Connection

from roomgate import log
from roomgate.access.decision import Denied
from roomgate.clock import Clock, iso, parse_iso
from roomgate.errors import RoomgateError
from roomgate.fleet.difference import Step
from roomgate.fleet.layers import NOTHING
from roomgate.fleet.waves import opens_in, pause, stops, waves
from roomgate.hub.change import Change, Changes
from roomgate.hub.fleet import store
from roomgate.hub.fleet.look import AWAY, Away, FactsSource, Looks, Visitor
from roomgate.hub.fleet.plan import (
    OPEN,
    Mark,
    Plan,
    PlanRoom,
    RoomState,
    State,
    encode_steps,
    ended,
    looked_again,
    planned,
    rests_on,
    unless_changed,
)
from roomgate.hub.fleet.run import Learn, Rest, Run, Stopped, Wait, wait_for
from roomgate.hub.identity.sealing import Seal
from roomgate.hub.relay.asked import Wish
from roomgate.hub.relay.service import Along
from roomgate.hub.revocation import Cause
from roomgate.ledger.event import PlanEnded, PlanHalted
from roomgate.storage.database import Database
from roomgate.xapi.call import Verb

SLOW_S = 15.0  # how long to wait where the site allows no more commands in this minute
LOOK_EVERY_S = 5.0  # whether the person's access has ended, while a room rests
MOST_NIGHT_S = 60.0  # of waiting for the night at once: the clock may be set, the access of whoever asked taken away
HEALTH_EVERY_S = 10.0
FRESH = timedelta(minutes=10)  # how long a room is believed to be as the plan found it
ROOMS_OWN = frozenset({"no-room", "room.gone", "lock.room", "lock.site", "lock.connector"})
FAULT_WORDS = "The hub had a fault while it did this plan."

_CUTS = frozenset(cause.value for cause in Cause)
_log = log.get("fleet")


class Engine:
    def __init__(
        self,
        db: Database,
        changes: Changes,
        looks: Looks,
        grants: FactsSource,
        clock: Clock,
        seal: Seal,
        learn: Learn,
        wait: Wait = wait_for,
    ) -> None:
        self._db = db
        self._changes = changes
        self._looks = looks
        self._grants = grants
        self._clock = clock
        self._seal = seal
        self._learn = learn
        self._wait = wait
        self._wake = asyncio.Event()
        self._runs: dict[str, Run] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._overs: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()  # as long as somebody waits

    def wake(self) -> None:
        """A plan was made or started."""
        self._wake.set()

    def stop(self, plan: str, why: str) -> None:
        """It goes no further than the steps that are under way; its state in the database says so already."""
        if (run := self._runs.get(plan)) is not None:
            run.told = True
            run.stop(why)

    def over(self, plan: str) -> asyncio.Event:
        """Set when a plan that is being carried out is so no more."""
        return self._overs.setdefault(plan, asyncio.Event())

    async def run(self) -> None:
        """Carry out whatever is to be carried out. To be supervised; what was begun before a restart goes on."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                for plan in await self._db.read(lambda conn: store.in_state(conn, (State.PLANNING, State.RUNNING))):
                    if plan.id not in self._tasks:
                        self._tasks[plan.id] = group.create_task(self._carry(plan), name=f"fleet.{plan.id}")
                await self._wake.wait()

    async def _carry(self, plan: Plan) -> None:
        try:
            run = self._runs[plan.id] = Run(plan, await self._learn(plan))
            now = await self._db.read(lambda conn: store.find(conn, plan.id))
            if now is None or now.state is not plan.state:  # somebody stopped it meanwhile
                return
            if plan.state is State.PLANNING:
                await self._look_at_all(run)
            else:
                await self._apply(run)
        except asyncio.CancelledError:
            raise  # the hub stops; it goes on from the database
        except Denied as no:
            await self._halt(plan, no.message)
        except Exception as fault:  # the outermost edge of a plan: the others go on, and this one says so
            words = fault.message if isinstance(fault, RoomgateError) else FAULT_WORDS
            _log.error("fleet.fault", plan=plan.id, error=f"{type(fault).__name__}: {fault}"[:300])
            await self._halt(plan, words)
        finally:
            self._runs.pop(plan.id, None)
            self._tasks.pop(plan.id, None)
            self._wake.set()
            if (over := self._overs.pop(plan.id, None)) is not None:
                over.set()

    # -- planning ----------------------------------------------------------------------------------

    async def _look_at_all(self, run: Run) -> None:
        """Read and judge every room, each connector's some at a time; then the waves are known."""
        plan = run.plan
        rows = await self._db.read(lambda conn: store.rooms(conn, plan.id, states=(RoomState.READING,)))
        async with asyncio.TaskGroup() as group:
            for row in rows:
                group.create_task(self._plan_room(run, row), name="fleet.look")
        if run.stopped:
            if not run.told:
                await self._halt(plan, run.stopped)
            return

        def unit(change: Change) -> None:
            found = store.standing(change.conn, plan.id)
            ready = [room for room, _, state in found if state is RoomState.WAITING]
            ready.sort(key=lambda room: (getattr(run.known.about(room), "name", ""), room))
            made = waves(ready, plan.options.waves)
            last = len(plan.options.waves)
            made |= {room: last for room, _, state in found if state is RoomState.OFFLINE}
            store.set_waves(change.conn, plan.id, made)
            store.change(change.conn, plan.id, (State.PLANNING,), state=State.PLANNED.value)

        await self._changes.write(unit, of_access=False)

    async def _plan_room(self, run: Run, row: PlanRoom) -> None:
        async with run.gates[run.known.place(row.room)]:
            if run.stopped:
                return
            row = await self._looked(run, row)
        await self._save(row, steps=True)

    async def _looked(self, run: Run, row: PlanRoom) -> PlanRoom:
        """The room as it was found; offline where it does not answer, left out where it is not theirs."""
        try:
            return planned(row, await self._judged_steps(run, row), strict=run.options.strict)
        except Away as away:
            return replace(row, state=RoomState.OFFLINE, words=away.message[:500])
        except Denied as no:
            if no.rule in ("principal.inactive", "lock.person"):
                run.stop(no.message)
            return replace(row, state=RoomState.SKIPPED, words=no.message[:500])

    async def _judged_steps(self, run: Run, row: PlanRoom) -> list[Step]:
        visitor = self._looks.visit(run.known.principal, row.room)
        steps = await self._fresh(run, row, visitor)
        return await self._looks.judged(visitor, steps, run.reason) if steps else []

    async def _fresh(self, run: Run, row: PlanRoom, visitor: Visitor) -> list[Step]:
        about = run.known.about(row.room)
        if about is None:
            raise Denied("room.gone", "There is no such room.")
        document = run.known.document
        wanted = NOTHING if document.upgrade else run.known.layers.wanted(about)
        return await self._looks.steps(visitor, wanted, document.upgrade, run.reason)

    # -- applying ----------------------------------------------------------------------------------

    async def _apply(self, run: Run) -> None:
        plan = run.plan
        left, over = defaultdict[int, list[str]](list), set[int]()
        for room, wave, state in await self._db.read(lambda conn: store.standing(conn, plan.id)):
            if state in OPEN:
                left[wave].append(room)
            else:
                over.add(wave)
        # What failed before the hub was killed counts still; what somebody went on in spite of does not.
        run.failed, run.ended = await self._db.read(lambda conn: store.ended_since(conn, plan.id, plan.started or ""))
        if why := stops(run.options, run.failed, run.ended, wave_over=not left or min(left) not in over):
            run.stop(why)
        for _, some in sorted(left.items()):
            if run.stopped:
                break
            loaded = await self._load(plan.id, some)
            async with asyncio.TaskGroup() as group:
                for row in loaded:
                    group.create_task(self._room(run, row), name="fleet.room")
            if not run.stopped and (why := stops(run.options, run.failed, run.ended, wave_over=True)):
                run.stop(why)
        if not run.stopped:
            await self._end(plan)
        elif not run.told:
            await self._halt(plan, run.stopped)

    async def _load(self, plan: str, rooms: list[str]) -> list[PlanRoom]:
        found: list[PlanRoom] = []
        for start in range(0, len(rooms), 500):
            some = rooms[start : start + 500]
            found += await self._db.read(lambda conn, some=some: store.rooms(conn, plan, self.unseal, ids=some))  # type: ignore[misc]
        return found

    async def _room(self, run: Run, row: PlanRoom) -> None:
        """One room, to its end, or until the plan stops."""
        while not run.stopped:
            if closed_s := opens_in(run.options, self._clock.now()):
                closed_s = min(closed_s, MOST_NIGHT_S)
                await self._rest(run, row, closed_s, every_s=closed_s)
                continue
            try:
                async with run.gates[run.known.place(row.room)]:
                    row = await self._once(run, row)
            except Rest as rest:
                row = rest.row
                if rest.away:
                    row = replace(row, tries=row.tries + 1)
                    if row.tries >= run.options.tries:
                        await self._give_up(run, row)
                        return
                    await self._save(row)
                await self._rest(run, row, pause(run.options, row.tries) if rest.away else SLOW_S)
                continue
            if row.state not in OPEN:
                await self._save(row)  # the next room need not wait for this disk
                self._count(run, row)
            return

    async def _once(self, run: Run, row: PlanRoom) -> PlanRoom:
        """As far as it goes now. Raises Rest where it is to be tried again later."""
        if run.stopped:
            return row
        visitor = self._looks.visit(run.known.principal, row.room)
        row = await self._ready(run, row, visitor)
        while row.state in OPEN and not run.stopped:
            number = row.next()
            if number is None:
                return ended(row, self._now())
            row = await self._step(run, row, visitor, number)
        return row

    async def _ready(self, run: Run, row: PlanRoom, visitor: Visitor) -> PlanRoom:
        """The room with steps that can be asked for: read again where it was away, or something of it is not known."""
        try:
            if not row.marks:
                row = planned(row, await self._judged_steps(run, row), strict=run.options.strict)
                if row.state is not RoomState.WAITING:
                    row = replace(row, at=self._now())
            elif row.open_question() or row.state is RoomState.READING:
                waits = row.open_question() and run.known.document.upgrade is not None
                if not waits:
                    row = looked_again(row, await self._fresh(run, row, visitor))
            elif not row.tries and self._clock.now() - parse_iso(run.plan.created) < FRESH:
                return row
            else:
                row = unless_changed(row, await self._fresh(run, row, visitor), self._now())
        except Away as away:
            raise Rest(replace(row, state=RoomState.OFFLINE, words=away.message[:500])) from away
        except Denied as no:
            return await self._denied(run, row, None, no)
        if row.open_question():  # an upgrade under way: it is waited for, never begun twice
            return await self._healthy(run, row, visitor, row.marks.index(Mark.DOING))
        await self._save(row, steps=True)
        return row

    async def _step(self, run: Run, row: PlanRoom, visitor: Visitor, number: int) -> PlanRoom:
        step = row.steps[number]
        if (why := rests_on(row, number)) is not None:
            return row.marked(number, Mark.REFUSED, "fleet.rests", why)
        try:
            if step.kind == "upgrade":
                row = await self._noted(run, row, visitor, number)
            row = replace(row.marked(number, Mark.DOING), state=RoomState.DOING)
            body = run.known.bodies[step.body] if step.body else None
            wish = Wish(Verb(step.verb), step.path, step.arguments, body, run.reason)
            answer = await visitor.ask(wish, self._about_to(run, row))
        except Stopped:
            return await self._undone(row, number)
        except Away as away:
            raise Rest(await self._undone(replace(row, words=away.message[:500]), number)) from away
        except Denied as no:
            return await self._denied(run, row, number, no)
        match answer.outcome:
            case "done" if step.kind == "upgrade":
                return await self._healthy(run, row, visitor, number)
            case "done":
                return row.marked(number, Mark.DONE)  # written with what comes next, before that is asked
            case "failed" | "refused" if answer.rule in AWAY:
                raise Rest(await self._undone(replace(row, words=answer.words), number))
            case "refused" if answer.rule == "cap":
                raise Rest(await self._undone(row, number), away=False)
            case "refused" if answer.rule in _CUTS:
                return await self._undone(row, number)  # cut: whether it may still be asked, the next ask is told
            case "failed" | "refused":
                mark = Mark.FAILED if answer.outcome == "failed" else Mark.REFUSED
                return row.marked(number, mark, answer.rule, answer.words[:300] or answer.outcome)
            case _:  # what became of it is read from the device before anything else
                raise Rest(replace(row, words=answer.words[:300] or answer.outcome))

    def _about_to(self, run: Run, row: PlanRoom) -> Along:
        """The row as it is while its step is asked: written in one commit with the step's permit, or neither is."""

        def unit(conn: Connection) -> None:
            if run.stopped:  # while it waited for the writer
                raise Stopped
            store.save_room(conn, row)

        return unit

    async def _undone(self, row: PlanRoom, number: int) -> PlanRoom:
        row = row.marked(number, Mark.TO_DO)
        await self._save(row)
        return row

    async def _denied(self, run: Run, row: PlanRoom, number: int | None, no: Denied) -> PlanRoom:
        """The hub's own no. What is the room's own ends the room; all else is the person's, and ends the plan."""
        row = row if number is None else row.marked(number, Mark.TO_DO)
        if no.rule in ROOMS_OWN:
            row = replace(row, state=RoomState.FAILED, words=no.message[:500], at=self._now())
        else:
            run.stop(no.message)
        await self._save(row)
        return row

    async def _noted(self, run: Run, row: PlanRoom, visitor: Visitor, number: int) -> PlanRoom:
        """With what the device complains of before its software is another: kept, as the hub may be killed meanwhile."""
        troubles = tuple(sorted(await self._looks.troubles(visitor, run.reason)))
        step = msgspec.structs.replace(row.steps[number], troubles=troubles)
        row = replace(row, steps=(*row.steps[:number], step, *row.steps[number + 1 :]))
        await self._save(row, steps=True)
        return row

    async def _healthy(self, run: Run, row: PlanRoom, visitor: Visitor, number: int) -> PlanRoom:
        """Wait until the room is back with other software, and complains of nothing new."""
        upgrade = run.known.document.upgrade
        assert upgrade is not None, "only an upgrade is waited for"
        ends = self._clock.monotonic() + upgrade.minutes * 60.0
        words = f"It was not back with the new software within {upgrade.minutes} minutes."
        while self._clock.monotonic() < ends:
            await self._wait(HEALTH_EVERY_S, run.news)
            try:
                complaint = await self._looks.after_upgrade(visitor, row.steps[number], upgrade.version, run.reason)
                if complaint == "":
                    return row.marked(number, Mark.DONE)
                if complaint:
                    words = complaint
                    break
            except Away:
                pass  # it restarts
            except Denied as no:
                return await self._denied(run, replace(row), None, no)
            if run.stopped:
                return row
        return row.marked(number, Mark.FAILED, "fleet.health", words)

    async def _give_up(self, run: Run, row: PlanRoom) -> None:
        """It did not answer often enough. A room that was away from the beginning is no failure of the plan's."""
        if row.open_question():
            for number, mark in enumerate(row.marks):
                if mark is Mark.DOING:
                    row = row.marked(number, Mark.UNKNOWN, "outcome.unknown", "It may have been done.")
        if not row.marks:
            row = replace(row, state=RoomState.OFFLINE, at=self._now())
            await self._save(row)
            return
        words = f"{row.done} of {row.due} done. It did not answer {row.tries} times."
        row = replace(row, state=RoomState.FAILED, words=words, at=self._now())
        await self._save(row)
        self._count(run, row)

    def _count(self, run: Run, row: PlanRoom) -> None:
        run.ended += 1
        run.failed += row.state is RoomState.FAILED
        if why := stops(run.options, run.failed, run.ended, wave_over=False):
            run.stop(why)

    async def _rest(self, run: Run, row: PlanRoom, seconds: float, *, every_s: float = LOOK_EVERY_S) -> None:
        """Wait, and look meanwhile whether whoever started it still may anything."""
        left = seconds
        while left > 0 and not run.stopped:
            await self._wait(min(left, every_s), run.news)
            left -= every_s
            _, facts = await self._grants.facts(run.known.principal, row.room)
            if not facts.active:
                run.stop("The access of whoever started it has ended.")

    # -- keeping -----------------------------------------------------------------------------------

    async def _save(self, row: PlanRoom, *, steps: bool = False) -> None:
        sealed = self._seal.close(encode_steps(list(row.steps)), f"{row.plan} {row.room}") if steps else None
        await self._db.write(lambda conn: store.save_room(conn, row, sealed))

    def unseal(self, sealed: bytes, about: str) -> bytes:
        """Raises RoomgateError for what this hub did not seal."""
        plain = self._seal.open(sealed, about)
        if plain is None:
            raise RoomgateError("A plan's steps cannot be opened: they were sealed by another key.")
        return plain

    async def _halt(self, plan: Plan, why: str) -> None:
        def unit(change: Change) -> None:
            live = (State.PLANNING, State.RUNNING)
            if store.change(change.conn, plan.id, live, state=State.HALTED.value, words=why[:500]):
                change.record(PlanHalted, plan=plan.id, why=why[:300])

        await self._changes.write(unit, of_access=False)

    async def _end(self, plan: Plan) -> None:
        def unit(change: Change) -> None:
            if store.change(change.conn, plan.id, (State.RUNNING,), state=State.DONE.value, ended=change.at):
                found = store.counts(change.conn, plan.id)
                done = found.get(RoomState.DONE, 0)
                bad = (RoomState.FAILED, RoomState.OFFLINE, RoomState.SKIPPED)
                failed = sum(found.get(one, 0) for one in bad)
                change.record(PlanEnded, plan=plan.id, done=done, failed=failed)

        await self._changes.write(unit, of_access=False)

    def _now(self) -> str:
        return iso(self._clock.now())
