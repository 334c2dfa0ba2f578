"""Chaos: people work while programs are killed at random moments; afterwards everything they were told is checked.

Each actor writes down what it was *told* (`support.deeds`); `support.verdict` compares that with what stands in the
ledgers, the databases and the devices' own journals. A request whose answer was lost is sent again with the same
Idempotency-Key, as a careful client does: so a command that ran twice has no excuse.

All that is random comes from the seed, but the machine's own timing stays its own: a seed repeats the story,
not every microsecond of it.
"""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from roomgate.cli.demo.invitations import event_file
from support.deeds import CALLS, CUTS, ROOMS, WORK, Report, Round, Told
from support.shaken import CAPABILITIES, Shaken, show
from support.verdict import Verdict
from support.world import PROGRAMS

STANDING = "standing@example.com"
RECOVER_S = 30.0
FLUSHED_S = 5.0
MOST_BOOKINGS = 5


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
