"""Roomgate as a target of its own checks: the file that a customer would write about it, and the tester's hands.

Deeds that a customer would do at the device or at the site's machine (change a password there, point the connector at
another address, uninstall it) are done by hand: `Hands` is the tester who is asked, step by step, as with
``--interactive``. Everything else is done by the API, as the file says.
"""

import asyncio
import base64
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx

from roomgate.checks.doubles.target_file import write_toml
from roomgate.cli.demo.inside import Inside
from roomgate.cli.demo.world import devices_file, password
from support.world import RunningWorld, Somebody

ADMIN = "admin"
MAY = ["observe", "call", "privacy", "ui", "av-control", "configure"]
PUT_BACK = "put this back as it was"
READ = {"get": "Status/SystemUnit/Hardware/Module/SerialNumber"}
REDEEM = Path(__file__).with_name("redeem.py")
BY_TOKEN = ["readings", "events", "socket"]
CONFIRM_S = 30.0
WATCH_S = 6.0
NOTICED_S = 31.0  # what is promised for a password that is changed at the device itself
TURN_S = 0.5
VOLUMES = (51, 50)
SHORT_S = 25.0  # the life of a grant whose end is waited for


@dataclass
class Hands:
    """The tester at the terminal. A question that is not among the deeds is a mistake of the target file."""

    deeds: dict[str, Callable[[str], Awaitable[None]]] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    async def please(self, what: str) -> None:
        name = what.split(":", 1)[0]
        if not what.startswith(PUT_BACK):  # what was done at the device stays as it is
            await self.deeds[name](what)
        self.done.append(name)

    async def choose(self, question: str, answers: Sequence[str]) -> str:
        raise AssertionError(f"nobody should have to be asked: {question} {answers}")

    async def type(self, question: str) -> str:
        raise AssertionError(f"nobody should have to be asked: {question}")


@dataclass
class Checked:
    """A world of its own: its connector is uninstalled in the end."""

    world: RunningWorld
    room: Inside
    other: Inside  # somebody else's
    spare: Inside  # the room whose device's passwords are changed
    decoy: Inside  # the one that the connector looks for at a wrong address for a while
    hands: Hands = field(default_factory=Hands)
    tables: dict[str, Any] = field(default_factory=dict)
    serials: dict[str, str] = field(default_factory=dict)
    left: str = ""

    @property
    def text(self) -> str:
        return write_toml(self.tables)

    def texts_of_causes(self, kinds: Sequence[str] = ()) -> list[str]:
        """A target file for the causes of each room, or of these kinds alone; those of one room come one by one."""
        room_of = {one["name"]: one["values"]["room"] for one in self.tables["accounts"] if "values" in one}
        texts = []
        for room in (self.room, self.spare):
            here = [
                cause
                for cause in self.tables["causes"]
                if room_of[cause["account"]] == room.name and (not kinds or cause["kind"] in kinds)
            ]
            texts += [write_toml(self.tables | {"causes": here})] if here else []
        return texts

    @asynccontextmanager
    async def somebody_in_the_room(self) -> AsyncIterator[None]:
        """Whoever is there says Yes to what is asked, as long as the block lasts."""

        async def sits() -> None:
            while True:
                with suppress(TimeoutError, httpx.HTTPError):
                    await self.room.say_yes()

        async with _meanwhile(sits()):
            yield

    @asynccontextmanager
    async def somebody_turns_the_volume(self) -> AsyncIterator[None]:
        """So that there is news for whoever listens, which nobody may hear after a cut."""

        async def turns() -> None:
            for volume in cycle(VOLUMES):
                for room in (self.room, self.spare):
                    await room.touch("volume", option=volume)
                await asyncio.sleep(TURN_S)

        async with _meanwhile(turns()):
            yield

    # ---- people and what they may ----------------------------------------------------------------------

    def account(self, who: Somebody, room: Inside, **more: Any) -> dict[str, Any]:
        """By its password at the sign-in page, and with a token for whoever does not come by browser."""
        hub = self.world.hub
        form = {"user": "{user}", "password": "{password}"}
        return {
            "name": who.name, "user": who.name, "password": who.password, "token": who.token,
            "values": {"room": room.name, "basic": _basic(room.name, who.token)},
            "sign_in": {"request": {"url": f"{hub}/signin", "method": "POST", "form": form, "carry": True,
                                    "headers": {"Origin": hub}}},
        } | more  # fmt: skip

    def ask(self, wish: Any, **more: Any) -> dict[str, Any]:
        url = f"{self.world.hub}/api/v1/rooms/{{room}}/asks"
        return {"url": url, "method": "POST", "json": wish, "headers": {"Authorization": "Bearer {token}"}} | more

    def by_admin(self, path: str, method: str = "POST", body: Any = None, **more: Any) -> dict[str, Any]:
        made = {"url": f"{self.world.hub}/api/v1/{path}", "method": method, "account": ADMIN} | more
        return {"request": made | ({} if body is None else {"json": body})}

    async def make(self) -> None:
        hub, room = self.world.hub, self.room
        for one in (room, self.other):
            self.serials[one.name] = await self._serial(one)
        marker = self.serials[room.name]
        ada = await self.world.guest(room.name, MAY)
        ben = await self.world.guest(self.other.name, MAY)
        gus = await self.world.person()
        self.tables = {
            "target": {"name": "Roomgate", "urls": [f"{hub}/"], "sign_in": f"{hub}/signin", "ca": self.world.ca},
            "authorisation": {"text": "Our own hub, on this machine, started to be checked.", "by": "its makers"},
            "permitted": {"requests_per_second": 20, "intrusive": True, "room": room.name, "callee": "echo@example.com"},
            "links": [
                {"url": f"{hub}/r/{room.name}", "name": "oslo", "marker": marker, "account": ada.name,
                 "reads": [self.ask(READ, expects=marker)]},
                {"url": f"{hub}/r/{self.other.name}", "name": "lima", "marker": self.serials[self.other.name],
                 "account": ben.name, "reads": [self.ask(READ, expects=self.serials[self.other.name])]},
            ],
            "accounts": [
                {"name": ADMIN, "role": "administrator", "token": self.world.admin.token},
                self.account(ada, room), self.account(ben, self.other),
                self.account(gus, room, wrong_passwords=True),
                *({"name": _by_token(one), "token": one.token, "values": {"room": room.name}} for one in (ada, ben)),
            ],
            "channels": self._channels(),
            "causes": [],
            "device": {"url": room.address, "certificate_sha256": room.pin.removeprefix("sha256:"), "ca": room.ca,
                       "user": room.admin_user, "password": room.admin_password},
            "site": {"connector": "127.0.0.1"},
        }  # fmt: skip
        await self._causes()
        await self._own_tables(ada, ben)

    async def _serial(self, room: Inside) -> str:
        who = await self.world.guest(room.name, ["observe"])
        async with self.world.caller(who.token) as caller:
            _, answer = await caller.ask(room.name, READ)
        return str(answer["result"])

    def _channels(self) -> list[dict[str, Any]]:
        """What a person may hold open: readings, a stream of events, a page's stream, a device's own socket."""
        hub = self.world.hub
        bearer = {"Authorization": "Bearer {token}"}
        get = json.dumps(
            {"jsonrpc": "2.0", "id": 1, "method": "xGet", "params": {"Path": ["Status", "Audio", "Volume"]}}
        )
        return [
            {"name": "readings", "kind": "request", "request": self.ask({"get": "Status/Audio/Volume"}),
             "expects": '"outcome":"done"'},
            {"name": "page", "kind": "request", "request": {"url": f"{hub}/rooms/{{room}}"}, "expects": "/signout"},
            {"name": "events", "kind": "events", "expects": "Volume",
             "request": {"url": f"{hub}/api/v1/rooms/{{room}}/events?path=Status/Audio", "headers": bearer}},
            {"name": "page stream", "kind": "events", "expects": "now",
             "request": {"url": f"{hub}/rooms/{{room}}/stream"}},
            {"name": "socket", "kind": "websocket", "send": get, "expects": '"result"',
             "request": {"url": f"{hub.replace('https', 'wss', 1)}/ws", "headers": {"Authorization": "Basic {basic}"}}},
        ]  # fmt: skip

    # ---- what must end access --------------------------------------------------------------------------

    async def _causes(self) -> None:
        person, grant = "people/{id}", "grants/{grant}"
        await self._cause("own-password", self.by_admin(person, "PATCH", {"password": password()}))
        await self._cause("deleted", self.by_admin(person, "DELETE"))
        await self._cause("disabled", self.by_admin(person, "PATCH", {"active": False}))
        await self._cause("grant-removed", self.by_admin(grant, "DELETE"))
        await self._cause("lock", self.by_admin("locks", "POST", {"person": "{id}", "reason": "a check"}))
        await self._cause("token-revoked", self.by_admin("tokens/{token_id}", "DELETE"), channels=BY_TOKEN)
        await self._cause(
            "device-password", {"say": "device password: change both"}, room=self.spare, watch_s=NOTICED_S + 4,
            within_s=NOTICED_S, channels=BY_TOKEN,
        )  # fmt: skip
        self.hands.deeds["device password"] = self._change_at_device

    async def _cause(self, kind: str, deed: dict[str, Any], room: Inside | None = None, **more: Any) -> None:
        room = room or self.room
        who = await self.world.guest(room.name, MAY)
        filled = json.loads(
            json.dumps(deed).replace("{id}", who.id).replace("{grant}", who.grant).replace("{token_id}", who.token_id)
        )
        self.tables["accounts"].append(self.account(who, room))
        cause = {"name": kind.replace("-", " "), "kind": kind, "account": who.name, "deed": filled,
                 "watch_s": WATCH_S, "within_s": 1.0 + 1.0}  # fmt: skip
        self.tables["causes"].append(cause | more)

    async def _change_at_device(self, what: str) -> None:
        for account in (self.spare.user, self.spare.privileged_user):
            await self.spare.change_password(account, password())

    async def brief(self) -> str:
        """A target file of its own: one link, and somebody whose access to it ends soon."""
        who = await self.world.guest(self.room.name, MAY, minutes=SHORT_S / 60)
        marker = self.serials[self.room.name]
        link = {"url": f"{self.world.hub}/rooms/{self.room.name}", "marker": marker, "account": who.name,
                "lifetime_s": SHORT_S, "reads": [self.ask(READ, expects=marker)]}  # fmt: skip
        kept = {name: self.tables[name] for name in ("target", "authorisation", "permitted")}
        return write_toml(kept | {"links": [link], "accounts": [self.account(who, self.room)]})

    # ---- the checks' own tables ------------------------------------------------------------------------

    async def _own_tables(self, ada: Somebody, ben: Somebody) -> None:
        hub, room, world = self.world.hub, self.room, self.world.world
        dial = {"command": "Dial", "arguments": {"Number": "{callee}"}, "reason": "a check"}
        louder = {"set": "Configuration/Audio/DefaultVolume", "value": 61}
        offer = self.by_admin("connectors", "POST", {"site": world.sites["connector"]})
        offer_call = ("POST", "/api/v1/connectors", {"site": world.sites["connector"]})
        offered = await self.world.admin.call(*offer_call)
        self.hands.deeds |= {
            "point at": self._point_at,
            "point back": self._point_back,
            "uninstall": self._uninstall,
        }
        self.tables |= {
            "K06": {"golden": []},
            "K08": {
                "place": self.ask(dial), "account": _by_token(ben), "allowed": _by_token(ada), "wait_s": 2.0,
            },
            "K16": {"pairs": [self.ask(READ, account=ada.name, expects=self.serials[room.name])], "other": ben.name},
            "K18": {
                "page": f"{hub}/inventory?state=fine",
                "changes": [{"url": f"{hub}/inventory/views", "method": "POST", "account": ada.name,
                             "form": {"name": "a check was here", "state": "fine"}, "headers": {"Origin": hub},
                             "expects": "a check was here"}],
                "effect": {"url": f"{hub}/inventory", "account": ada.name},
            },
            "K21": {"listen": "127.0.0.1", "point_at": {"say": "point at: {host} {port}"},
                    "point_back": {"say": "point back: as it was"}, "wait_s": 20.0},
            "K22": {
                "issue": offer, "code": '"code":"([^"]+)"',
                "redeem": {"command": [sys.executable, str(REDEEM), hub, world.ca,
                                       offered["hub_fingerprint"], "{code}"]},
                "expired": self._expired(await self.world.admin.call(*offer_call)),
            },
            "K23": {
                "acts": [
                    {"name": "a setting", "who": [ada.name, ada.id], "what": ["DefaultVolume"], "where": [room.name],
                     "deed": {"request": self.ask(louder, account=ada.name)}},
                    {"name": "somebody without a grant", "refused": True, "who": [ben.name, ben.id], "what": ["denied"],
                     "where": [room.name], "deed": {"request": self.ask(READ, account=_by_token(ben))}},
                ],
                "record": self.by_admin("ledger?limit=200", "GET"), "delay_s": 20.0,
                "tamper_evidence": {"command": [sys.executable, "-m", "roomgate.cli.main", "ledger", "verify",
                                                str(self.world.data("hub"))]},
            },
            "K24": {"expected": listening_ports(), "per_second": 200.0, "timeout_s": 0.2},
            "K25": {"act": {"request": self.ask(dial | {"arguments": {"Number": "echo@example.com"}}, account=ada.name)},
                    "undo": {"request": self.ask({"command": "Call/Disconnect"}, account=ada.name)},
                    "panel": {"url": f"{room.panel}state", "expects": "Started from outside"}},
            "K26": {"accounts": [room.user, room.privileged_user], "after_s": 5.0,
                    "visit": {"request": self.ask(READ, account=ada.name)}},
            "K28": {"uninstall": {"say": "uninstall: as the guide says"}, "accounts": [room.user, room.privileged_user],
                    "panels": ["roomgate-"], "after_s": 1.0},
        }  # fmt: skip

    def _expired(self, offer: dict[str, Any]) -> str:
        """A code whose quarter of an hour is over: all that were never used are, from now on."""
        with closing(sqlite3.connect(self.world.data("hub") / "hub.db")) as db:
            db.execute("UPDATE enrolment_codes SET until = '2026-01-01T00:00:00.000Z' WHERE used_by IS NULL")
            db.commit()
        return str(offer["code"])

    # ---- what the tester does at the site --------------------------------------------------------------

    async def _point_at(self, what: str) -> None:
        self._devices({self.decoy.name: int(what.split()[-1])})

    async def _point_back(self, what: str) -> None:
        """The room is in quarantine now, as it should be: whoever looks after the site says that it is well."""
        self._devices({})
        config = str(self.world.folder / "connector.toml")
        async with asyncio.timeout(CONFIRM_S):
            while True:  # the connector reads its list of rooms every few seconds
                await self.world.cli("connector", "confirm", self.decoy.name, "--config", config)
                with suppress(TimeoutError):
                    await self.world.fine([self.decoy.name], within_s=1.0)
                    return

    def _devices(self, ports: dict[str, int]) -> None:
        """The site's own list of rooms, with another port for one: the connector looks at it every few seconds."""
        world = self.world.world
        world.file("devices.toml", devices_file((world.inside[name] for name in self.world.rooms), ports))

    async def _uninstall(self, what: str) -> None:
        """As docs/guides/enrol-a-connector.md has it."""
        world = self.world.world
        await world.programs.stop("connector")
        config = str(self.world.folder / "connector.toml")
        self.left = (await self.world.cli("connector", "leave", "--accounts", "--config", config, "--json"))[1]
        for name in (self.room.name, self.other.name, self.spare.name):
            await self.world.admin.call("DELETE", f"/api/v1/rooms/{name}")


@asynccontextmanager
async def _meanwhile(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """What goes on as long as the block lasts."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work)
        try:
            yield
        finally:
            task.cancel()


def _by_token(who: Somebody) -> str:
    """The same person as a script, which has no browser's sign-in."""
    return f"{who.name} by token"


def _basic(room: str, token: str) -> str:
    return base64.b64encode(f"{room}:{token}".encode()).decode()


def listening_ports() -> list[int]:
    """Every TCP port that some program on this machine listens at."""
    said = subprocess.run(["ss", "-Hltn"], capture_output=True, text=True, check=True).stdout
    return sorted({int(found[1]) for line in said.splitlines() if (found := re.search(r":(\d+)\s", line))})
