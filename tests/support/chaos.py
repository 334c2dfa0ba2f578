"""Chaos: people work while programs are killed at random moments; afterwards everything they were told is checked.

Each actor writes down what it was *told* (`Deeds`); `verify` compares that with what stands in the ledgers, the
databases and the devices' own journals. A request whose answer was lost is sent again with the same
Idempotency-Key, as a careful client does: so a command that ran twice has no excuse.

All that is random comes from the seed, but the machine's own timing stays its own: a seed repeats the story,
not every microsecond of it.
"""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from roomgate.cli.demo.invitations import event_file
from roomgate.clock import SystemClock
from roomgate.ledger.checkpoint import VerifierKey
from roomgate.ledger.event import (
    Event,
    GrantEnded,
    GrantMade,
    OrderAbout,
    OutcomeKnown,
    Permitted,
    Revoked,
    parse_event,
)
from roomgate.ledger.reconcile import Kind, reconcile
from roomgate.ledger.witnessing import parse_witness_key
from roomgate.storage.verify import verify as verify_record
from support.shaken import CAPABILITIES, SHOW, Shaken, show
from support.world import PROGRAMS

WORK, CUTS, CALLS = "oslo", "lima", "pier"  # one room for each kind of actor
ROOMS = (WORK, CUTS, CALLS)
STANDING = "standing@example.com"
RECOVER_S = 30.0
FLUSHED_S = 5.0
MOST_BOOKINGS = 5


@dataclass(slots=True)
class Told:
    """One command and what its asker was told of it."""

    room: str
    status: int = 0  # of the HTTP answer; 0 where there was none
    outcome: str = ""
    ask: str = ""
    entry: int | None = None


@dataclass(slots=True)
class Deeds:
    asks: dict[str, Told] = field(default_factory=dict)  # by the text that was to be shown
    granted: set[str] = field(default_factory=set)
    cut: dict[str, float] = field(default_factory=dict)  # grant → how long until the room was silent, s
    dials: int = 0
    wanted: set[str] = field(default_factory=set)  # titles of the bookings that the calendar holds
    booked: int = 0
    wrong: list[str] = field(default_factory=list)  # what an actor saw that must not be


@dataclass(frozen=True, slots=True)
class Round:
    number: int
    killed: str
    again: bool  # killed a second time while it started
    recovered_s: float
    steps: dict[str, float]


@dataclass(slots=True)
class Report:
    seed: int
    rounds: list[Round] = field(default_factory=list)
    deeds: Deeds = field(default_factory=Deeds)
    twice: list[str] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)  # an asker was told what did not happen, or the other way round
    lost: list[str] = field(default_factory=list)  # accepted, and not there any more
    ledgers: list[str] = field(default_factory=list)  # a record that does not verify
    unexplained: list[str] = field(default_factory=list)  # findings that no restart explains
    outcomes: Counter[str] = field(default_factory=Counter)
    explained: int = 0

    @property
    def times(self) -> list[float]:
        return sorted(one.recovered_s for one in self.rounds)

    def summary(self) -> str:
        times = self.times
        at = lambda part: times[min(len(times) - 1, int(part * len(times)))]  # noqa: E731
        by = {
            name: [r.recovered_s for r in self.rounds if r.killed == name]
            for name in sorted({r.killed for r in self.rounds})
        }
        lines = [
            f"seed {self.seed}: {len(self.rounds)} rounds, {len(self.deeds.asks)} commands {dict(self.outcomes)}, "
            f"{len(self.deeds.granted)} grants, {len(self.deeds.cut)} cuts, {self.deeds.dials} dials, "
            f"{self.deeds.booked} bookings",
            f"recovered after (s): median {at(0.5):.1f}, p90 {at(0.9):.1f}, p99 {at(0.99):.1f}, most {times[-1]:.1f}",
            *(
                f"  {name}: {len(some)} kills, median {sorted(some)[len(some) // 2]:.1f}, most {max(some):.1f}"
                for name, some in by.items()
            ),
            f"findings that a restart explains: {self.explained}",
        ]  # fmt: skip
        for what in ("twice", "untrue", "lost", "ledgers", "unexplained"):
            lines += [f"{what}: {one}" for one in getattr(self, what)]
        lines += [f"wrong: {one}" for one in self.deeds.wrong]
        return "\n".join(lines)

    def to_json(self) -> str:
        return json.dumps({"seed": self.seed, "rounds": [asdict(one) for one in self.rounds]}, indent=1)


class NotRecovered(Exception):
    """A promise of `RECOVER_S` was broken; the message says by what."""


async def run(world: Shaken, seed: int, rounds: int, until: float | None = None) -> Report:
    """So many rounds (fewer when the monotonic moment ``until`` comes first), then the verdict."""
    report = Report(seed)
    chaos = _Chaos(world, random.Random(seed), report)
    await chaos.prepare()
    async with asyncio.TaskGroup() as group:
        actors = [
            group.create_task(work, name=name)
            for name, work in {
                "asker": chaos.asks("asker", WORK),
                "asker-2": chaos.asks("asker-2", WORK),
                "cutter": chaos.grants_and_cuts(),
                "caller": chaos.calls(),
                "booker": chaos.bookings(),
            }.items()
        ]
        try:
            for number in range(rounds):
                if until is not None and time.monotonic() > until:
                    break
                report.rounds.append(await chaos.round(number))
            chaos.stopping = True
            await asyncio.wait(actors)
        finally:
            for actor in actors:
                actor.cancel()
    await chaos.recovered(time.monotonic())
    await chaos.settle()
    Verdict(world, report).judge()
    return report


class _Chaos:
    def __init__(self, world: Shaken, dice: random.Random, report: Report) -> None:
        self.world = world
        self.dice = dice
        self.report = report
        self.deeds = report.deeds
        self.stopping = False
        self.tokens: dict[str, str] = {}
        self.seeds = {name: dice.random() for name in ("asker", "asker-2", "cutter", "caller", "booker")}

    async def prepare(self) -> None:
        """People, a grant for whoever asks, and a meeting that goes on all the while."""
        world = self.world
        start = datetime.now(UTC) - timedelta(minutes=1)
        text = event_file("standing@test", start, "Standing", f"sip:{STANDING}", "Always.", timedelta(hours=6))
        (world.folder / "calendar" / CALLS / "standing.ics").write_text(text)
        async with world.caller() as admin:
            await _poll(lambda: self._rooms_are_fine(admin.http), RECOVER_S, "the rooms")
            for name in ("asker", "cutter", "caller"):
                person = await admin.call("POST", "/api/v1/people", {"name": name})
                made = await admin.call("POST", "/api/v1/tokens", {"person": person["id"], "minutes": 600})
                self.tokens[name] = made["token"]
            for person, rooms in (("asker", [WORK]), ("admin", list(ROOMS))):
                wish = {"person": person, "rooms": rooms, "capabilities": CAPABILITIES, "minutes": 600}
                await admin.call("POST", "/api/v1/grants", wish)

    async def _rooms_are_fine(self, http: httpx.AsyncClient) -> bool:
        answer = await http.get("/api/v1/rooms")
        return len(answer.json()["items"]) == len(ROOMS) if answer.is_success else False

    # ---- one round ---------------------------------------------------------------------------------

    async def round(self, number: int) -> Round:
        dice, world = self.dice, self.world
        await asyncio.sleep(dice.uniform(0.05, 0.8))  # the random moment: this is what the round is about
        victim = dice.choice(PROGRAMS)
        again = dice.random() < 0.15
        starts_s = dice.uniform(0.05, 1.0)
        began = time.monotonic()
        await world.kill(victim)
        if again:
            starting = asyncio.ensure_future(world.start(victim))
            await asyncio.sleep(starts_s)
            if victim in world.programs.running:
                await world.kill(victim)
            await asyncio.wait([starting])
            starting.exception()  # NotStarted, or it was quicker
        await world.start(victim)
        steps = await self.recovered(began)
        return Round(number, victim, again, max(steps.values()), steps)

    async def recovered(self, began: float) -> dict[str, float]:
        """How long until each sign that all is well; raises NotRecovered."""
        world = self.world
        sizes = {name: world.size(name) for name in ("hub", "connector")}
        signs: dict[str, Callable[[], Awaitable[bool]]] = {
            "every room answers": self._every_room_answers,
            "the site's ledger is at the hub": _now(lambda: world.at_hub() >= sizes["connector"]),
            "the witness saw the hub's ledger": _now(lambda: world.witnessed("hub") >= sizes["hub"]),
            "the witness saw the site's ledger": _now(lambda: world.witnessed("connector") >= sizes["connector"]),
            "the bookings are on the device": _now(lambda: world.shown_bookings(WORK) == self.deeds.wanted),
        }
        left_s = RECOVER_S - (time.monotonic() - began)
        steps: dict[str, float] = {}

        async def see(name: str, sign: Callable[[], Awaitable[bool]]) -> None:
            await _poll(sign, left_s, name)
            steps[name] = round(time.monotonic() - began, 3)

        async with asyncio.TaskGroup() as group:
            for name, sign in signs.items():
                group.create_task(see(name, sign))
        return steps

    async def _every_room_answers(self) -> bool:
        async with self.world.caller() as admin:
            for room in ROOMS:
                try:
                    status, _ = await admin.ask(room, {"get": "Status/Audio/Volume"})
                except (httpx.TransportError, json.JSONDecodeError):
                    return False
                if status != httpx.codes.OK:
                    return False
        return True

    async def settle(self) -> None:
        """Nobody works any more: ask what became of every command that was under way."""
        async with self.world.caller() as admin:
            for text, told in self.deeds.asks.items():
                if told.ask and told.outcome in ("", "waiting"):
                    answer = await admin.http.get(f"/api/v1/asks/{told.ask}", params={"wait": 5})
                    told.outcome = answer.json().get("outcome", "") if answer.is_success else "lost"
                    if told.outcome == "lost":
                        self.deeds.wrong.append(f"the ask of {text} is gone: {answer.status_code}")
        try:  # outcomes and reads are durable within a second, on both sides
            await _poll(_now(lambda: not Verdict(self.world, Report(0)).unexplained()), FLUSHED_S, "the last outcomes")
        except NotRecovered:
            pass  # the verdict says what is missing

    # ---- actors ------------------------------------------------------------------------------------

    async def _pause(self, dice: random.Random) -> None:
        await asyncio.sleep(dice.uniform(0.05, 0.3))

    async def _send(
        self, http: httpx.AsyncClient, method: str, path: str, body: Any, key: str
    ) -> httpx.Response | None:
        """Until there is an answer that says something; None if what became of it cannot be known."""
        while True:
            try:
                answer = await http.request(method, path, json=body, headers={"Idempotency-Key": key} if key else {})
            except httpx.TransportError:
                await asyncio.sleep(0.1)
                continue
            if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR and key:
                await asyncio.sleep(0.1)
                again = answer
                try:  # once more with the same key: it may be done now, and must not be done twice
                    again = await http.request(method, path, json=body, headers={"Idempotency-Key": key})
                except httpx.TransportError:
                    pass
                return again
            if answer.status_code == httpx.codes.CONFLICT and "idempotency" in answer.text:
                return None
            return answer

    async def _show(self, http: httpx.AsyncClient, room: str, text: str) -> Told:
        told = self.deeds.asks[text] = Told(room)
        answer = await self._send(http, "POST", f"/api/v1/rooms/{room}/asks", show(text), text)
        if answer is None:
            told.outcome = "in doubt"
            return told
        body = answer.json()
        told.status, told.ask = answer.status_code, body.get("ask", "")
        match answer.status_code:
            case 200 | 202:
                told.outcome = body["outcome"]
                told.entry = (body.get("receipt") or {}).get("entry")
            case 403 | 404:
                told.outcome = "refused"
            case 503:
                told.outcome = "not sent"
            case 504:
                told.outcome = "unknown"
            case 409 if body.get("code") == "ask.failed":
                told.outcome = "failed"  # the device was away: it is never this command's own fault
            case _:
                told.outcome = "?"
                self.deeds.wrong.append(f"{text}: {answer.status_code} {answer.text[:200]}")
        return told

    async def asks(self, name: str, room: str) -> None:
        """Commands, each with a text of its own."""
        dice, n = random.Random(self.seeds[name]), 0
        async with self.world.caller(self.tokens["asker"]) as me:
            while not self.stopping:
                n += 1
                await self._show(me.http, room, f"{name}-{n}")
                await self._pause(dice)

    async def _grant(self, http: httpx.AsyncClient, person: str, room: str, key: str) -> str | None:
        """A new grant; None if it is not known whether there is one: then there is none any more."""
        wish = {"person": person, "rooms": [room], "capabilities": CAPABILITIES, "minutes": 60}
        answer = await self._send(http, "POST", "/api/v1/grants", wish, key)
        if answer is not None and answer.status_code == httpx.codes.CREATED:
            grant: str = answer.json()["id"]
            self.deeds.granted.add(grant)
            return grant
        listed = await self._send(http, "GET", f"/api/v1/grants?person={person}", None, "")
        if listed is not None and listed.is_success:
            for one in listed.json()["items"]:
                self.deeds.granted.add(one["id"])
                await self._revoke(http, one["id"])
        return None

    async def _revoke(self, http: httpx.AsyncClient, grant: str) -> bool:
        answer = await self._send(http, "DELETE", f"/api/v1/grants/{grant}", None, "")
        # 404: a first request did it, and its answer was lost
        return answer is not None and answer.status_code in (204, 404)

    async def grants_and_cuts(self) -> None:
        """A grant, a command, the cut; a command after it must be refused, for ever."""
        dice, n = random.Random(self.seeds["cutter"]), 0
        async with self.world.caller() as admin, self.world.caller(self.tokens["cutter"]) as guest:
            while not self.stopping:
                n += 1
                grant = await self._grant(admin.http, "cutter", CUTS, f"grant-{n}")
                if grant is not None:
                    await self._show(guest.http, CUTS, f"granted-{n}")
                    await self._pause(dice)
                    if await self._revoke(admin.http, grant):
                        self.deeds.cut[grant] = 0.0
                        told = await self._show(guest.http, CUTS, f"cut-{n}")
                        if told.status in (200, 202):
                            self.deeds.wrong.append(f"after the cut of {grant} a command was {told.outcome}")
                await self._pause(dice)

    async def calls(self) -> None:
        """A grant, a dial into the room's meeting, the cut; the call that was started must end by itself."""
        dice, n = random.Random(self.seeds["caller"]), 0
        async with self.world.caller() as admin, self.world.caller(self.tokens["caller"]) as guest:
            while not self.stopping:
                n += 1
                grant = await self._grant(admin.http, "caller", CALLS, f"call-{n}")
                if grant is None:
                    continue
                wish = {"command": "Dial", "arguments": {"Number": STANDING}}
                self.deeds.dials += 1
                await self._send(guest.http, "POST", f"/api/v1/rooms/{CALLS}/asks", wish, f"dial-{n}")
                await self._pause(dice)
                if await self._revoke(admin.http, grant):
                    began = time.monotonic()
                    try:
                        await _poll(self._silent, RECOVER_S, "the call's end")
                    except NotRecovered:
                        self.deeds.wrong.append(f"after the cut of {grant} the call went on")
                    self.deeds.cut[grant] = time.monotonic() - began
                await asyncio.sleep(dice.uniform(0.2, 1.0))

    async def _silent(self) -> bool:
        try:
            return not (await self.world.inside[CALLS].state())["calls"]
        except httpx.TransportError:
            return False

    async def bookings(self) -> None:
        """Invitations come and go in the calendar folder of one room."""
        dice, n = random.Random(self.seeds["booker"]), 0
        folder = self.world.folder / "calendar" / WORK
        while not self.stopping:
            n += 1
            title = f"Meeting {n}"
            start = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=dice.randint(1, 48), minutes=n % 60)
            draft = folder / ".draft"
            draft.write_text(event_file(f"m{n}@test", start, title, f"sip:m{n}@example.com", "Come."))
            draft.rename(folder / f"m{n}.ics")
            self.deeds.wanted.add(title)
            self.deeds.booked += 1
            if len(self.deeds.wanted) > MOST_BOOKINGS:
                gone = dice.choice(sorted(self.deeds.wanted))
                (folder / f"m{gone.removeprefix('Meeting ')}.ics").unlink()
                self.deeds.wanted.discard(gone)
            await asyncio.sleep(dice.uniform(1.0, 4.0))


# ---- the verdict -----------------------------------------------------------------------------------


class Verdict:
    """Everything that was told, against everything that stands written. Nothing runs any more but the programs."""

    def __init__(self, world: Shaken, report: Report) -> None:
        self.world = world
        self.report = report
        self.hub = [event for raw in world.entries("hub") if isinstance(event := parse_event(raw), Event)]
        self.hub_raw = world.entries("hub")
        self.site = [event for raw in world.entries("connector") if isinstance(event := parse_event(raw), Event)]

    def judge(self) -> None:
        self.report.outcomes.update(told.outcome for told in self.report.deeds.asks.values())
        self._commands()
        self._grants()
        self._ledgers()
        self._reconciled()

    def _commands(self) -> None:
        ran: Counter[str] = Counter()
        dialled = 0
        for room in ROOMS:
            for line in self.world.inside[room].lines():
                if line["what"] == "command" and line["name"] == SHOW:
                    ran[line["arguments"]["Text"]] += 1
                if line["what"] == "call.dialled":
                    dialled += 1
        report = self.report
        report.twice += [f"{text} ran {times} times" for text, times in ran.items() if times > 1]
        if dialled > report.deeds.dials:
            report.twice.append(f"{report.deeds.dials} dials were asked for, {dialled} were made")
        abouts = Counter(event.call.partition("Text=")[2] for event in self.site if isinstance(event, OrderAbout))
        permitted = {event.ask: index for index, raw in enumerate(self.hub_raw)
                     if isinstance(event := parse_event(raw), Permitted)}  # fmt: skip
        for text, told in report.deeds.asks.items():
            done = ran[text]
            if told.outcome == "done" and not done:
                report.untrue.append(f"{text} was told done and never ran")
            if told.outcome in ("refused", "not sent", "failed") and done:
                report.untrue.append(f"{text} was told {told.outcome} and ran")
            if told.outcome in ("", "waiting"):
                report.untrue.append(f"{text} is still waiting")
            if told.entry is not None and permitted.get(told.ask) != told.entry:
                report.lost.append(f"the permit of {text}: entry {told.entry}")
            if done and not any(text in shown for shown in abouts):
                report.lost.append(f"the site's entry that it was about to show {text}")

    def _grants(self) -> None:
        made = {event.grant for event in self.hub if isinstance(event, GrantMade)}
        ended = {event.grant for event in self.hub if isinstance(event, GrantEnded)}
        revoked = {event.subject.partition(" ")[2] for event in self.hub if isinstance(event, Revoked)}
        rows = dict(self.world.rows("hub", "SELECT id, ended FROM grants"))
        deeds, lost = self.report.deeds, self.report.lost
        lost += [f"grant {one}" for one in sorted(deeds.granted - made | deeds.granted - set(rows))]
        lost += [f"the cut of {one}" for one in sorted(deeds.cut) if one not in ended & revoked or not rows.get(one)]

    def _ledgers(self) -> None:
        witness = parse_witness_key(self.world.witness_vkey)
        for name in ("hub", "connector"):
            key = VerifierKey.parse(self.world.vkeys[name])
            verdict = verify_record(self.world.folder / name, key=key, witnesses=(witness,))
            self.report.ledgers += [f"{name}: {problem}" for problem in verdict.problems]
            if not verdict.witnessed_size:
                self.report.ledgers.append(f"{name}: no witness signed it")

    def _reconciled(self) -> None:
        """As the hub does it, but as it will look when every grace is over."""
        self.report.unexplained += self.unexplained()

    def unexplained(self) -> list[str]:
        later = SystemClock().now() + timedelta(hours=1)
        found = reconcile(self.hub, self.site, now=later)
        self.report.explained = sum(one.kind is Kind.INTERRUPTED for one in found)
        told = {event.order: event.outcome for event in self.hub if isinstance(event, OutcomeKnown)}
        return [
            f"{one.kind.value}: {one.title} ({one.call}, the hub was told {told.get(one.order)})"
            for one in found
            if one.kind is not Kind.INTERRUPTED
        ]


# ---- waiting ---------------------------------------------------------------------------------------


def _now(look: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def sign() -> bool:
        return look()

    return sign


async def _poll(sign: Callable[[], Awaitable[bool]], within_s: float, what: str) -> None:
    try:
        async with asyncio.timeout(within_s):
            while not await sign():
                await asyncio.sleep(0.05)
    except TimeoutError as late:
        raise NotRecovered(f"{what}: not within {RECOVER_S:.0f} s") from late
