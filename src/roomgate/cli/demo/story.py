"""The story that the demonstration tells. Each step is measured while it happens, and says whether it held."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import xows

from roomgate import xapi
from roomgate.checks.attempts import ATTEMPTS, Result, Target, attempt
from roomgate.cli.demo import invitations, manage
from roomgate.cli.demo.cut import Fallen, causes, cut_once
from roomgate.cli.demo.evil import load_evil, serve_evil
from roomgate.cli.demo.inside import Inside
from roomgate.cli.demo.people import Caller, Unexpected, Visitor, app_code
from roomgate.cli.demo.screen import Screen
from roomgate.cli.demo.targets import roomgate, wrong
from roomgate.cli.demo.world import ATTIC, CELLAR, HARBOUR, LOFT, MUSEUM, PIER, World, password
from roomgate.clock import SystemClock, parse_iso

BOOKED_S = 2.0  # an invitation is a join button within this
DEVICE_S = 31.0
SILENCE_S = 26.0
FINDING_S = 15.0


@dataclass(slots=True)
class Story:
    """The world, the screen, and the story's own administrator."""

    world: World
    screen: Screen
    admin: Caller
    admin_password: str
    admin_name: str
    admin_app: str
    _tasks: dict[str, asyncio.Task[Any]] = field(default_factory=dict)
    _targets: list[Target] = field(default_factory=list)
    _streaming: asyncio.Event = field(default_factory=asyncio.Event)

    async def tell(self) -> None:
        """All of it. A step that fails is told as such, and the story goes on where it can."""
        async with asyncio.TaskGroup() as group:
            # What takes half a minute by its nature starts now and is told in its place.
            for name, work in (
                ("silence", self._silence()),
                ("device", self._device_password()),
                ("F4", self._attempt("F4")),
            ):
                self._tasks[name] = group.create_task(self._caught(work), name=name)
            for title, step in (
                ("2019 and today, side by side", self._side_by_side),
                ("An administrator manages a room", self._manage),
                ("A meeting, from an invitation to a touch on Join", self._meetings),
                ("A guest with ten minutes", self._guest),
                ("The cut, for each cause", self._cuts),
                ("The hub turns evil", self._evil),
                ("The record", self._record),
            ):
                self.screen.title(title)
                await step()

    @staticmethod
    async def _caught(work: Awaitable[Any]) -> Any:
        """A background step's result, or the error that it ended with: told where it belongs."""
        try:
            return await work
        except Exception as fault:  # the edge of a background step
            return fault

    async def _step(self, name: str, act: Callable[[], Awaitable[str]]) -> None:
        """One measured step; what it raises is a step that did not hold."""
        began = time.monotonic()
        try:
            detail, ok = await act(), True
        except Exception as fault:  # the edge of a step: the story says what happened and goes on
            detail, ok = f"{name}: {type(fault).__name__} {fault}".strip()[:400], False
        self.screen.step(name, ok, (time.monotonic() - began) * 1000, detail)

    async def _backed(self, name: str, task: str, words: Callable[[Any], str]) -> None:
        """Tell a step that began earlier."""
        waited: tuple[Any, float] | Exception = await self._tasks[task]
        if isinstance(waited, Exception):
            self.screen.step(name, False, 0, f"{name}: {type(waited).__name__} {waited}"[:400])
        else:
            self.screen.step(name, True, waited[1] * 1000, words(waited[0]))

    def _room(self, name: str) -> Inside:
        return self.world.inside[name]

    async def _person(self, capabilities: list[str], room: str, minutes: float, reason: str) -> dict[str, Any]:
        """A new person with a token and a grant on one room."""
        name = self.world.somebody("guest")
        who = await self.admin.call("POST", "/api/v1/people", {"name": name, "password": password()})
        token = await self.admin.call("POST", "/api/v1/tokens", {"person": who["id"], "minutes": 60})
        grant = await self.admin.call(
            "POST",
            "/api/v1/grants",
            {"person": who["id"], "rooms": [room], "capabilities": capabilities, "minutes": minutes, "reason": reason},
        )
        return {"id": who["id"], "name": name, "token": token["token"], "grant": grant["id"], "until": grant["until"]}

    # ---- 2: the seven attempts -----------------------------------------------------------------------

    async def prepare_attempts(self, double: str, double_password: str) -> None:
        """Both devices get names that nobody outside can know."""
        self._targets.append(await wrong(self.world, double, double_password))
        self._targets.append(await roomgate(self.world, self._room(CELLAR), self.admin))

    async def _attempt(self, name: str) -> list[Result]:
        return [await attempt(name, target) for target in self._targets]

    async def _side_by_side(self) -> None:
        self.screen.say(f"         {'':4}{'':58}{self._targets[0].name:>12}   {self._targets[1].name}")
        for name, (title, _) in ATTEMPTS.items():
            began = time.monotonic()
            found = await self._tasks["F4"] if name == "F4" else await self._caught(self._attempt(name))
            if isinstance(found, Exception):
                self.screen.step(name, False, 0, f"{name} {title}: {type(found).__name__} {found}"[:400])
                continue
            then, now = found
            ok = not then.safe and now.safe
            took = now.took_ms if name == "F4" else (time.monotonic() - began) * 1000
            self.screen.step(name, ok, took, f"{name}  {title:<57}{then.outcome:>12}   {now.outcome}")
            self.screen.note(f"{'':4}{then.detail}  |  {now.detail}")

    # ---- 3: managing ---------------------------------------------------------------------------------

    async def _manage(self) -> None:
        name = HARBOUR
        visitor: list[Visitor] = []

        async def sign_in() -> str:
            code = app_code(self.admin_app, 1)  # the step of now served when the app was added
            visitor.append(
                await Visitor.sign_in(self.world.hub, self.world.ca, self.admin_name, self.admin_password, code)
            )
            page = await visitor[0].page("/rooms")
            missing = [room for room in self.world.inside if room not in page and room != MUSEUM]
            if missing:
                raise Unexpected(f"The Rooms page does not show {', '.join(missing)}.")
            return f"signed in at the console; it shows {len(self.world.inside) - 1} rooms, live"

        async def change() -> str:
            grant = {
                "person": self.admin_name,
                "rooms": [name],
                "capabilities": ["observe", "configure", "av-control", "web"],
                "minutes": 30,
                "reason": "set the room up",
            }
            await self.admin.call("POST", "/api/v1/grants", grant)
            _, found = await self.admin.ask(name, {"get": "Configuration/Audio/DefaultVolume"})
            async with asyncio.TaskGroup() as group:
                seen = group.create_task(self._stream_says(name, "Configuration/Audio/DefaultVolume", 35))
                await asyncio.wait_for(self._streaming.wait(), 5)
                status, answer = await self.admin.ask(name, {"set": "Configuration/Audio/DefaultVolume", "value": 35})
                if answer.get("outcome") != "done":
                    raise Unexpected(f"{status} {answer}")
                await seen
            await manage.take_back(self.admin, name, found["result"], 35)
            return f"{name}: default volume set to 35, seen to change in the live stream, and taken back"

        async def panel() -> str:
            rooms = [self._room(one) for one in (HARBOUR, PIER, LOFT)]
            grant = {
                "person": self.admin_name,
                "rooms": [room.name for room in rooms],
                "capabilities": ["observe", "ui"],
                "minutes": 30,
                "reason": "a button for the service desk",
            }
            await self.admin.call("POST", "/api/v1/grants", grant)
            return await manage.panel_by_plan(self.admin, rooms)

        await self._step("sign in", sign_in)
        await self._step("change a setting", change)
        await self._step("a panel by plan", panel)
        await self._step(
            "the device's own page", lambda: manage.own_page(self.world, self._room(name), self.admin.token)
        )
        for one in visitor:
            await one.close()

    async def _stream_says(self, room: str, path: str, value: object) -> None:
        """Follow the event stream until it says so."""
        self._streaming.clear()
        async with (
            asyncio.timeout(10),
            self.admin.http.stream("GET", f"/api/v1/rooms/{room}/events", params={"path": path}) as stream,
        ):
            async for line in stream.aiter_lines():
                if line.startswith("data:"):
                    self._streaming.set()
                    if json.loads(line.removeprefix("data:")).get("value") == value:
                        return

    # ---- 4: meetings ---------------------------------------------------------------------------------

    async def _meetings(self) -> None:
        room = self._room(HARBOUR)
        guest = await self._person(["observe", "bookings", "call"], room.name, 30, "join the room's meetings")
        calendar = self.world.folder / "calendar" / room.name
        start = SystemClock().now() + timedelta(minutes=2)
        console: list[Visitor] = []

        async def drop(file: str, text: str, title: str) -> tuple[dict[str, Any], float]:
            """Put an invitation into the calendar; wait for panel and booking list."""
            began = time.monotonic()
            draft = calendar / f".{file}"
            draft.write_text(text, "utf-8", newline="")
            draft.rename(calendar / file)
            booking = await room.shows(
                lambda s: next((b for b in s["bookings"] if b["title"] == title and b["joinable"]), None), 5
            )
            listed = await self._at_device(room, "Bookings List")
            if title not in json.dumps(listed):
                raise Unexpected("The device's own booking list lacks the meeting.")
            took = time.monotonic() - began
            if took > BOOKED_S:
                raise Unexpected(f"It took {took:.1f} s, and {BOOKED_S:.0f} s are promised.")
            return booking, took

        async def by_touch() -> str:
            booking, took = await drop("zoom.ics", invitations.zoom(start), "Design review")
            began = time.monotonic()
            await room.touch("join", booking=booking["id"])
            call = await room.journal_says("call.connected", after=began)
            await room.touch("hang-up")
            self.screen.figures["join_ms"] = round(took * 1000)
            return f"Zoom invitation → Join on the panel after {took * 1000:.0f} ms; touched: in {call['number']}"

        async def by_command() -> str:
            _, took = await drop("sip.ics", invitations.sip(start), "Weekly stand-up")
            (calendar / "zoom.ics").unlink()
            await room.shows(lambda s: len(s["bookings"]) == 1, 5)
            began = time.monotonic()
            env = {"ROOMGATE_HUB": self.world.hub, "ROOMGATE_TOKEN": guest["token"], "ROOMGATE_CA": self.world.ca}
            code, out, err = await self.world.programs.finish("room", "join", room.name, env=env)
            if code:
                raise Unexpected(f"`roomgate room join` left with {code}: {out}{err}")
            call = await room.journal_says("call.connected", after=began)
            await self._hang_up(room)
            return f"SIP invitation → Join after {took * 1000:.0f} ms; `roomgate room join {room.name}`: in {call['number']}"

        async def by_console() -> str:
            secret = password()
            await self.admin.call("PATCH", f"/api/v1/people/{guest['id']}", {"password": secret})
            again = {"person": guest["id"], "rooms": [room.name], "capabilities": ["observe", "bookings", "call"]}
            await self.admin.call("POST", "/api/v1/grants", again | {"minutes": 30, "reason": "join at the console"})
            console.append(await Visitor.sign_in(self.world.hub, self.world.ca, guest["name"], secret))
            began = time.monotonic()
            await console[0].send(f"/rooms/{room.name}", f"/rooms/{room.name}/join", {"reason": "weekly"})
            call = await room.journal_says("call.connected", after=began)
            await self._hang_up(room)
            return f"the console's own form, by a person with a grant: in {call['number']}"

        await self._step("join by touch", by_touch)
        await self._step("join by command", by_command)
        await self._step("join at the console", by_console)
        for one in console:
            await one.close()

    async def _hang_up(self, room: Inside) -> None:
        began = time.monotonic()
        await room.touch("hang-up")
        await room.journal_says("call.ended", after=began)

    @staticmethod
    async def _at_device(room: Inside, command: str, **arguments: object) -> Any:
        """Ask the device itself, on the inside, with the room's daily account."""
        url = room.address.replace("https", "wss") + "/ws"
        async with xapi.connect(url, user=room.user, password=room.password, ca=room.ca) as device:
            return await device.command(command, arguments=arguments)

    # ---- 5: a guest ----------------------------------------------------------------------------------

    async def _guest(self) -> None:
        room = self._room(HARBOUR)
        guest = await self._person(["observe", "call"], room.name, 10, "show the room to a colleague")
        caller = self.world.caller(guest["token"])

        async def rest() -> str:
            status, answer = await caller.ask(room.name, {"get": "Status/Audio/Volume"})
            if answer.get("outcome") != "done":
                raise Unexpected(f"{status} {answer}")
            _, no = await caller.ask(room.name, {"set": "Configuration/Audio/DefaultVolume", "value": 100})
            return f"REST: volume is {answer['result']}; to set the default volume: {no['code']} ({no.get('rule', '')})"

        async def foreign() -> str:
            url = self.world.hub.replace("https", "wss") + "/ws"
            # xows verifies no certificate: that is its own way, and this is loopback.
            async with xows.XoWSClient(url, username=room.name, password=guest["token"]) as client:
                volume = await client.xGet(["Status", "Audio", "Volume"])
                standby = await client.xGet(["Status", "Standby", "State"])
            return f"the hub's /ws with an unmodified client (PyPI's xows): volume {volume}, standby {standby}"

        async def consent() -> str:
            before = room.count("call.dialled")
            began = time.monotonic()
            wish = {"command": "Dial", "arguments": {"Number": "colleague@example.com"}, "reason": "show the room"}
            async with asyncio.TaskGroup() as group:
                asking = group.create_task(caller.ask(room.name, wish, wait_s=20))
                question = await room.say_yes()
            status, answer = asking.result()
            await room.journal_says("call.connected", after=began)
            dialled = room.count("call.dialled") - before
            if answer.get("outcome") != "done" or dialled != 1:
                raise Unexpected(f"{status} {answer}; dialled {dialled} times")
            await self._hang_up(room)
            return f"a dial asks the room: “{question['text']}” Yes: dialled once"

        await self._step("REST", rest)
        await self._step("other people's client", foreign)
        await self._step("consent", consent)
        await self._backed(
            "silence",
            "silence",
            lambda words: f"the same with nobody at the panel: no dial, and after the countdown: “{words}”",
        )
        await caller.close()

    async def _silence(self) -> tuple[str, float]:
        """A dial that nobody answers, in a room of its own."""
        room = self._room(LOFT)
        guest = await self._person(["observe", "call"], room.name, 10, "nobody is there")
        caller = self.world.caller(guest["token"])
        began = time.monotonic()
        wish = {"command": "Dial", "arguments": {"Number": "nobody@example.com"}, "reason": "to see what happens"}
        _, answer = await caller.ask(room.name, wish, wait_s=30)
        took = time.monotonic() - began
        await caller.close()
        if answer.get("outcome") != "refused" or room.count("call.dialled") or took > SILENCE_S:
            raise Unexpected(f"{answer} after {took:.1f} s, {room.count('call.dialled')} calls")
        if "Nobody" not in str(answer["words"]):
            raise Unexpected(f"The hub said: {answer['words']}")
        return str(answer["words"]), took

    # ---- 6: the cut ----------------------------------------------------------------------------------

    async def _cuts(self) -> None:
        room = self._room(PIER)
        every: list[Fallen] = []

        async def once(name: str) -> str:
            fallen = await cut_once(self.world, self.admin, room, name, causes(self.admin)[name])
            every.append(fallen)
            return self._fallen(fallen)

        async def expiry() -> str:
            minutes = 0.15

            async def wait_for_end(facts: dict[str, Any]) -> float:
                left = (parse_iso(facts["until"]) - SystemClock().now()).total_seconds()
                at = time.monotonic() + left
                await asyncio.sleep(max(0.0, left))
                return at

            fallen = await cut_once(self.world, self.admin, room, "grant expired", wait_for_end, minutes=minutes)
            every.append(fallen)
            return self._fallen(fallen)

        for name in causes(self.admin):
            await self._step(f"cut: {name}", lambda name=name: once(name))  # type: ignore[misc]  # bound early on purpose
        await self._step("cut: grant expired", expiry)
        if every:
            self.screen.figures["cut_ms"] = round(max(f.last for f in every) * 1000)
            self.screen.figures["cuts_ms"] = {f.cause: round(f.last * 1000) for f in every}
        await self._backed("cut: password changed at the device", "device", self._fallen)

    @staticmethod
    def _fallen(fallen: Fallen) -> str:
        ends = ", ".join(f"{name} {seconds * 1000:.0f}" for name, seconds in fallen.channels.items())
        return f"{fallen.cause:<32} {ends}, call {fallen.call * 1000:.0f} ms"

    async def _device_password(self) -> tuple[Fallen, float]:
        """Somebody changes the connector's passwords at the device's own page, while a guest is in the room."""
        room = self._room(ATTIC)

        async def change(_: dict[str, Any]) -> float:
            at = time.monotonic()
            await room.change_password(room.user, password())
            return at

        failed = room.count("login.failed")
        fallen = await cut_once(
            self.world, self.admin, room, "password changed at the device", change, within_s=DEVICE_S + 5
        )
        if fallen.last > DEVICE_S:
            raise Unexpected(f"It took {fallen.last:.1f} s.")
        if (tries := room.count("login.failed") - failed) != 1:
            raise Unexpected(f"The device saw {tries} failed logins; exactly one is promised.")
        self.screen.figures["device_password_ms"] = round(fallen.last * 1000)
        return fallen, fallen.last

    # ---- 7: the evil hub -----------------------------------------------------------------------------

    async def _evil(self) -> None:
        room = self._room(HARBOUR)
        orders: list[str] = []

        async def play() -> str:
            before = len([line for line in room.lines() if line["what"] in ("command", "config.set", "prompt.shown")])
            await self.world.programs.stop("hub")
            evil = await asyncio.to_thread(load_evil, self.world.folder / "hub", self.world.connector, room.name)
            certificate, key = self.world.folder / "hub.pem", self.world.folder / "hub.key"
            async with asyncio.TaskGroup() as group:
                group.create_task(serve_evil(evil, self.world.port, certificate, key))
                try:
                    played = await evil.play()
                finally:
                    evil.over.set()
            after = len([line for line in room.lines() if line["what"] in ("command", "config.set", "prompt.shown")])
            orders.extend(order for _, order, _ in played)
            passed = [words for words, _, outcome in played if outcome.outcome != "refused"]
            if passed or after != before:
                raise Unexpected(f"not refused: {passed}; the device saw {after - before} calls")
            for words, _, outcome in played:
                self.screen.note(f"“{words}”: refused by the site ({outcome.rule})")
            return f"played with the hub's own keys over the real link: {len(played)} forbidden orders, none reached the device"

        async def found() -> str:
            await self.world.run_hub()
            async with asyncio.timeout(FINDING_S):
                while True:
                    findings = json.dumps(await self.admin.call("GET", "/api/v1/findings?limit=200"))
                    if orders and all(order in findings for order in orders):
                        return "the real hub is back, and its findings name each order that it never gave"
                    await asyncio.sleep(0.2)

        await self._step("evil hub", play)
        await self._step("finding", found)

    # ---- 8: the record -------------------------------------------------------------------------------

    async def _record(self) -> None:
        witness = str(self.world.witness["vkey"])

        async def verify() -> str:
            seen = []
            for name in ("hub", "connector"):
                folder = self.world.folder / name
                code, out, err = await self.world.programs.finish(
                    "ledger", "verify", str(folder), "--witness", witness, "--json"
                )
                if code:
                    raise Unexpected(f"{name}: {out[:300]}{err[:300]}")
                verdict = json.loads(out)
                seen.append(f"{name} {verdict['size']} entries, {verdict['witnessed_size']} witnessed")
            return f"`roomgate ledger verify` holds: {'; '.join(seen)}"

        async def falsify() -> str:
            copy = self.world.folder / "falsified"
            index = await asyncio.to_thread(_falsified_copy, self.world.folder / "hub", copy)
            code, out, _ = await self.world.programs.finish("ledger", "verify", str(copy), "--json")
            problems = json.loads(out)["problems"]
            if code != 1 or not problems:
                raise Unexpected("The changed byte was not found.")
            return f"one byte of entry {index} changed in a copy: found (“{problems[0]}”)"

        await self._step("verify", verify)
        await self._step("falsify", falsify)


def _falsified_copy(folder: Any, copy: Any) -> int:
    """Copy a hub's database and change one byte of one entry, past the triggers; gives the entry's index."""
    copy.mkdir()
    with (
        sqlite3.connect(f"file:{folder / 'hub.db'}?mode=ro", uri=True) as source,
        sqlite3.connect(copy / "hub.db") as target,
    ):
        source.backup(target)
        target.execute("DROP TRIGGER IF EXISTS record_entries_no_update")
        index, raw = target.execute(
            'SELECT "index", bytes FROM record_entries ORDER BY "index" LIMIT 1 OFFSET 5'
        ).fetchone()
        changed = bytearray(raw)
        changed[-3] ^= 1
        target.execute('UPDATE record_entries SET bytes = ? WHERE "index" = ?', (bytes(changed), index))
        target.commit()
    source.close()
    target.close()
    return int(index)
