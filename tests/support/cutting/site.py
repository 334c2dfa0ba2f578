"""A site: the connector's real core over rooms in memory, and what its devices lived through."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from roomgate.access.offered import offered
from roomgate.clock import HandClock
from roomgate.connector import effects as effects_book
from roomgate.connector import unproven as unproven_book
from roomgate.connector.acts import Acts
from roomgate.connector.consent import Panel
from roomgate.connector.desk import Desk, Sender, Staff
from roomgate.connector.devices import DeviceEntry
from roomgate.connector.effects import Effects
from roomgate.connector.enrol import Identity
from roomgate.connector.fence import Fence
from roomgate.connector.own import OwnCommands
from roomgate.connector.room import Listener, RoomCondition
from roomgate.connector.site_policy import SitePolicy, SiteRules
from roomgate.connector.tunnel import Tunnels
from roomgate.connector.unproven import Unproven
from roomgate.connector.uplink import Uplink, UplinkConfig
from roomgate.ids import DeviceId, RoomName
from roomgate.link.messages import RoomInfo
from roomgate.storage import record as record_tables
from roomgate.storage.record import Record
from roomgate.tunnel.ends import Streams
from roomgate.xapi import tree
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import CommandFailed, DeviceGone
from roomgate.xapi.path import Path
from support.cutting.database import MemoryDatabase
from support.cutting.page import Page
from support.cutting.wires import Net

# The room says Yes to a dial; everything else is the hub's to decide.
OPEN = """
permit(principal, action, resource);
forbid(principal, action, resource) when { context.path == "Command/Dial" && context.consent != "room" };
"""
SHUT = (
    OPEN
    + 'forbid(principal, action, resource) when { context.path == "Command/UserInterface/Message/TextLine/Display" };'
)
_OWN = ("UserInterface Message Prompt", "UserInterface Message Alert")
_RELIEVING = ("Call Disconnect",)


@cache
def policy(text: str = OPEN) -> SitePolicy:
    many = 10**9
    rules = SiteRules("test", open=["Roomgate Tunnel"], commands_per_minute=many, intrusive_per_minute=many)
    return SitePolicy.build(rules, text)


@dataclass(frozen=True, slots=True)
class Done:
    """One command that reached a device."""

    at: float
    room: str
    name: str
    mark: str  # who wanted it: the text or the number that it carries


@dataclass(eq=False)
class Device:
    """One device and its room; it outlives every run of the connector."""

    name: RoomName
    device: DeviceId
    clock: HandClock
    condition: RoomCondition = RoomCondition.FINE
    state: dict[str, Any] = field(default_factory=dict)
    latency_s: float = 0.002
    dice: Random | None = None
    done: list[Done] = field(default_factory=list)
    calls: dict[int, str] = field(default_factory=dict)  # the calls that last: id → number
    ended: list[tuple[float, int]] = field(default_factory=list)
    shown: list[tuple[str, str, str]] = field(default_factory=list)  # prompts: title, text, mark
    kept: set[int] = field(default_factory=set)  # calls beside whose notice Keep was pressed
    told: Callable[[Done], None] | None = None  # of each command, as it arrives
    listeners: list[tuple[Path, Listener]] = field(default_factory=list)
    volume: int = 50
    page: Page = field(init=False)
    _last: int = 0

    def __post_init__(self) -> None:
        self.page = Page(lambda: self.clock.mono)

    @property
    def words(self) -> str:
        return ""

    def lose(self) -> None:
        """The connector is gone: its connection with it."""
        self.listeners.clear()
        self.shown.clear()
        self.page.lose()

    def turn(self) -> None:
        """Somebody in the room turns the volume: whoever may hear of it does."""
        self.volume = self.volume % 100 + 1
        self.feedback("status", {"Status": {"Audio": {"Volume": self.volume}}})
        self.page.say(f"volume {self.volume}")

    def feedback(self, kind: str, document: dict[str, Any]) -> None:
        for path, listener in list(self.listeners):
            if path.root in document and path.parts[1] in document[path.root]:
                listener(kind, document)

    async def call(self, call: Call, *, privileged: bool = False) -> Any:
        if self.dice is not None:
            await asyncio.sleep(self.dice.uniform(0.0005, 0.01))
        words = " ".join(call.path.words)
        if words == "UserInterface Message Prompt Display":
            self.shown.append(
                (str(call.argument("Title")), str(call.argument("Text")), str(call.argument("FeedbackId")))
            )
            return {"status": "OK"}
        if words == "UserInterface Message Prompt Clear":
            self.shown = [one for one in self.shown if one[2] != call.argument("FeedbackId")]
            return {"status": "OK"}
        if words.startswith(_OWN):
            return {"status": "OK"}
        if call.verb is Verb.GET:
            await asyncio.sleep(self.latency_s)
            return tree.lookup(self._document(), call.path.parts)
        if words == "Call Disconnect":
            return self._hang_up(int(str(call.argument("CallId"))))
        mark = str(call.argument("Text") or call.argument("Number") or "")
        self.did(words, mark)
        if words in ("Dial", "Webex Join"):
            self._last += 1
            self.calls[self._last] = mark
            number = self._last
            await asyncio.sleep(self.latency_s)
            return {"CallId": number}
        await asyncio.sleep(self.latency_s)
        return {"status": "OK"}

    def did(self, words: str, mark: str) -> None:
        done = Done(self.clock.mono, self.name, words, mark)
        self.done.append(done)
        if self.told is not None:
            self.told(done)

    def _hang_up(self, number: int) -> dict[str, str]:
        if self.calls.pop(number, None) is None:
            raise CommandFailed("no such call")
        self.ended.append((self.clock.mono, number))
        self.feedback("status", {"Status": {"Call": [{"id": number, "ghost": "True"}]}})
        return {"status": "OK"}

    def _document(self) -> dict[str, Any]:
        calls = [{"id": id, "RemoteNumber": number, "Direction": "Outgoing"} for id, number in self.calls.items()]
        return {"Status": {"Audio": {"Volume": self.volume}, "Call": calls}}

    def question(self) -> str | None:
        """The mark of the question that is on the panel now."""
        return next((mark for title, _, mark in self.shown if title == "May this happen?"), None)

    def press(self, mark: str, option: int) -> None:
        response = {"FeedbackId": mark, "OptionId": option}
        self.feedback("event", {"Event": {"UserInterface": {"Message": {"Prompt": {"Response": response}}}}})

    def keep(self) -> bool:
        """Press Keep on the newest notice of a call; False where there is none."""
        notices = [(text, mark) for _, text, mark in self.shown if "this: call" in text]
        if not notices:
            return False
        text, mark = notices[-1]
        if (call := re.search(r"call (\d+)", text)) is not None:
            self.kept.add(int(call[1]))
        self.press(mark, 1)
        return True

    async def subscribe(self, path: Path, listener: Listener) -> Callable[[], None]:
        entry = (path, listener)
        self.listeners.append(entry)
        present = tree.lookup(self._document(), path.parts)
        if present is not None:
            listener("status", tree.expand(path, present))

        def forget() -> None:
            if entry in self.listeners:
                self.listeners.remove(entry)

        return forget


class Line:
    """A device, as one run of the connector reaches it: when that is killed, it reaches nothing."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self.up = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._device, name)

    async def call(self, call: Call, *, privileged: bool = False) -> Any:
        if not self.up:
            raise DeviceGone("killed")
        result = await self._device.call(call, privileged=privileged)
        if not self.up:
            raise DeviceGone("killed")
        return result

    async def dial_page(self) -> Streams:
        if not self.up:
            raise ConnectionRefusedError
        return self._device.page.connect(lambda mark: self._device.did("page", mark))

    async def subscribe(self, path: Path, listener: Listener) -> Callable[[], None]:
        if not self.up:
            raise DeviceGone("killed")

        def hear(kind: str, document: Any) -> None:
            if self.up:
                listener(kind, document)

        return await self._device.subscribe(path, hear)


class Fleet:
    """The rooms of the site's own file."""

    def __init__(self, lines: dict[str, Line]) -> None:
        self.lines = lines

    def by_device(self, device: str) -> Line | None:
        return self.lines.get(device)

    def entry(self, device: str) -> DeviceEntry | None:
        """The line of the site's file, as far as a tunnel needs it."""
        line = self.lines.get(device)
        return None if line is None else DeviceEntry(line.name, line.device, 443, "ab" * 32, None, "daily", "admin")

    def keepers(self) -> list[Line]:
        return list(self.lines.values())

    def info(self, room: Any) -> RoomInfo:
        return RoomInfo(room.device, room.name, room.condition.value, product="Room Bar", software="ce11")

    def infos(self) -> list[RoomInfo]:
        return [self.info(line) for line in self.lines.values()]


class _Spool:
    """The ledger stays at the site: this is about the cut."""

    def welcomed(self, size: int) -> None: ...
    def kept(self, size: int) -> None: ...


class _Mirrored:
    def up(self) -> None: ...

    def wake(self) -> None: ...


class _Bookings:
    def booked(self, room: str, call: Call) -> bool:
        return False

    def left(self, room: str) -> None: ...

    async def arrived(self, room: object) -> None: ...


@dataclass
class _Memory:
    """What the site was told of the hub's ledger."""

    checkpoint: str = ""

    def tell(self, note: str) -> None:
        if note:
            self.checkpoint = note


@dataclass(eq=False)
class Paper:
    """An identity whose certificate is read once."""

    connector: Any
    site: Any
    hub: str
    key: Any
    hub_key: Ed25519PublicKey
    origin: str = "roomgate.connector/test"


def identity(connector: str, site: str, key: Any, hub_key: Ed25519PublicKey) -> Identity:
    return Paper(connector, site, "https://hub.example", key, hub_key)  # type: ignore[return-value]


def site_tables() -> Any:
    both = effects_book.sql.MetaData()
    for source in (effects_book.metadata, unproven_book.metadata, record_tables.metadata):
        for table in source.tables.values():
            table.to_metadata(both)
    return both


@dataclass(eq=False)
class Connector:
    """One run of the connector's program."""

    uplink: Uplink
    acts: Acts
    tunnels: Tunnels
    desk: Desk
    fleet: Fleet
    db: MemoryDatabase
    task: asyncio.Task[None] | None = None

    async def kill(self) -> None:
        """As kill -9: nothing more is written, sent or done."""
        self.db.kill()
        for line in self.fleet.lines.values():
            line.up = False
            line._device.lose()
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])


@dataclass(eq=False)
class Site:
    """What outlives each run: the disk, the devices, the site's policy, what it knows of the hub."""

    name: str
    paper: Identity
    devices: dict[str, Device]
    clock: HandClock
    net: Net
    db: MemoryDatabase
    policy: str = OPEN
    memory: _Memory = field(default_factory=_Memory)
    running: Connector | None = None
    wiped: bool = False

    async def start(self) -> Connector:
        record = Record(self.db, self.paper.origin, self.paper.key)
        effects = await Effects.open(self.db)
        desk = Desk(effects, lambda: policy(self.policy))
        fleet = Fleet({device.device: Line(device) for device in self.devices.values()})
        uplink = Uplink(UplinkConfig(self.paper), desk, self.clock, self.net.dial)
        catalogue, panel = offered(), Panel(offered())

        async def dial(entry: DeviceEntry) -> Streams:
            return await fleet.lines[entry.host].dial_page()

        tunnels = Tunnels(fleet.entry, uplink, panel, record, self.clock, dial=dial)
        acts = Acts(
            site=self.paper.site, rooms=fleet, policy=lambda: policy(self.policy), bookings=_Bookings(), record=record,
            effects=effects, panel=panel, catalogue=catalogue, clock=self.clock,
            sender=Sender(desk.send), leases=uplink, lasting=tunnels,
            own=OwnCommands({"Tunnel Get": tunnels.look, "Tunnel Open": tunnels.open}),
            fence=Fence(record, self.clock, catalogue, await Unproven.open(self.db)),
        )  # fmt: skip
        desk.attend(
            Staff(
                fleet, acts, tunnels, _Spool(), _Mirrored(), _Mirrored(), _Bookings(), uplink, self.memory, record,  # type: ignore[arg-type]
                self.clock, _Bookings(),  # type: ignore[arg-type]
            )
        )  # fmt: skip
        uplink.inherit({effect.session for effect in effects.all()})
        self.running = made = Connector(uplink, acts, tunnels, desk, fleet, self.db)

        async def serve() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(acts.run())
                group.create_task(tunnels.run())
                group.create_task(uplink.run())

        made.task = asyncio.get_running_loop().create_task(serve())
        return made

    async def kill(self) -> None:
        if self.running is not None:
            running, self.running = self.running, None
            if self.net.wire is not None:
                self.net.broken()
            await running.kill()
            self.db = self.db.again()

    async def change_policy(self, text: str) -> None:
        """As the connector does when its file changed."""
        self.policy = text
        if self.running is not None:
            await self.running.desk.end_all("policy.changed", "the site's policy was changed")

    async def quarantine(self, room: str, reason: str = "device.credential-changed") -> None:
        """As the keeper tells once a login was refused, or the site's operator rotated the accounts."""
        device = self.devices[room]
        device.condition = RoomCondition.QUARANTINED
        if self.running is not None:
            line = self.running.fleet.lines[device.device]
            await self.running.desk.on_condition(line, RoomCondition.QUARANTINED, reason, True)  # type: ignore[arg-type]
