"""One simulated room at run time: the pure device, its journal, its file, and whoever is connected to it.

Everything that changes the device ends with `settle`, which moves what came of it to where it belongs: changes
to the sockets that subscribed, notes to the journal, ended sessions to their sockets, news to the panel.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from roomgate.clock import Clock
from roomgate.sim.accounts import Account, Login
from roomgate.sim.device import Device
from roomgate.sim.faults import Fault, Faults, Kind
from roomgate.sim.gate import Gate
from roomgate.sim.journal import Journal
from roomgate.sim.profile import Profile
from roomgate.sim.restless import Restless, Unrest
from roomgate.sim.session import Session
from roomgate.sim.store import Keeper, load_state

_QUEUED_FRAMES = 2000
_REBOOT_S = 3.0
_SAVE_S = 0.2  # a volume may be lost if the room is killed so soon after


@dataclass(frozen=True, slots=True)
class Cut:
    """The end of a socket: with a WebSocket close code, or without a word."""

    code: int | None


@dataclass(slots=True)
class Connection:
    """One socket's session, and what waits to be sent on it."""

    session: Session
    outgoing: asyncio.Queue[str | Cut] = field(default_factory=lambda: asyncio.Queue(_QUEUED_FRAMES))
    _cut: bool = False

    def send(self, frame: str) -> None:
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


@dataclass(slots=True)
class Room:
    """Made by `Room.load`; `run` lets time pass for it."""

    name: str
    folder: Path
    device: Device
    journal: Journal
    clock: Clock
    gate: Gate
    faults: Faults = field(default_factory=Faults)
    connections: dict[str, Connection] = field(default_factory=dict)
    web_tokens: dict[str, Login] = field(default_factory=dict)  # a cookie's value → its session
    _watchers: set[asyncio.Event] = field(default_factory=set)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _keeper: Keeper = field(init=False)
    _save_at: float | None = None  # monotonic

    def __post_init__(self) -> None:
        self._keeper = Keeper(self.folder)
        self._keeper.save(self.device)

    @classmethod
    def load(cls, name: str, folder: Path, profile: Profile, clock: Clock, passphrases: dict[str, str]) -> "Room":
        """The room as its folder left it."""
        device = Device.new(name, profile, clock.now())
        load_state(folder, device, passphrases)
        gate = Gate(profile.upgrade_rate, profile.upgrade_queue)
        room = cls(name, folder, device, Journal(folder / "journal.jsonl", clock), clock, gate)
        room.journal.write("started", {"profile": profile.name})
        return room

    def log_in(self, user: str, passphrase: str, kind: str, origin: str) -> tuple[Account, Login]:
        """Check an account and open its session; raises LoginFailed or SessionsFull. The caller settles."""
        account = self.device.accounts.check(user, passphrase, self.clock.now(), origin, kind)
        return account, self.device.accounts.open(account.name, kind, origin, self.clock.now())

    def connect(self, account: Account, login: Login) -> Connection:
        connection = Connection(Session(self.device, account, login.id))
        self.connections[login.id] = connection
        self.journal.write("socket.open", {"account": account.name, "session": login.id, "origin": login.origin})
        return connection

    def disconnect(self, connection: Connection) -> None:
        session = connection.session
        self.connections.pop(session.id, None)
        self.device.accounts.close(session.id)
        self.journal.write("socket.closed", {"account": session.account.name, "session": session.id})
        self.settle()

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
                for frame in connection.session.notify(changes):
                    connection.send(frame)
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
            self._woken.set()
            for watcher in self._watchers:
                watcher.set()

    def break_down(self, fault: Fault) -> None:
        """Switch a fault."""
        self.journal.write("fault", {"kind": fault.kind.value, "seconds": fault.seconds})
        if fault.kind is Kind.REBOOT:
            self._reboot(fault.seconds)
        elif self.faults.apply(fault, self.clock.monotonic()):
            self._drop()
        self.settle()

    def stir(self, unrest: Unrest | None) -> None:
        """From now on something changes again and again; None: nothing does by itself."""
        self.device.restless = None if unrest is None else Restless.of(unrest, self.name, self.clock.now())
        self._woken.set()

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

    async def run(self) -> None:
        """Let time pass for the device, until cancelled."""
        while True:
            now = self.clock.now()
            self.device.tick(now)
            self.settle()
            self._woken.clear()
            due = self.device.next_at(now)
            wait_s = 30.0 if due is None else min(30.0, max(0.0, (due - self.clock.now()).total_seconds()))
            if self._save_at is not None:
                left_s = self._save_at - self.clock.monotonic()
                if left_s <= 0:
                    self._keeper.save(self.device)
                    self._save_at = None
                else:
                    wait_s = min(wait_s, left_s)
            try:
                async with asyncio.timeout(wait_s):
                    await self._woken.wait()
            except TimeoutError:
                pass

    def close(self) -> None:
        self._keeper.save(self.device)
        self.journal.close()
