"""One simulated room at run time: the pure device, its journal, its file, and whoever is connected to it.

Everything that changes the device ends with `settle`, which moves what came of it to where it belongs: changes
to the sockets that subscribed, notes to the journal, ended sessions to their sockets, news to the panel.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Protocol

import msgspec

from roomgate.clock import Clock
from roomgate.sim.accounts import Account, Login
from roomgate.sim.device import Device
from roomgate.sim.faults import Fault, Faults, Kind
from roomgate.sim.gate import Gate
from roomgate.sim.journal import Journal
from roomgate.sim.posts import Post, plan_posts
from roomgate.sim.profile import Profile
from roomgate.sim.restless import Restless, Unrest
from roomgate.sim.session import Session
from roomgate.sim.spoiled import Half
from roomgate.sim.state import Change
from roomgate.sim.store import Keeper, load_state
from roomgate.sim.wires import Wires

_QUEUED_FRAMES = 2000
_REBOOT_S = 3.0
_ALLOWED = ("Configuration", "Network", 1, "RemoteAccess", "Allow")
_HTTP_MODE = ("Configuration", "NetworkServices", "HTTP", "Mode")
_SAVE_S = 0.2  # a volume may be lost if the room is killed so soon after


@dataclass(frozen=True, slots=True)
class Cut:
    """The end of a socket: with a WebSocket close code, or without a word."""

    code: int | None


class Attached(Protocol):
    """Whoever is connected to a room, by whichever wire."""

    def notify(self, changes: list[Change]) -> None:
        """Tell of what concerns this one."""

    def cut(self, code: int | None) -> None:
        """End the connection: with a WebSocket's close code, or without a word."""


@dataclass(slots=True)
class Connection:
    """One socket's session, and what waits to be sent on it."""

    session: Session
    outgoing: asyncio.Queue[str | Half | Cut] = field(default_factory=lambda: asyncio.Queue(_QUEUED_FRAMES))
    _cut: bool = False

    def notify(self, changes: list[Change]) -> None:
        for frame in self.session.notify(changes):
            self.send(frame)

    def send(self, frame: str | Half) -> None:
        if self._cut:
            return
        try:
            self.outgoing.put_nowait(frame)
        except asyncio.QueueFull:  # a client that does not read is cut, so that the room's memory is bounded
            self.cut(1008)

    def cut(self, code: int | None) -> None:
        """End the socket now; what still waited to be sent is dropped."""
        if self._cut:
            return
        self._cut = True
        while not self.outgoing.empty():
            self.outgoing.get_nowait()
        self.outgoing.put_nowait(Cut(code))


@dataclass(frozen=True, slots=True)
class RoomClock:
    """The room's own idea of the time, which a fault may put off; seconds pass all the same."""

    true: Clock
    faults: Faults

    def now(self) -> datetime:
        if not self.faults.any:
            return self.true.now()
        return self.true.now() + timedelta(seconds=self.faults.seconds(Kind.CLOCK_OFF, self.true.monotonic()))

    def monotonic(self) -> float:
        return self.true.monotonic()


@dataclass(slots=True)
class Room:
    """Made by `Room.load`; `run` lets time pass for it."""

    name: str
    folder: Path
    device: Device
    journal: Journal
    clock: RoomClock
    gate: Gate  # of Basic authentication and sign-ins
    cookie_gate: Gate
    wires: Wires
    post: Callable[[Post], None] | None = None  # takes what HttpFeedback has to send; None: nothing is sent
    woken: Callable[[], None] | None = None  # told when `beat` is due sooner than it said
    connections: dict[str, Attached] = field(default_factory=dict)
    web_tokens: dict[str, Login] = field(default_factory=dict)  # a cookie's value → its session
    _watchers: set[asyncio.Event] = field(default_factory=set)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _keeper: Keeper = field(init=False)
    _save_at: float | None = None  # monotonic

    def __post_init__(self) -> None:
        self._keeper = Keeper(self.folder)

    @classmethod
    def load(
        cls,
        name: str,
        folder: Path,
        profile: Profile,
        clock: Clock,
        passphrases: dict[str, str],
        wires: Wires | None = None,
        standing: tuple[Account, ...] = (),
    ) -> "Room":
        """The room as its folder left it.

        ``standing`` are the accounts of a room that is one of very many: they are taken as they are, the journal
        holds no descriptor, and nothing is written before there is something to write.
        """
        wires = wires or Wires()
        device = Device.new(name, profile, clock.now())
        if standing and not (folder / "state.json").exists():
            for account in standing:
                device.accounts.by_name[account.name] = msgspec.structs.replace(account, roles=list(account.roles))
        else:
            load_state(folder, device, passphrases)
        room = cls(
            name,
            folder,
            device,
            Journal(folder / "journal.jsonl", clock, held=not standing),
            RoomClock(clock, Faults()),
            wires.basic_gate(profile),
            wires.cookie_gate(),
            wires,
        )
        if standing:
            room._keeper.begin(device)
        else:
            room._keeper.save(device)
        room.journal.write("started", {"profile": profile.name})
        return room

    @property
    def faults(self) -> Faults:
        return self.clock.faults

    def log_in(self, user: str, passphrase: str, kind: str, origin: str) -> tuple[Account, Login]:
        """Check an account and open its session; raises LoginFailed or SessionsFull. The caller settles."""
        account = self.device.accounts.check(user, passphrase, self.clock.now(), origin, kind)
        return account, self.device.accounts.open(account.name, kind, origin, self.clock.now())

    def connect(self, account: Account, login: Login) -> Connection:
        connection = Connection(Session(self.device, account, login.id))
        self.attach(login, connection, "socket")
        return connection

    def disconnect(self, connection: Connection) -> None:
        session = connection.session
        self.detach(session.id, session.account.name, "socket")

    def attach(self, login: Login, attached: Attached, wire: str) -> None:
        """From now on this one hears of changes, and is cut with its session."""
        self.connections[login.id] = attached
        self.journal.write(f"{wire}.open", {"account": login.account, "session": login.id, "origin": login.origin})

    def detach(self, session: str, account: str, wire: str) -> None:
        """The connection is gone, and its session with it."""
        self.connections.pop(session, None)
        self.device.accounts.close(session)
        self.journal.write(f"{wire}.closed", {"account": account, "session": session})
        self.settle()

    async def stalled(self) -> None:
        """Return once the room reads and sends, which a fault may keep it from."""
        left_s = self.faults.stalled_s(self.clock.monotonic())
        if left_s:
            await asyncio.sleep(left_s)
            await self.stalled()  # it may have been stalled anew meanwhile

    async def late(self) -> None:
        """Return once an answer may be given, which a fault may hold back."""
        if self.faults.any:
            await self.stalled()
            await asyncio.sleep(self.faults.seconds(Kind.DELAY, self.clock.monotonic()))

    async def resting(self) -> None:
        """Return once the next request may be read, which a fault may put off."""
        if self.faults.any:
            await self.stalled()
            await asyncio.sleep(self.faults.seconds(Kind.SLOW_READER, self.clock.monotonic()))

    def receive(self, connection: Connection, frame: str) -> list[str]:
        """Let the device handle one frame; the replies, for the caller to send before it settles."""
        return connection.session.receive(frame, self.clock.now())

    def settle(self) -> None:
        """Pass on all that came of what was done; safe to repeat."""
        device = self.device
        if device.reboot_wanted:
            self._reboot(_REBOOT_S)
        changes = device.state.take_changes()
        if changes:
            for connection in list(self.connections.values()):
                connection.notify(changes)
            if any(change.path.parts == _HTTP_MODE and change.value == "Off" for change in changes):
                self._close_sockets()
            if self.post is not None:
                for one in plan_posts(device, changes):
                    self.post(one)
        notes = list(device.state.take_notes())
        for note in notes:
            self.journal.write(note.what, note.facts)
        for session in device.accounts.take_ended():
            if session in self.connections:
                self.connections[session].cut(1000)
            self.web_tokens = {token: login for token, login in self.web_tokens.items() if login.id != session}
        if changes or notes:
            if self._keeper.look(device) and self._save_at is None:
                self._save_at = self.clock.monotonic() + _SAVE_S
            self._wake()
            for watcher in self._watchers:
                watcher.set()

    @property
    def serves_web(self) -> bool:
        """Whether the web server runs at all; the socket and the XML API end with it."""
        return bool(self.device.state.read(*_HTTP_MODE) != "Off")

    def admits(self, address: str) -> bool:
        """Whether somebody at this address may come in afresh (``Network RemoteAccess Allow``: addresses and networks,
        with spaces between). Who is in stays in. A text that is no address admits nobody."""
        allowed = str(self.device.state.read(*_ALLOWED) or "").split()
        if not allowed:
            return True
        try:
            return any(ip_address(address) in ip_network(one, strict=False) for one in allowed)
        except ValueError:
            return False

    def _close_sockets(self) -> None:
        """Whoever turns the web server off cuts the branch that they sit on. What becomes of open sockets when the
        switch of their own is turned off is not established: here they stay."""
        for connection in list(self.connections.values()):
            if isinstance(connection, Connection):
                connection.cut(None)

    def break_down(self, fault: Fault) -> None:
        """Switch a fault."""
        self.journal.write("fault", {"kind": fault.kind.value, "seconds": fault.seconds})
        if fault.kind is Kind.REBOOT:
            self._reboot(fault.seconds)
        elif self.faults.apply(fault, self.clock.monotonic()):
            self._drop()
        self.settle()
        self._wake()

    def stir(self, unrest: Unrest | None) -> None:
        """From now on something changes again and again; None: nothing does by itself."""
        self.device.restless = None if unrest is None else Restless.of(unrest, self.name, self.clock.now())
        self._wake()

    def _wake(self) -> None:
        self._woken.set()
        if self.woken is not None:
            self.woken()

    def _reboot(self, seconds: float) -> None:
        self._drop()
        self.device.reboot(self.clock.now())
        self.faults.apply(Fault(Kind.REBOOT, seconds), self.clock.monotonic())

    def _drop(self) -> None:
        for connection in self.connections.values():
            connection.cut(None)

    @contextmanager
    def watch(self) -> Iterator[asyncio.Event]:
        """An event that is set whenever something changed; the watcher clears it."""
        watcher = asyncio.Event()
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    def beat(self) -> float | None:
        """Let time pass for the device up to now; in how many seconds it is due again, None where nothing waits."""
        now = self.clock.now()
        self.device.tick(now)
        self.settle()
        due = self.device.next_at(now)
        wait_s = None if due is None else max(0.0, (due - self.clock.now()).total_seconds())
        if self._save_at is not None:
            left_s = self._save_at - self.clock.monotonic()
            if left_s <= 0:
                self._keeper.save(self.device)
                self._save_at = None
            else:
                wait_s = left_s if wait_s is None else min(wait_s, left_s)
        return wait_s

    async def run(self) -> None:
        """Let time pass for the device, until cancelled."""
        while True:
            wait_s = self.beat()
            self._woken.clear()
            try:
                async with asyncio.timeout(30.0 if wait_s is None else min(30.0, wait_s)):
                    await self._woken.wait()
            except TimeoutError:
                pass

    def close(self) -> None:
        self._keeper.save(self.device)
        self.journal.close()
