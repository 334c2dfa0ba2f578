"""Random people, rights and misfortunes on the real code; after each cut and its bound nothing may happen.

A seed is one life: who holds what open, what is given and taken, what is killed, parted, slowed, and how long all of
it takes. The same seed plays the same life, and a life that breaks the promise tells all its steps.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random

from roomgate.access.capability import Capability
from roomgate.clock import HandClock
from roomgate.connector.room import RoomCondition
from roomgate.errors import BadInput, RoomgateError
from roomgate.hub.identity.person import Forbidden
from roomgate.hub.identity.service import LastAdministrator
from roomgate.hub.revocation import Cause as Word
from roomgate.hub.revocation import SubjectKind
from roomgate.ids import PersonId
from roomgate.link.order import LEASE_S
from support.cutting.clients import Client, Events, Once, Rest, RoomPage, RoomWatch, Socket, Tunnel
from support.cutting.hub import CAPABILITIES, ROOMS
from support.cutting.loop import run
from support.cutting.rights import Given, Key, Rights
from support.cutting.site import Done
from support.cutting.world import fresh_clock, world

BOUND_S = 1.0
AWAY_S = LEASE_S + 1.5  # where hub and connector could not reach each other
UNDO_S = 3.5  # what undoing may take on top of it
COMMITTED_S = 0.1  # from the begin of an act to its commit
PEOPLE = ("mia", "bob")
FOR_EVER = 1e9


class Broken(AssertionError):
    """The promise; with the whole life that led there."""


@dataclass(eq=False)
class Life:
    seed: int
    steps: int = 6
    trace: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    frames: int = 0
    commands: int = 0

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)
        self.rights = Rights()
        self.clients: list[Client] = []
        self.calls: dict[str, Once] = {}  # by mark
        self.marks: dict[str, Client] = {}
        self.ids: dict[str, str] = {}  # of the credentials that were made on the way
        self.keys: set[Key] = set()
        self.trouble = -1e9  # when hub and connector could last not reach each other
        self.linked = 0.0  # when they last could
        self.down = -1e9  # when the connector last did not run
        self.made = 0
        self.pending: list[asyncio.Task[None]] = []

    def run(self) -> "Life":
        """Raises Broken."""
        clock = fresh_clock()
        run(clock, lambda: self._live(clock))
        if self.faults:
            steps = "\n  ".join(self.trace)
            raise Broken(f"seed {self.seed}: {self.faults[0]}\n  {steps}")
        return self

    # -- the life ------------------------------------------------------------------------------------------

    async def _live(self, clock: HandClock) -> None:
        async with world(clock, self.dice) as here:
            self.here, self.zero = here, here.now
            self._begin()
            here.pace, here.patience = 2.4, 2.0
            here.reached = self._reached
            for device in here.devices.values():
                device.told = self._told
            tasks = [asyncio.create_task(self._turn()), asyncio.create_task(self._look())]
            for one in self.clients:
                one.start()
            await asyncio.sleep(0.7)
            for _ in range(self.steps):
                if self.faults:
                    break
                await self._step()
            await self._settle()
            for one in (*self.clients, *self.calls.values()):
                await one.stop()
            for task in (*tasks, *self.pending):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            for one in self.clients:
                for fault in one.faults:
                    self._fault(f"{one.name} failed: {fault!r}")

    def _begin(self) -> None:
        made, rights = self.here.made, self.rights
        rights.people = {"ada": True, "eva": True, "mia": True, "bob": True}
        for name in (*made.tokens, *made.cookies):
            rights.credentials[name] = (name.split(".")[0], True)
        for name in made.grants:
            person, room = name.split(".")
            giver = "eva" if name == "mia.oslo" else "ada"
            rights.grants[made.grants[name]] = Given(person, room, set(CAPABILITIES), FOR_EVER, giver)
        kinds: list[Callable[..., Client]] = [RoomPage, Events, RoomWatch, Socket, Rest, Tunnel]
        self.dice.shuffle(kinds)
        for kind in kinds[:3]:
            who, room = self.dice.choice(PEOPLE), self.dice.choice(ROOMS)
            by = self.dice.choice(("web1", "web2")) if kind is RoomPage else self.dice.choice(("tok1", "tok2"))
            self._join(kind(self.here, who, by, room))

    def _join(self, one: Client) -> None:
        if isinstance(one, Rest):
            one.every_s = 0.6
        self.clients.append(one)
        self.marks[one.mark] = one
        self._know(one.credential, one.room)

    def _know(self, credential: str, room: str) -> None:
        self.keys |= {(credential, room, capability) for capability in ("observe", "ui", "call", "page", "web")}

    async def _turn(self) -> None:
        while True:
            for device in self.here.devices.values():
                device.turn()
            await asyncio.sleep(0.4)

    async def _look(self) -> None:
        """The state of the link, and what lasts."""
        while True:
            here, now = self.here, self.here.now
            self.rights.see(self.keys, now)
            # Of sessions from before its restart the hub knows only what is reported: they end with their leases.
            forgot = here.restarted > 0 and now < here.restarted + LEASE_S + 1.0
            if not here.linked or here.net.slow_s or here.net.behind(now) or forgot:
                self.trouble = now
            if here.linked:
                self.linked = now
            if here.site.running is None:
                self.down = now
            for room, device in here.devices.items():
                for number, mark in device.calls.items():
                    if number not in device.kept:
                        self._lasts(room, number, self.calls[mark], now)
            await asyncio.sleep(0.25)

    # -- what must not be ----------------------------------------------------------------------------------

    def _reached(self, one: Client) -> None:
        self.frames += 1
        capability = {RoomPage: "page", Rest: "ui", Tunnel: "web"}.get(type(one), "observe")
        key = (one.credential, one.room, capability)
        if isinstance(one, Socket):  # an answer to a command, or feedback
            key = min((key, (one.credential, one.room, "ui")), key=lambda k: self.rights.since(k, self.here.now))
        late = self.rights.since(key, self.here.now)
        # A device that was shut is the site's news: the hub hears of it over the link.
        bound = self._bound(key) if one.room in self.rights.shut else BOUND_S
        if late > bound:
            self._fault(f"a frame reached {one.name} {late:.2f} s after its right had ended")

    def _told(self, done: Done) -> None:
        self.commands += 1
        if done.mark in self.calls:
            one, capability = self.calls[done.mark], "call"
        else:
            one = self.marks[done.mark]
            capability = "web" if isinstance(one, Tunnel) else "ui"
        key = (one.credential, one.room, capability)
        late = self.rights.since(key, self.here.now)
        if late > self._bound(key):
            self._fault(f"a command of {one.name} reached the device {late:.2f} s after its right had ended")

    def _lasts(self, room: str, number: int, one: Once, now: float) -> None:
        if now > max(self.linked, self.down) + AWAY_S + UNDO_S:
            self._fault(
                f"call {number} of {one.name} goes on, and the hub has been silent for {now - self.linked:.2f} s"
            )
        key = (one.credential, room, "call")
        late = self.rights.since(key, now)
        if late <= self._bound(key) + 0.6:
            return
        away = max(self.down, now - late) if self._away(key) else now - late
        if now > away + (AWAY_S + UNDO_S if self._away(key) else BOUND_S + 0.6):
            self._fault(f"call {number} of {one.name} goes on {late:.2f} s after its right had ended")

    def _away(self, key: Key) -> bool:
        return self.trouble >= self.rights.last(key) - 1.0

    def _bound(self, key: Key) -> float:
        return AWAY_S + self.here.net.slow_s if self._away(key) else BOUND_S

    def _fault(self, what: str) -> None:
        self._say(f"FAULT: {what}")
        self.faults.append(what)

    def _say(self, what: str) -> None:
        self.trace.append(f"{self.here.now - self.zero:7.3f} {what}")

    # -- the steps -----------------------------------------------------------------------------------------

    async def _step(self) -> None:
        names, weights = zip(*STEPS.items(), strict=True)
        step = self.dice.choices(names, weights)[0]
        await step(self)
        pause = self.dice.choices((0.0, 0.05, 0.4, 1.4, 3.0, 17.0), (2, 3, 4, 6, 2, 0.5))[0]
        await asyncio.sleep(pause * self.dice.uniform(0.6, 1.2))

    async def _settle(self) -> None:
        """Everything works again, and for as long as any bound is, nothing may come back."""
        self.here.pace = 4.0
        if self.dice.random() < 0.1:
            self._say("link parted for long")
            self.here.net.part()
            await asyncio.sleep(AWAY_S + UNDO_S)
        self._say("all is mended")
        await self._mended()
        await asyncio.sleep(AWAY_S + UNDO_S if self.dice.random() < 0.1 else 1.8)

    async def _mended(self) -> None:
        here = self.here
        here.net.slow_s = 0.0
        if here.net.parted:
            here.net.mend()
        if here.site.running is None:
            await here.start_site()
        if here.hub is None:
            await here.start_hub()

    async def _take(self, what: str, act: Callable[[], Awaitable[object]], known: Callable[[], None]) -> None:
        """Something that takes access away; the hub may be killed in the middle of it, and is asked again then."""
        here = self.here
        if here.hub is None:
            return
        if self.dice.random() < 0.5:  # somebody comes in at the very moment
            pages = [one for one in self.clients if isinstance(one, RoomPage)]
            one = self.dice.choice(pages or self.clients)
            await one.stop()
            self._say(f"{one.name} comes anew")
            one.start()
            await asyncio.sleep(self.dice.uniform(0.0, 0.012))
        self._say(what)
        began = here.now
        self.rights.see(self.keys, began)
        task = asyncio.ensure_future(_awaited(act))
        killed = False
        if self.dice.random() < 0.15:
            await asyncio.sleep(self.dice.uniform(0.0, 0.02))
            killed = not task.done()
            self._say("kill -9 of the hub meanwhile")
            await here.kill_hub()
            await asyncio.sleep(self.dice.uniform(0.05, 1.0))
            await here.start_hub()
        if killed:
            task.cancel()
            await asyncio.wait([task])
            self._say("asked again")
            began = here.now
            self.rights.see(self.keys, began)
            task = asyncio.ensure_future(_awaited(act))
        try:
            await task
        except (
            BadInput,
            Forbidden,
            LastAdministrator,
        ) as no:  # it did not happen; anything else says that it has already
            self._say(f"refused: {no.message}")
            return
        except RoomgateError as no:
            self._say(f"answered: {no.message}")
        before = {key for key in self.keys if self.rights.entitled(*key, began)}
        known()
        for key in before:
            if not self.rights.entitled(*key, here.now):
                self.rights._last[key] = min(here.now, began + COMMITTED_S)

    def _grant(self) -> str | None:
        live = [id for id, g in self.rights.grants.items() if not g.ended and id in self.rights.grants]
        return self.dice.choice(live) if live else None

    async def end_grant(self) -> None:
        if (id := self._grant()) is not None:
            await self._take(
                f"grant {self._named(id)} revoked", lambda: self._ada(lambda p, ada: p.grants.end(id, ada)),
                lambda: setattr(self.rights.grants[id], "ended", True),
            )  # fmt: skip

    async def narrow_grant(self) -> None:
        if (id := self._grant()) is None:
            return
        grant = self.rights.grants[id]
        less = {c for c in sorted(grant.capabilities) if self.dice.random() < 0.5} or {"in-call"} & grant.capabilities
        if not less:
            return
        held = frozenset(map(Capability, less))
        await self._take(
            f"grant {self._named(id)} narrowed to {sorted(less)}",
            lambda: self._ada(lambda p, ada: p.grants.narrow(id, ada, capabilities=held)),
            lambda: setattr(grant, "capabilities", less),
        )

    def _named(self, id: str) -> str:
        grant = self.rights.grants[id]
        return f"{grant.person}@{grant.room} of {grant.giver}"

    async def give_grant(self) -> None:
        held = {(g.person, g.room) for g in self.rights.grants.values() if not g.ended and self.here.now < g.until}
        used = [(c.who, c.room) for c in self.clients]
        without = [pair for pair in used if pair not in held]
        person, room = self.dice.choice(without or used)
        if self.here.hub is None or not self.rights.people[person]:
            return
        seconds = self.dice.choice((1.5, 1.5, 4.0, 3600.0) if without else (3600.0,))
        self._say(f"grant {person}@{room} given for {seconds} s")
        with contextlib.suppress(RoomgateError):
            ada = await self.here.admin()
            parts = self.here.hub.parts
            every = frozenset(map(Capability, CAPABILITIES))
            until = self.here.now + seconds + 0.05
            self.rights.grants["new"] = new = Given(person, room, set(CAPABILITIES), until, "ada")
            try:
                made = await parts.grants.make(ada, person, [room], every, minutes=seconds / 60)
                self.rights.grants[made.id] = new
            finally:
                del self.rights.grants["new"]

    async def switch_person(self) -> None:
        person = self.dice.choice((*PEOPLE, "eva"))
        if self.rights.people[person]:
            await self._take(
                f"{person} disabled",
                lambda: self._ada(lambda p, ada: p.identity.set_active(person, False, ada)),
                lambda: self.rights.end_person(person),
            )
        elif self.here.hub is not None:
            self._say(f"{person} enabled")
            self.rights.people[person] = True
            await self._ada(lambda p, ada: p.identity.set_active(person, True, ada))

    async def cut_credentials(self) -> None:
        person = self.dice.choice(PEOPLE)
        id = PersonId(self.here.made.ids[person])

        async def act() -> None:
            assert self.here.hub is not None
            identity, changes = self.here.hub.parts.identity, self.here.hub.parts.changes
            await changes.write(lambda ch: identity.cut_credentials(ch, id, Word.FACTOR_CHANGED, None, "test"))

        await self._take(f"factor of {person} changed", act, lambda: self.rights.end_credentials(person))

    async def end_credential(self) -> None:
        one = self.dice.choice(self.clients)
        name = one.credential
        id = self.ids.get(name) or self.here.made.ids[name]
        if name in self.here.tokens:
            act = lambda: self._ada(lambda p, ada: p.identity.end_token(id, ada))  # noqa: E731
        else:
            act = lambda: self._ada(lambda p, ada: p.identity.end_web_session(id, ada.person.id, "test"))  # noqa: E731
        await self._take(f"{name} ended", act, lambda: self.rights.credentials.__setitem__(name, (one.who, False)))

    async def new_token(self) -> None:
        """A client gets a new token, with or without a near end."""
        some = [c for c in self.clients if c.credential in self.here.tokens and self.rights.people[c.who]]
        if self.here.hub is None or not some:
            return
        one = self.dice.choice(some)
        self.made += 1
        name, seconds = f"new{self.made}", self.dice.choice((2.0, 3600.0))
        self._say(f"{one.name} gets a token for {seconds} s")
        with contextlib.suppress(RoomgateError):
            parts, ada = self.here.hub.parts, await self.here.admin()
            token, text = await parts.identity.make_token(one.who, seconds / 60, name, ada)
            await one.stop()
            self.clients.remove(one)
            again = type(one)(self.here, one.who, name, one.room)
            self.here.tokens[again.credential] = text.reveal()
            self.ids[again.credential] = token.id
            self.rights.credentials[again.credential] = (one.who, True)
            self.rights.ends[again.credential] = self.here.now + seconds
            self._join(again)
            again.start()

    async def lock(self) -> None:
        kind, subject = self.dice.choice((("room", "oslo"), ("room", "rome"), ("person", "mia"), ("person", "bob")))

        async def act() -> None:
            made = await self._ada(lambda p, ada: p.grants.lock(kind, subject, "test", ada))
            self.rights.locks[made.lock.id] = (kind, subject)

        def known() -> None:
            if kind == "person":
                self.rights.end_credentials(subject)

        await self._take(f"lock on {subject}", act, known)

    async def lift(self) -> None:
        if self.here.hub is None or not self.rights.locks:
            return
        id = self.dice.choice(list(self.rights.locks))
        self._say(f"lock on {self.rights.locks.pop(id)[1]} lifted")
        with contextlib.suppress(RoomgateError):
            await self._ada(lambda p, ada: p.grants.lift(id, ada))

    async def confirm(self) -> None:
        paused = [id for id, g in self.rights.grants.items() if g.paused and not g.ended]
        if self.here.hub is None or not paused:
            return
        id = self.dice.choice(paused)
        self._say(f"grant {self._named(id)} confirmed")
        self.rights.grants[id].paused, self.rights.grants[id].giver = False, "ada"
        with contextlib.suppress(RoomgateError):
            await self._ada(lambda p, ada: p.grants.confirm(id, ada))

    async def end_session(self) -> None:
        """Whoever was in it may come back; what it has caused is undone, which other rules look at."""
        hub = self.here.hub
        sessions = sorted((s.principal.name, s.room.name, s.kind.value, s.id) for s in hub.relay.book) if hub else []
        if hub is None or not sessions:
            return
        *name, id = self.dice.choice(sessions)
        self._say(f"session {name} ended")
        await self._quietly(
            hub.parts.changes.write(
                lambda ch: ch.revoke(Word.SESSION_ENDED, SubjectKind.SESSION, id, by=None, reason="test")
            )
        )

    async def shut_room(self) -> None:
        room = self.dice.choice(ROOMS)
        running = self.here.site.running
        if running is None:
            return
        if room not in self.rights.shut:
            self._say(f"device credential in {room} changed")
            self.rights.see(self.keys, self.here.now)
            self.rights.shut.add(room)
            await self.here.site.quarantine(room)
        else:
            self._say(f"{room} confirmed by the site")
            self.rights.shut.discard(room)
            self.here.device(room).condition = RoomCondition.FINE
            line = running.fleet.lines[self.here.device(room).device]
            await running.desk.on_condition(line, RoomCondition.FINE, "", False)  # type: ignore[arg-type]

    async def ask_and_cut(self) -> None:
        """The room is being asked while somebody's access ends, and says Yes after the bound."""
        await self.call(dial=True)
        await asyncio.sleep(0.15)
        cuts = (Life.end_credential, Life.end_grant, Life.cut_credentials, Life.switch_person, Life.lock)
        await self.dice.choice(cuts)(self)
        await asyncio.sleep(1.3)
        await self.answer()

    async def call(self, dial: bool | None = None) -> None:
        """Somebody calls from a room, with or without its consent."""
        if self.here.hub is None:
            return
        one = self.dice.choice(self.clients)
        call = Once(self.here, one.who, one.by, one.room, dial=self.dice.random() < 0.4 if dial is None else dial)
        call.name = f"{'dial' if call.dial else 'join'} {one.who}.{one.by}@{one.room}"
        self.calls[call.mark] = call
        self._know(call.credential, call.room)
        self._say(call.name)
        call.start()

    async def answer(self) -> None:
        """Somebody in a room presses what is on the panel."""
        for room, device in self.here.devices.items():
            if (mark := device.question()) is not None:
                self._say(f"Yes in {room}")
                device.press(mark, 1)
            elif self.dice.random() < 0.5 and device.keep():
                self._say(f"Keep in {room}")

    # misfortunes

    async def kill_hub(self) -> None:
        self._say("kill -9 of the hub")
        await self.here.kill_hub()
        await asyncio.sleep(self.dice.choice((0.01, 0.3, 2.0)))
        await self.here.start_hub()

    async def kill_site(self) -> None:
        if self.here.site.running is not None:
            self._say("kill -9 of the connector")
            self.trouble = self.down = self.here.now
            await self.here.kill_site()
            await asyncio.sleep(self.dice.choice((0.01, 0.3, 2.0)))
            self.trouble = self.down = self.here.now
            await self.here.start_site()

    async def part(self) -> None:
        if self.here.net.parted:
            self._say("link mended")
            self.here.net.mend()
        else:
            self._say("link parted")
            self.here.net.part()
            self.pending.append(asyncio.create_task(self._mend_later(self.dice.choice((0.5, 4.0, 12.0, 20.0)))))

    async def _mend_later(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if self.here.net.parted:
            self._say("link mended")
            self.here.net.mend()

    async def slow(self) -> None:
        self.here.net.slow_s = 0.0 if self.here.net.slow_s else self.dice.choice((0.2, 1.5, 4.0))
        self._say(f"link slow by {self.here.net.slow_s} s")

    async def break_link(self) -> None:
        self._say("link broken")
        self.trouble = self.here.now
        self.here.net.broken()

    # -- help ----------------------------------------------------------------------------------------------

    async def _ada(self, act: Callable[..., Awaitable[object]]) -> "object":
        hub = self.here.hub
        assert hub is not None
        return await act(hub.parts, await self.here.admin())

    async def _quietly(self, work: Awaitable[object]) -> None:
        with contextlib.suppress(RoomgateError):
            await work


async def _awaited(act: Callable[[], Awaitable[object]]) -> None:
    await act()


STEPS: dict[Callable[[Life], Awaitable[None]], float] = {
    Life.end_grant: 4, Life.narrow_grant: 4, Life.give_grant: 5, Life.switch_person: 3, Life.cut_credentials: 2,
    Life.end_credential: 4, Life.new_token: 5, Life.lock: 3, Life.lift: 4, Life.confirm: 3, Life.end_session: 2,
    Life.shut_room: 2, Life.call: 8, Life.ask_and_cut: 3, Life.answer: 5, Life.kill_hub: 2, Life.kill_site: 2, Life.part: 4, Life.slow: 2,
    Life.break_link: 1.5,
}  # fmt: skip
